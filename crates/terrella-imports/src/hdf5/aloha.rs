//! ALOHA's layout, as ACT reads it: one file an episode, with `action`, `observations/qpos` and cameras in
//! `observations/images`, which may be JPEG.
//!
//! The state is `qpos`; velocities, efforts and the base's action are others to ask for. The rate is not stored; ACT and
//! ALOHA record at 50 Hz.

use super::file::Hdf5;
use crate::arrays::episode::{Parts, Place, read as read_episode};
use crate::arrays::listing::{CHOSEN_BY, not_kept};
use crate::arrays::pictures::are_encoded;
use crate::arrays::recorded::{Cameras, Found, pictures_among};
use crate::arrays::store::Store;
use terrella_data::vectors::{Vector, choose_vectors, joined_names};
use terrella_data::{Note, Result, SourceOptions};

/// Rows a second that are assumed: `DT` of ACT.
const USUAL_RATE: f64 = 50.0;
/// Cameras that see the whole, which models are shown where nothing is asked for.
const PREFERRED: [&str; 4] = ["cam_high", "top", "cam_head", "cam_low"];
const IMAGES: &str = "observations/images";
/// What is stored beside pictures and says nothing more.
const LENGTHS: [&str; 2] = ["compress_len", "compressed_len"];

pub(super) fn is(file: &Hdf5) -> bool {
    file.shape("action").is_ok() && file.shape("observations/qpos").is_ok()
}

pub(super) fn read(file: &Hdf5, options: &SourceOptions) -> Result<Found> {
    let arrays = file.below("");
    let in_images: Vec<_> = arrays
        .iter()
        .filter_map(|(name, shape)| Some((name.strip_prefix(IMAGES)?.strip_prefix('/')?.to_owned(), shape.clone())))
        .collect();
    let shown = pictures_among(file, IMAGES, &in_images);
    let preferred = PREFERRED.into_iter().find(|name| shown.contains(name));
    let cameras = Cameras::choose(file.path(), options, &shown, preferred)?;
    let pictures: Vec<String> = cameras.names().map(|name| format!("{IMAGES}/{name}")).collect();
    let rows = file.shape("action")?.rows();
    let vector = |(name, shape): &(String, _)| {
        let shape: &crate::arrays::store::Shape = shape;
        let fits = shape.rows() == rows && name != "action" && !name.starts_with(IMAGES);
        fits.then(|| shape.width()).flatten().map(|width| Vector::new(name, width))
    };
    let offered = arrays.iter().filter_map(vector).collect();
    let state = choose_vectors(file.path(), options, offered, |v| v.name == "observations/qpos")?;
    let names = joined_names(&state);
    let parts = Parts { state, action: vec!["action".to_owned()], pictures, ..Parts::default() };
    let mut notes: Vec<Note> =
        not_kept(&arrays, CHOSEN_BY, |name| parts.has(name) || LENGTHS.contains(&name)).into_iter().collect();
    let mut note = |place: &str, what: String| notes.push(Note { place: place.to_owned(), what });
    if options.fps.is_none() {
        note(
            "fps",
            format!("not stored: {USUAL_RATE} rows a second are assumed, as ALOHA records; --fps says otherwise"),
        );
    }
    let encoded = |name: &String| file.shape(name).is_ok_and(|shape| are_encoded(file, name, &shape));
    if parts.pictures.iter().any(encoded) {
        let what = "JPEG or PNG, with the colours that it declares; where a recorder encoded RGB by OpenCV, red and blue are exchanged: look at them (terrella inspect --sheet)";
        note("pictures", what.to_owned());
    }
    let episode = read_episode(file, Place { group: "", span: None }, &parts);
    let episodes = vec![("episode".to_owned(), episode)];
    Ok(Found {
        fps: Some(options.fps.unwrap_or(USUAL_RATE)),
        state: names,
        cameras,
        episodes,
        notes,
        ..Found::default()
    })
}
