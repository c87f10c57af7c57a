//! What is told to a reader from outside: what the recording may not say about itself, and what of it is wanted.

/// What a recording may not say about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceOptions {
    /// Rows a second: what they are, for formats that do not store it; of logs, at what rate they are to be resampled;
    /// of what stores its rate, a whole part of it, for which every n-th row is taken.
    pub fps: Option<f64>,
    /// The world that can replay the recording.
    pub env: Option<String>,
    /// What was being done, for formats that do not store it.
    pub task: Option<String>,
    /// Names of the state's numbers, for formats that do not store them.
    pub state: Option<Vec<String>>,
    /// Names of the action's numbers, for formats that do not store them.
    pub action: Option<Vec<String>>,
    /// Vectors that make the state, joined in this order; what the format calls the state if there are none.
    pub vectors: Vec<String>,
    /// The picture feature that models see, where there are several.
    pub camera: Option<String>,
    /// Further picture features to keep beside it, by name, or [`ALL`](crate::ALL).
    pub views: Vec<String>,
    /// Leaves pictures out, and with them what only pictures lack.
    pub no_pictures: bool,
    /// A mapping file, or the name of a known mapping, that says what the columns of a log mean.
    pub map: Option<String>,
}
