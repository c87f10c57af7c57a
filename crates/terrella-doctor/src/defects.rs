//! Damage of known kind and strength, by which the checks are measured.
//!
//! A defect is seeded into a fifth of the episodes of a real dataset, everything else stays. Which
//! episodes, which column and where is drawn from a key, so a benchmark can be repeated exactly.

use crate::checks::saturated::rests_by_nature;
use crate::series::{Role, Series};
use crate::subject::{Sight, Subject};
use serde::Serialize;
use terrella_core::{Key, Stream, Table};

/// A kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// Numbers replaced by NaN: 1, 3 or 10 rows of a column.
    NotFinite,
    /// One sample of a state displaced by 0.5, 1 or 2 usual ranges.
    Spike,
    /// All that follows a row of a state displaced by 0.5, 1 or 2 usual ranges.
    Jump,
    /// A state that repeats its value for 6, 15 or 40 rows while it goes farther than steps do.
    Frozen,
    /// A state that does not rest by nature, cut off where 5, 15 or 30 percent of its rows lie beyond.
    Saturated,
    /// One, half or all columns of the state in degrees for radians, or in thousandths.
    Units,
    /// The sign of a quaternion changed for 1 or 10 rows, or its norm lost by 20 percent.
    Quaternion,
    /// 1, 3 or 10 samples lost, their times with them.
    ClockGap,
    /// 1, 3 or 10 times repeated or swapped with their neighbour.
    ClockOrder,
    /// A clock that runs 0.7, 2 or 10 percent fast or slow, or up to three times as much.
    ClockRate,
    /// Actions stored 1, 2 or 4 rows early, where physics tells the lag of the dataset.
    Lag,
    /// Pictures shown 1, 2 or 4 rows late, where motion of the state is seen in them.
    PictureShift,
    /// A camera that hangs for 5, 10 or 20 rows.
    PictureFrozen,
    /// An episode that is another one with noise of 1, 0.3 or 0 percent of the usual range.
    Duplicate,
}

/// How strong a defect is; the middle is the one that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Hard to find.
    Weak,
    /// What a user would want to be told.
    Middle,
    /// Plain.
    Strong,
}

impl Strength {
    /// All, in order.
    pub const ALL: [Self; 3] = [Self::Weak, Self::Middle, Self::Strong];

    fn pick<T: Copy>(self, of: [T; 3]) -> T {
        of[self as usize]
    }
}

impl Defect {
    /// All kinds.
    pub const ALL: [Self; 14] = [
        Self::NotFinite,
        Self::Spike,
        Self::Jump,
        Self::Frozen,
        Self::Saturated,
        Self::Units,
        Self::Quaternion,
        Self::ClockGap,
        Self::ClockOrder,
        Self::ClockRate,
        Self::Lag,
        Self::PictureShift,
        Self::PictureFrozen,
        Self::Duplicate,
    ];
}

/// A damaged dataset.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// The dataset.
    pub subject: Subject,
    /// Episodes that were damaged, ascending.
    pub episodes: Vec<usize>,
    /// Copies and what they are copies of: of two that are the same either may be named.
    pub twins: Vec<(usize, usize)>,
}

/// Damages a fifth of the episodes of a dataset, at least one; nothing if it has nothing of the kind to
/// damage (no pictures, no times, no quaternion, episodes too short).
pub fn seed(healthy: &Subject, defect: Defect, strength: Strength, key: Key) -> Option<Seeded> {
    let series = Series::all(healthy);
    let told = match defect {
        Defect::Lag => crate::lag::lag(healthy).is_some(),
        Defect::PictureShift => crate::checks::pictures::tell(healthy),
        _ => true,
    };
    if !told {
        return None;
    }
    let key = key.with("doctor.seed").at(defect as u64).at(strength as u64);
    let n = healthy.episodes.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|e| key.with("episode").at(*e as u64).seed());
    let mut subject = healthy.clone();
    let (mut episodes, mut twins) = (Vec::new(), Vec::new());
    for &e in &order {
        if episodes.len() >= (n / 5).max(1) {
            break;
        }
        let mut stream = key.at(e as u64).stream();
        // From the other end of the order: an episode that stays as it is.
        let from = order[n - 1 - episodes.len()];
        if defect == Defect::Duplicate {
            twins.push((e, from));
        }
        if damage(&mut subject, &series, (defect, strength), [e, from], &mut stream).is_some() {
            episodes.push(e);
        }
    }
    episodes.sort_unstable();
    (!episodes.is_empty()).then_some(Seeded { subject, episodes, twins })
}

