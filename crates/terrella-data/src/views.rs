//! Several cameras: the one that models see, and the views beside it, which may be depth.
//!
//! `SourceOptions::camera` names the first and `SourceOptions::views` the others. An episode has as many
//! pictures of each as it has rows; training reads the camera alone, so views cost nothing there.

use crate::{Error, Result, SourceOptions};
use std::path::Path;
use terrella_core::Pixel;

/// Asks for every view there is.
pub const ALL: &str = "all";

/// Pictures beside those that models see.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct View {
    /// What the recording calls it.
    pub name: String,
    /// Height and width.
    pub size: [usize; 2],
    /// Metres of one count, if it is depth.
    pub depth: Option<f64>,
}

impl View {
    /// What its pixels are.
    pub fn pixel(&self) -> Pixel {
        if self.depth.is_some() { Pixel::Depth } else { Pixel::Rgb }
    }
}

/// Names of views without slashes and dots, and without what only says that they are observations; all different.
pub fn short_names(views: &[View]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for view in views {
        let mut name = view.name.trim_matches('/');
        for prefix in ["steps/", "observation/", "observation.", "obs/", "images.", "views/"] {
            name = name.strip_prefix(prefix).unwrap_or(name);
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let base: String = name.chars().map(plain).collect();
        let numbered = (2..).map(|n| format!("{base}_{n}"));
        taken.extend(std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name)));
    }
    taken
}

/// A picture feature that a recording has.
pub struct Offered<'a> {
    /// What the recording calls it.
    pub name: &'a str,
    /// Whether its pixels are depth, which no model sees.
    pub depth: bool,
}

/// The picture feature that models see: the one asked for, else the only one, else the preferred one.
///
/// # Errors
/// If the one asked for is depth or is not there (which `missing` tells), or nobody says which of several is meant.
pub fn choose_camera(
    path: &Path,
    options: &SourceOptions,
    offered: &[Offered<'_>],
    preferred: Option<&str>,
    missing: impl FnOnce(&str) -> Error,
) -> Result<Option<String>> {
    if options.no_pictures {
        return Ok(None);
    }
    if let Some(camera) = &options.camera {
        return match offered.iter().find(|o| o.name == camera) {
            Some(Offered { depth: false, .. }) => Ok(Some(camera.clone())),
            Some(_) => Err(Error::broken(
                path,
                format!("{camera} is depth, which no model sees"),
                "name a camera with colours, and keep the depth beside it with --views",
            )),
            None => Err(missing(camera)),
        };
    }
    let colours: Vec<&str> = offered.iter().filter(|o| !o.depth).map(|o| o.name).collect();
    match (&colours[..], preferred) {
        ([], _) => Ok(None),
        ([only], _) => Ok(Some((*only).to_owned())),
        (several, Some(preferred)) if several.contains(&preferred) => Ok(Some(preferred.to_owned())),
        (several, _) => Err(Error::broken(
            path,
            format!("there are {} picture features: {}", several.len(), several.join(", ")),
            "say which to read with --camera (and --views all to keep the others), or leave pictures out with --no-pictures",
        )),
    }
}

/// The views asked for, in the order in which they are offered; `camera` is none of them.
///
/// # Errors
/// If one is not offered.
pub fn choose_views(
    path: &Path,
    options: &SourceOptions,
    offered: &[Offered<'_>],
    camera: Option<&str>,
) -> Result<Vec<String>> {
    if options.no_pictures {
        return Ok(Vec::new());
    }
    let others: Vec<&str> = offered.iter().map(|o| o.name).filter(|name| Some(*name) != camera).collect();
    let asked = |name: &str| options.views.iter().any(|view| view == name || view == ALL);
    if let Some(wrong) = options.views.iter().find(|view| *view != ALL && !others.contains(&view.as_str())) {
        return Err(Error::Missing {
            path: path.to_path_buf(),
            kind: "view",
            name: wrong.clone(),
            present: if others.is_empty() { "none beside the camera".to_owned() } else { others.join(", ") },
        });
    }
    Ok(others.into_iter().filter(|name| asked(name)).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [Offered<'_>; 3] = [
        Offered { name: "front", depth: false },
        Offered { name: "wrist", depth: false },
        Offered { name: "front_depth", depth: true },
    ];

    fn asked(camera: Option<&str>, views: &[&str]) -> Result<(Option<String>, Vec<String>)> {
        let views = views.iter().map(ToString::to_string).collect();
        let options = SourceOptions { camera: camera.map(str::to_owned), views, ..SourceOptions::default() };
        let path = Path::new("recording");
        let missing = |name: &str| Error::Invalid(format!("no {name}"));
        let camera = choose_camera(path, &options, &OFFERED, None, missing)?;
        let views = choose_views(path, &options, &OFFERED, camera.as_deref())?;
        Ok((camera, views))
    }

    #[test]
    fn views_stand_beside_the_camera() {
        let (camera, views) = asked(Some("wrist"), &[ALL]).expect("chosen");
        assert_eq!((camera.as_deref(), views), (Some("wrist"), vec!["front".to_owned(), "front_depth".to_owned()]));
        let (_, views) = asked(Some("wrist"), &["front_depth"]).expect("chosen");
        assert_eq!(views, ["front_depth"], "one by its name");
        assert_eq!(asked(Some("wrist"), &[]).expect("chosen").1, Vec::<String>::new(), "none unless asked for");
    }

    #[test]
    fn what_cannot_be_chosen_is_told() {
        for (camera, views, words) in [
            (None, &[ALL][..], "front, wrist"),
            (Some("front_depth"), &[], "is depth"),
            (Some("side"), &[], "no side"),
            (Some("front"), &["front"], "no view \"front\""),
        ] {
            let error = asked(camera, views).expect_err("refused").to_string();
            assert!(error.contains(words), "{words} is missing in: {error}");
        }
    }

    #[test]
    fn names_become_plain() {
        let names = [
            ("observation.images.wrist.left", "wrist_left"),
            ("steps/observation/image_1", "image_1"),
            ("/camera/depth/image_raw", "camera_depth_image_raw"),
            ("agentview_image", "agentview_image"),
            ("/wrist_left", "wrist_left_2"),
        ];
        let views = names.map(|(name, _)| View { name: name.to_owned(), size: [1, 1], depth: None });
        assert_eq!(short_names(&views), names.map(|(_, short)| short), "each another");
    }
}
