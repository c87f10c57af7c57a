//! What a run means: every setting, with its default, in one struct.
//!
//! Settings are resolved once, by [`Layers`], before anything happens; nothing downstream parses or
//! fills in again. They are written to `run.toml`, and a run is resumed from there.

mod check;
mod keypoints;
mod label;
mod layers;
mod merge;
mod moved;

pub use keypoints::{FinderKind, KeypointSettings};
pub use label::LabelSettings;
pub use layers::{Layers, PRESETS, preset};
pub(crate) use moved::modernised;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use terrella_agent::{Doubt, MpcConfig, PlannerConfig, Timing};
use terrella_core::Rule;
use terrella_env::Exploring;
use terrella_eval::{DoubtConfig, FaithfulConfig, OpenLoopConfig, Protocol, ReturnsConfig, RolloutConfig, TrustConfig};
use terrella_model::{GroundKind, ModelConfig, ReacherConfig, StepsToGoConfig, TrainConfig, Views};
use terrella_physics::IdentifyConfig;

/// All settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Seed of weights, batches, recordings and plans, unless a section has its own.
    pub seed: u64,
    /// Minutes that all of `quickstart` may take here: steps are fixed, before training begins, so that it ends in time. They are as the
    /// settings say if it is absent.
    pub minutes: Option<f64>,
    /// How a symmetry of the world is used in acting.
    pub views: Views,
    /// Whether places of things are made exact in acting, by laying how they were found to look over the picture, and pictures are laid
    /// back where the camera was moved.
    pub sharpen: bool,
    /// Where the recordings come from, and which are held out.
    pub data: DataSettings,
    /// What the model is.
    pub model: ModelConfig,
    /// How it is trained.
    pub train: TrainConfig,
    /// The picture decoder.
    pub decoder: DecoderSettings,
    /// The amortised planner.
    pub reacher: ReacherConfig,
    /// What tells how many steps it takes to a goal, for `cost.kind = "reach"`.
    pub steps_to_go: StepsToGoConfig,
    /// The search.
    pub planner: PlannerConfig,
    /// When to plan, and how far ahead.
    pub mpc: MpcConfig,
    /// Where a search begins.
    pub prior: PriorSettings,
    /// What a goal costs.
    pub cost: CostSettings,
    /// How policies are tried.
    pub eval: EvalSettings,
    /// How video without actions is labelled.
    pub label: LabelSettings,
    /// How keypoints are learned from pictures.
    pub keypoints: KeypointSettings,
    /// How parameters of known equations are found in recordings.
    pub identify: IdentifyConfig,
}

/// What a model that is taught a state is taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateKind {
    /// The logged state.
    #[default]
    Logged,
    /// Places of things that are found in pictures; nobody looks at a logged state.
    Found,
}

/// Where the recordings come from, and which are held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// The world, for recordings that do not name theirs; it is never guessed. Where there are no
    /// recordings, some are collected in it, or in `pusht` if it is absent.
    pub env: Option<String>,
    /// Recordings of any known format; without them some are collected in the world.
    pub path: Option<PathBuf>,
    /// Recordings of the same kind that are used together with those of `path`; each set holds out episodes of its own.
    pub also: Vec<PathBuf>,
    /// Vectors that make the state, joined in this order; what the recordings call the state if there are none.
    pub vectors: Vec<String>,
    /// What a model that sees pictures and is taught a state is taught: what was logged, or places of things in its pictures.
    pub state: StateKind,
    /// What stands still where things are found in pictures: `starts`, the median of the pictures that episodes begin with, or
    /// `recordings`, that of all.
    pub ground: GroundKind,
    /// The camera that a model of pictures sees, where there are several.
    pub camera: Option<String>,
    /// Further cameras, laid beside it in one picture.
    pub views: Vec<String>,
    /// Episodes to collect.
    pub episodes: usize,
    /// Steps of a collected episode.
    pub episode_steps: usize,
    /// Share of collected episodes that explore rather than demonstrate.
    pub explore: f64,
    /// How those explore: `wander`, `random`, or `contacts`, which seeks contacts that it has not had.
    pub explorer: Exploring,
    /// Largest noise on demonstrations, as a share of the action's range.
    pub noise: f64,
    /// Rows of the pieces that recordings are cut into, where there are too few to put whole ones aside; 0 leaves them whole.
    pub cut: usize,
    /// Share of the episodes that nothing is learned from.
    pub held_out: f64,
    /// Seed of that choice.
    pub split_seed: u64,
    /// Whether what would be learned from is split once more by the same share, and what is held out left unopened:
    /// for choosing settings without a look at the episodes that they will be judged on.
    pub inner: bool,
    /// Episodes that are learned from, of those that are not held out; 0 takes all. Fewer are a part of more: for curves over the
    /// number of recordings.
    pub learn_from: usize,
    /// Whether a known symmetry of the world is used to turn clips in training.
    pub symmetry: bool,
    /// As `train.augment.shift` where the world says what moves with places, and nothing where it does not.
    pub shift: usize,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            env: None,
            path: None,
            also: Vec::new(),
            vectors: Vec::new(),
            state: StateKind::Logged,
            ground: GroundKind::Starts,
            camera: None,
            views: Vec::new(),
            episodes: 200,
            episode_steps: 120,
            explore: 0.2,
            explorer: Exploring::Wander,
            noise: 0.03,
            cut: 0,
            held_out: 0.1,
            split_seed: 0,
            inner: false,
            learn_from: 0,
            symmetry: true,
            shift: 0,
        }
    }
}

