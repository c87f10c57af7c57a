//! The page, from real computations in the toy world. It is left in the build folder's `tmp` for
//! people and browsers to look at.

use super::*;
use std::path::Path;
use toy::recordings;

const WALL: bool = true;

/// The best predicted cost after each iteration, over many problems, as shares of the prior's.
fn search_chart() -> Chart {
    let dynamics = Exact { skip: 5, wall: WALL, blur: 0.0 };
    let space = Rolling::new(WALL).space().block(5);
    let rule = PriorRule::HoldLast { std: vec![12.0, 12.0], growth: 0.5 };
    let configs = [
        PlannerConfig::Icem(IcemConfig { iterations: 10, ..IcemConfig::default() }),
        PlannerConfig::Cem(CemConfig { iterations: 10, ..CemConfig::default() }),
        PlannerConfig::Mppi(MppiConfig { iterations: 10, answer: Answer::Best, ..MppiConfig::default() }),
        PlannerConfig::Random(RandomConfig { iterations: 10, ..RandomConfig::default() }),
    ];
    let mut chart = Chart::new(
        "What each search finds in the exact model",
        "iterations of 64 sequences",
        "share of the idle plan's cost",
    );
    for config in configs {
        let planner = config.build(2).expect("good");
        let mut sums = [0.0; 10];
        let n = 40;
        for i in 0..n {
            let mut stream = Key::new(i).with("problem").stream();
            let mut draw = || stream.uniform(10.0, 90.0) as f32;
            let (start, goal) = (vec![[draw() * 0.4, draw(), 0.0, 0.0, 0.0]], [draw(), draw()]);
            let prior = rule.prior(&Table::new(10), &start[0][..2], 5, 5);
            let objective = Reach { goals: vec![goal] };
            let each = [Problem { goal: 0, prior, proposals: Vec::new(), key: Key::new(i) }];
            let problems = Problems {
                dynamics: &dynamics,
                start: &start,
                objective: &objective,
                space: &space,
                each: &each,
                deadline: None,
                margin: 0.0,
            };
            let still = std::slice::from_ref(&start);
            let still = Imagined { start: &start, rows: &[0], blocks: &[], rollout: still, goals: &[0] };
            let idle = objective.cost(&still)[0] * 1.4;
            let plan = planner.plan(&problems).swap_remove(0);
            sums.iter_mut().zip(plan.history).for_each(|(s, c)| *s += f64::from(c / idle) / n as f64);
        }
        chart = chart.line(config.name(), sums.iter().enumerate().map(|(i, s)| [i as f64 + 1.0, *s]).collect());
    }
    chart.note = "Mean over 40 problems; a wall with a gap stands in the way of many.".to_owned();
    chart
}

fn report() -> Report {
    let (env, dataset) = (Rolling::new(WALL), recordings(20, 90, 96, WALL));
    let split = dataset.split(0, 0.3).expect("two sides");
    let protocol = Protocol { pairs: 30, rules: vec![Rule::Moderate, Rule::Strict], ..Protocol::default() };
    let arena = Arena {
        env: &env,
        dataset: &dataset,
        held_out: &split.held_out,
        protocol: &protocol,
        view: VIEW,
        threads: 2,
        rows: 7,
        progress: None,
    };
    let floors = terrella_eval::floors(&arena, &split.train, &hold).expect("floors");
    let exact = Exact { skip: 5, wall: WALL, blur: 0.0 };
    let wrong = Exact { skip: 5, wall: false, blur: 0.3 };
    let run = |dynamics: &Exact, name: &str| {
        let make = |_: &[Pair]| -> Result<Box<dyn Policy + '_>> {
            Ok(Box::new(planner(dynamics, WALL, &PlannerConfig::default())))
        };
        evaluate(&arena, name, &make).expect("attempts")
    };
    let (good, bad) = (run(&exact, "exact model"), run(&wrong, "model without the wall"));
    let wins = |a: &Attempts| a.verdicts().iter().map(|v| v.success(Rule::Moderate)).collect::<Vec<_>>();
    let paired = compare((&wins(&good), &wins(&bad)), &good.episodes(), Key::new(0));
    let config = RolloutConfig { horizon: 10, clips: 60, mean_rows: 200, batch: 30, seed: 0 };
    let sides = (&dataset, &split.train[..], &split.held_out[..]);
    let rollout = rollout_error(&wrong, &env.spec, sides, VIEW, &config).expect("a table");
    let dream = |start| {
        dream_strip((&wrong, Some(&env)), &dataset, Clip { episode: split.held_out[0], start }, (VIEW, 10, 8))
            .expect("a strip")
    };
    let strip = |want: bool| {
        let verdict = bad.verdicts().iter().find(|v| v.success(Rule::Moderate) == want)?;
        attempt_strip(&env, verdict, Rule::Moderate, ("model without the wall", 96, 8)).ok()
    };
    let card = |attempts| Scorecard::new(attempts, &floors, provenance()).expect("a card");
    Report {
        done: vec![
            "A ball in a box follows a moving target, and a wall with a gap stands in the middle. Two planners try to bring it to \
             where recordings showed it 25 steps later: one plans with the exact rules of this world, the other with rules that \
             lack the wall and lag behind. This page is made by a test, from a world of sixty lines."
                .to_owned(),
        ],
        scorecards: vec![card(&good), card(&bad)],
        comparisons: vec![("exact model".to_owned(), "model without the wall".to_owned(), Rule::Moderate, paired)],
        curves: vec![search_chart()],
        rollout: Some(rollout),
        dreams: vec![dream(0), dream(30)],
        attempts: [true, false].into_iter().filter_map(strip).collect(),
        failures: vec![failures(&env, &good, Rule::Moderate), failures(&env, &bad, Rule::Moderate)],
        facts: vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())],
        ..Report::new("A toy world, planned in <exactly> & wrongly")
    }
}

#[test]
fn the_page_stands_alone_and_says_what_it_must() {
    let report = report();
    for card in &report.scorecards {
        eprintln!("{card}");
    }
    let html = report.to_html();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("a folder");
    write_atomic(&folder.join("report.html"), html.as_bytes()).expect("a file");
    for heading in [
        "What was done",
        "How good it is",
        "What the policy was told",
        "What it learned",
        "What it imagines",
        "What it did",
        "What it could not do",
        "How to repeat it",
    ] {
        assert!(html.contains(&format!("<h2>{heading}</h2>")), "section {heading}");
    }
    for foreign in ["<script", "http://", "https://", "<link", "@import", "url("] {
        assert!(!html.contains(foreign), "the page reaches for {foreign}");
    }
    assert!(html.contains("planned in &lt;exactly&gt; &amp; wrongly") && !html.contains("<exactly>"), "escaped");
    for number in [
        "prefers-color-scheme: dark",
        "data:image/png;base64,",
        "copy-last",
        "toy-20x90",
        "acting at random",
        "demonstrator &lt;took&gt;",
        "nearest replay",
    ] {
        assert!(html.contains(number), "{number}");
    }
    let limits = report.all_limits().join("\n");
    eprintln!("{limits}");
    assert!(limits.contains("failed") && limits.contains("3 × 30 pairs") && limits.contains("true state"), "{limits}");
    let text = serde_json::to_string(&report).expect("numbers");
    let back: Report = serde_json::from_str(&text).expect("a report");
    assert_eq!(back.to_html(), html, "a report can be stored and shown again");
}

#[test]
fn an_empty_report_is_a_page_that_claims_nothing() {
    let html = Report::new("nothing yet").to_html();
    assert!(html.contains("No policy was evaluated") && !html.contains("How good it is"), "only its limits");
}
