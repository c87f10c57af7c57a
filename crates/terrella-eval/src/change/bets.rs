//! Bets against a world that stays as it was, and what they have won.
//!
//! Each row has scores in `[−1, 1]` that are 0 on average while nothing changes, one for each way in which something may change. In
//! each block of rows a bet multiplies what it holds by `e = 1 + λ (±score − δ) / (1 + δ)`, whose mean is at most 1 as long as the mean of
//! the score, given everything before, is within the tolerance δ. A new bet of 1 begins with each block: their sum is the
//! Shiryaev–Roberts e-detector `M ← e (1 + M)` (Shin, Ramdas and Rinaldo 2023, section 2), and so is the mean of `M` over all
//! ways, signs and stakes λ. The first time that it reaches `c` is then at least `c` blocks away on average, whatever the law of
//! the scores. Memory is a few numbers a bet, however long the stream.

use serde::{Deserialize, Serialize};

/// Stakes λ. Small changes are won with small stakes; the largest leaves a twentieth of a lost bet.
const STAKES: [f64; 2] = [0.5, 0.95];

/// A row of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its episode in the stream.
    pub episode: usize,
    /// Its row in the episode.
    pub row: usize,
    /// Seconds from the first row of the episode.
    pub seconds: f64,
    /// Rows of the stream that were read before it.
    pub read: u64,
}

/// All bets on one stream.
#[derive(Clone, Debug)]
pub(super) struct Bets {
    tolerance: f64,
    block: usize,
    threshold: f64,
    /// Of the block that is being filled: sums of scores and of sizes, one a way, rows so far, and the first of them.
    scores: Vec<f64>,
    sizes: Vec<[f64; 2]>,
    rows: usize,
    began: Place,
    bets: Vec<Bet>,
    /// Blocks that are full.
    blocks: u64,
    /// The most that all bets together ever held.
    highest: f64,
}

/// One way, one sign, one stake.
#[derive(Clone, Copy, Debug, Default)]
struct Bet {
    /// What all bets that ever began hold together.
    held: f64,
    /// The logarithm of what the bet that began at `since` has made of 1: the one that has made the most (CUSUM), so that `since` is
    /// the most likely time of a change.
    climb: f64,
    since: Place,
    /// Sums of sizes since then.
    size: [f64; 2],
}

/// Evidence that reached the threshold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Crossing {
    /// What the bets held.
    pub(super) evidence: f64,
    /// The best bet in each of the ways, the one that holds the most first.
    pub(super) won: Vec<Won>,
}

/// A bet that was won, more or less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Won {
    /// In which of the ways.
    pub(super) way: usize,
    /// What it held.
    pub(super) held: f64,
    /// The logarithm of what the best of its beginnings made of 1.
    pub(super) climb: f64,
    /// When that began: the most likely time of a change.
    pub(super) since: Place,
    /// Sums of the sizes of that way since then.
    pub(super) size: [f64; 2],
}

impl Bets {
    /// Bets in so many ways on blocks of so many rows, which alarm once they hold `threshold`.
    pub(super) fn new(ways: usize, (block, tolerance): (usize, f64), threshold: f64) -> Self {
        Self {
            tolerance,
            block: block.max(1),
            threshold,
            scores: vec![0.0; ways],
            sizes: vec![[0.0; 2]; ways],
            rows: 0,
            began: Place::default(),
            bets: vec![Bet::default(); ways * 2 * STAKES.len()],
            blocks: 0,
            highest: 0.0,
        }
    }

    /// One row: a score for each way, and the two numbers whose sums tell how large a change is.
    pub(super) fn row(&mut self, place: Place, scores: &[f64], sizes: &[[f64; 2]]) -> Option<Crossing> {
        if self.rows == 0 {
            self.began = place;
        }
        self.scores.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
        for (sum, size) in self.sizes.iter_mut().zip(sizes) {
            *sum = [sum[0] + size[0], sum[1] + size[1]];
        }
        self.rows += 1;
        if self.rows < self.block { None } else { self.settle() }
    }

    /// What all bets hold together.
    pub(super) fn evidence(&self) -> f64 {
        self.bets.iter().map(|bet| bet.held).sum::<f64>() / self.bets.len().max(1) as f64
    }

    /// The most that they ever held.
    pub(super) fn highest(&self) -> f64 {
        self.highest
    }

