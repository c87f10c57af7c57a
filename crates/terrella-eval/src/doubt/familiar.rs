//! What is usual for a model, and how unusual a moment is: conformal p-values by episode.
//!
//! Each held-out episode has a score of each kind, that of its worst moment. A moment is *refused* where fewer episodes than promised have
//! one as bad: the p-value is the share of calibration episodes with a score at least as large, the moment itself counted with them. If
//! new episodes are like these, none of the moments of at least `level` of them is refused, by each score alone. Nothing is promised of
//! what refusal finds; that is measured ([`super::DoubtTable`]).

use super::moments::{DoubtKind, Measure, Moment};
use super::places::Places;
use super::stretch::Stretch;
use crate::conformal::conformal_factor;
use crate::limits::digits;
use crate::promise::episodes_needed;
use serde::{Deserialize, Serialize};
use terrella_core::{Acts, Dataset, Dt, Dynamics, Error, Key, Result, Table, View};

/// How doubts are measured and calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DoubtConfig {
    /// Share of new episodes of which no moment is to be refused.
    pub level: f64,
    /// Rows of a stretch, at most: in a changed world, each begins where the recording was.
    pub rows: usize,
    /// Stretches of each episode.
    pub stretches: usize,
    /// Rows that were learned from that are kept to tell distances.
    pub places: usize,
    /// Copies of each moment by which told deviations are measured.
    pub copies: usize,
    /// Seed of the split into episodes that calibrate and that are judged, and of all else that is drawn.
    pub seed: u64,
}

impl Default for DoubtConfig {
    fn default() -> Self {
        Self { level: 0.9, rows: 50, stretches: 4, places: 2000, copies: 8, seed: 0 }
    }
}

/// Numbers of one kind of doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Usual {
    kind: DoubtKind,
    /// The worst moment of each episode that calibrates, ascending; nothing where it is endless.
    worst: Vec<Option<f64>>,
}

/// What is usual for a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Familiar {
    measure: Measure,
    usual: Vec<Usual>,
    /// Share of new episodes of which no moment is to be refused.
    pub level: f64,
    /// Rows of a block.
    pub skip: usize,
    state: Vec<String>,
    action: Vec<String>,
    /// Hash of the recordings.
    pub data_hash: String,
}

/// How doubtful a moment is, told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doubtful {
    /// By which score.
    pub kind: DoubtKind,
    /// Which block of what was asked about, counted from 0.
    pub block: usize,
    /// The score; nothing where it is endless.
    pub value: Option<f64>,
    /// What the promised share of episodes never exceeds; nothing where that is endless.
    pub usual: Option<f64>,
    /// The share of episodes that come to a score as large, itself counted with them.
    pub p: f64,
    /// Whether it is refused: the score exceeds what is usual.
    pub refused: bool,
    /// The number of state or action that has most of it, where it can be named.
    pub number: Option<String>,
    /// All of that in a sentence.
    pub words: String,
}

