//! From a trained model to a policy: what a goal means, where a search begins, who proposes.

use super::heads::{PROBE, shown};
use super::{Recordings, Run};
use crate::settings::{CostKind, Flavour, PriorKind, PriorSettings, Settings};
use crate::watch::Watch;
use anyhow::{Context, Result};
use terrella_agent::{Ahead, Aim, Consistency, Distance, FollowConfig, MpcPolicy, PlannerConfig, PriorRule};
use terrella_core::{
    ActionsAre, Dynamics, Each, EnvSpec, Error, Goal, Key, Observation, Policy, RowPolicy, Stats, Table, View,
};
use terrella_model::{AnyState, AnyWorld, Learned, Probe, Saved, Way};

/// A model that can act in a world. It can be shared by threads.
pub struct Actor {
    /// The model.
    pub saved: Saved,
    probe: Option<Probe>,
    spec: EnvSpec,
    /// In what distances of states are counted, one a number of the state.
    pub(super) tolerance: Vec<f32>,
    prior: PriorRule,
    near: PriorRule,
    settings: Settings,
}

/// A pace at which the amortised planner is asked to reach the goal.
enum Pace {
    /// So many times the demonstrator's remaining time.
    Times(f32),
    /// So many steps, whatever the clock says.
    Steps(usize),
}

impl Pace {
    fn steps(&self, steps_left: usize) -> usize {
        match self {
            Self::Times(times) => (steps_left as f32 * times).round().max(1.0) as usize,
            Self::Steps(steps) => *steps,
        }
    }
}

/// What the hybrid tries, the demonstrator's own pace first.
const PACES: &[Pace] = &[
    Pace::Times(1.0),
    Pace::Times(0.6),
    Pace::Times(1.5),
    Pace::Steps(5),
    Pace::Steps(10),
    Pace::Steps(15),
    Pace::Steps(20),
    Pace::Steps(30),
];

const NO_HEAD: &str = "cost.kind = \"reach\" needs a head that tells steps to go, and this model has none; train it with --set steps_to_go.steps=2000, or use --set cost.kind=latent";

const NO_INVERSE: &str = "cost.consistency asks the amortised planner what leads from one imagined block to the next, and this model has none; train it with --set reacher.steps=3000, or use --set cost.consistency=0";

/// The policy that plans with a world model.
pub type Act<'a> = MpcPolicy<'a, AnyWorld, Distance<'a, AnyWorld>>;

impl Actor {
    /// Makes a model ready to act where the recordings come from.
    ///
    /// # Errors
    /// If the world is not known, or the settings ask for what the model cannot do.
    pub fn new(run: &Run, mut saved: Saved, recordings: &Recordings) -> Result<Self> {
        let world = recordings.world()?;
        let settings = run.settings.clone();
        saved.world = saved.world.with_views(saved.train.symmetry.as_ref(), settings.views);
        if !settings.sharpen {
            saved.world = saved.world.with_gaze(None);
        }
        let spec = believed_spec(&saved.world, world.spec());
        let tolerance = settings.cost.tolerance.clone().unwrap_or_else(|| spec.tolerances(settings.cost.rule));
        let (wide, near) =
            (settings.prior, PriorSettings { scale: settings.prior.near, growth: 0.0, ..settings.prior });
        let targets = spec.actions_are == ActionsAre::Targets;
        let interface = saved.world.interface();
        let train = &recordings.split.train;
        // An earlier version kept no such thing; its own recordings, if these are they, tell it.
        let retold = || (!train.is_empty()).then(|| Learned::of(&recordings.dataset, train, (0, 0.0)));
        let learned = interface.learned.clone().or_else(retold);
        let rule = |s: &PriorSettings| prior(s, &interface.action_stats, learned.as_ref(), targets);
        let (prior, near) = (rule(&wide)?, rule(&near)?);
        let probe = run.json(PROBE)?;
        let actor = Self { saved, probe, spec, tolerance, prior, near, settings };
        if actor.settings.cost.kind == CostKind::State && actor.tolerance.iter().all(|t| t.is_infinite()) {
            return Err(crate::error::usage(format!(
                "world {} does not say how far off its state may be; set cost.tolerance, one number for each of its {} state numbers, or use --set cost.kind=latent",
                actor.spec.id,
                actor.spec.state.len()
            )));
        }
        if actor.settings.cost.kind == CostKind::Reach && actor.saved.steps_to_go.is_none() {
            return Err(crate::error::usage(NO_HEAD));
        }
        if actor.settings.cost.consistency > 0.0 && actor.saved.reacher.is_none() {
            return Err(crate::error::usage(NO_INVERSE));
        }
        if let Some(doubt) = actor.settings.cost.doubts()? {
            let world = &actor.saved.world;
            doubt
                .check(world, &world.observe(&[shown(world, recordings, (0, 0))])?)
                .map_err(|error| crate::error::usage(error.to_string()))?;
        }
        // Whatever is wrong with the settings is said before the first attempt.
        actor.policy(Flavour::Search)?;
        if actor.settings.cost.kind == CostKind::State && !actor.tells_states(recordings)? {
            return Err(crate::error::usage(
                "cost.kind = \"state\" needs a model that can tell the logged state, as one trained with model.readout = true; use --set cost.kind=latent",
            ));
        }
        Ok(actor)
    }