/// Damages one episode; nothing if it cannot be.
fn damage(
    subject: &mut Subject,
    series: &[Series],
    (defect, strength): (Defect, Strength),
    [e, from]: [usize; 2],
    stream: &mut Stream,
) -> Option<()> {
    let n = subject.episodes[e].len();
    match defect {
        Defect::NotFinite => {
            let column = &series[stream.below(series.len())];
            let rows = strength.pick([1, 3, 10]).min(n);
            let start = stream.below(n - rows + 1);
            edit(subject, column, e, |t, x| if (start..start + rows).contains(&t) { f32::NAN } else { x });
        }
        Defect::Spike | Defect::Jump => {
            let column = moving(series, Role::State, e, stream)?;
            let size = strength.pick([0.5, 1.0, 2.0]) * column.range();
            // An angle displaced by a turn is the same angle.
            let turn = [std::f64::consts::TAU, 360.0].iter().any(|t| (size / t - 1.0).abs() < 0.15);
            let size = size * if turn { 0.7 } else { 1.0 } * if stream.below(2) == 0 { 1.0 } else { -1.0 };
            let at = 2 + stream.below(n.checked_sub(5)?);
            let hit = |t: usize| if defect == Defect::Spike { t == at } else { t >= at };
            edit(subject, column, e, |t, x| if hit(t) { x + size as f32 } else { x });
        }
        Defect::Frozen => {
            let rows = strength.pick([6, 15, 40]);
            let column = moving(series, Role::State, e, stream)?;
            let at = travelled(&column.values[e], rows, 2.5 * column.large_step, stream)?;
            let value = column_value(subject, column, e, at);
            edit(subject, column, e, |t, x| if (at..at + rows).contains(&t) { value } else { x });
        }
        Defect::Saturated => {
            let column = moving(series, Role::State, e, stream)?;
            let mut sorted = column.values[e].clone();
            let limit = crate::robust::quantile(&mut sorted, 1.0 - strength.pick([0.05, 0.15, 0.3]));
            // What rests at its extreme is cut off by nature.
            if sorted[n - 1] <= limit
                || n < 40
                || sorted.iter().filter(|x| **x >= limit).count() * 2 > n
                || rests_by_nature(column)
            {
                return None;
            }
            edit(subject, column, e, |_, x| x.min(limit as f32));
        }
        Defect::Units => {
            let states: Vec<&Series> =
                series.iter().filter(|s| s.role == Role::State && moved(s, e) && s.wraps == 0).collect();
            let columns = strength.pick([1, states.len().div_ceil(2), states.len()]).min(states.len());
            let factor = [57.295_78, 1000.0][stream.below(2)];
            let first = stream.below(states.len().checked_sub(1)? + 1);
            for i in 0..columns {
                edit(subject, states[(first + i) % states.len()], e, |_, x| x * factor);
            }
        }
        Defect::Quaternion => {
            let four = subject
                .signature
                .state
                .windows(4)
                .position(|w| ["qx", "qy", "qz", "qw"].iter().zip(w).all(|(n, name)| name.ends_with(n)))?;
            let at = 1 + stream.below(n.checked_sub(14)?);
            let (rows, factor) = strength.pick([(1, -1.0), (10, -1.0), (10, 0.8)]);
            for column in series.iter().filter(|s| s.role == Role::State && (four..four + 4).contains(&s.at)) {
                edit(subject, column, e, |t, x| if (at..at + rows).contains(&t) { x * factor } else { x });
            }
        }
        Defect::ClockGap => {
            let times = &mut subject.evidence[e].times;
            let rows = strength.pick([1, 3, 10]);
            let at = 1 + stream.below(times.len().checked_sub(rows + 2)?);
            times.drain(at..at + rows);
        }
        Defect::ClockOrder => {
            let times = &mut subject.evidence[e].times;
            for _ in 0..strength.pick([1, 3, 10]) {
                let at = 1 + stream.below(times.len().checked_sub(2)?);
                if stream.below(2) == 0 { times[at] = times[at - 1] } else { times.swap(at, at - 1) }
            }
        }
        Defect::ClockRate => {
            let times = &mut subject.evidence[e].times;
            let start = *times.first()?;
            let size = strength.pick([0.007, 0.02, 0.1]) * stream.uniform(1.0, 3.0);
            let factor = if stream.below(2) == 0 { 1.0 + size } else { 1.0 / (1.0 + size) };
            times.iter_mut().for_each(|t| *t = start + (*t - start) / factor);
        }
        Defect::Lag => {
            let rows = strength.pick([1, 2, 4]);
            if !series.iter().any(|s| s.role == Role::Action && moved(s, e)) {
                return None;
            }
            shift_actions(subject, e, rows)?;
        }
        Defect::PictureShift => {
            let rows = strength.pick([1, 2, 4]);
            let sight = subject.sights.get_mut(e)?;
            if sight.len() < 40 {
                return None;
            }
            let before = sight.clone();
            let side = before.row(0).len();
            for t in 0..sight.len() {
                let from = t.saturating_sub(rows);
                sight.small[t * side..(t + 1) * side].copy_from_slice(before.row(from));
                sight.hashes[t] = before.hashes[from];
            }
        }
        Defect::PictureFrozen => {
            let rows = strength.pick([5, 10, 20]);
            let column = series.iter().find(|s| s.role == Role::State && moved(s, e))?;
            let at = travelled(&column.values[e], rows, 3.0 * column.step, stream)?;
            let sight = subject.sights.get_mut(e)?;
            let (picture, hash) = (sight.row(at).to_vec(), sight.hashes[at]);
            for t in at..at + rows {
                sight.small[t * picture.len()..(t + 1) * picture.len()].copy_from_slice(&picture);
                sight.hashes[t] = hash;
            }
        }
        Defect::Duplicate => {
            // With its times and pictures.
            let noise = strength.pick([0.01, 0.003, 0.0]);
            let copy = subject.episodes[from].clone();
            subject.episodes[e] = terrella_core::Episode { index: e, ..copy };
            subject.evidence[e] = subject.evidence[from].clone();
            if !subject.sights.is_empty() {
                subject.sights[e] = subject.sights[from].clone();
            }
            for column in series {
                let size = noise * column.range();
                edit(subject, column, e, |_, x| x + (size * stream.normal()) as f32);
            }
        }
    }
    Some(())
}

