//! `meta/info.json`: what a LeRobot dataset says about itself, v3.0 as written, v2.0 and v2.1 as read too.
//!
//! The world a recording comes from is kept as `robot_type: "terrella/<env>"`: LeRobot passes that
//! field through untouched, whereas it warns about keys of our own.

use super::columns::{Extras, outcome_columns};
use super::feature::Feature;
use super::names::{ACTION, CHUNK_FILES, DATA_FILE_MB, IMAGE, INDICES, OUTCOMES, STATE, SUCCESS, VIDEO_FILE_MB};
use super::pictures::PictureFeature;
use crate::source::given_names;
use crate::vectors::{LARGEST_WIDTH, Vector, choose_vectors, joined_names, joined_units};
use crate::views::{Offered, choose_camera, choose_views};
use crate::{Error, Result, SourceOptions, View};
use arrow_schema::DataType;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use terrella_core::{NO_ACTION, Signature};

/// What helps against depth in a video.
pub(super) const NO_FILM: &str =
    "leave it out (--views all keeps the others), or record depth as pictures in counts of 16 bits (dtype image)";

/// Version of the layout that is written.
const VERSION: &str = "v3.0";

/// What is to be read of a dataset.
pub(super) struct Chosen {
    pub(super) signature: Signature,
    /// Vectors that make the state.
    pub(super) vectors: Vec<Vector>,
    /// Vectors that make the action; none if no action was logged.
    pub(super) actions: Vec<Vector>,
    /// The camera first, if the signature has one, then the views.
    pub(super) pictures: Vec<View>,
    /// The world of the dataset, whose state these vectors are not.
    pub(super) not_kept: Option<String>,
}

/// How tables and videos are laid out in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// v2.0 and v2.1: a file each episode.
    EpisodeFiles,
    /// v3.0: many episodes in a file.
    SharedFiles,
}

/// The file as it is stored; keys that are not listed are ignored when reading.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Info {
    codebase_version: String,
    robot_type: Option<String>,
    pub(crate) total_episodes: usize,
    pub(crate) total_frames: usize,
    total_tasks: usize,
    #[serde(default)]
    pub(crate) chunks_size: usize,
    #[serde(default)]
    data_files_size_in_mb: usize,
    #[serde(default)]
    video_files_size_in_mb: usize,
    fps: Number,
    pub(crate) splits: Value,
    pub(crate) data_path: String,
    pub(crate) video_path: Option<String>,
    features: BTreeMap<String, Feature>,
}

impl Info {
    /// Describes a dataset of this signature and these pictures.
    pub(super) fn new(
        signature: &Signature,
        extras: Extras,
        pictures: &[PictureFeature],
        [episodes, rows, tasks]: [usize; 3],
    ) -> Self {
        let feature = Feature::new;
        let mut features: BTreeMap<String, Feature> =
            INDICES.iter().map(|name| ((*name).to_owned(), feature("int64", vec![1], Value::Null))).collect();
        let seconds = if extras.own_times { "float64" } else { "float32" };
        features.insert("timestamp".to_owned(), feature(seconds, vec![1], Value::Null));
        for (name, kind) in outcome_columns(signature, extras) {
            let dtype = if kind == DataType::Boolean { "bool" } else { "float32" };
            features.insert(name.to_owned(), feature(dtype, vec![1], Value::Null));
        }
        for (key, names) in [(STATE, &signature.state), (ACTION, &signature.action)] {
            if !names.is_empty() {
                features.insert(key.to_owned(), feature("float32", vec![names.len()], json!(names)));
            }
        }
        if let Some(state) = features.get_mut(STATE) {
            state.units.clone_from(&signature.units);
        }
        features.extend(pictures.iter().map(|p| (p.key.clone(), p.described(signature.fps))));
        let videos = pictures.iter().any(PictureFeature::is_video);
        Self {
            codebase_version: VERSION.to_owned(),
            robot_type: signature.env.as_ref().map(|env| format!("terrella/{env}")),
            total_episodes: episodes,
            total_frames: rows,
            total_tasks: tasks,
            chunks_size: CHUNK_FILES,
            data_files_size_in_mb: DATA_FILE_MB,
            video_files_size_in_mb: VIDEO_FILE_MB,
            fps: Number::from(signature.fps as u64),
            splits: json!({ "train": format!("0:{episodes}") }),
            data_path: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet".to_owned(),
            video_path: videos
                .then(|| "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4".to_owned()),
            features,
        }
    }

