//! Whether recordings can teach a model anything: what never changes cannot be learned from, and that is better said before
//! minutes of training than after them.

use crate::error::usage;
use anyhow::Result;
use terrella_core::{Dataset, Stats};
use terrella_model::{Interface, Wants};

/// Pictures that are looked at, spread over all rows.
const LOOKS: usize = 256;
/// With fewer episodes than that, what was learned is doubtful.
const FEW: usize = 5;

/// Fails where what a model looks at never changes in these episodes, whose statistics are in the interface, or where what was done was always the same and
/// somebody shall act.
///
/// # Errors
/// As said, with what was found and a remedy.
pub(super) fn check(
    (dataset, train): (&Dataset, &[usize]),
    interface: &Interface,
    (acts, wants): (bool, Wants),
) -> Result<()> {
    let Interface { state_stats: states, action_stats: actions, .. } = interface;
    let rows: usize = train.iter().map(|&e| dataset.episodes[e].len()).sum();
    let rows = format!("{rows} rows of {} episodes that would be learned from", train.len());
    if wants.state && still(states) {
        return Err(usage(format!(
            "nothing moves: in all {rows} the logged state is the same ({}); learn from what pictures show with --preset quickstart-pixels, or record again",
            first(states)
        )));
    }
    if wants.picture.is_some() {
        match pictures(dataset, train) {
            Pictures::Differ => {}
            Pictures::OneColour(colour) => {
                return Err(usage(format!(
                    "pictures show one colour from edge to edge ({}), each of {LOOKS} at most that were looked at in {rows}: was the lens covered? `terrella inspect` draws them, --set data.camera=NAME takes another camera, and --preset quickstart-state learns without pictures",
                    colour.map(|level| level.to_string()).join(", ")
                )));
            }
            Pictures::Same => {
                return Err(usage(format!(
                    "nothing moves: all pictures that were looked at ({LOOKS} at most, in {rows}) are the same; --set data.camera=NAME takes another camera, and --preset quickstart-state learns without pictures"
                )));
            }
        }
    }
    if acts && still(actions) {
        return Err(usage(format!(
            "in all {rows} the action is the same ({}), so nothing can be learned of what another one would do; record some with `terrella collect`, or import the actions of these",
            first(actions)
        )));
    }
    Ok(())
}

/// What is doubtful of what a model learned, in sentences.
pub(super) fn doubts(interface: &Interface) -> Vec<String> {
    let n = interface.learned.as_ref().map_or(FEW, |learned| learned.episodes.len());
    let mut doubts = Vec::new();
    if n < FEW {
        let episodes = if n == 1 { "one episode".to_owned() } else { format!("{n} episodes") };
        doubts.push(format!("Learned from {episodes} only: what so few teach seldom holds for others."));
    }
    if still(&interface.action_stats) {
        doubts.push(format!(
            "The action is the same in every row that was learned from ({}): what is foretold is what happens by itself.",
            first(&interface.action_stats)
        ));
    }
    doubts
}

/// Whether there are numbers, and none of them ever changes.
fn still(stats: &Stats) -> bool {
    stats.count > 0 && stats.width() > 0 && stats.min == stats.max
}

/// The first few means.
fn first(stats: &Stats) -> String {
    let numbers: Vec<String> = stats.mean.iter().take(4).map(|x| format!("{x}")).collect();
    format!("{}{}", numbers.join(", "), if stats.width() > 4 { ", …" } else { "" })
}

enum Pictures {
    Differ,
    OneColour([u8; 3]),
    Same,
}