impl DataSettings {
    /// Seed and share of the split.
    pub fn split(&self) -> (u64, f64) {
        (self.split_seed, self.held_out)
    }

    /// Whether places of things take the place of the logged state.
    pub fn finds(&self) -> bool {
        self.state == StateKind::Found
    }

    /// The world that is collected in.
    pub fn collected_in(&self) -> &str {
        self.env.as_deref().unwrap_or("pusht")
    }
}

/// How the picture decoder is trained (on frozen latents, for people's eyes only).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderSettings {
    /// Optimiser steps; 0 trains none.
    pub steps: u64,
    /// Pictures a step.
    pub batch_size: usize,
}

impl Default for DecoderSettings {
    fn default() -> Self {
        Self { steps: 600, batch_size: 64 }
    }
}

/// How the first distribution of a search is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriorKind {
    /// Hold where actions are targets, fixed where they are displacements.
    #[default]
    Auto,
    /// The mean repeats the last action; the deviation is that of recorded changes.
    Hold,
    /// Mean and deviation of the recorded actions.
    Fixed,
}

/// Where a search begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriorSettings {
    /// The rule.
    pub kind: PriorKind,
    /// Factor on the recorded deviation.
    pub scale: f32,
    /// The same where proposals seed the search: it then only mends them, and stays near what
    /// demonstrators did, which is where the model can be believed.
    pub near: f32,
    /// For `hold`: step t deviates by `t^growth`; 0.5 is a random walk, 1 a straight run.
    pub growth: f32,
}

impl Default for PriorSettings {
    fn default() -> Self {
        Self { kind: PriorKind::Auto, scale: 2.0, near: 0.4, growth: 0.5 }
    }
}

/// Which distance a plan shall make small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostKind {
    /// Distance of believed states in the world's tolerances; needs a model that tells states.
    #[default]
    State,
    /// Squared distance of latents.
    Latent,
    /// Steps to go, as a head on latents tells them; needs `steps_to_go.steps`.
    Reach,
}

/// What a goal costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostSettings {
    /// The distance.
    pub kind: CostKind,
    /// Under whose tolerances distances of states are counted; what this rule does not ask about counts as the Moderate
    /// one has it.
    pub rule: Rule,
    /// Tolerance of each state number; that of the world's rule if absent.
    pub tolerance: Option<Vec<f32>>,
    /// Which moments of a plan count.
    pub timing: Timing,
    /// By which share a plan costs more for each deviation (of recorded actions) between what it does and what the amortised planner
    /// says leads from one imagined block to the next, in the mean; 0 does not ask. Needs `reacher.steps`.
    pub consistency: f32,
    /// By how much a plan costs more for each unit of imagined disagreement in the mean of its blocks: of the members of an ensemble, in
    /// deviations of the noise that they tell; 0 does not ask.
    pub doubt: f32,
    /// Plans on which members are imagined to disagree by more than this are not done, unless all are such; 0 does not ask.
    pub doubt_most: f32,
    /// What a reward is worth one block later, where rewards are planned for.
    pub discount: f32,
}

impl CostSettings {
    /// What disagreement is worth, if that is asked for.
    ///
    /// # Errors
    /// If a number makes no sense.
    pub fn doubts(&self) -> terrella_core::Result<Option<Doubt>> {
        Doubt::new(self.doubt, self.doubt_most)
    }

    /// The same in sentences.
    pub(crate) fn doubts_told(&self) -> Vec<String> {
        let (weight, most) = (self.doubt, self.doubt_most);
        let costs = format!(
            "Doubt: a plan costs {weight} more for each unit of how far members are imagined to disagree, in deviations that they tell."
        );
        let bound = format!(
            "Doubt: plans on which members are imagined to disagree by more than {most} deviations that they tell are not done, unless all are such."
        );
        [(weight, costs), (most, bound)].into_iter().filter(|(x, _)| *x > 0.0).map(|(_, told)| told).collect()
    }
}

