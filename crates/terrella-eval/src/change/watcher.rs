//! Reads a stream row by row and tells when its world has changed.
//!
//! Rows come in order, each with what the model foretold of the next one. What is kept is as large as what is usual, and does not grow.
//! A row that cannot be judged is counted and told of, and nothing is bet on it.

use super::alarm::{Alarm, Effect, Notice, Sign, Summary, Told};
use super::bets::{Crossing, Place, Won};
use super::evidence::{Evidence, Way};
use super::inputs::With;
use super::surprise::error;
use super::usual::Usual;
use terrella_core::{Error, Result};

/// So many rows in a row must be like none that were calibrated on before it is told: now and then one is.
const BEYOND: usize = 20;
/// A number stands still for longer than it ever did if it does so twice as long, and so many rows beyond: held commands and
/// slow sensors repeat themselves.
const STILL: usize = 20;

/// A way that errors go with is told beside their size where its bet alone has made twenty of one, in logarithms.
const WHY: f64 = 3.0;

/// One row of a stream, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its episode in the stream; another than before begins a new stretch.
    pub episode: usize,
    /// Its row in the episode.
    pub row: usize,
    /// Seconds from the first row of the episode.
    pub seconds: f64,
    /// Seconds to the next row.
    pub lasts: f64,
    /// The state, in log units.
    pub state: &'a [f32],
    /// What was done in it.
    pub action: &'a [f32],
    /// The next state as the model foretold it.
    pub foretold: &'a [f32],
    /// The next state as it came.
    pub next: &'a [f32],
}

/// Watches one stream.
#[derive(Clone, Debug)]
pub struct Watcher<'a> {
    usual: &'a Usual,
    names: Vec<With>,
    evidence: Evidence,
    summary: Summary,
    /// Episode, row, action and error of the last row that could be used.
    before: Option<(usize, usize, Vec<f32>, Vec<f32>)>,
    /// Since where rows have been beyond all that was calibrated on, and how many.
    beyond: Option<(Place, usize)>,
    /// Whether the last row had a number that is not finite, or a clock that ran backwards.
    unusable: [bool; 2],
    /// For each number of the state, its last value and how many rows it has had it.
    still: Vec<(f32, usize)>,
    /// Where the last alarm was.
    alarmed: Option<Place>,
    room: Vec<(f32, u32)>,
}

impl<'a> Watcher<'a> {
    /// Watches for changes with so many false alarms a row, on average at most.
    ///
    /// # Errors
    /// If the rate is not above 0, or so large that blocks of rows could not keep it.
    pub fn new(usual: &'a Usual, false_alarms: f64) -> Result<Self> {
        let quiet = &usual.quiet;
        let most = 0.1 / quiet.block.max(1) as f64;
        if !(false_alarms > 0.0 && false_alarms <= most) {
            return Err(Error::Invalid(format!(
                "a rate of {false_alarms} false alarms a row cannot be kept; ask for more than 0 and at most {most:.4} (rows are judged in blocks of {})",
                quiet.block
            )));
        }
        let threshold = 1.0 / (false_alarms * quiet.block.max(1) as f64);
        let names = usual.inputs.names(&usual.signature);
        let evidence = Evidence::new(usual, names.len(), (quiet.block, quiet.tolerance), threshold);
        Ok(Self {
            usual,
            names,
            evidence,
            summary: Summary { threshold, ..Summary::default() },
            before: None,
            beyond: None,
            unusable: [false; 2],
            still: vec![(f32::NAN, 0); usual.signature.state.len()],
            alarmed: None,
            room: Vec::with_capacity(usual.rows()),
        })
    }

    /// What came of the stream so far.
    pub fn summary(&self) -> Summary {
        Summary { evidence: self.evidence.bets().evidence(), ..self.summary.clone() }
    }

    /// Bytes that are kept beside what is usual: they do not grow with the stream.
    pub fn bytes(&self) -> usize {
        let before = self.before.as_ref().map_or(0, |(_, _, action, error)| action.capacity() + error.capacity());
        self.evidence.bytes() + 4 * before + 16 * self.still.capacity() + 8 * self.room.capacity()
    }

    /// Reads the next row, and answers with what there is to tell.
    ///
    /// # Errors
    /// If the row has other numbers of states or actions than was calibrated on.
    pub fn see(&mut self, row: &Row<'_>) -> Result<Vec<Told>> {
        let signature = &self.usual.signature;
        for (what, got) in [("state", row.state), ("foretold state", row.foretold), ("next state", row.next)] {
            Error::check(&format!("{what} of a row that is watched"), signature.state.len(), got.len())?;
        }
        Error::check("action of a row that is watched", signature.action.len(), row.action.len())?;
        let place = Place { episode: row.episode, row: row.row, seconds: row.seconds, read: self.summary.rows };
        self.summary.rows += 1;
        let mut told = Vec::new();
        if self.usable(row, place, &mut told) {
            self.stands_still(row, place, &mut told);
            self.judge(row, place, &mut told);
        } else {
            self.summary.unusable += 1;
            self.before = None;
        }
        Ok(told)
    }

