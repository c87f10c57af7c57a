//! Which features become the action, the state, the task; and what is not kept.
//!
//! RLDS leaves the names inside a step to whoever records, so the usual ones are looked for, and a
//! dictionary of tensors becomes one row in the order of its names. Every choice that is a guess is
//! told as a note.

use super::features::{Feature, Kind};
use std::path::Path;
use terrella_data::vectors::{asked_for, made_of};
use terrella_data::{Error, Note, Result, SourceOptions};

/// Names under which datasets keep the instruction, the most common first.
const INSTRUCTIONS: [&str; 4] = [
    "steps/language_instruction",
    "steps/natural_language_instruction",
    "steps/observation/language_instruction",
    "steps/observation/natural_language_instruction",
];

/// Features of the reward, of the end of the task, and of the last step, as RLDS calls them.
pub(crate) const OUTCOMES: [&str; 3] = ["steps/reward", "steps/is_terminal", "steps/is_last"];
/// Where the end of the task is not told: nothing that comes after it counts where this is 0.
pub(crate) const DISCOUNT: &str = "steps/discount";

/// One tensor that becomes columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its feature.
    pub(crate) name: String,
    /// Numbers a step.
    pub(crate) width: usize,
}

/// What is read of each example.
#[derive(Debug)]
pub(crate) struct Columns {
    /// Never empty.
    pub(crate) action: Vec<Column>,
    pub(crate) state: Vec<Column>,
    pub(crate) task: Option<String>,
    /// Those of [`OUTCOMES`] and [`DISCOUNT`] that are read.
    pub(crate) outcomes: Vec<&'static str>,
}

impl Columns {
    /// Chooses among the features of `features.json`, which lies at `path`.
    pub(crate) fn choose(
        path: &Path,
        features: &[Feature],
        options: &SourceOptions,
        notes: &mut Vec<Note>,
    ) -> Result<Self> {
        let action = action(path, features)?;
        let offered: Vec<Column> = features
            .iter()
            .filter(|f| !is_action(f) && !OUTCOMES.contains(&f.name.as_str()) && f.name.starts_with("steps/"))
            .filter_map(column)
            .collect();
        let names: Vec<&str> = offered.iter().map(|c| c.name.as_str()).collect();
        let asked = asked_for(path, options, &names)?;
        let state = match &asked {
            Some(asked) => asked.iter().map(|at| offered[*at].clone()).collect(),
            None => state(features),
        };
        let texts = features.iter().filter(|f| f.kind == Kind::Text);
        let texts: Vec<&str> = texts.map(|f| f.name.as_str()).collect();
        let task = INSTRUCTIONS.into_iter().find(|name| texts.contains(name)).map(str::to_owned);
        if asked.is_none() {
            notes.extend(made_of("state", state.iter().map(|c| c.name.as_str())));
        }
        if action.len() > 1 {
            let names: Vec<&str> = action.iter().map(|c| c.name.as_str()).collect();
            notes.push(note("action", format!("it is a dictionary, its row is made of {}", names.join(", "))));
        }
        Ok(Self { action, state, task, outcomes: outcomes(features, notes) })
    }

    /// Whether a feature is read.
    fn has(&self, name: &str) -> bool {
        self.action.iter().chain(&self.state).any(|c| c.name == name)
            || self.task.as_deref() == Some(name)
            || self.outcomes.contains(&name)
    }

    /// Tells once what an episode here has no place for, and what cannot be read at all.
    pub(crate) fn tell_dropped(&self, features: &[Feature], cameras: &[String], notes: &mut Vec<Note>) {
        let mut dropped = Vec::new();
        for feature in features.iter().filter(|f| !self.has(&f.name) && !cameras.contains(&f.name)) {
            match &feature.kind {
                Kind::Other(what) => notes.push(note(&feature.name, format!("skipped, {what} is not read"))),
                _ => dropped.push(feature.name.as_str()),
            }
        }
        if !dropped.is_empty() {
            notes.push(note("features.json", format!("not kept: {}", dropped.join(", "))));
        }
    }
}

