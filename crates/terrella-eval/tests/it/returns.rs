//! Returns of a model between chance and the true equations, in a world whose returns are known.

use terrella_agent::{NullPolicy, RandomPolicy};
use terrella_core::{Actions, AnySim, Coordinate, Each, EnvSpec, Image, Key, Policy, Result, Sim, Space, Step, View};
use terrella_eval::{Collected, Provenance, Returns, ReturnsConfig, collect_returns};

/// Pays what is asked for, up to 1 a step, and what the start gives once; over after ten steps.
#[derive(Clone, Debug)]
struct Till(std::sync::Arc<EnvSpec>, f64, usize);

fn till() -> AnySim {
    let state = vec![Coordinate::new("gift", "")];
    let actions = Actions::Box(Space::uniform(&["ask"], -1.0, 1.0));
    let spec = EnvSpec { id: "till".into(), state, actions, max_steps: Some(10), ..EnvSpec::default() };
    AnySim::new(Till(spec.into(), 0.0, 0))
}

impl Sim for Till {
    fn spec(&self) -> &EnvSpec {
        &self.0
    }
    fn reset(&mut self, seed: u64) {
        (self.1, self.2) = (Key::new(seed).stream().uniform(0.0, 1.0), 0);
    }
    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        (self.1, self.2) = (state[0], 0);
        Ok(())
    }
    fn state(&self) -> Vec<f64> {
        vec![self.1]
    }
    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend([self.1, self.2 as f64]);
    }
    fn load(&mut self, snapshot: &[f64]) {
        (self.1, self.2) = (snapshot[0], snapshot[1] as usize);
    }
    fn step(&mut self, action: &[f32]) -> Step {
        self.2 += 1;
        let gift = if self.2 == 1 { self.1 } else { 0.0 };
        Step { reward: f64::from(action[0]) + gift, terminated: false, truncated: self.2 >= 10 }
    }
    fn draw(&self, size: usize) -> Image {
        Image::filled(size, size, [0; 3])
    }
}

type Make<'a> = &'a (dyn Fn() -> Result<Box<dyn Policy>> + Sync);

fn tried(name: &str, threads: usize, make: Make<'_>) -> Collected {
    let config = ReturnsConfig { episodes: 12, seed: 3 };
    let view = View { picture: None, state: true };
    collect_returns(&till(), (name, view), (&config, [threads, 5]), make, None).expect("tried")
}

fn asking(ask: f32) -> impl Fn() -> Result<Box<dyn Policy>> + Sync {
    move || Ok(Box::new(Each::new(move |_| NullPolicy::constant(vec![ask]))))
}

#[test]
fn a_model_stands_between_chance_and_the_true_equations() {
    let random = || -> Result<Box<dyn Policy>> {
        Ok(Box::new(Each::new(|_| RandomPolicy::new(Space::uniform(&["ask"], -1.0, 1.0), 1))))
    };
    let [model, expert, floor] =
        [tried("model", 2, &asking(0.5)), tried("expert", 1, &asking(1.0)), tried("random", 1, &random)];
    assert_eq!(
        model,
        {
            let again = tried("model", 1, &asking(0.5));
            Collected { ms_per_step: model.ms_per_step, ..again }
        },
        "threads change nothing"
    );
    assert!(model.returns.iter().zip(&expert.returns).all(|(m, e)| (e - m - 5.0).abs() < 1e-6), "the same starts");
    assert!(model.steps.iter().all(|n| *n == 10) && model.terminated == 0, "{:?}", model.steps);
    let config = ReturnsConfig { episodes: 12, seed: 3 };
    let made = Returns::new(&till(), &config, [model, expert, floor.clone()], Provenance::default());
    let share = made.share.expect("a ceiling above the floor");
    let (m, e, r) = (made.collected[0].mean.mean, made.collected[1].mean.mean, made.collected[2].mean.mean);
    assert!((share.share - (m - r) / (e - r)).abs() < 1e-9 && share.interval.low < share.share, "{share:?}");
    assert!(share.interval.low > 0.2 && share.interval.high < 0.8, "half asked for is about half the way: {share:?}");
    let limits = made.limits().join(" ");
    assert!(limits.contains("true equations of till collects more") && limits.contains("few"), "{limits}");
    let page = made.to_html();
    assert!(page.contains("expert") && page.contains("0 %") && page.contains("ceiling"), "{page}");
}

#[test]
fn a_model_no_better_than_chance_is_told_and_so_is_a_ceiling_that_is_none() {
    let config = ReturnsConfig { episodes: 12, seed: 3 };
    let parts = |model: f32, expert: f32, floor: f32| {
        let all = [
            tried("model", 1, &asking(model)),
            tried("expert", 1, &asking(expert)),
            tried("random", 1, &asking(floor)),
        ];
        Returns::new(&till(), &config, all, Provenance::default())
    };
    let bad = parts(-0.5, 1.0, 0.0);
    assert!(
        bad.limits().iter().any(|l| l.contains("not shown to be better than acting at random")),
        "{:?}",
        bad.limits()
    );
    let senseless = parts(0.5, -1.0, 0.0);
    assert!(senseless.share.is_none() && senseless.limits()[0].contains("say nothing"), "{:?}", senseless.limits());
}