    /// Whether all numbers and the clock of a row can be used; if not, this is told once in a stretch.
    fn usable(&mut self, row: &Row<'_>, at: Place, told: &mut Vec<Told>) -> bool {
        let signature = &self.usual.signature;
        let named = signature.state.iter().zip(row.state).chain(signature.action.iter().zip(row.action));
        let mut all = named.chain(signature.state.iter().zip(row.foretold)).chain(signature.state.iter().zip(row.next));
        let odd = all.find(|(_, x)| !x.is_finite()).map(|(name, _)| name.clone());
        let clock = !(row.lasts.is_finite() && row.lasts > 0.0);
        let now = [odd.is_some(), clock];
        if let Some(name) = odd.filter(|_| !self.unusable[0]) {
            told.push(Told::Notice(Notice::NotFinite { at, name }));
        }
        if clock && !self.unusable[1] {
            told.push(Told::Notice(Notice::Clock { at, lasts: row.lasts }));
        }
        self.unusable = now;
        now == [false; 2]
    }

    /// Tells of numbers that do not change any more.
    fn stands_still(&mut self, row: &Row<'_>, at: Place, told: &mut Vec<Told>) {
        for (column, (last, rows)) in self.still.iter_mut().enumerate() {
            let x = row.state[column];
            *rows = if x == *last { *rows + 1 } else { 1 };
            *last = x;
            let usual = self.usual.still[column];
            if *rows == 2 * usual + STILL {
                let name = self.usual.signature.state[column].clone();
                told.push(Told::Notice(Notice::Still { at, name, rows: *rows, usual }));
            }
        }
    }

    /// Ranks the error of a row among usual ones, and bets on it.
    fn judge(&mut self, row: &Row<'_>, place: Place, told: &mut Vec<Told>) {
        let usual = self.usual;
        let raw = error(row.next, row.foretold, &usual.angles);
        let before = self.before.replace((row.episode, row.row, row.action.to_vec(), raw.clone()));
        let before = before.filter(|(episode, at, _, _)| *episode == row.episode && at + 1 == row.row);
        let Some((_, _, action, last)) = before else {
            self.summary.first += 1;
            return;
        };
        let mut with = Vec::with_capacity(self.names.len());
        usual.inputs.place(row.state, row.action, &mut with);
        let fresh = usual.freshly(&last, &raw);
        let scored = usual.score(&with, (&raw, &fresh), None, &mut self.room);
        let [shortest, longest] = usual.lasts;
        // Half and twice: a clock that jitters is no other clock.
        let clock = (0.5 * shortest..=2.0 * longest).contains(&row.lasts);
        if !clock || !usual.covers(&scored) || usual.inputs.wakes(row.state, row.action) {
            self.summary.beyond += 1;
            let (since, rows) = self.beyond.map_or((place, 1), |(since, rows)| (since, rows + 1));
            self.beyond = Some((since, rows));
            if rows == BEYOND {
                let steps = ("time to the next row".to_owned(), row.lasts as f32, [shortest as f32, longest as f32]);
                let farthest = match clock {
                    true => usual.inputs.outside(&usual.signature, row.state, row.action),
                    false => Some(steps),
                };
                told.push(Told::Notice(Notice::Beyond { since, farthest }));
            }
            return;
        }
        self.beyond = None;
        self.summary.judged += 1;
        usual.inputs.change(&action, row.action, &mut with);
        if let Some(crossing) = self.evidence.row(place, &scored, &with) {
            self.summary.alarms += 1;
            told.extend(self.alarm(place, &crossing).map(Told::Alarm));
            self.alarmed = Some(place);
        }
    }

    /// A crossing in words and units of the log.
    fn alarm(&self, at: Place, crossing: &Crossing) -> Option<Alarm> {
        let won = crossing.won.first()?;
        let Sign { quantity, unit, effect } = self.sign(won);
        // That errors are larger says nothing of why: what they go with may.
        let why = crossing.won.iter().find(|won| self.evidence.way(won).1 != Way::Size && won.climb > WHY);
        let why = why.filter(|_| matches!(effect, Effect::Sized { .. })).map(|won| Box::new(self.sign(won)));
        let rows = at.read - won.since.read;
        // Bets begin anew with an alarm. A change that goes on is found again after a gap that is shorter than what it is told by.
        let goes_on = self.alarmed.is_some_and(|last| won.since.read <= last.read + rows);
        Some(Alarm { at, since: won.since, rows, quantity, unit, effect, why, evidence: crossing.evidence, goes_on })
    }

    /// What a bet was on, and how large it is.
    fn sign(&self, won: &Won) -> Sign {
        let (column, way) = self.evidence.way(won);
        let [over, under] = won.size;
        let ratio = if under > 0.0 { over / under } else { 0.0 };
        let effect = match way {
            Way::Always => Effect::Shifted { by: ratio },
            Way::With(i) => {
                let With { name, unit, scale } = &self.names[i];
                Effect::GoesWith { what: name.clone(), unit: unit.clone(), slope: ratio / scale }
            }
            Way::Size => Effect::Sized { times: ratio },
        };
        let signature = &self.usual.signature;
        Sign { quantity: signature.state[column].clone(), unit: signature.unit(column).to_owned(), effect }
    }
}
