//! Clips spread evenly over episodes, so that a long one does not count for more.

use std::ops::Range;
use terrella_core::{Clip, Key};

/// Draws `n` clips, sorted: from each episode as many as from the others, or one more, without repeats and
/// as far as its `starts` go. What is drawn from an episode hangs on its `key` alone.
pub(crate) fn spread(
    episodes: &[usize],
    n: usize,
    starts: impl Fn(usize) -> Range<usize>,
    key: impl Fn(usize) -> Key,
) -> Vec<Clip> {
    let mut clips = Vec::with_capacity(n);
    for (at, &episode) in episodes.iter().enumerate() {
        let share = n / episodes.len() + usize::from(at < n % episodes.len());
        let mut starts: Vec<usize> = starts(episode).collect();
        key(episode).stream().shuffle(&mut starts);
        clips.extend(starts.into_iter().take(share).map(|start| Clip { episode, start }));
    }
    clips.sort_unstable();
    clips
}