/// Learns from held-out episodes what is usual, and keeps places of those that were learned from; `angles` are numbers of the logged
/// state.
///
/// # Errors
/// If a model of states cannot tell them, or there are too few episodes for the level.
pub fn familiar<D: Dynamics>(
    dynamics: &D,
    (dataset, train, calibrating): (&Dataset, &[usize], &[usize]),
    (view, angles): (View, &[usize]),
    config: &DoubtConfig,
) -> Result<Familiar> {
    enough(calibrating.len(), config.level)?;
    let latent = view.picture.is_some();
    let skip = (dynamics.block_width() / dataset.signature.action.len().max(1)).max(1);
    let key = Key::new(config.seed).with("doubt");
    let angles = if latent { Vec::new() } else { angles.to_vec() };
    let mut measure = Measure { latent, angles, errors: Vec::new(), places: None, copies: config.copies.max(1) };
    // How far off is usual is learned where nothing is calibrated, if there is anything else.
    let learned = drawn(dataset, if train.is_empty() { calibrating } else { train }, skip, config, key.with("places"));
    let mut here = Table::default();
    let mut square: Vec<f64> = Vec::new();
    let mut n = 0.0;
    for (episode, row) in learned {
        let one = Stretch::recorded(dataset, (episode, row), (skip, 1), view)?;
        if one.blocks.is_empty() {
            continue;
        }
        let state = dynamics.observe(&one.seen[..1])?;
        let next = dynamics.step(&state, Acts::of(&one.blocks[0]).lasting(Dt::Each(&one.lasts)));
        let off = measure.off(dynamics, &one, &next)?;
        if off.is_empty() {
            return Err(Error::Invalid("the model cannot tell states; train it with model.readout = true".to_owned()));
        }
        square.resize(off.width, 0.0);
        square.iter_mut().zip(off.row(0)).for_each(|(sum, x)| *sum += f64::from(*x).powi(2));
        n += 1.0;
        let place = [measure.numbers(dynamics, &one, (&state, 1)).row(0), &one.blocks[0][..]].concat();
        here.width = place.len();
        here.push(&place);
    }
    measure.errors = square.iter().map(|sum| (sum / f64::max(n, 1.0)).sqrt()).collect();
    measure.places = (!train.is_empty() && !here.is_empty()).then(|| Places::of(&here, &measure.angles));
    let mut usual: Vec<Usual> = Vec::new();
    for &episode in calibrating {
        let mut moments = Vec::new();
        for stretch in stretches(dataset, episode, skip, view, config)? {
            moments.extend(measure.of(dynamics, &stretch)?);
        }
        for kind in DoubtKind::ALL {
            let Some(worst) = worst(&moments, kind) else { continue };
            if !usual.iter().any(|usual| usual.kind == kind) {
                usual.push(Usual { kind, worst: Vec::new() });
            }
            let of = usual.iter_mut().filter(|usual| usual.kind == kind);
            of.for_each(|usual| usual.worst.push(Some(worst.value).filter(|x| x.is_finite())));
        }
    }
    let endless = |x: &Option<f64>| x.unwrap_or(f64::INFINITY);
    usual.iter_mut().for_each(|usual| usual.worst.sort_by(|a, b| endless(a).total_cmp(&endless(b))));
    let state = if latent { Vec::new() } else { dataset.signature.state.clone() };
    let action = dataset.signature.action.clone();
    Ok(Familiar { measure, usual, level: config.level, skip, state, action, data_hash: dataset.hash.clone() })
}

/// Whether so many episodes can promise a level.
///
/// # Errors
/// If not: how many it takes, and what they are enough for.
fn enough(n: usize, level: f64) -> Result<()> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::Invalid(format!(
            "eval.doubt.level is {level}; no number of episodes promises that, so choose one between 0 and 1 (0.9 is usual)"
        )));
    }
    let needed = episodes_needed(level);
    if n >= needed {
        return Ok(());
    }
    let most = (100.0 * n as f64 / (n as f64 + 1.0) + 1e-9).floor();
    let lower = match most > 0.0 {
        true => format!(", or ask for {most:.0} % with --set eval.doubt.level={}", most / 100.0),
        false => String::new(),
    };
    Err(Error::Invalid(format!(
        "telling what is unusual at {:.0} % takes {needed} held-out episodes to calibrate on and others to judge, and there are {n} to calibrate on; give more recordings with --data{lower}",
        100.0 * level
    )))
}

/// Rows that something follows, drawn from these episodes, as many as are kept and in order.
fn drawn(dataset: &Dataset, episodes: &[usize], skip: usize, config: &DoubtConfig, key: Key) -> Vec<(usize, usize)> {
    let rows =
        episodes.iter().flat_map(|&e| (0..dataset.episodes[e].len().saturating_sub(skip)).map(move |row| (e, row)));
    let mut rows: Vec<(usize, usize)> = rows.collect();
    if rows.len() > config.places.max(1) {
        rows.sort_by_key(|&(e, row)| (key.at(e as u64).at(row as u64).seed(), e, row));
        rows.truncate(config.places.max(1));
        rows.sort_unstable();
    }
    rows
}

