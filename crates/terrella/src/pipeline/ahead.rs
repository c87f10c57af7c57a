//! What the stages of a run are called for people, and which of them are to come.
//!
//! A list for a page to show: what is done is told by the work itself, stage by stage.

use super::{Recordings, Run};
use crate::settings::Flavour;
use terrella_eval::Returns;
use terrella_model::{ModelConfig, Registered, Visitor};

/// What is to be done with these recordings, in words and in order.
pub(super) fn ahead(run: &Run, recordings: &Recordings) -> Vec<String> {
    let settings = &run.settings;
    let (goals, paints) = (recordings.acts(&settings.model), settings.model.paints());
    let (pictures, heads) = (settings.model.wants().picture.is_some(), has_latents(&settings.model));
    let proposes = heads && settings.reacher.steps > 0;
    let trained = [
        ("collect", settings.data.path.is_none()),
        ("find things", settings.data.finds()),
        ("train", true),
        ("encode", heads),
        ("reacher", proposes),
        ("steps to go", heads && settings.steps_to_go.steps > 0),
        ("decoder", heads && pictures && !settings.data.finds() && settings.decoder.steps > 0),
        ("regression", !goals && !pictures),
    ];
    let trained = trained.into_iter().filter(|(_, wanted)| *wanted).map(|(stage, _)| words(stage, false).0);
    let mut judged = Vec::new();
    if run.about.verb != "train" && goals {
        let able = settings.eval.policies.iter().filter(|policy| **policy == Flavour::Search || proposes);
        judged.extend(["imagine", "floors"]);
        judged.extend(able.map(|policy| policy.name()));
    } else if run.about.verb != "train" && paints {
        judged.push("dream");
    } else if run.about.verb != "train" {
        judged.push("foretell");
        let [floor, ceiling] = Returns::BESIDE;
        judged.extend(recordings.rewarding().iter().flat_map(|_| ["model", ceiling, floor]));
    }
    trained.chain(judged.into_iter().map(|stage| words(stage, true).0)).collect()
}

fn has_latents(model: &ModelConfig) -> bool {
    struct Latents;
    impl Visitor for Latents {
        type Output = bool;
        fn visit<F: Registered>(self, family: F) -> bool {
            family.latent().is_some()
        }
    }
    model.clone().visit(Latents)
}

/// What a stage does, and what it counts; a policy that is judged may be called like a head that was trained.
pub(super) fn words(stage: &str, judging: bool) -> (String, &'static str) {
    let (what, unit) = match stage {
        "collect" => ("recording demonstrations", "episodes"),
        "decode" => ("reading the recordings", "episodes"),
        "find things" => ("finding things in pictures", "episodes"),
        "train" => ("training the model", "steps"),
        "encode" => ("looking at all recordings with it", "episodes"),
        "reacher" if !judging => ("training the amortised planner", "steps"),
        "steps to go" => ("training the head that tells steps to go", "steps"),
        "decoder" => ("training the picture decoder", "steps"),
        "regression" => ("training a plain regression beside it", "steps"),
        "imagine" => ("judging: what it imagines", ""),
        "floors" => ("judging: floors without a model", ""),
        "foretell" => ("judging: what it foretells", ""),
        "dream" => ("judging: its dreams", ""),
        other => return (format!("judging: {other}"), "attempts"),
    };
    (what.to_owned(), unit)
}
