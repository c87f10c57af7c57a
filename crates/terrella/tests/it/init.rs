//! `terrella init`: settings for recordings, that `quickstart` takes as they are.

use crate::support::{fresh, program, record, told};
use std::fs;

#[test]
fn a_settings_file_says_what_was_chosen_and_is_taken_as_it_is() {
    let folder = fresh("begun");
    fs::create_dir_all(&folder).expect("a folder");
    record(&folder.join("mine"), "tworoom", (6, 60), 96, 3);
    let init = |arguments: &[&str]| told(&program(&folder, &[&["init", "mine"], arguments].concat()));
    let text = init(&[]);
    assert!(
        text.contains("exit 0") && text.contains("terrella quickstart --preset quickstart --config mine.toml"),
        "{text}"
    );
    let file = fs::read_to_string(folder.join("mine.toml")).expect("a file");
    for line in
        ["6 episodes of", "# State: 2 numbers", "held_out = 0.167", "frame_skip = ", "minutes = 10", "lies below"]
    {
        assert!(file.contains(line), "{line} is missing in: {file}");
    }
    assert!(init(&[]).contains("mine.toml is there already"), "nothing is overwritten");

    let sets =
        ["train.steps=3", "train.batch_size=4", "reacher.steps=2", "decoder.steps=2", "eval.pairs=2", "eval.seeds=[0]"];
    let sets =
        sets.into_iter().chain(["eval.rollout.clips=2", "eval.rollout.horizon=2", "data.state=logged", "minutes="]);
    let begun = ["quickstart", "--preset", "quickstart", "--config", "mine.toml", "--out", "run"];
    let arguments: Vec<&str> = begun.into_iter().chain(sets.flat_map(|set| ["--set", set])).collect();
    let text = told(&program(&folder, &arguments));
    assert!(text.contains("exit 0") && folder.join("run/report.html").is_file(), "{text}");
    assert!(told(&program(&folder, &["init", "nowhere"])).contains("cannot open nowhere"), "what is not there");
}