impl Default for CostSettings {
    fn default() -> Self {
        Self {
            kind: CostKind::State,
            rule: Rule::Moderate,
            tolerance: None,
            timing: Timing::default(),
            consistency: 0.0,
            doubt: 0.0,
            doubt_most: 0.0,
            discount: 1.0,
        }
    }
}

/// A way to act with a trained model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    /// Proposals of the amortised planner seed the search.
    Hybrid,
    /// The search alone.
    Search,
    /// The amortised planner alone.
    Reacher,
}

impl Flavour {
    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Search => "search",
            Self::Reacher => "reacher",
        }
    }
}

/// How policies are tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvalSettings {
    /// Policies; the first one is the headline.
    pub policies: Vec<Flavour>,
    /// Rows between start and goal.
    pub offset: usize,
    /// Steps a policy may take.
    pub budget: usize,
    /// Pairs for each seed.
    pub pairs: usize,
    /// Seeds; each draws its own pairs.
    pub seeds: Vec<u64>,
    /// Rules that are noted.
    pub rules: Vec<Rule>,
    /// Threads that make attempts; 0 takes as many as there are cores. They change no outcome.
    pub threads: usize,
    /// Attempts that a thread makes side by side; they change no outcome. A GPU wants many.
    pub rows: usize,
    /// Words in the names of those changes of a scene that are tried; none tries all.
    pub factors: Vec<String>,
    /// What is imagined to measure open-loop errors.
    pub rollout: RolloutConfig,
    /// How other actions are tried in a model that paints.
    pub faithful: FaithfulConfig,
    /// The same in units of the log, where there is no world to act in.
    pub open_loop: OpenLoopConfig,
    /// From how many starts a world with rewards is played.
    pub returns: ReturnsConfig,
    /// Bands around what a model foretells.
    pub trust: TrustConfig,
    /// What is unusual to ask it about.
    pub doubt: DoubtConfig,
}

impl Default for EvalSettings {
    fn default() -> Self {
        let Protocol { offset, budget, pairs, seeds, rules } = Protocol::default();
        let policies = vec![Flavour::Hybrid, Flavour::Search, Flavour::Reacher];
        let (rollout, open_loop) = (RolloutConfig::default(), OpenLoopConfig::default());
        let (returns, trust, doubt) = (ReturnsConfig::default(), TrustConfig::default(), DoubtConfig::default());
        let (threads, rows, factors) = (0, 16, Vec::new());
        let faithful = FaithfulConfig::default();
        Self {
            policies,
            offset,
            budget,
            pairs,
            seeds,
            rules,
            threads,
            rows,
            factors,
            rollout,
            faithful,
            open_loop,
            returns,
            trust,
            doubt,
        }
    }
}

impl EvalSettings {
    /// What is asked of every policy.
    pub fn protocol(&self) -> Protocol {
        let Self { offset, budget, pairs, seeds, rules, .. } = self.clone();
        Protocol { offset, budget, pairs, seeds, rules }
    }

    /// Threads that make attempts.
    pub fn threads(&self) -> usize {
        if self.threads > 0 { self.threads } else { std::thread::available_parallelism().map_or(1, usize::from) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            minutes: None,
            views: Views::default(),
            sharpen: true,
            data: DataSettings::default(),
            model: ModelConfig::default(),
            train: TrainConfig::default(),
            decoder: DecoderSettings::default(),
            reacher: ReacherConfig::default(),
            steps_to_go: StepsToGoConfig::default(),
            planner: PlannerConfig::default(),
            mpc: MpcConfig::default(),
            prior: PriorSettings::default(),
            cost: CostSettings::default(),
            eval: EvalSettings::default(),
            label: LabelSettings::default(),
            keypoints: KeypointSettings::default(),
            identify: IdentifyConfig::default(),
        }
    }
}

impl Settings {
    /// Settings in which nothing optional is absent: what [`Layers`] knows the keys from.
    fn complete() -> Self {
        let symmetry = terrella_model::Symmetry { side: 1.0, points: vec![], headings: vec![], action_points: vec![] };
        let mut settings = Self { minutes: Some(1.0), ..Self::default() };
        settings.data.path = Some(PathBuf::from("data"));
        settings.data.env = Some(String::new());
        settings.data.camera = Some(String::new());
        settings.train.symmetry = Some(symmetry.clone());
        settings.train.augment.moves = Some(symmetry);
        settings.mpc.deadline_ms = Some(1);
        settings.mpc.slack_blocks = Some(1);
        settings.cost.tolerance = Some(vec![1.0]);
        settings
    }
}
