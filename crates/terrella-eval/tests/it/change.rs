//! A cart on a rail that is pushed, foretold by its own equations: quiet streams stay quiet, whoever pushes; changes are found.

use terrella_core::{Key, Signature, Stream, Table};
use terrella_eval::{Effect, Notice, Recorded, StreamRow, Summary, ToldOfStream, Usual, Watcher, calibrate};

/// What may be otherwise in the world than in the model.
#[derive(Clone, Copy)]
struct World {
    friction: f64,
    mass: f64,
    /// Whether actions take effect a row late.
    late: bool,
    /// How much of the noise of a row goes on in the next.
    goes_on: f64,
}

const QUIET: World = World { friction: 0.4, mass: 1.0, late: false, goes_on: 0.0 };

/// Who pushes.
#[derive(Clone, Copy)]
enum Pushing {
    /// A new push each row.
    Fresh,
    /// Gentle pushes that are held for some rows, back to the middle.
    Held,
    /// Far beyond what anybody else does.
    Hard,
}

fn signature() -> Signature {
    Signature {
        fps: 10.0,
        state: vec!["x".into(), "v".into()],
        units: vec!["m".into(), "m/s".into()],
        action: vec!["push".into()],
        ..Signature::default()
    }
}

/// One row: state, push, the next state as foretold and as it came.
type Line = ([f32; 2], [f32; 1], [f32; 2], [f32; 2]);

/// A cart that goes on for ever.
struct Cart {
    x: f64,
    v: f64,
    push: f64,
    noise: f64,
    row: u64,
    stream: Stream,
}

impl Cart {
    fn new(key: Key) -> Self {
        let mut stream = key.stream();
        Self { x: stream.normal(), v: stream.normal(), push: 0.0, noise: 0.0, row: 0, stream }
    }

    fn step(&mut self, world: World, pushing: Pushing) -> Line {
        let s = &mut self.stream;
        let before = self.push;
        let away = -0.8 * self.x - 0.2 * self.v;
        self.push = match pushing {
            Pushing::Fresh => away + 1.5 * s.normal(),
            Pushing::Held if self.row.is_multiple_of(5) => 0.7 * away + 0.7 * s.normal(),
            Pushing::Held => self.push,
            Pushing::Hard => away + 40.0 * s.normal(),
        };
        self.row += 1;
        let next = |push: f64, friction: f64, mass: f64| {
            [self.x + 0.1 * self.v, self.v + 0.1 * (push - friction * self.v) / mass]
        };
        let foretold = next(self.push, QUIET.friction, QUIET.mass);
        let came = next(if world.late { before } else { self.push }, world.friction, world.mass);
        // Noise grows with speed, and the model is a little wrong in its own way.
        let spread = 0.005 * (1.0 + self.v.abs());
        let rest = (1.0 - world.goes_on * world.goes_on).sqrt();
        self.noise = world.goes_on * self.noise + rest * s.normal();
        let wrong = 0.002 * self.x.sin() * self.v;
        let line = ([self.x, self.v], self.push, foretold);
        self.x = came[0] + 0.0005 * s.normal();
        self.v = came[1] + spread * self.noise + wrong;
        let single = |pair: [f64; 2]| pair.map(|x| x as f32);
        (single(line.0), [line.1 as f32], single(line.2), single([self.x, self.v]))
    }
}

/// What is usual in a world: twelve episodes of fresh pushes.
fn usual(world: World) -> Usual {
    let episode = |index: u64| {
        let mut cart = Cart::new(Key::new(1).with("calibration").at(index));
        let mut log =
            Recorded { states: Table::new(2), actions: Table::new(1), errors: Table::new(2), lasts: Vec::new() };
        for _ in 0..300 {
            let (state, push, foretold, next) = cart.step(world, Pushing::Fresh);
            log.states.push(&state);
            log.actions.push(&push);
            log.errors.push(&[next[0] - foretold[0], next[1] - foretold[1]]);
            log.lasts.push(0.1);
        }
        log
    };
    let episodes: Vec<Recorded> = (0..12).map(episode).collect();
    calibrate(&signature(), &[], &episodes).expect("enough of them")
}

fn row((state, push, foretold, next): &Line, at: usize) -> StreamRow<'_> {
    let seconds = 0.1 * at as f64;
    StreamRow { episode: 0, row: at, seconds, lasts: 0.1, state, action: push, foretold, next }
}

