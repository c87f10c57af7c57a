//! Every row of the output is a row of the source, and says which.

use crate::common::Bench;
use terrella_curate::trace;

const STAGES: &str = r#"
[[stage]]
do = "split"
rows = 10
step = 7
every = 2
at_least = 4

[[stage]]
do = "measure"
columns = { moved = "path_length({state} ORDER BY timestamp)" }

[[stage]]
do = "filter"
where = "moved > 0.9 AND task = 'push right'"
"#;

#[test]
fn each_row_is_the_row_that_it_says_it_is() {
    let bench = Bench::new(9, true);
    let curated = bench.run("out", STAGES).expect("curated");
    let (source, out) = (bench.open("source"), bench.open("out"));
    assert_eq!(out.n_rows(), curated.datasets[0].rows, "as told");
    assert!(out.episodes.len() > 3 && out.n_rows() * 2 < source.n_rows(), "some are left out");
    assert_eq!(out.signature.fps, 5.0, "half the rate");
    let mut sources = Vec::new();
    for episode in &out.episodes {
        assert_eq!(episode.task, "push right", "the condition holds");
        for t in 0..episode.len() {
            let trace = trace(&bench.path("out"), episode.index, t).expect("a trace");
            let [origin] = trace.origins.as_slice() else { panic!("one generation: {trace:?}") };
            let [e, row] = origin.row;
            assert!(origin.unchanged && origin.stages.len() == 3, "{origin:?}");
            assert_eq!(source.episodes[e].states.row(row), episode.states.row(t), "the state");
            assert_eq!(source.episodes[e].actions.row(row), episode.actions.row(t), "the action");
            let (a, b) = (source.episodes[e].frames.as_ref(), episode.frames.as_ref());
            let (a, b) = (a.expect("pictures"), b.expect("pictures"));
            assert_eq!(a.bytes(row), b.bytes(t), "the picture");
            sources.push([e, row]);
        }
    }
    sources.sort_unstable();
    sources.dedup();
    assert!(sources.len() < out.n_rows(), "clips overlap, so rows come twice");
}

#[test]
fn a_row_is_followed_through_generations_until_something_changed() {
    let bench = Bench::new(6, false);
    bench.run("first", "[[stage]]\ndo = \"filter\"\nwhere = \"episode_index > 1\"").expect("curated");
    std::fs::rename(bench.path("source"), bench.path("raw")).expect("renamed");
    std::fs::rename(bench.path("first"), bench.path("source")).expect("renamed");
    bench.run("second", "[[stage]]\ndo = \"filter\"\nwhere = \"episode_index > 0\"").expect("curated");
    std::fs::rename(bench.path("source"), bench.path("first")).expect("renamed");
    let row = trace(&bench.path("second"), 1, 5).expect("a trace");
    assert_eq!(row.origins.iter().map(|o| (o.row, o.unchanged)).collect::<Vec<_>>(), [([2, 5], false)], "moved away");
    std::fs::rename(bench.path("first"), bench.path("source")).expect("renamed");
    let row = trace(&bench.path("second"), 1, 5).expect("a trace");
    let found: Vec<_> = row.origins.iter().map(|o| (o.row, o.unchanged)).collect();
    assert_eq!(found, [([2, 5], true), ([4, 5], false)], "the raw recordings have another name now");

    let error = trace(&bench.path("second"), 99, 0).expect_err("no such episode").to_string();
    assert!(error.contains("no episode 99"), "{error}");
    let error = trace(&bench.path("second"), 1, 9999).expect_err("no such row").to_string();
    assert!(error.contains("none is row 9999"), "{error}");
    let error = trace(&bench.path("raw"), 0, 0).expect_err("not curated").to_string();
    assert!(error.contains("no lineage"), "{error}");
}