/// The stretches of an episode by which it is judged.
pub(super) fn stretches(
    dataset: &Dataset,
    episode: usize,
    skip: usize,
    view: View,
    config: &DoubtConfig,
) -> Result<Vec<Stretch>> {
    let (blocks, len) = ((config.rows / skip).max(1), dataset.episodes[episode].len());
    let starts = Stretch::starts(len, blocks * skip, config.stretches);
    starts.into_iter().map(|start| Stretch::recorded(dataset, (episode, start), (skip, blocks), view)).collect()
}

/// The worst moment of a kind, if there is any.
pub(super) fn worst(moments: &[Vec<Moment>], kind: DoubtKind) -> Option<Moment> {
    let of = moments.iter().flatten().filter(|moment| moment.kind == kind);
    of.copied().max_by(|a, b| a.value.total_cmp(&b.value))
}

impl Familiar {
    /// The stretches of a recorded episode by which it is judged, as those were that calibrated.
    ///
    /// # Errors
    /// If it sees pictures, and none were recorded.
    pub fn stretches(
        &self,
        dataset: &Dataset,
        episode: usize,
        view: View,
        config: &DoubtConfig,
    ) -> Result<Vec<Stretch>> {
        stretches(dataset, episode, self.skip, view, config)
    }

    /// What is doubtful about each moment of a stretch from which something is done.
    ///
    /// # Errors
    /// If the model cannot look at what is seen.
    pub fn moments<D: Dynamics>(&self, dynamics: &D, stretch: &Stretch) -> Result<Vec<Vec<Moment>>> {
        self.measure.of(dynamics, stretch)
    }

    /// Whether the model is shown logged states, so that states that it foretells can be asked about too.
    pub fn of_states(&self) -> bool {
        !self.measure.latent
    }

    /// Which scores there are.
    pub fn kinds(&self) -> Vec<DoubtKind> {
        self.usual.iter().map(|usual| usual.kind).collect()
    }

    /// Episodes that calibrated.
    pub fn episodes(&self) -> usize {
        self.usual.iter().map(|usual| usual.worst.len()).max().unwrap_or(0)
    }

    /// Rows that were learned from, of which it is known where they lie.
    pub fn places(&self) -> usize {
        self.measure.places.as_ref().map_or(0, Places::len)
    }

    fn scores(&self, kind: DoubtKind) -> Vec<f64> {
        let of = self.usual.iter().filter(|usual| usual.kind == kind);
        of.flat_map(|usual| usual.worst.iter().map(|x| x.unwrap_or(f64::INFINITY))).collect()
    }

    /// The share of episodes whose worst moment is as bad, this one counted with them.
    pub fn p(&self, kind: DoubtKind, value: f64) -> f64 {
        let scores = self.scores(kind);
        let as_bad = scores.iter().filter(|score| **score >= value).count();
        (1 + as_bad) as f64 / (1 + scores.len()) as f64
    }

    /// What the promised share of episodes never exceeds; infinity where that is endless.
    pub fn limit(&self, kind: DoubtKind) -> f64 {
        conformal_factor(&self.scores(kind), self.level)
    }

    /// Whether a moment is refused.
    pub fn refuses(&self, moment: &Moment) -> bool {
        moment.value > self.limit(moment.kind)
    }

