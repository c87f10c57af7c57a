//! What a pipeline that cannot be done says.

use crate::common::Bench;

fn refusal(bench: &Bench, stage: &str) -> String {
    let name = format!("out{}", stage.len());
    let error = bench.run(&name, &format!("[[stage]]\n{stage}")).expect_err(stage).to_string();
    assert!(!bench.path(&name).exists(), "nothing stands under the name");
    error
}

#[test]
fn errors_name_the_stage_the_text_and_what_there_is() {
    let bench = Bench::new(3, false);
    for (stage, said) in [
        (
            "do = \"filter\"\nwhere = \"lenght > 3\"",
            vec!["stage 1 (filter)", "lenght > 3", "source_episode", "state_x"],
        ),
        ("do = \"filter\"\nwhere = \"length >\"", vec!["stage 1 (filter)", "length >"]),
        ("do = \"filter\"\nwhere = \"length > 1000\"", vec!["none of 3 episodes is left"]),
        ("do = \"measure\"\ncolumns = { j = \"jerk(state_x)\" }", vec!["ORDER BY timestamp"]),
        ("do = \"measure\"\ncolumns = { length = \"count(*)\" }", vec!["cannot be named \"length\""]),
        ("do = \"sql\"\nquery = \"SELECT task FROM episodes\"", vec!["must return episode_index"]),
        ("do = \"sql\"\nquery = \"SELECT episode_index FROM frames\"", vec!["episode 0 comes twice"]),
        ("do = \"augment\"\nset = { task = \"1\" }", vec!["task cannot be set", "state_x, state_y, action_push"]),
        ("do = \"augment\"\nset = { state_x = \"ln(-1)\" }", vec!["state_x of episode 0", "row 0"]),
        ("do = \"split\"\nevery = 3", vec!["each 3-th row of 10 a second"]),
        ("do = \"split\"\nwhere = \"state_x\"", vec!["true or false"]),
        ("do = \"balance\"\nby = \"random(1)\"\nat_most = 1", vec!["write random('label', {seed}"]),
        ("do = \"deduplicate\"\nby = \"pictures\"", vec!["there are none"]),
    ] {
        let error = refusal(&bench, stage);
        assert!(said.iter().all(|part| error.contains(part)), "{stage}: {error}");
    }
}

#[test]
fn recordings_that_differ_are_not_mixed() {
    let bench = Bench::new(3, false);
    crate::common::record(&bench.path("other"), 3, true);
    let error = bench.run("out", "[[source]]\npath = \"other\"").expect_err("other pictures").to_string();
    assert!(error.contains("size of pictures") && error.contains("must agree"), "{error}");
}