    /// Whether the model itself tells states, tried on a recorded row.
    fn tells_states(&self, recordings: &Recordings) -> Result<bool> {
        let world = &self.saved.world;
        Ok(world.believe(&world.observe(&[shown(world, recordings, (0, 0))])?).is_some())
    }

    /// Those of some policies that it has what is needed for.
    pub fn able(&self, policies: &[Flavour]) -> Vec<Flavour> {
        policies.iter().copied().filter(|p| *p == Flavour::Search || self.saved.reacher.is_some()).collect()
    }

    /// What is doubtful of goals so many steps away, in sentences: an amortised planner knows no goal beyond its reach, nor does a
    /// head that tells steps to go.
    pub fn beyond(&self, offset: usize) -> Vec<String> {
        let reacher = self.saved.reacher.as_ref().map(|(reacher, _)| reacher.reach()).filter(|reach| offset > *reach);
        let head = self.saved.steps_to_go.as_ref().filter(|_| self.settings.cost.kind == CostKind::Reach);
        let head = head.map(|(head, _)| head.reach()).filter(|reach| offset > *reach);
        let planner = reacher.map(|reach| {
            format!(
                "Goals lie {offset} steps away, and the amortised planner was taught goals of at most {reach} (reacher.reach): it is asked as if they were {reach} away."
            )
        });
        let cost = head.map(|reach| {
            format!(
                "Goals lie {offset} steps away, and steps to go are told apart up to {reach} (steps_to_go.reach): whatever is farther costs the same."
            )
        });
        planner.into_iter().chain(cost).collect()
    }

    /// Whether attempts learn where their camera stands. Who is told states has none, and displacements are the same from
    /// wherever they are seen.
    pub fn calibrates(&self) -> bool {
        let looks = self.saved.world.wants().picture.is_some();
        looks && self.settings.mpc.calibrate > 0.0 && self.spec.actions_are == ActionsAre::Targets
    }

    /// Sides from which it looks at things.
    pub fn sides(&self) -> usize {
        self.saved.world.sides()
    }

    /// What the model is shown, of the world and of the goal.
    pub fn view(&self) -> View {
        view(&self.saved.world)
    }

