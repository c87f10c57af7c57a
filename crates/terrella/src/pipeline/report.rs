//! The page about a run, made from what its directory holds.

use super::act::{Actor, view};
use super::evaluate::{Evaluation, FILE, verdicts};
use super::heads::{PROBE_REPORT, ProbeReport};
use super::shift::scenes;
use super::train::{Training, log};
use super::{Pace, Recordings, Run, pace, things_seen};
use crate::settings::Flavour;
use anyhow::{Context, Result};
use std::path::PathBuf;
use terrella_core::{Clip, GoalWorld, Key, Rule, time};
use terrella_eval::{Chart, Filmstrip, Report, attempt_strip, dream_strip};
use terrella_model::{AnyWorld, LossChart, Progress, StepsTold};

/// Name of the page.
pub(super) const PAGE: &str = "report.html";
/// Pictures in a row of a filmstrip.
pub(super) const COLUMNS: usize = 9;
/// Dreams shown, and attempts of each outcome.
const DREAMS: usize = 3;
const ATTEMPTS: usize = 2;

/// Builds the page's content. With a model and its recordings at hand it also shows filmstrips.
///
/// # Errors
/// If a file of the run is damaged.
pub fn build(run: &Run, loaded: Option<(&Actor, &Recordings)>) -> Result<Report> {
    let settings = &run.settings;
    let mut report = Report::new(&title(run, loaded));
    let log = log(run)?;
    let training: Option<Training> = run.json("training.json")?;
    let probes: Option<ProbeReport> = run.json(PROBE_REPORT)?;
    report.done = done(run, training.as_ref(), loaded);
    report.curves = curves(&log, settings.model.charts());
    if let Some(evaluation) = run.json::<Evaluation>(FILE)? {
        report.scorecards = evaluation.scorecards;
        report.comparisons = evaluation.comparisons;
        report.failures = evaluation.failures;
        report.rollout = evaluation.rollout;
        report.open_loop = evaluation.open_loop;
        report.trust = evaluation.trust;
        report.limits.extend(evaluation.no_bands);
        report.returns = evaluation.returns;
        report.shifts = evaluation.shifts;
        report.doubt = evaluation.doubt;
        report.elsewhere = evaluation.elsewhere;
        report.limits.extend(evaluation.notes);
    }
    if let Some((actor, recordings)) = loaded {
        let (dreams, missing) = match recordings.world() {
            Ok(env) => dreams((run, recordings), (&actor.saved.world, Some(env)), COLUMNS - 1),
            Err(error) => (Vec::new(), Some(undreamt(&error.to_string()))),
        };
        report.dreams = dreams;
        report.limits.extend(missing);
        report.attempts = attempts(run, recordings)?;
        report.things = things_seen::strip(actor, recordings, COLUMNS)?;
        if report.shifts.is_some() {
            report.scenes = some_scenes(recordings)?;
        }
    } else {
        report
            .limits
            .push("Pictures are missing from this page: the model or its recordings were not found.".to_owned());
    }
    report.limits.extend(limits(run, probes.as_ref()));
    report.commands.push(run.about.command.clone());
    report.facts = facts(run, training.as_ref(), probes.as_ref())?;
    Ok(report)
}

/// Builds the page and writes it.
///
/// # Errors
/// As [`build`], or if the disk refuses.
pub fn write(run: &Run, loaded: Option<(&Actor, &Recordings)>) -> Result<PathBuf> {
    let html = build(run, loaded)?.to_html();
    run.dir().write(PAGE, html.as_bytes()).context("cannot write the report")?;
    Ok(run.file(PAGE))
}

/// Which recordings were given, and what became of them.
pub(super) fn given(recordings: &Recordings) -> String {
    let data = &recordings.dataset;
    format!(
        "{} recorded episodes were given: {} rows, {} minutes at {} rows a second. {} episodes were learned from, {} were put \
         aside for judging ({}).",
        data.episodes.len(),
        data.n_rows(),
        time::minutes(data.n_rows() as f64 / data.signature.fps),
        data.signature.fps,
        recordings.split.train.len(),
        recordings.split.held_out.len(),
        recordings.split_words,
    )
}

