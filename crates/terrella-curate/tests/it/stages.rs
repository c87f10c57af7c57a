//! What each stage does to recordings whose right answer is known.

use crate::common::{Bench, SIDE};
use terrella_curate::trace;

#[test]
fn the_same_on_any_number_of_threads() {
    let bench = Bench::new(40, false);
    let stages = r#"
[[stage]]
do = "split"
rows = 8

[[stage]]
do = "measure"
columns = { jerk = "jerk({state}, {action} ORDER BY timestamp)", hash = "content_hash({state} ORDER BY frame_index)" }

[[stage]]
do = "sql"
query = "SELECT episode_index, novelty(jerk, length) OVER () AS novelty FROM episodes"

[[stage]]
do = "filter"
where = "novelty > 0.001"

[[stage]]
do = "deduplicate"
by = "path"
tolerance = 0.5

[[stage]]
do = "balance"
by = "source_episode"
at_most = 3

[[stage]]
do = "augment"
set = { state_x = "state_x + noise('x', {seed}, episode_index, frame_index, copy)" }
"#;
    let hashes: Vec<String> = [1, 2, 4]
        .iter()
        .map(|threads| {
            let settings = format!("threads = {threads}\nseed = 3");
            let curated = bench.run_with(&format!("out{threads}"), &settings, stages).expect("curated");
            assert!(curated.stages.iter().all(|s| s.left[0] > 5), "{:?}", curated.stages);
            curated.datasets[0].hash.clone()
        })
        .collect();
    assert!(hashes.iter().all(|h| *h == hashes[0]), "one dataset: {hashes:?}");
    let other = bench.run_with("other", "seed = 4", stages).expect("curated");
    assert_ne!(other.datasets[0].hash, hashes[0], "the seed matters");
}

#[test]
fn copies_are_changed_as_asked_and_originals_are_not() {
    let bench = Bench::new(3, true);
    let stages = r#"
[[stage]]
do = "augment"
copies = 2
set = { state_x = "-state_x", action_push = "-action_push + copy" }
mirror_pictures = true
"#;
    bench.run("out", stages).expect("curated");
    let (source, out) = (bench.open("source"), bench.open("out"));
    assert_eq!(out.episodes.len(), 9, "three and two copies of each");
    for (at, episode) in out.episodes.iter().enumerate() {
        let (original, copy) = (&source.episodes[at % 3], at / 3);
        let side = if copy == 0 { 1.0 } else { -1.0 };
        for t in 0..episode.len() {
            let (a, b) = (original.states.row(t), episode.states.row(t));
            assert_eq!(b, [side * a[0], a[1]], "the state");
            assert_eq!(episode.actions.row(t)[0], side * original.actions.row(t)[0] + copy as f32, "the action");
        }
        let picture = episode.frames.as_ref().expect("pictures").bytes(7);
        let place = if copy == 0 { 0 } else { (SIDE - 1) * 3 };
        assert_eq!(picture[place], 7, "the row's picture, mirrored or not");
        let trace = trace(&bench.path("out"), at, 0).expect("a trace");
        let told = trace.origins[0].stages[0].get("copy").and_then(|c| c.as_str().map(str::to_owned));
        assert_eq!(told, (copy > 0).then(|| copy.to_string()), "which copy it is");
    }
}

#[test]
fn twins_are_left_out_by_content_path_and_picture() {
    let bench = Bench::new(8, true);
    let double = r#"
[[stage]]
do = "augment"
set = { state_x = "state_x + 0.001" }
"#;
    let rest = |by: &str| {
        let dedup = format!("{double}\n[[stage]]\ndo = \"deduplicate\"\n{by}");
        let name = format!("out-{}", by.len());
        bench.run(&name, &dedup).expect("curated").datasets[0].episodes
    };
    assert_eq!(rest("by = \"content\""), 16, "all numbers differ");
    assert_eq!(rest("by = \"content\"\ncolumns = [\"state_y\"]"), 8, "but not those");
    assert_eq!(rest("by = \"path\"\ntolerance = 0.05"), 8, "copies are near");
    // Four places of stripes make four pictures; lengths differ but pictures do not move.
    assert_eq!(rest("by = \"pictures\"\ntolerance = 2.0"), 4, "as many as there are pictures");
}

#[test]
fn groups_are_balanced_and_parts_share_no_episode() {
    let bench = Bench::new(30, false);
    let stages = r#"
[[stage]]
do = "balance"
by = "task"
at_most = 10

[[stage]]
do = "split"
rows = 12

[[stage]]
do = "shard"
parts = { train = 0.7, val = 0.2, test = 0.1 }
"#;
    let curated = bench.run("out", stages).expect("curated");
    assert_eq!(curated.stages[1].left[0], 20, "ten of each task");
    let mut seen: Vec<(usize, &str)> = Vec::new();
    for (part, n) in [("test", 2), ("train", 14), ("val", 4)] {
        let data = bench.open(&format!("out/{part}"));
        let mut recorded: Vec<usize> = (0..data.episodes.len())
            .map(|e| trace(&bench.path(&format!("out/{part}")), e, 0).expect("a trace").origins[0].row[0])
            .collect();
        recorded.sort_unstable();
        recorded.dedup();
        assert_eq!(recorded.len(), n, "{part} has its share");
        seen.extend(recorded.into_iter().map(|e| (e, part)));
    }
    seen.sort_unstable();
    assert!(seen.windows(2).all(|w| w[0].0 != w[1].0), "an episode in two parts: {seen:?}");
}

#[test]
fn shards_begin_anew_after_so_many_rows() {
    let bench = Bench::new(10, false);
    let rows = bench.open("source").n_rows();
    let curated = bench.run("out", "[[stage]]\ndo = \"shard\"\nrows = 100").expect("curated");
    let sizes: Vec<usize> = curated.datasets.iter().map(|d| d.rows).collect();
    assert_eq!(sizes.iter().sum::<usize>(), rows, "nothing is lost");
    assert!(sizes.len() > 2 && sizes.iter().all(|s| *s < 100 + 60), "{sizes:?}");
}

#[test]
fn runs_of_rows_for_which_a_condition_holds_become_clips() {
    let bench = Bench::new(5, false);
    bench.run("out", "[[stage]]\ndo = \"split\"\nwhere = \"state_x > 0\"\nat_least = 1").expect("curated");
    let (source, out) = (bench.open("source"), bench.open("out"));
    let positive = source.episodes.iter().flat_map(|e| e.states.rows().filter(|r| r[0] > 0.0)).count();
    assert_eq!(out.n_rows(), positive, "all such rows and no other");
    assert!(out.episodes.iter().all(|e| e.states.rows().all(|r| r[0] > 0.0)), "the condition holds");
}
