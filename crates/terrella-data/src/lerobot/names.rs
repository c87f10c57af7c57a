//! What LeRobot calls things, and how much of a dataset goes into one file.

/// Feature of the logged state.
pub(crate) const STATE: &str = "observation.state";
/// Feature of the picture, as written.
pub(crate) const IMAGE: &str = "observation.image";
/// Feature of the action.
pub(crate) const ACTION: &str = "action";
/// Features of the reward of an action, and of whether it ended the task or the recording, as LeRobot calls them; the
/// last is ours.
pub(crate) const OUTCOMES: [&str; 3] = ["next.reward", "next.done", "next.truncated"];
/// Feature of whether the task was done. Simulators end episodes by it and by a limit of time, both of which are
/// `next.done`, so it tells one from the other.
pub(crate) const SUCCESS: &str = "next.success";
/// Integer columns that every data file has.
pub(crate) const INDICES: [&str; 4] = ["frame_index", "episode_index", "index", "task_index"];
/// Bytes after which a new data file begins, in MB as LeRobot counts them.
pub(crate) const DATA_FILE_MB: usize = 100;
/// Bytes after which a new video begins.
pub(crate) const VIDEO_FILE_MB: usize = 200;
/// Files in one chunk folder.
pub(crate) const CHUNK_FILES: usize = 1000;
