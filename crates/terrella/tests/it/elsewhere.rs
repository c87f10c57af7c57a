//! Several sets of recordings: learned from together, and judged on side by side.

use crate::support::{device, finished, fresh, program, record, tiny, told, training};
use std::fs;
use std::path::Path;
use terrella::Watch;
use terrella::pipeline::{Recordings, Run, quickstart};

#[test]
fn each_set_holds_out_what_it_would_alone_and_all_are_judged_side_by_side() {
    let (mine, folder) = (finished().join("data"), fresh("mixed"));
    fs::create_dir_all(&folder).expect("a folder");
    record(&folder.join("others"), "tworoom", (8, 60), 96, 7);
    let mut settings = tiny("tworoom", &[]);
    let alone = |path: &Path| Recordings::open(path, &settings, &Watch::silent()).expect("recordings").split.held_out;
    let (first, second) = (alone(&mine), alone(&folder.join("others")));
    settings.data.path = Some(mine.clone());
    settings.data.also = vec![folder.join("others")];
    let both = Recordings::open(&mine, &settings, &Watch::silent()).expect("both");
    let expected: Vec<usize> = first.iter().copied().chain(second.iter().map(|e| 12 + e)).collect();
    assert_eq!((both.dataset.episodes.len(), both.split.held_out.clone()), (20, expected));

    {
        let _turn = training();
        let run = Run::create("quickstart", Some(&folder.join("run")), settings).expect("a run");
        quickstart(run, &device(), &Watch::silent()).expect("the whole thread");
    }
    // A third set, of which nothing was learned; and one of the two, named by itself.
    record(&folder.join("new"), "tworoom", (5, 60), 96, 8);
    let sets = format!("{},new", mine.display());
    let text = told(&program(&folder, &["eval", "run", "--data", &sets, "--policy", "search,reacher"]));
    assert!(text.starts_with("exit 0"), "{text}");
    for line in [
        "data: 3 of 12 episodes; the other 9 were learned from",
        "new: all 5 episodes; none of them",
        "3 of 12 episodes",
        "search, moderate",
        "reacher, strict",
        "best floor, moderate",
        "agent, 20 steps ahead, simulator",
    ] {
        assert!(text.contains(line), "{line} is missing in: {text}");
    }
    let read = |file: &str| fs::read_to_string(folder.join("run").join(file)).expect("a file");
    let evaluation: serde_json::Value = serde_json::from_str(&read("eval.json")).expect("JSON");
    let last = |place: usize, who: &str| {
        let quantities = evaluation["elsewhere"][place][who]["quantities"].as_array().expect("quantities").clone();
        let agent = quantities.iter().find(|q| q["name"] == "agent").expect("a part").clone();
        agent["curves"][0]["points"].as_array().expect("points").last().expect("one")["mean"]
            .as_f64()
            .expect("a number")
    };
    for place in [0, 1] {
        let (model, exact) = (last(place, "imagined"), last(place, "replayed"));
        assert!(exact < 0.01 && model > exact, "the world knows best: {exact} and {model}");
    }
    assert_eq!(evaluation["scorecards"], evaluation["elsewhere"][0]["scorecards"], "the first set is the headline");
    assert!(read("report.html").contains("On other recordings"), "a section of the page");
    let quoted = told(&program(&folder, &["report", "run", "--markdown"]));
    assert!(quoted.contains("| new |") && quoted.contains("| search, moderate |"), "{quoted}");
}

#[test]
fn sets_that_do_not_fit_together_are_refused_with_both_named() {
    let folder = fresh("mismatched");
    fs::create_dir_all(&folder).expect("a folder");
    record(&folder.join("walks"), "tworoom", (4, 60), 96, 7);
    record(&folder.join("pushes"), "pusht", (4, 20), 96, 0);
    let text =
        told(&program(&folder, &["train", "--data", "walks,pushes", "--set", "data.held_out=0.25", "--out", "run"]));
    assert!(!text.starts_with("exit 0") && text.contains("walks") && text.contains("pushes"), "{text}");
    let text =
        told(&program(&folder, &["train", "--data", "walks,nowhere", "--set", "data.held_out=0.25", "--out", "other"]));
    assert!(text.starts_with("exit") && !text.starts_with("exit 0") && text.contains("nowhere"), "{text}");
}

#[test]
fn fewer_episodes_to_learn_from_are_a_part_of_more_and_what_is_held_out_stays() {
    let path = fresh("fewer").join("walks");
    record(&path, "tworoom", (12, 40), 0, 3);
    let open = |learn_from: usize| {
        let sets = ["model.kind=jepa", "model.sees=state", &format!("data.learn_from={learn_from}")];
        Recordings::open(&path, &tiny("tworoom", &sets), &Watch::silent())
    };
    let sides = |learn_from: usize| {
        let told = open(learn_from).expect("recordings");
        let states = |side: &[usize]| side.iter().map(|&e| told.dataset.episodes[e].states.data.clone()).collect();
        let [train, held_out]: [Vec<Vec<f32>>; 2] = [states(&told.split.train), states(&told.split.held_out)];
        (train, held_out, told.split_words)
    };
    let ((all, aside, _), (five, five_aside, words), (three, ..)) = (sides(0), sides(5), sides(3));
    assert_eq!((all.len(), five.len(), three.len()), (9, 5, 3));
    assert!(three.iter().all(|e| five.contains(e)) && five.iter().all(|e| all.contains(e)), "a part of more");
    assert_eq!(five_aside, aside, "judged on the same");
    assert!(words.ends_with("5 of 9 others are learned from"), "{words}");
    let text = format!("{:#}", open(10).err().expect("refused"));
    assert!(text.contains("use at most 9"), "{text}");
    open(9).expect("the remedy works");
}