/// A note about a feature or a file.
pub(crate) fn note(place: &str, what: impl Into<String>) -> Note {
    Note { place: place.to_owned(), what: what.into() }
}

/// Names of the numbers of some columns: `action.0`, or the leaves of a dictionary.
pub(crate) fn number_names(columns: &[Column], alone: &str) -> Vec<String> {
    let mut names = Vec::new();
    for column in columns {
        let leaf = column.name.rsplit('/').next().unwrap_or(&column.name);
        let leaf = if columns.len() == 1 { alone } else { leaf };
        match column.width {
            1 if columns.len() > 1 => names.push(leaf.to_owned()),
            width => names.extend((0..width).map(|i| format!("{leaf}.{i}"))),
        }
    }
    names
}

fn is_action(feature: &Feature) -> bool {
    feature.name == "steps/action" || feature.name.starts_with("steps/action/")
}

fn action(path: &Path, features: &[Feature]) -> Result<Vec<Column>> {
    let found: Vec<&Feature> = features.iter().filter(|f| is_action(f)).collect();
    let columns: Vec<Column> = found.iter().filter_map(|f| column(f)).collect();
    if !columns.is_empty() {
        return Ok(columns);
    }
    match found.first() {
        Some(Feature { name, kind }) => {
            let what = format!("{name} cannot become rows of one width: it is {}", kind.describe());
            Err(Error::broken(path, what, "convert the actions to a tensor of numbers with a fixed shape"))
        }
        None => Err(Error::Missing {
            path: path.to_path_buf(),
            kind: "feature",
            name: "steps/action".to_owned(),
            present: features.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

fn state(features: &[Feature]) -> Vec<Column> {
    let named = |name: &str| features.iter().find(|f| f.name == name).and_then(column);
    let known = ["steps/observation/state", "steps/observation/proprio"];
    if let Some(column) = known.into_iter().find_map(named) {
        return vec![column];
    }
    // A tensor of more than two axes is a picture or a map of depths, an embedding is another
    // network's word for the instruction: neither is the state of a body.
    let fits = |f: &&Feature| {
        f.name.starts_with("steps/observation/")
            && matches!(f.kind, Kind::Numbers { float: true, rank: 0..=2, .. })
            && !f.leaf().contains("embedding")
    };
    features.iter().filter(fits).filter_map(column).collect()
}

/// A cut is read where the end of the task is: without, each episode would only say that it has a last step.
fn outcomes(features: &[Feature], notes: &mut Vec<Note>) -> Vec<&'static str> {
    let there = |name: &str| features.iter().any(|f| f.name == name && column(f).is_some_and(|c| c.width == 1));
    let [reward, terminal, last] = OUTCOMES;
    let mut read: Vec<&str> = [reward, terminal].into_iter().filter(|name| there(name)).collect();
    if !there(terminal) && there(DISCOUNT) {
        notes.push(note(DISCOUNT, "taken as the end of the task where it is 0, which nothing else tells"));
        read.push(DISCOUNT);
    }
    if read.iter().any(|name| *name != reward) && there(last) {
        read.push(last);
    }
    read
}

fn column(feature: &Feature) -> Option<Column> {
    match feature.kind {
        Kind::Numbers { width: Some(width), .. } => Some(Column { name: feature.name.clone(), width }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(list: &[(&str, Kind)]) -> Vec<Feature> {
        list.iter().map(|(name, kind)| Feature { name: format!("steps/{name}"), kind: kind.clone() }).collect()
    }

    fn numbers(width: usize, rank: usize) -> Kind {
        Kind::Numbers { width: Some(width), rank, float: true }
    }

    fn widths(columns: &[Column]) -> Vec<(&str, usize)> {
        columns.iter().map(|c| (c.name.as_str(), c.width)).collect()
    }

    #[test]
    fn dictionaries_become_rows_in_the_order_of_their_names() {
        let features = features(&[
            ("action/grip", numbers(1, 0)),
            ("action/move", numbers(2, 1)),
            ("observation/depth", numbers(99, 3)),
            ("observation/joints", numbers(2, 1)),
            ("observation/natural_language_embedding", numbers(512, 1)),
            ("observation/natural_language_instruction", Kind::Text),
            ("observation/tip", numbers(3, 1)),
            ("odd", Kind::Other("Video".to_owned())),
        ]);
        let mut notes = Vec::new();
        let columns =
            Columns::choose(Path::new("f"), &features, &SourceOptions::default(), &mut notes).expect("chosen");
        assert_eq!(widths(&columns.action), [("steps/action/grip", 1), ("steps/action/move", 2)], "actions");
        assert_eq!(widths(&columns.state), [("steps/observation/joints", 2), ("steps/observation/tip", 3)], "states");
        assert_eq!(columns.task.as_deref(), Some(INSTRUCTIONS[3]), "the instruction");
        assert_eq!(number_names(&columns.action, "action"), ["grip", "move.0", "move.1"], "names");
        columns.tell_dropped(&features, &[], &mut notes);
        let told: Vec<String> = notes.iter().map(ToString::to_string).collect();
        assert!(told.contains(&"steps/odd: skipped, Video is not read".to_owned()), "{told:?}");
        assert!(told.iter().any(|t| t.contains("not kept: steps/observation/depth, steps/obs")), "{told:?}");
    }

    #[test]
    fn what_is_asked_for_makes_the_state() {
        let listed = features(&[
            ("action", numbers(7, 1)),
            ("observation/keypoints", numbers(8, 2)),
            ("observation/state", numbers(4, 1)),
            ("observation/tokens", Kind::Numbers { width: Some(3), rank: 1, float: false }),
        ]);
        let choose = |names: &[&str]| {
            let vectors = names.iter().map(|name| format!("steps/observation/{name}")).collect();
            let options = SourceOptions { vectors, ..SourceOptions::default() };
            let mut notes = Vec::new();
            Columns::choose(Path::new("f"), &listed, &options, &mut notes).map(|columns| (columns.state, notes))
        };
        let (state, notes) = choose(&["tokens", "keypoints"]).expect("chosen");
        assert_eq!(widths(&state), [("steps/observation/tokens", 3), ("steps/observation/keypoints", 8)], "as asked");
        assert_eq!(notes, [], "no guess is told");
        let error = choose(&["depth"]).expect_err("refused").to_string();
        assert!(error.contains("(there are: steps/observation/keypoints, steps/observation/state"), "{error}");
    }

    #[test]
    fn the_usual_names_win_and_actions_must_be_there() {
        let listed = features(&[
            ("action", numbers(7, 1)),
            ("observation/extra", numbers(9, 1)),
            ("observation/proprio", numbers(4, 1)),
        ]);
        let columns =
            Columns::choose(Path::new("f"), &listed, &SourceOptions::default(), &mut Vec::new()).expect("chosen");
        assert_eq!(widths(&columns.state), [("steps/observation/proprio", 4)], "the usual name");
        assert_eq!(number_names(&columns.state, "state")[..2], ["state.0", "state.1"], "names");
        let choose = |name, kind| {
            let listed = features(&[(name, kind)]);
            Columns::choose(Path::new("f"), &listed, &SourceOptions::default(), &mut Vec::new())
                .expect_err("refused")
                .to_string()
        };
        let error = choose("reward", numbers(1, 0));
        assert!(error.contains("no feature \"steps/action\" (there are: steps/reward)"), "{error}");
        let ragged = Kind::Numbers { width: None, rank: 1, float: true };
        let error = choose("action", ragged);
        assert!(error.contains("it is numbers whose shape varies") && error.contains("fixed shape"), "{error}");
    }
}
