//! What the predictor computes in a training step, and what of it once only.
//!
//! Training asks for two things: the next latent at each position of the window that clips begin with, and a rollout from
//! the first latent. Attention looks back only, so the rollout's first prediction is the window's first one, and while the
//! rollout's own window still begins there, each step adds one token to those before it. Only when the window slides do
//! all of its tokens change their places; then nothing but the newest one's prediction is wanted.

use std::ops::Range;

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The latent of a frame.
    Frame(usize),
    /// What the rollout tells of the frame after this step.
    Step(usize),
}

/// A latent in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) from: Source,
    /// Its place in the window.
    pub(crate) position: usize,
    /// The action that leaves it.
    pub(crate) action: usize,
    /// Tokens that it sees, itself the last.
    pub(crate) sees: Vec<usize>,
}

/// Tokens that go through the predictor together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) tokens: Range<usize>,
    /// The first one whose prediction is wanted; all behind it are wanted too.
    pub(crate) wanted: usize,
}

/// All tokens, and passes that need nothing of later ones.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub(crate) tokens: Vec<Token>,
    pub(crate) passes: Vec<Pass>,
    /// The token that tells each step of the rollout.
    pub(crate) rolled: Vec<usize>,
}

impl Course {
    /// The course of clips of so many frames for a predictor that looks back on so many latents.
    pub(crate) fn new(history: usize, frames: usize) -> Self {
        let steps = frames - 1;
        let taught = history.min(steps);
        let first = |at| Token { from: Source::Frame(at), position: at, action: at, sees: (0..=at).collect() };
        let mut tokens: Vec<Token> = (0..taught).map(first).collect();
        let mut passes = vec![Pass { tokens: 0..taught, wanted: 0 }];
        let (mut rolled, mut grown) = (vec![0], vec![0]);
        for step in 1..steps {
            let start = tokens.len();
            let from = (step + 1).saturating_sub(history);
            if from == 0 {
                grown.push(start);
                tokens.push(Token { from: Source::Step(step - 1), position: step, action: step, sees: grown.clone() });
            } else {
                let slid = |position: usize| Token {
                    from: Source::Step(from + position - 1),
                    position,
                    action: from + position,
                    sees: (start..=start + position).collect(),
                };
                tokens.extend((0..history).map(slid));
            }
            let wanted = tokens.len() - 1;
            passes.push(Pass { tokens: start..wanted + 1, wanted });
            rolled.push(wanted);
        }
        Self { tokens, passes, rolled }
    }

    /// Positions of the window that clips begin with.
    pub(crate) fn taught(&self) -> usize {
        self.passes[0].tokens.len()
    }

    /// Most tokens that any of them sees.
    pub(crate) fn most(&self) -> usize {
        self.tokens.iter().map(|token| token.sees.len()).max().unwrap_or(0)
    }

    /// The tokens whose predictions are wanted, in runs.
    pub(crate) fn runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for Pass { tokens, wanted } in &self.passes {
            match runs.last_mut() {
                Some(run) if run.end == *wanted => run.end = tokens.end,
                _ => runs.push(*wanted..tokens.end),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each step's prediction hangs on the latents that the definition names, at its places, with its actions.
    #[test]
    fn windows_hold_what_a_rollout_looks_back_on() {
        for (history, frames) in [(1, 2), (1, 4), (2, 2), (2, 3), (2, 6), (3, 3), (3, 7), (5, 4)] {
            let course = Course::new(history, frames);
            assert_eq!(course.taught(), history.min(frames - 1));
            assert_eq!(course.rolled.len(), frames - 1);
            for (step, told) in course.rolled.iter().enumerate() {
                let from = (step + 1).saturating_sub(history);
                let seen = &course.tokens[*told].sees;
                assert_eq!((seen.len(), seen.last()), (step + 1 - from, Some(told)));
                for (position, (token, frame)) in seen.iter().zip(from..).enumerate() {
                    let want = if frame == 0 { Source::Frame(0) } else { Source::Step(frame - 1) };
                    let Token { from, position: at, action, sees } = &course.tokens[*token];
                    assert_eq!((*from, *at, *action), (want, position, frame), "{history}, {frames}, step {step}");
                    assert_eq!(sees[..], seen[..=position], "it sees what is before it");
                }
            }
            for pass in &course.passes {
                let before = |token: &Token| token.sees.iter().all(|seen| *seen < pass.tokens.end);
                assert!(course.tokens[pass.tokens.clone()].iter().all(before));
            }
        }
        assert_eq!(Course::new(2, 4).tokens.len(), 5, "of seven tokens two would be computed again");
        assert_eq!(Course::new(2, 4).runs(), [0..3, 4..5]);
    }
}