/// Size, steps, seed, machine and revision of a model that is judged by what it foretells or paints.
pub(super) fn made(run: &Run, training: Option<&Training>) -> Vec<(String, String)> {
    let trained = training.map(|t| {
        [
            ("parameters", t.parameters.to_string()),
            ("training", format!("{} steps, {:.1} ms a step", t.steps, t.ms_per_step)),
        ]
    });
    let own = [
        ("training seed", run.settings.train.seed.to_string()),
        ("machine", run.about.machine()),
        ("revision", run.about.revision()),
    ];
    trained.into_iter().flatten().chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn title(run: &Run, loaded: Option<(&Actor, &Recordings)>) -> String {
    let world = loaded.and_then(|(_, r)| r.spec()).map_or("recordings".to_owned(), |spec| spec.id.to_string());
    let sees = if run.settings.model.wants().picture.is_some() { "pictures" } else { "logged states" };
    format!("A world model of {world}, learned from {sees}")
}

fn done(run: &Run, training: Option<&Training>, loaded: Option<(&Actor, &Recordings)>) -> Vec<String> {
    let settings = &run.settings;
    let mut text = Vec::new();
    if let Some((_, recordings)) = loaded {
        let (n, rows) = (recordings.dataset.episodes.len(), recordings.dataset.n_rows());
        text.extend(recordings.spec().map(|spec| spec.rules.to_string()).filter(|rules| !rules.is_empty()));
        let origin = match settings.data.path {
            None => {
                "A scripted demonstrator, with noise and with stretches of aimless wandering, was recorded".to_owned()
            }
            Some(_) => "Given recordings were used".to_owned(),
        };
        text.push(format!(
            "{origin}: {n} episodes, {rows} rows, {:.0} minutes at {} steps a second. {} episodes were learned from, {} were put aside for judging.",
            rows as f64 / recordings.dataset.signature.fps / 60.0,
            recordings.dataset.signature.fps,
            recordings.split.train.len(),
            recordings.split.held_out.len()
        ));
    }
    let skip = settings.model.window(1).frame_skip;
    if let Some(training) = training {
        let wants = settings.model.wants();
        let sees = match (wants.picture, wants.state) {
            (Some(_), true) if settings.data.finds() => "pictures, and places of things that were found in them",
            (Some(_), true) => "pictures, with the logged state as a teacher during training only",
            (Some(_), false) => "pictures alone",
            (None, _) => "the logged state",
        };
        let [_, what] = settings.model.words();
        text.push(format!(
            "{what} It has {:.2} million parameters and learned in {} steps of {} clips, from {sees}. It predicts what comes of {}, {:.1} s ahead.{}",
            training.parameters as f64 / 1e6,
            training.steps,
            settings.train.batch_size,
            if skip == 1 { "an action".to_owned() } else { format!("{skip} actions") },
            loaded.map_or(skip as f64 / 10.0, |(_, r)| skip as f64 / r.dataset.signature.fps),
            match (wants.picture, loaded) {
                (Some(_), Some((actor, _))) if actor.saved.world.looks_twice() => {
                    " What it imagines is drawn by laying the things, as they look, over what stands still."
                }
                (Some(_), _) => " A decoder, trained afterwards, draws latents for people.",
                (None, _) => "",
            },
        ));
    }
    let policies = &settings.eval.policies;
    let policies = loaded.map_or_else(|| policies.clone(), |(actor, _)| actor.able(policies));
    let names: Vec<&str> = policies.iter().map(|p| p.name()).collect();
    let mut acting = format!(
        "To act, action sequences are tried in the model and the best one is executed for {skip} steps, then everything is looked at \
         anew. Policies compared: {}. “search” tries sequences without help",
        names.join(", ")
    );
    if policies.iter().any(|policy| *policy != Flavour::Search) {
        acting.push_str(
            "; “reacher” is a small network that proposes actions at once and is followed blindly; “hybrid” lets its proposal seed \
             the search",
        );
    }
    text.push(acting + ".");
    if let Some((actor, _)) = loaded.filter(|(actor, _)| actor.sides() > 1) {
        text.push(format!(
            "This world is the same when it is mirrored or turned by a quarter, and the model was told so: recordings were turned in \
             training, and in acting the model looks at everything from {} sides and believes the average.",
            actor.sides()
        ));
    }
    text
}

/// The charts of a family, of those losses that it told at every step.
pub(super) fn curves(log: &[Progress], charts: &[LossChart]) -> Vec<Chart> {
    if log.len() < 2 {
        return Vec::new();
    }
    const TOTAL: LossChart =
        LossChart { title: "All losses", unit: "weighted sum", note: "", log: false, lines: &[("total", "total")] };
    let told = |name: &str| log.iter().all(|p| p.losses.get(name).is_finite());
    let line = |name: &str| log.iter().map(|p| [p.step as f64, f64::from(p.losses.get(name))]).collect();
    let draw = |wanted: &LossChart| {
        let mut chart = Chart::new(wanted.title, "training steps", wanted.unit);
        chart.note = wanted.note.to_owned();
        chart.log_y = wanted.log;
        wanted.lines.iter().fold(chart, |chart, (word, name)| chart.line(word, line(name)))
    };
    let charts = if charts.is_empty() { &[TOTAL][..] } else { charts };
    charts.iter().filter(|chart| chart.lines.iter().all(|(_, name)| told(name))).map(draw).collect()
}

fn undreamt(why: &str) -> String {
    format!("Pictures of what it imagines are missing: {why}.")
}

/// Recorded beside imagined so many blocks on, from a few held-out episodes, and why some or all of them are missing. Where the world
/// is given, it is drawn in the states that the model tells.
pub(super) fn dreams(
    (run, recordings): (&Run, &Recordings),
    (world, env): (&AnyWorld, Option<&dyn GoalWorld>),
    horizon: usize,
) -> (Vec<Filmstrip>, Option<String>) {
    let window = run.settings.model.window(horizon + 1);
    let long = recordings.split.held_out.iter().filter(|&&e| window.count(recordings.dataset.episodes[e].len()) > 0);
    let (mut strips, mut why) = (Vec::new(), None);
    for (i, &episode) in long.take(DREAMS).enumerate() {
        let n = window.count(recordings.dataset.episodes[episode].len());
        let start = Key::new(run.settings.seed).with("dreams").at(i as u64).stream().below(n);
        let clip = Clip { episode, start };
        match dream_strip((world, env), &recordings.dataset, clip, (view(world), horizon, COLUMNS)) {
            Ok(strip) => strips.push(strip),
            Err(error) => why = Some(undreamt(&error.to_string())),
        }
    }
    if strips.is_empty() && why.is_none() {
        why = Some(undreamt(&format!("no held-out episode has the {} rows of {horizon} blocks", window.span())));
    }
    (strips, why)
}

/// The first attempts of the headline policy that succeeded, and the first that failed.
fn attempts(run: &Run, recordings: &Recordings) -> Result<Vec<Filmstrip>> {
    let Ok(world) = recordings.world() else { return Ok(vec![]) };
    let rule = run.settings.eval.rules.first().copied().unwrap_or(Rule::Moderate);
    for policy in &run.settings.eval.policies {
        let Some(verdicts) = verdicts(run, policy.name())? else { continue };
        let mut strips = Vec::new();
        for success in [true, false] {
            for verdict in verdicts.iter().filter(|v| v.success(rule) == success).take(ATTEMPTS) {
                strips.push(attempt_strip(world, verdict, rule, (policy.name(), 96, COLUMNS))?);
            }
        }
        return Ok(strips);
    }
    Ok(vec![])
}

/// The first moment of a held-out episode in every scene.
fn some_scenes(recordings: &Recordings) -> Result<Option<Filmstrip>> {
    let Some(&episode) = recordings.split.held_out.first() else { return Ok(None) };
    scenes(recordings.world()?, recordings.dataset.episodes[episode].states.row(0), 96).map(Some)
}

fn limits(run: &Run, probes: Option<&ProbeReport>) -> Vec<String> {
    let settings = &run.settings;
    let mut limits = Vec::new();
    let wants = settings.model.wants();
    if wants.picture.is_some() && wants.state && settings.data.finds() {
        limits.push(
            "Things that it was taught are rigid and keep their looks before a ground that stands still; where that is not so, it says so and learns nothing."
                .to_owned(),
        );
    } else if wants.picture.is_some() && wants.state {
        limits.push(
            "The logged state taught the model what matters in a picture. When it acts it is shown pictures only, but it would not \
             have learned the same from pictures alone."
                .to_owned(),
        );
    }
    for part in probes.map(|p| p.parts.as_slice()).unwrap_or_default() {
        let told = part.readout.unwrap_or(part.probe);
        let unit = if part.unit == "°" { "°".to_owned() } else { format!(" {}", part.unit) };
        limits.push(format!(
            "Looking at a held-out moment, the model tells the {} to within {told:.1}{unit} (median; a linear probe {:.1}{unit}, always saying the mean {:.1}{unit}).",
            part.name, part.probe, part.mean
        ));
    }
    if settings.mpc.deadline_ms.is_some() {
        limits.push("Plans had a deadline, so scores depend on the speed of the machine.".to_owned());
    }
    limits
}

fn facts(run: &Run, training: Option<&Training>, probes: Option<&ProbeReport>) -> Result<Vec<(String, String)>> {
    let (about, settings) = (&run.about, &run.settings);
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let mut facts =
        vec![fact("terrella", about.version.clone()), fact("training seed", settings.train.seed.to_string())];
    if let Some(t) = training {
        facts.push(fact("parameters", t.parameters.to_string()));
        facts.push(fact(
            "training",
            format!("{} steps, {:.1} epochs of {} clips, {:.0} ms a step", t.steps, t.epochs, t.clips, t.ms_per_step),
        ));
    }
    if let Some(loss) = probes.and_then(|p| p.reacher_loss) {
        facts.push(fact("amortised planner", format!("mean absolute error {loss:.3} deviations")));
    }
    let bands = probes.map(|p| p.steps_to_go.as_slice()).unwrap_or_default();
    if !bands.is_empty() {
        let words = |band: &StepsTold| {
            format!(
                "{:.0} where it was {:.0} (farther {:.0} %, was {:.0} %; {} pairs)",
                band.told,
                band.truth,
                100.0 * band.told_farther,
                100.0 * band.farther,
                band.pairs
            )
        };
        let words: Vec<String> = bands.iter().map(words).collect();
        facts.push(fact("steps to go, told of held-out rows in the mean", words.join("; ")));
    }
    if let Some(timings) = run.json::<Vec<(String, f64)>>("timings.json")? {
        let total: f64 = timings.iter().map(|(_, s)| s).sum();
        let words: Vec<String> = timings.iter().map(|(stage, seconds)| format!("{stage} {seconds:.0} s")).collect();
        facts.push(fact("time", format!("{}; together {} min", words.join(", "), time::minutes(total))));
    }
    if let Some((pace, asked)) = run.json::<Pace>(pace::FILE)?.and_then(|pace| pace.asked.map(|asked| (pace, asked))) {
        let text = format!(
            "{asked} asked for; steps were measured and fixed before training began, and with {} in place of --minutes the same comes of it anywhere",
            pace.typed()
        );
        facts.push(fact("minutes", text));
    }
    facts.push(fact("settings", "run.toml beside this page".to_owned()));
    Ok(facts)
}