/// Some pictures of these episodes, spread over their rows.
fn pictures(dataset: &Dataset, train: &[usize]) -> Pictures {
    let episodes = || train.iter().filter_map(|&e| dataset.episodes[e].frames.as_ref());
    let all: usize = episodes().map(|frames| frames.len()).sum();
    let each = (all / LOOKS).max(1);
    // One step for all episodes, so that short ones are looked at too.
    let looks = episodes().flat_map(|frames| (0..frames.len()).map(move |row| (frames, row))).step_by(each);
    let Some((frames, row)) = looks.clone().next() else { return Pictures::Differ };
    let before = frames.bytes(row);
    let plain = |bytes: &[u8]| bytes.chunks_exact(3).all(|pixel| pixel == &bytes[..3]);
    if looks.clone().all(|(frames, row)| plain(frames.bytes(row))) {
        Pictures::OneColour([before[0], before[1], before[2]])
    } else if looks.clone().all(|(frames, row)| frames.bytes(row) == before) {
        Pictures::Same
    } else {
        Pictures::Differ
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Episode, Frames, Image, Signature, Table};
    use terrella_model::Learned;

    const SIGHT: Wants = Wants { picture: Some(4), state: false };
    const STATE: Wants = Wants { picture: None, state: true };

    /// Episodes of six rows, made of what each row has.
    fn recordings(
        n: usize,
        state: impl Fn(usize) -> f32,
        action: impl Fn(usize) -> f32,
        level: impl Fn(usize, usize) -> u8,
    ) -> Dataset {
        let names = |name: &str| vec![name.to_owned()];
        let signature =
            Signature { fps: 10.0, state: names("x"), action: names("u"), image: Some([4, 4]), ..Signature::default() };
        let episode = |index: usize| {
            let rows = index * 6..index * 6 + 6;
            let table = |of: &dyn Fn(usize) -> f32| Table::from_data(1, rows.clone().map(of).collect());
            let picture = |row: usize| Image { height: 4, width: 4, data: (0..48).map(|at| level(row, at)).collect() };
            let frames = Some(Frames::from_images(&rows.clone().map(picture).collect::<Vec<_>>()));
            Episode { index, states: table(&state), actions: table(&action), frames, ..Episode::default() }
        };
        let stats = Stats::of(1, []);
        Dataset {
            signature,
            episodes: (0..n).map(episode).collect(),
            state_stats: stats.clone(),
            action_stats: stats,
            hash: "worth".to_owned(),
            notes: vec![],
        }
    }

    fn all(dataset: &Dataset) -> Vec<usize> {
        (0..dataset.episodes.len()).collect()
    }

    fn interface(dataset: &Dataset) -> Interface {
        let learned = Some(Learned::of(dataset, &all(dataset), (0, 0.1)));
        Interface { learned, ..Interface::of(dataset, &all(dataset), &[]).expect("an interface") }
    }

    #[test]
    fn what_never_changes_is_refused_with_what_would_help() {
        let moves = |row: usize| row as f32;
        let still = |_: usize| 0.0;
        let seen = |row: usize, at: usize| (row * 7 + at) as u8;
        let judged =
            |dataset: &Dataset, acts, wants| check((dataset, &all(dataset)), &interface(dataset), (acts, wants));
        let told = |dataset: &Dataset, wants| judged(dataset, true, wants).expect_err("refused").to_string();
        let fine = recordings(6, moves, moves, seen);
        assert!(judged(&fine, true, SIGHT).is_ok() && judged(&fine, true, STATE).is_ok());
        let text = told(&recordings(6, still, moves, seen), STATE);
        assert!(
            text.contains("nothing moves")
                && text.contains("36 rows of 6 episodes")
                && text.contains("quickstart-pixels")
        );
        assert!(
            judged(&recordings(6, still, moves, seen), true, SIGHT).is_ok(),
            "whoever is not told states needs none"
        );
        let text = told(&recordings(6, moves, moves, |_, at| at as u8), SIGHT);
        assert!(
            text.contains("all pictures") && text.contains("are the same") && text.contains("data.camera"),
            "{text}"
        );
        for level in [|_: usize, _: usize| 17, |row: usize, _: usize| 17 + row as u8] {
            let text = told(&recordings(6, moves, moves, level), SIGHT);
            assert!(
                text.contains("one colour") && text.contains("17, 17, 17") && text.contains("quickstart-state"),
                "{text}"
            );
        }
        let idle = recordings(6, moves, still, seen);
        assert!(judged(&idle, false, STATE).is_ok(), "what happens by itself can be learned where nobody acts");
        let marked = doubts(&interface(&idle)).concat();
        assert!(marked.contains("same in every row") && marked.contains("(0)"), "{marked}");
        let text = told(&idle, STATE);
        assert!(text.contains("the action is the same (0)") && text.contains("terrella collect"), "{text}");
    }

    #[test]
    fn few_episodes_are_told() {
        let of = |n: usize| {
            let recordings = recordings(n, |row| row as f32, |row| row as f32, |row, at| (row + at) as u8);
            doubts(&interface(&recordings))
        };
        assert!(
            of(1).concat().contains("one episode only") && of(4).concat().contains("4 episodes only"),
            "{:?}",
            of(4)
        );
        assert!(of(5).is_empty(), "{:?}", of(5));
    }
}
