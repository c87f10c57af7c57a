//! What of a mapped log was asked for: streams of the state, the camera, further views.

use super::mapping::{Mapping, Pictures, Stream};
use std::path::Path;
use terrella_data::vectors::asked_for;
use terrella_data::views::{Offered, choose_views};
use terrella_data::{Error, Result, SourceOptions};

/// What else was said, spelled as ever, so that hashes of logs stay; the mapping holds the streams that were asked for.
pub(super) fn spelled(options: &SourceOptions) -> String {
    let SourceOptions { fps, env, task, state, action, vectors: _, camera, views, no_pictures, map } = options;
    format!(
        "SourceOptions {{ fps: {fps:?}, env: {env:?}, task: {task:?}, state: {state:?}, action: {action:?}, camera: {camera:?}, views: {views:?}, no_pictures: {no_pictures:?}, map: {map:?} }}"
    )
}

/// Leaves in the mapping the streams of the state that were asked for, in that order.
pub(super) fn choose_streams(path: &Path, mapping: &mut Mapping, options: &SourceOptions) -> Result<()> {
    let mut names: Vec<&str> = mapping.state.iter().map(Stream::name).collect();
    names.sort_unstable();
    names.dedup();
    if let Some(chosen) = asked_for(path, options, &names)? {
        // Streams of one file or topic go together.
        let streams = chosen.iter().flat_map(|at| mapping.state.iter().filter(|s| s.name() == names[*at]));
        mapping.state = streams.cloned().collect();
    }
    Ok(())
}

/// Leaves in the mapping what was asked for, the camera as its picture, and gives the views that are not kept.
pub(super) fn choose_pictures(
    path: &Path,
    mapping: &mut Mapping,
    options: &SourceOptions,
) -> Result<Vec<(String, Pictures)>> {
    if options.no_pictures {
        mapping.picture = None;
        mapping.views.clear();
        return Ok(Vec::new());
    }
    let is_picture =
        |name: &String| name == "picture" || mapping.picture.as_ref().is_some_and(|p| p.topic.as_ref() == Some(name));
    if let Some(name) = options.camera.as_ref().filter(|name| !is_picture(name)) {
        match mapping.views.remove(name) {
            Some(view) if view.depth.is_none() => {
                let before = mapping.picture.replace(view);
                mapping.views.extend(before.map(|before| ("picture".to_owned(), before)));
            }
            Some(_) => {
                let remedy = "name a camera with colours, and keep the depth beside it with --views";
                return Err(Error::broken(path, format!("{name} is depth, which no model sees"), remedy));
            }
            None => {
                let mut present: Vec<&str> = mapping.picture.iter().map(|_| "picture").collect();
                present.extend(mapping.views.keys().map(String::as_str));
                let (name, present) = (name.clone(), present.join(", "));
                return Err(Error::Missing { path: path.to_path_buf(), kind: "camera", name, present });
            }
        }
    }
    let offered = mapping.views.iter().map(|(name, p)| Offered { name, depth: p.depth.is_some() });
    let wanted = choose_views(path, options, &offered.collect::<Vec<_>>(), None)?;
    let (kept, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut mapping.views).into_iter().partition(|(name, _)| wanted.contains(name));
    mapping.views = kept.into_iter().collect();
    Ok(others)
}
