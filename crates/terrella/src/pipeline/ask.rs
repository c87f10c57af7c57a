//! Asking a model about a future: "from here, doing this, what comes of it, and how sure is that?"
//!
//! The answer is a distribution. What is outside of what was recorded or calibrated is told all the same, and marked.

use super::doubt::doubts_of;
use super::question::{Doing, Question, Start};
use super::scene::Scene;
use super::trust::{FILE, numbers};
use super::{Recordings, Run};
use crate::error::usage;
use anyhow::Result;
use terrella_core::{Key, Table};
use terrella_eval::{Asked, BandNumber, Calibration, Doubtful, Foretold, Outlook, Predicate, foresee};
use terrella_model::Saved;

/// Answers a question. Recordings are needed where it starts from a recorded row.
///
/// # Errors
/// If what is asked for is not there, actions lie outside of what the world allows, or the model cannot tell states.
pub fn ask(run: &Run, saved: &Saved, recordings: Option<&Recordings>, question: &Question) -> Result<Outlook> {
    let scene = Scene::of(run, saved, recordings, question)?;
    let interface = scene.world.interface();
    let names = &interface.signature.state;
    let whether = question.whether.iter().map(|text| Predicate::parse(text, names));
    let whether =
        whether.collect::<terrella_core::Result<Vec<_>>>().map_err(|error| usage(format!("--whether {error}")))?;
    let calibration: Option<Calibration> = run.json(FILE)?;
    let band = calibration.as_ref().map(|calibration| &calibration.band);
    if let Some(band) = band.filter(|band| !band.numbers.iter().map(|number| &number.name).eq(names)) {
        let theirs: Vec<&str> = band.numbers.iter().map(|number| number.name.as_str()).collect();
        let (file, theirs, ours) = (run.file(FILE), theirs.join(", "), names.join(", "));
        return Err(usage(format!(
            "{} is about {theirs}, and this model tells {ours}; run `terrella eval` again",
            file.display()
        )));
    }
    let told = numbers(&interface.signature, scene.spec.as_ref(), &run.settings.eval.trust.tolerance)?;
    // What is named now comes before what was named then.
    let named = |number: &BandNumber| run.settings.eval.trust.tolerance.contains_key(&number.name);
    let calibrated = |(number, told): (&BandNumber, BandNumber)| BandNumber {
        tolerance: if named(number) { told.tolerance } else { number.tolerance },
        ..number.clone()
    };
    let numbers: Vec<BandNumber> = match band {
        Some(band) => band.numbers.iter().zip(told).map(calibrated).collect(),
        None => told,
    };

    let (actions, mut marks) = scene.actions(question)?;
    let blocks = scene.blocks(&actions);
    let key = Key::new(run.settings.seed).with("ask");
    let seen = std::slice::from_ref(&scene.seen);
    let copies = band.map_or(run.settings.eval.trust.copies, |band| band.copies).max(1);
    // As bands were calibrated: of as many copies.
    let foreseen = foresee(&scene.world, seen, &blocks, (copies, key.with("deviation")))?;
    let one = |tables: &[Table]| Table {
        width: tables.first().map_or(0, |table| table.width),
        data: tables.iter().flat_map(|table| table.data.iter().copied()).collect(),
    };
    let told = one(&foreseen.told);
    let (samples, how) = scene.samples((&told, calibration.as_ref()), &blocks, (question.samples, key))?;
    let recorded = scene.recorded(question.steps);
    let as_recorded = match (&question.doing, scene.script()) {
        (Doing::AsRecorded, _) | (_, None) => None,
        (_, Some(script)) => {
            let there = (script.len() / scene.skip).min(scene.blocks);
            let blocks =
                scene.blocks(&Table { data: script.data[..there * scene.skip * script.width].to_vec(), ..script });
            (there > 0).then(|| foresee(&scene.world, seen, &blocks, (1, key))).transpose()?.map(|f| one(&f.told))
        }
    };
    let mut seconds = 0.0;
    let seconds: Vec<f64> = blocks
        .iter()
        .map(|(_, dt)| {
            seconds += dt.iter().map(|dt| f64::from(*dt)).sum::<f64>();
            seconds
        })
        .collect();
    let (answer_told, recorded_next) = (told.clone(), scene.recorded(scene.skip));
    let foretold = Foretold {
        start: scene.state.clone(),
        told,
        deviation: foreseen.deviation.as_deref().map(one),
        samples,
        recorded,
        as_recorded,
    };
    let asked = Asked { numbers: &numbers, band, skip: scene.skip, seconds: &seconds, whether: &whether };
    let mut answer = Outlook::of(&asked, &foretold);
    if let (Start::Row { episode, .. }, Some(recordings)) = (&question.from, recordings)
        && recordings.split.train.contains(episode)
    {
        marks.push("The model learned from this episode, so that its word is better here than elsewhere.".to_owned());
    }
    answer.marks.extend(marks);
    let next = recorded_next.filter(|_| question.doing == Doing::AsRecorded);
    answer.doubts = doubts_of(run, &scene, (&blocks[..], &answer_told), next.as_ref())?;
    let refused = answer.doubts.iter().filter(|doubtful| doubtful.refused);
    let mark = |doubtful: &Doubtful| {
        let after = doubtful.block * scene.skip;
        format!("The model was taught nothing like this, {after} steps after the start: {}.", doubtful.words)
    };
    answer.marks.extend(refused.map(mark));
    answer.from = match &question.from {
        Start::Row { episode, row } => format!("row {row} of episode {episode}"),
        Start::State(numbers) => numbers.iter().map(|(name, x)| format!("{name} = {x}")).collect::<Vec<_>>().join(", "),
    };
    answer.doing = match &question.doing {
        Doing::AsRecorded => "doing what was recorded".to_owned(),
        Doing::Hold => "holding".to_owned(),
        Doing::Zero => "doing nothing (zeros)".to_owned(),
        Doing::Rows(rows) => match rows.len() {
            1 => "doing one given action".to_owned(),
            n => format!("doing {n} given actions"),
        },
    };
    if question.repeat && matches!(&question.doing, Doing::Rows(rows) if rows.len() < question.steps) {
        answer.doing.push_str(", over and over");
    }
    (answer.how, answer.actions) = (how, actions);
    Ok(answer)
}