    /// A policy with this model.
    ///
    /// # Errors
    /// If a setting makes no sense, or the flavour needs an amortised planner that is not there.
    pub fn policy(&self, flavour: Flavour) -> Result<Act<'_>> {
        let world = &self.saved.world;
        if self.able(&[flavour]).is_empty() {
            return Err(crate::error::usage(format!(
                "policy {} needs an amortised planner, and this model has none; use --policy search",
                flavour.name()
            )));
        }
        let follow = PlannerConfig::Follow(FollowConfig {});
        let config = if flavour == Flavour::Reacher { &follow } else { &self.settings.planner };
        let planner = config.build(self.spec.actions.width())?;
        let prior = if flavour == Flavour::Search { &self.prior } else { &self.near };
        let rules = (self.settings.mpc.clone(), prior.clone());
        let policy =
            MpcPolicy::new(world, self.spec.actions.space(), planner, rules, move |goals| self.aim(goals, flavour))
                .context("planner")?;
        let policy = policy.with_start_action(|state| self.start_action(state));
        Ok(if self.calibrates() { policy.with_whereabouts(|state| self.start_action(state)) } else { policy })
    }

    /// What goals mean to the model.
    fn aim(
        &self,
        goals: &[Goal],
        flavour: Flavour,
    ) -> terrella_core::Result<Aim<'_, AnyState, Distance<'_, AnyWorld>>> {
        let world = &self.saved.world;
        let seen: Vec<Observation> = goals.iter().map(|goal| goal.observation.clone()).collect();
        let state = world.observe(&seen)?;
        let timing = self.settings.cost.timing;
        let objective = match self.settings.cost.kind {
            CostKind::Latent => Distance::latent(world, world.latents(&state), timing),
            CostKind::Reach => {
                let (head, _) = self.saved.steps_to_go.as_ref().ok_or_else(|| Error::Invalid(NO_HEAD.to_owned()))?;
                Distance::told(world, world.latents(&state), |now, goal| head.told(now, goal), timing)
            }
            CostKind::State => {
                // A model of states is given the goal state; one of pictures has to tell it.
                let wanted = if world.wants().picture.is_none() {
                    Table::from_data(self.spec.state.len(), seen.iter().flat_map(|seen| seen.state.clone()).collect())
                } else {
                    self.believed(&state).ok_or_else(|| Error::Invalid("the model cannot tell states".to_owned()))?
                };
                Distance::state(world, &state, wanted, self.tolerance.clone(), &self.spec, timing)?
            }
        };
        let objective = match &self.saved.reacher {
            Some((reacher, _)) if self.settings.cost.consistency > 0.0 => {
                let stats = world.interface().action_stats.block(world.frame_skip());
                let scale = (0..stats.width()).map(|column| stats.scale(column)).collect();
                let tell = move |now: &Table, then: &Table| reacher.between(world, now, then);
                objective.with_consistency(Consistency::new(self.settings.cost.consistency, scale, tell)?)
            }
            _ => objective,
        };
        let objective = match self.settings.cost.doubts()? {
            Some(doubt) => objective.with_doubt(doubt, &state)?,
            None => objective,
        };
        let propose = self.saved.reacher.as_ref().filter(|_| flavour != Flavour::Search).map(|(reacher, _)| {
            let propose = move |now: &AnyState, goals: &[usize], ahead: &[Ahead]| -> Vec<Vec<Table>> {
                let paces = if flavour == Flavour::Hybrid { PACES } else { &PACES[..1] };
                let way = |(start, (goal, ahead)): (usize, (&usize, &Ahead))| {
                    let (goal, left) = (*goal, ahead.steps_left);
                    paces.iter().map(move |pace| Way { start, goal, steps: pace.steps(left) })
                };
                let ways: Vec<Way> = goals.iter().zip(ahead).enumerate().flat_map(way).collect();
                let blocks = ahead.first().map_or(0, |ahead| ahead.blocks);
                let proposed = reacher.propose(world, (now, &state), &ways, blocks);
                proposed.chunks(paces.len()).map(<[Table]>::to_vec).collect()
            };
            Box::new(propose) as terrella_agent::Propose<'_, AnyState>
        });
        Ok(Aim { objective, propose })
    }

    /// The states the model believes in: its own word, or that of the linear probe. Each row is asked by itself: a
    /// single row is multiplied in another order than several, and no attempt may depend on which others there are.
    pub fn believed(&self, state: &AnyState) -> Option<Table> {
        let world = &self.saved.world;
        let mut all = Table::default();
        for row in 0..world.latents(state).len() {
            let one = world.take(state, &[row]);
            let told = world.believe(&one).or_else(|| Some(self.probe.as_ref()?.read(&world.latents(&one))))?;
            all.width = told.width;
            all.data.extend(told.data);
        }
        Some(all)
    }

    /// What stands for the last action before there is one: the action that stays.
    fn start_action(&self, state: &AnyState) -> Option<Table> {
        let hold = |state: &[f32]| self.spec.hold(state);
        let actions: Vec<Vec<f32>> = match self.spec.actions_are {
            ActionsAre::Displacements => vec![hold(&[]); self.saved.world.latents(state).len()],
            ActionsAre::Targets => self.believed(state)?.rows().map(hold).collect(),
        };
        Some(Table::from_data(self.spec.actions.width(), actions.concat()))
    }
}

/// The world as a model was taught its state: as it declares itself, unless things were found in its pictures.
fn believed_spec(world: &AnyWorld, spec: &EnvSpec) -> EnvSpec {
    match (&world.interface().things[..], world.wants().picture) {
        ([], _) | (_, None) => spec.clone(),
        (things, Some(side)) => spec.with_things(things, side),
    }
}

/// What a model is shown.
pub(super) fn view(world: &AnyWorld) -> View {
    let picture = world.wants().picture;
    View { picture, state: picture.is_none() }
}

/// Where a search begins: from what the model learned from, never from what it is judged on.
fn prior(settings: &PriorSettings, stats: &Stats, learned: Option<&Learned>, targets: bool) -> Result<PriorRule> {
    let scaled = |std: &[f32]| std.iter().map(|s| s * settings.scale).collect::<Vec<_>>();
    let hold = match settings.kind {
        PriorKind::Auto => targets,
        PriorKind::Hold => true,
        PriorKind::Fixed => false,
    };
    if !hold {
        return Ok(PriorRule::Fixed { mean: stats.mean.clone(), std: scaled(&stats.std) });
    }
    let learned = learned.ok_or_else(|| {
        crate::error::usage(
            "this checkpoint is of an earlier version and does not say how recorded actions change, from which a search begins; train it anew, or use --set prior.kind=fixed",
        )
    })?;
    Ok(PriorRule::HoldLast { std: scaled(&learned.action_change), growth: settings.growth })
}

/// A policy that goes on until somebody asks to stop.
pub(super) struct Stoppable<'a, P> {
    pub(super) policy: P,
    pub(super) watch: &'a Watch,
}

impl<P: Policy> Policy for Stoppable<'_, P> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> terrella_core::Result<()> {
        self.policy.begin(rows, goals, keys)
    }

    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        self.policy.looks(rows)
    }

    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> terrella_core::Result<Table> {
        if self.watch.stopped() {
            return Err(Error::Invalid("interrupted".to_owned()));
        }
        self.policy.act(rows, seen)
    }
}

/// A policy of one row in a batch of one.
pub(super) fn alone<'a, P: RowPolicy + 'a>(policy: P) -> Each<'a, P> {
    let policy = std::cell::Cell::new(Some(policy));
    Each::new(move |_| policy.take().expect("there is one row"))
}