/// So many rows of one cart, where from row `from` on another world and another hand may be.
fn watch(
    usual: &Usual,
    (rate, rows, seed): (f64, usize, u64),
    world: impl Fn(usize) -> (World, Pushing),
) -> (Vec<ToldOfStream>, Summary) {
    let mut watcher = Watcher::new(usual, rate).expect("a rate");
    let mut cart = Cart::new(Key::new(seed).with("stream"));
    let mut told = Vec::new();
    for at in 0..rows {
        let (world, pushing) = world(at);
        told.extend(watcher.see(&row(&cart.step(world, pushing), at)).expect("a row"));
    }
    (told, watcher.summary())
}

#[test]
fn quiet_streams_alarm_less_often_than_is_promised_with_and_without_memory() {
    for goes_on in [0.0, 0.6] {
        let world = World { goes_on, ..QUIET };
        let usual = usual(world);
        let [before, after] = usual.quiet.remembers;
        assert!((before - goes_on).abs() < 0.1 && after < 0.15, "what goes on is taken out: {before}, {after}");
        let (_, summary) = watch(&usual, (1e-3, 40_000, 2), |_| (world, Pushing::Fresh));
        // One in a thousand rows would be 40.
        assert!(summary.alarms <= 10, "{goes_on}: {summary}");
        assert!(summary.judged > 38_000, "nearly all rows are like those that were calibrated on: {summary}");
    }
}

#[test]
fn another_policy_alone_is_no_change() {
    let usual = usual(QUIET);
    let (told, summary) =
        watch(&usual, (1e-6, 30_000, 3), |at| (QUIET, if at < 3000 { Pushing::Fresh } else { Pushing::Held }));
    assert_eq!(summary.alarms, 0, "{told:?}");
    assert!(summary.judged > 25_000, "it was judged: {summary}");
    // One that goes where nobody was is not judged, and that is told.
    let (told, summary) = watch(&usual, (1e-6, 3000, 3), |_| (QUIET, Pushing::Hard));
    assert_eq!(summary.alarms, 0, "{told:?}");
    let beyond = told.iter().find_map(|told| match told {
        ToldOfStream::Notice(Notice::Beyond { farthest, .. }) => Some(farthest.clone()),
        _ => None,
    });
    assert!(beyond.expect("told").is_some() && summary.beyond > 1000, "{summary}");
}

#[test]
fn more_friction_more_mass_and_later_actions_are_found_with_their_time_and_what_they_go_with() {
    let usual = usual(QUIET);
    for (name, changed) in [
        ("friction", World { friction: 0.6, ..QUIET }),
        ("mass", World { mass: 1.3, ..QUIET }),
        ("delay", World { late: true, ..QUIET }),
    ] {
        let from = 2000;
        let (told, _) = watch(&usual, (1e-6, 5000, 4), |at| (if at < from { QUIET } else { changed }, Pushing::Fresh));
        let alarm = told.iter().find_map(|told| if let ToldOfStream::Alarm(alarm) = told { Some(alarm) } else { None });
        let alarm = alarm.expect(name);
        assert!((from..from + 2500).contains(&alarm.at.row), "{name}: {alarm}");
        assert!(alarm.since.row.abs_diff(from) < 400, "{name}: {alarm}");
        assert_eq!(
            (alarm.quantity.as_str(), alarm.unit.as_str(), alarm.goes_on),
            ("v", "m/s", false),
            "{name}: {alarm}"
        );
        let effect = alarm.why.as_ref().map_or(&alarm.effect, |why| &why.effect);
        let Effect::GoesWith { what, slope, .. } = effect else { panic!("{name}: {alarm}") };
        match name {
            // What is lost of the speed in a row: a tenth of a second times what friction has grown by.
            "friction" => assert!(what == "v" && (slope + 0.02).abs() < 0.01, "{alarm}"),
            // And of what a push brings: a tenth of a second times 1 − 1 / 1.3, or less where it goes with its change.
            "mass" => assert!(what.ends_with("push") && (-0.03..-0.005).contains(slope), "{alarm}"),
            _ => assert!(what == "the change of push" && *slope < -0.05, "{alarm}"),
        }
        let many = told.iter().filter(|told| matches!(told, ToldOfStream::Alarm(alarm) if alarm.goes_on)).count();
        assert!(many > 0 || alarm.at.row > 3500, "what stays changed goes on: {told:?}");
    }
}