/// The dataset with all actions stored some rows early; episodes too short for that stay as they are.
pub fn lagging(healthy: &Subject, rows: usize) -> Subject {
    let mut subject = healthy.clone();
    for e in 0..subject.episodes.len() {
        shift_actions(&mut subject, e, rows);
    }
    subject
}

/// Stores actions some rows before they take effect; the rows at the end that lose theirs go.
fn shift_actions(subject: &mut Subject, e: usize, rows: usize) -> Option<()> {
    let episode = &mut subject.episodes[e];
    let (n, width) = (episode.len(), episode.actions.width);
    if n < rows + 10 || episode.states.width == 0 {
        return None;
    }
    episode.actions = Table::from_data(width, episode.actions.data[rows * width..].to_vec());
    let width = episode.states.width;
    episode.states = Table::from_data(width, episode.states.data[..(n - rows) * width].to_vec());
    let times = &mut subject.evidence[e].times;
    if times.len() == n {
        times.truncate(n - rows);
    }
    if let Some(sight) = subject.sights.get_mut(e) {
        sight.hashes.truncate(n - rows);
        sight.small.truncate((n - rows) * Sight::SIZE);
    }
    Some(())
}

fn table<'a>(subject: &'a mut Subject, column: &Series, e: usize) -> &'a mut Table {
    let episode = &mut subject.episodes[e];
    if column.role == Role::State { &mut episode.states } else { &mut episode.actions }
}

fn edit(subject: &mut Subject, column: &Series, e: usize, mut f: impl FnMut(usize, f32) -> f32) {
    let table = table(subject, column, e);
    let width = table.width;
    for (t, x) in table.data.iter_mut().skip(column.at).step_by(width).enumerate() {
        *x = f(t, *x);
    }
}

fn column_value(subject: &mut Subject, column: &Series, e: usize, t: usize) -> f32 {
    table(subject, column, e).row(t)[column.at]
}

/// Whether a column moves in an episode over a fair part of its range.
fn moved(series: &Series, e: usize) -> bool {
    let values = &series.values[e];
    let span =
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - values.iter().copied().fold(f64::INFINITY, f64::min);
    series.moves() && series.continuous && span > 0.1 * series.range()
}

/// A column that moves in an episode.
fn moving<'a>(series: &'a [Series], role: Role, e: usize, stream: &mut Stream) -> Option<&'a Series> {
    let fits = |s: &&Series| moved(s, e) && s.role == role;
    let able: Vec<&Series> = series.iter().filter(fits).collect();
    (!able.is_empty()).then(|| able[stream.below(able.len())])
}

/// A row from which a column goes farther than `least` within some rows, without a rest at the start.
fn travelled(values: &[f64], rows: usize, least: f64, stream: &mut Stream) -> Option<usize> {
    let last = values.len().checked_sub(rows + 2)?;
    let far = |t: usize| (values[t + rows] - values[t]).abs() > least && values[t] != values[t.max(1) - 1];
    let able: Vec<usize> = (1..=last).filter(|t| far(*t)).collect();
    (!able.is_empty()).then(|| able[stream.below(able.len())])
}