    /// Blocks that were bet on.
    pub(super) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Bet>() * self.bets.capacity() + 8 * self.scores.capacity() + 16 * self.sizes.capacity()
    }

    /// A block is full: every bet is won or lost.
    fn settle(&mut self) -> Option<Crossing> {
        let (tolerance, began) = (self.tolerance, self.began);
        let means = self.scores.iter().map(|sum| (sum / self.rows as f64).clamp(-1.0, 1.0));
        let each = 2 * STAKES.len();
        for ((mean, size), bets) in means.zip(&self.sizes).zip(self.bets.chunks_exact_mut(each)) {
            for (at, bet) in bets.iter_mut().enumerate() {
                let (sign, stake) = (if at < STAKES.len() { 1.0 } else { -1.0 }, STAKES[at % STAKES.len()]);
                let e = 1.0 + stake * (sign * mean - tolerance) / (1.0 + tolerance);
                bet.held = e * (1.0 + bet.held);
                if bet.climb <= 0.0 {
                    *bet = Bet { held: bet.held, climb: 0.0, since: began, size: [0.0; 2] };
                }
                bet.climb += e.ln();
                bet.size = [bet.size[0] + size[0], bet.size[1] + size[1]];
            }
        }
        self.scores.fill(0.0);
        self.sizes.fill([0.0; 2]);
        (self.rows, self.blocks) = (0, self.blocks + 1);
        let evidence = self.evidence();
        self.highest = self.highest.max(evidence);
        if evidence < self.threshold {
            return None;
        }
        let best = self.bets.chunks_exact(each).enumerate().filter_map(|(way, bets)| {
            let Bet { held, climb, since, size } = bets.iter().copied().max_by(|a, b| a.held.total_cmp(&b.held))?;
            Some(Won { way, held, climb, since, size })
        });
        let mut won: Vec<Won> = best.collect();
        won.sort_by(|a, b| b.held.total_cmp(&a.held));
        self.bets.fill(Bet::default());
        Some(Crossing { evidence, won })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    /// How many alarms there are in so many rows of one way, and where the first is.
    fn alarms(rows: u64, bets: &mut Bets, mut score: impl FnMut(u64) -> f64) -> (usize, Option<(u64, Crossing)>) {
        let (mut n, mut first) = (0, None);
        for read in 0..rows {
            let place = Place { read, ..Place::default() };
            let now = score(read);
            if let Some(crossing) = bets.row(place, &[now], &[[now, 1.0]]) {
                n += 1;
                first = first.or(Some((read, crossing)));
            }
        }
        (n, first)
    }

    #[test]
    fn quiet_scores_alarm_less_often_than_is_promised() {
        // One alarm in a thousand rows is allowed, of scores with a mean at the very edge of the tolerance.
        for (shape, coins) in [("uniform", false), ("coins", true)] {
            let mut stream = Key::new(5).with(shape).stream();
            let mut bets = Bets::new(1, (1, 0.1), 1000.0);
            let score = |_: u64| match coins {
                true => f64::from(i8::from(stream.chance(0.55))) * 2.0 - 1.0,
                false => stream.uniform(-0.8, 1.0),
            };
            let (n, _) = alarms(200_000, &mut bets, score);
            // 200 on average at most; the sum of 200 waiting times is within 30 % of its mean.
            assert!(n <= 260, "{shape}: {n} alarms in 200,000 rows");
            assert_eq!(bets.blocks(), 200_000, "{shape}: every row is a block");
        }
    }

    #[test]
    fn a_shift_is_found_soon_with_its_time_sign_and_size() {
        for sign in [1.0, -1.0] {
            let mut stream = Key::new(6).stream();
            let mut bets = Bets::new(1, (2, 0.1), 1e6);
            let score = |read: u64| {
                let shift = if read < 5000 { 0.0 } else { 0.5 * sign };
                (stream.uniform(-0.5, 0.5) + shift).clamp(-1.0, 1.0)
            };
            let (_, first) = alarms(6000, &mut bets, score);
            let (read, crossing) = first.expect("an alarm");
            assert!((5000..5400).contains(&read), "{sign}: at row {read}");
            let [won] = crossing.won[..] else { panic!("one way: {crossing:?}") };
            assert!(won.way == 0 && won.climb > 1.0, "{won:?}");
            assert!(won.since.read.abs_diff(5000) < 60, "{sign}: {won:?}");
            let shift = won.size[0] / won.size[1];
            assert!((shift - 0.5 * sign).abs() < 0.1, "its sign and size, by what was summed since then: {shift}");
            assert!(crossing.evidence >= 1e6 && bets.evidence() < 1e6, "bets begin anew");
        }
    }

    #[test]
    fn a_mean_within_the_tolerance_never_wins() {
        let mut bets = Bets::new(1, (1, 0.2), 1e4);
        let (n, _) = alarms(100_000, &mut bets, |_| 0.15);
        // Each bet shrinks: what they hold stays near what begins anew with each block.
        assert!(n == 0 && bets.highest() < 100.0, "{n} alarms, at most {}", bets.highest());
    }
}