#[test]
fn what_is_kept_does_not_grow_with_the_stream_and_says_the_same_after_it_was_written() {
    let usual = usual(QUIET);
    let text = serde_json::to_string(&usual).expect("JSON");
    let again: Usual = serde_json::from_str(&text).expect("read back");
    let mut watchers = [&usual, &again].map(|usual| Watcher::new(usual, 1e-5).expect("a rate"));
    let mut cart = Cart::new(Key::new(5));
    let mut bytes = 0;
    for at in 0..4000 {
        let line = cart.step(if at < 3000 { QUIET } else { World { late: true, ..QUIET } }, Pushing::Fresh);
        let [first, second] = watchers.each_mut().map(|watcher| watcher.see(&row(&line, at)).expect("a row"));
        assert_eq!(first, second, "row {at}");
        if at == 500 {
            bytes = watchers[0].bytes();
        }
    }
    assert_eq!(watchers[0].bytes(), bytes, "after eight times as many rows");
    assert!(watchers[0].summary().alarms > 0, "and something was told");
}

#[test]
fn what_cannot_be_used_is_told_once_and_not_bet_on() {
    let usual = usual(QUIET);
    let mut watcher = Watcher::new(&usual, 1e-6).expect("a rate");
    let mut cart = Cart::new(Key::new(6));
    let mut told = Vec::new();
    for at in 0..300 {
        let mut line = cart.step(QUIET, Pushing::Fresh);
        if (100..103).contains(&at) {
            line.0[1] = f32::NAN;
        }
        if at >= 200 {
            line.0[0] = 0.25;
        }
        let lasts = if (150..152).contains(&at) { -0.1 } else { 0.1 };
        told.extend(watcher.see(&StreamRow { lasts, ..row(&line, at) }).expect("a row"));
    }
    let count = |which: fn(&Notice) -> bool| {
        told.iter().filter(|told| matches!(told, ToldOfStream::Notice(notice) if which(notice))).count()
    };
    assert_eq!(count(|n| matches!(n, Notice::NotFinite { at, name } if at.row == 100 && name == "v")), 1, "{told:?}");
    assert_eq!(count(|n| matches!(n, Notice::Clock { at, .. } if at.row == 150)), 1, "{told:?}");
    assert_eq!(count(|n| matches!(n, Notice::Still { name, .. } if name == "x")), 1, "{told:?}");
    let summary = watcher.summary();
    assert_eq!((summary.unusable, summary.first), (5, 3), "and what follows begins a stretch: {summary}");
    let line: Line = ([0.0; 2], [0.0], [0.0; 2], [0.0; 2]);
    let narrow = StreamRow { state: &[0.0], ..row(&line, 0) };
    assert!(watcher.see(&narrow).is_err(), "a state of one number");
    for rate in [0.0, -1.0, f64::NAN, 0.5] {
        assert!(Watcher::new(&usual, rate).is_err(), "{rate} false alarms a row");
    }
}

/// Errors around a number, and states and actions that tell nothing of them.
fn log(seed: u64, shift: f32) -> Recorded {
    let mut stream = Key::new(8).at(seed).stream();
    let mut table =
        |n: usize, shift: f32| Table::from_data(n, (0..400 * n).map(|_| stream.normal() as f32 + shift).collect());
    Recorded { states: table(2, 0.0), actions: table(1, 0.0), errors: table(2, shift), lasts: vec![0.1; 400] }
}

#[test]
fn too_few_episodes_and_errors_that_are_no_numbers_are_refused() {
    let refused = |episodes: &[Recorded]| calibrate(&signature(), &[], episodes).expect_err("refused").to_string();
    assert!(refused(&[log(0, 0.0)]).contains("at least two are needed"), "one episode");
    assert!(refused(&[]).contains("at least two are needed"), "none");
    let mut broken = [log(0, 0.0), log(1, 0.0)];
    broken[1].errors.data[7] = f32::NAN;
    assert!(refused(&broken).contains("not finite"), "numbers that are none");
    let mut same = [log(0, 0.0), log(1, 0.0)];
    for episode in &mut same {
        episode.states.data.fill(3.0);
        episode.actions.data.fill(0.0);
    }
    assert!(refused(&same).contains("ever changes"), "nothing to compare by");
}

#[test]
fn episodes_that_differ_from_each_other_raise_the_tolerance() {
    let quiet = |shift: f32| {
        let episodes: Vec<Recorded> = (0..20).map(|at| log(at, if at < 10 { -shift } else { shift })).collect();
        calibrate(&signature(), &[], &episodes).expect("usual").quiet
    };
    let (alike, unlike) = (quiet(0.0), quiet(60.0));
    assert_eq!((alike.tolerance, alike.episodes), (0.1, 20), "{alike:?}");
    assert!(unlike.tolerance > alike.tolerance && unlike.block > alike.block, "{unlike:?}");
}