    /// Reads the file and checks its version.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let bad =
            |e: serde_json::Error| Error::broken(path, format!("not a LeRobot info file: {e}"), "repair the file");
        let value: Value = serde_json::from_str(&text).map_err(bad)?;
        let version = value["codebase_version"].as_str().unwrap_or("missing");
        if !["v2.0", "v2.1", VERSION].contains(&version) {
            return Err(Error::broken(
                path,
                format!("codebase_version is {version}; v2.0, v2.1 and {VERSION} can be read"),
                "convert it with the scripts of LeRobot",
            ));
        }
        serde_json::from_value(value).map_err(bad)
    }

    /// How the dataset is laid out.
    pub(crate) fn layout(&self) -> Layout {
        if self.codebase_version == VERSION { Layout::SharedFiles } else { Layout::EpisodeFiles }
    }

    /// Whether a picture feature is stored as video.
    pub(crate) fn is_video(&self, name: &str) -> bool {
        self.features.get(name).is_some_and(|f| f.dtype == "video")
    }

    /// Those of [`OUTCOMES`] that are one number a row, and [`SUCCESS`] where it is needed to tell an end from a cut.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = &'static str> {
        let number = |f: &Feature| f.is_numbers() && matches!(f.shape[..], [] | [1]);
        let there = move |name: &str| self.features.get(name).is_some_and(number);
        let success = there(OUTCOMES[1]) && !there(OUTCOMES[2]) && there(SUCCESS);
        OUTCOMES.into_iter().filter(move |name| there(name)).chain(success.then_some(SUCCESS))
    }

    /// Features that are not read beside these.
    pub(super) fn others<'a>(
        &'a self,
        Chosen { vectors, actions, pictures, .. }: &'a Chosen,
        outcomes: &'a [&str],
    ) -> impl Iterator<Item = &'a str> {
        let read = move |name: &str| {
            name == "timestamp"
                || vectors.iter().chain(actions).any(|v| v.name == name)
                || outcomes.contains(&name)
                || INDICES.contains(&name)
                || pictures.iter().any(|p| p.name == name)
        };
        self.features.keys().map(String::as_str).filter(move |name| !read(name))
    }

    /// Names of depth in videos, which cannot be read, and what each is.
    pub(super) fn films_of_depth(&self) -> impl Iterator<Item = (&str, String)> {
        self.features.iter().filter_map(|(name, feature)| Some((name.as_str(), feature.film_of_depth()?)))
    }

    /// What is to be read.
    pub(super) fn choose(&self, path: &Path, options: &SourceOptions) -> Result<Chosen> {
        let fps = self.fps.as_f64().filter(|fps| *fps > 0.0);
        let fps = fps.ok_or_else(|| Error::broken(path, format!("fps is {}", self.fps), "set the rate of the rows"))?;
        let asked = |name: &str| options.camera.iter().chain(&options.views).any(|asked| asked == name);
        if let Some((name, what)) = self.films_of_depth().find(|(name, _)| !options.no_pictures && asked(name)) {
            return Err(Error::broken(path, format!("{name} is {what}"), NO_FILM));
        }
        let offered = self.features.iter().filter(|(_, f)| f.is_pictures());
        let offered: Vec<Offered<'_>> = offered.map(|(name, f)| Offered { name, depth: f.is_depth() }).collect();
        let camera = choose_camera(path, options, &offered, Some(IMAGE), |camera| self.missing(path, camera))?;
        let views = choose_views(path, options, &offered, camera.as_deref())?;
        let pictures = camera.iter().chain(&views).map(|name| self.view(path, name)).collect::<Result<Vec<_>>>()?;
        let image = camera.map(|_| pictures[0].size);
        let actions = self.usual_vectors(ACTION);
        let aside = |name: &str| {
            ["timestamp", SUCCESS].contains(&name)
                || actions.iter().any(|a| a.name == name)
                || INDICES.contains(&name)
                || OUTCOMES.contains(&name)
        };
        let offered = self.features.iter().filter(|(name, f)| (f.is_numbers() || *name == STATE) && !aside(name));
        let offered = offered.map(|(name, f)| f.vector(name)).collect();
        let states = self.usual_vectors(STATE);
        let states = if states.is_empty() { self.observed() } else { states };
        let asked = !options.vectors.is_empty();
        let vectors = if asked { choose_vectors(path, options, offered, |_| false)? } else { states };
        // What the dataset says of its world, it says of its own state.
        let env = self.robot_type.as_ref().and_then(|robot| robot.strip_prefix("terrella/").map(str::to_owned));
        let own = options.vectors.is_empty() || vectors.iter().map(|v| v.name.as_str()).eq([STATE]);
        let not_kept = env.clone().filter(|_| !own && options.env.is_none());
        let env = options.env.clone().or(env.filter(|_| own));
        if let Some(v) = vectors.iter().chain(&actions).find(|v| !(1..=LARGEST_WIDTH).contains(&v.width)) {
            let what =
                format!("{} has shape {:?}, 1 to {LARGEST_WIDTH} numbers can be read", v.name, self.shape(&v.name));
            return Err(Error::broken(
                path,
                what,
                "leave it out (--vectors says what is read), or store it as a picture",
            ));
        }
        let (state, units) = (joined_names(&vectors), joined_units(&vectors));
        let action = if actions.is_empty() { vec![NO_ACTION.to_owned()] } else { joined_names(&actions) };
        let state = given_names(path, "state", options.state.as_ref(), state)?;
        let action = given_names(path, "action", options.action.as_ref(), action)?;
        let signature = Signature { fps, image, state, units, action, env, ..Signature::default() };
        Ok(Chosen { signature, vectors, actions, pictures, not_kept })
    }

    /// A feature, or where there is none as such, what lies under its name.
    fn usual_vectors(&self, name: &str) -> Vec<Vector> {
        if let Some(whole) = self.features.get(name) {
            return vec![whole.vector(name)];
        }
        let part = |other: &str| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.vectors(|name, f| part(name) && f.is_numbers())
    }

    /// Where nothing is called the state: all that was observed in plain rows of numbers, be it of the robot's parts.
    fn observed(&self) -> Vec<Vector> {
        let observed = |name: &str| name.starts_with("observation.") || name == "state" || name.starts_with("state.");
        let plain = |f: &Feature| f.is_numbers() && f.shape.len() <= 1;
        self.vectors(|name, f| observed(name) && plain(f))
    }

    /// Vectors of some features, in the order of their names.
    fn vectors(&self, wanted: impl Fn(&str, &Feature) -> bool) -> Vec<Vector> {
        let vectors = self.features.iter().filter(|(name, f)| wanted(name, f)).map(|(name, f)| f.vector(name));
        vectors.filter(|v| (1..=LARGEST_WIDTH).contains(&v.width)).collect()
    }

    /// The sides of a row of a feature.
    pub(super) fn shape(&self, name: &str) -> &[usize] {
        self.features.get(name).map_or(&[], |f| &f.shape)
    }

    fn missing(&self, path: &Path, name: &str) -> Error {
        let present = self.features.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        Error::Missing { path: path.to_path_buf(), kind: "feature", name: name.to_owned(), present }
    }

    fn view(&self, path: &Path, name: &str) -> Result<View> {
        let feature = &self.features[name];
        let size = feature.picture_size().ok_or_else(|| {
            let what = format!("{name} has shape {:?}, not height, width, 3", feature.shape);
            Error::broken(path, what, "store RGB pictures")
        })?;
        let depth = feature.is_depth().then(|| feature.metres());
        Ok(View { name: name.to_owned(), size, depth })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_survives_the_file() {
        let signature = Signature {
            fps: 10.0,
            image: Some([96, 64]),
            state: vec!["x".into(), "y".into()],
            units: vec!["m".into(), "rad".into()],
            action: vec!["u".into()],
            env: Some("balls".into()),
            ..Signature::default()
        };
        let base = tempfile::tempdir().expect("a folder");
        let path = base.path().join("info.json");
        let mut pictures = vec![PictureFeature::camera([96, 64])];
        let depth = View { name: "/wrist/depth".into(), size: [48, 32], depth: Some(0.0002) };
        pictures.extend(PictureFeature::views(std::slice::from_ref(&depth)));
        let text =
            serde_json::to_string(&Info::new(&signature, Extras::default(), &pictures, [3, 30, 1])).expect("JSON");
        std::fs::write(&path, text).expect("written");
        let info = Info::read(&path).expect("read back");
        let options = SourceOptions { views: vec![crate::ALL.to_owned()], ..SourceOptions::default() };
        let Chosen { signature: read, pictures, .. } = info.choose(&path, &options).expect("a signature");
        assert_eq!(read, signature, "nothing is lost");
        let camera = View { name: IMAGE.to_owned(), size: [96, 64], depth: None };
        let depth = View { name: "observation.images.wrist_depth".to_owned(), ..depth };
        assert_eq!(pictures, [camera, depth], "size and unit are kept");
    }

    #[test]
    fn depth_in_a_video_is_refused_by_name_and_passed_over_else() {
        let text = r#"{"codebase_version": "v3.0", "robot_type": null, "total_episodes": 1, "total_frames": 3,
            "total_tasks": 1, "fps": 10, "splits": {}, "data_path": "data", "features": {
                "observation.state": {"dtype": "float32", "shape": [1]}, "action": {"dtype": "float32", "shape": [1]},
                "observation.images.front": {"dtype": "image", "shape": [4, 6, 3]},
                "observation.images.depth": {"dtype": "video", "shape": [4, 6, 1],
                    "info": {"is_depth_map": true, "video.codec": "hevc", "video.pix_fmt": "gray12le"}}}}"#;
        let base = tempfile::tempdir().expect("a folder");
        let path = base.path().join("info.json");
        std::fs::write(&path, text).expect("written");
        let info = Info::read(&path).expect("read");
        let with = |views: &[&str], camera: Option<&str>, no_pictures: bool| {
            let views = views.iter().map(ToString::to_string).collect();
            let camera = camera.map(str::to_owned);
            info.choose(&path, &SourceOptions { views, camera, no_pictures, ..SourceOptions::default() })
        };
        let depth = "observation.images.depth";
        for refused in [with(&[depth], None, false), with(&["all", depth], None, false), with(&[], Some(depth), false)]
        {
            let error = refused.err().expect("refused").to_string();
            for said in [depth, "hevc", "gray12le", "12 bits", "--views all", "dtype image"] {
                assert!(error.contains(said), "{said}: {error}");
            }
        }
        // What the message says helps.
        for read in [with(&["all"], None, false), with(&[], None, false), with(&[depth], None, true)] {
            assert!(read.expect("read").pictures.iter().all(|view| view.name != depth), "without it");
        }
    }
}