    /// The worst moment of each kind, told: of how it compares with what is usual, and which number it is.
    pub fn worst(&self, moments: &[Vec<Moment>]) -> Vec<Doubtful> {
        let told = |kind: &DoubtKind| {
            let block = moments
                .iter()
                .enumerate()
                .filter_map(|(block, of)| Some((block, of.iter().find(|m| m.kind == *kind)?)));
            let (block, moment) = block.max_by(|a, b| a.1.value.total_cmp(&b.1.value).then(b.0.cmp(&a.0)))?;
            Some(self.told(block, moment))
        };
        self.kinds().iter().filter_map(told).collect()
    }

    fn told(&self, block: usize, moment: &Moment) -> Doubtful {
        let Moment { kind, value, number } = *moment;
        let (p, limit, number) = (self.p(kind, value), self.limit(kind), self.name(kind, number));
        let usual = if limit.is_infinite() {
            format!("; what is usual has no bound, so often was the model lost in {} episodes", self.episodes())
        } else if value.is_finite() && limit > 0.0 {
            let share = 100.0 * self.level;
            format!(
                ", {} times the {} that {share:.0} % of episodes never exceed",
                digits(value / limit),
                digits(limit)
            )
        } else {
            format!(", and {:.0} % of episodes never exceed {}", 100.0 * self.level, digits(limit))
        };
        let most = number.as_ref().map_or_else(String::new, |name| format!("; most of it is {name}"));
        let value_told = if value.is_finite() { digits(value) } else { "endlessly many".to_owned() };
        let words = format!("{} is {value_told} {}{usual} (p = {}){most}", kind.name(), kind.counts(), digits(p));
        let finite = |x: f64| Some(x).filter(|x| x.is_finite());
        let refused = self.refuses(moment);
        Doubtful { kind, block, value: finite(value), usual: finite(limit), p, refused, number, words }
    }

    /// What a number of a moment is called: of the state, or then of the action.
    fn name(&self, kind: DoubtKind, number: usize) -> Option<String> {
        if self.measure.latent {
            return None;
        }
        let action = || {
            let at = number.checked_sub(self.state.len()).filter(|_| kind == DoubtKind::Distance)?;
            self.action.get(at % self.action.len().max(1))
        };
        self.state.get(number).or_else(action).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_episodes_are_told_with_a_remedy_that_works() {
        assert!(enough(9, 0.9).is_ok(), "nine promise nine of ten");
        let told = enough(6, 0.9).expect_err("too few").to_string();
        assert!(told.contains("takes 9 held-out") && told.contains("eval.doubt.level=0.85"), "{told}");
        assert!(enough(6, 0.85).is_ok(), "the remedy works");
        assert!(!enough(0, 0.9).expect_err("none").to_string().contains("ask for"), "none promise nothing");
        assert!(enough(1000, 1.0).is_err(), "certainty is not to be had");
    }

    #[test]
    fn a_moment_is_refused_where_fewer_episodes_than_promised_are_as_bad() {
        let measure = Measure { latent: false, angles: Vec::new(), errors: vec![1.0], places: None, copies: 1 };
        let worst = (1..=9).map(|x| Some(f64::from(x))).collect();
        let familiar = Familiar {
            measure,
            usual: vec![Usual { kind: DoubtKind::Surprise, worst }],
            level: 0.9,
            skip: 1,
            state: vec!["x".into()],
            action: vec!["u".into()],
            data_hash: String::new(),
        };
        let moment = |value| Moment { kind: DoubtKind::Surprise, value, number: 0 };
        let told = familiar.worst(&[vec![moment(4.0)], vec![moment(18.0)], vec![moment(18.0)]]).remove(0);
        assert_eq!((told.refused, told.p, told.block, told.usual), (true, 0.1, 1, Some(9.0)), "{told:?}");
        assert!(told.words.contains("2.00 times the 9.00") && told.words.contains("most of it is x"), "{}", told.words);
        assert!(
            !familiar.refuses(&moment(9.0)) && familiar.p(DoubtKind::Surprise, 9.0) == 0.2,
            "as bad as one of them"
        );
        assert!(familiar.refuses(&moment(f64::INFINITY)), "endless");
    }
}
