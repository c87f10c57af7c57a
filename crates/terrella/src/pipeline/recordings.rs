//! Recordings as a run uses them: opened for its model, split by episode, with their world.

use super::Run;
use super::found::{self, Film, Found};
use super::local::local;
use super::worlds::declared;
use super::worth::doubts;
use crate::error::usage;
use crate::settings::{DataSettings, Settings};
use crate::watch::Watch;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{AnySim, Dataset, EnvSpec, GoalWorld, Key, Part, Sim, Split};
use terrella_data::SourceOptions;
use terrella_eval::logged_parts;
use terrella_formats::{OpenOptions, open_with};
use terrella_model::{AnyWorld, Interface, Learned, ModelConfig, Wants};

/// Recordings of one run.
pub struct Recordings {
    /// All episodes.
    pub dataset: Arc<Dataset>,
    /// Which are learned from, and which are not.
    pub split: Split,
    /// How they were held out, in words.
    pub split_words: String,
    /// Their world, if it is declared and known.
    pub world: Option<AnySim>,
    /// What there is to tell of what is judged, in sentences.
    pub notes: Vec<String>,
    /// The same with places of things as their states, once these were found; nothing where the logged state is taught.
    found: Option<Found>,
    /// Seed and share of the split, as asked for.
    asked: (u64, f64),
}

impl Recordings {
    /// Opens recordings at the picture size of the model, with those that are to be used together with them; each set
    /// is split by itself, so that what is held out of it does not depend on the others.
    ///
    /// # Errors
    /// If they cannot be read, lack what the model looks at, or cannot be used together.
    pub fn open(path: &Path, settings: &Settings, watch: &Watch) -> Result<Self> {
        let wants = settings.model.wants();
        Self::open_for(Wants { state: wants.state && !settings.data.finds(), ..wants }, path, settings, watch)
    }

    /// The same for somebody who looks at something else than the model of the settings.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for(wants: Wants, path: &Path, settings: &Settings, watch: &Watch) -> Result<Self> {
        let data = &settings.data;
        let mut parts = Vec::new();
        let mut split = Split { train: Vec::new(), held_out: Vec::new() };
        let mut words = String::new();
        for path in std::iter::once(path).chain(data.also.iter().map(PathBuf::as_path)) {
            let (dataset, its, of) =
                open_one(wants, path, settings, watch).with_context(|| path.display().to_string())?;
            let before: usize = parts.iter().map(|part: &Dataset| part.episodes.len()).sum();
            split.train.extend(its.train.iter().map(|e| before + e));
            split.held_out.extend(its.held_out.iter().map(|e| before + e));
            words = if parts.is_empty() { of } else { format!("{words}, and {of}") };
            parts.push(dataset);
        }
        let dataset = Dataset::joined(parts).with_context(|| {
            let also: Vec<String> = data.also.iter().map(|also| also.display().to_string()).collect();
            format!("{} with {}", path.display(), also.join(", "))
        })?;
        let world = declared(&dataset.signature, data.env.as_deref())?;
        let (dataset, asked) = (Arc::new(dataset), data.split());
        Ok(Self { dataset, split, split_words: words, world, notes: Vec::new(), found: None, asked })
    }

    /// Puts aside for judging what this model did not learn from, and nothing else, whatever the settings
    /// say of a split and in whichever file the recordings are. What there is to tell is added to `notes`.
    /// `trained` are seed and share of the split in the record of the run, for checkpoints that do not say
    /// what they learned from.
    ///
    /// # Errors
    /// If another split of the same recordings is asked for, or it learned from every episode.
    pub fn judge(&mut self, interface: &Interface, trained: (u64, f64)) -> Result<()> {
        self.notes.extend(doubts(interface));
        let (same, n) = (self.dataset.hash == interface.data_hash, self.dataset.episodes.len());
        let [theirs, ours] = [&self.dataset.signature.state, &interface.signature.state];
        if same && theirs != ours && !ours.is_empty() {
            let (theirs, ours) = (theirs.join(", "), ours.join(", "));
            return Err(usage(format!(
                "this model knows {ours}; of the same recordings, data.vectors gives {theirs}: leave that out"
            )));
        }
        let Some(learned) = &interface.learned else {
            return self.judge_unproven(same, trained);
        };
        let known = learned.recognise(&self.dataset.episodes);
        let (train, fresh): (Vec<usize>, Vec<usize>) = (0..known.len()).partition(|&e| known[e]);
        let seen = self.split.held_out.iter().filter(|&&e| known[e]).count();
        if same && self.asked != (learned.split_seed, learned.held_out) {
            return Err(self.another_split(
                &format!(", {seen} of which this model learned from"),
                (learned.split_seed, learned.held_out),
            ));
        }
        if fresh.is_empty() {
            return Err(usage(format!(
                "this model learned from all {n} episodes of these recordings, so there is none to judge it on; give recordings that it has not seen with --data"
            )));
        }
        if !same {
            let (seen, left) = (train.len(), fresh.len());
            self.split_words = match seen {
                0 => format!("all {n} episodes; none of them was learned from, by fingerprint"),
                _ => format!(
                    "{left} of {n} episodes; the other {seen} were learned from, by fingerprint, and are left out"
                ),
            };
            self.notes.push(format!("These are other files than it was trained on; judged are {}.", self.split_words));
        } else if seen > 0 {
            self.notes.push(format!("{seen} held-out episodes share their rows with learned ones and are not judged."));
        }
        self.split = Split { train, held_out: fresh };
        Ok(())
    }

    /// The same for a model of an earlier version: the split of its run is all that there is.
    fn judge_unproven(&mut self, same: bool, trained: (u64, f64)) -> Result<()> {
        if same && self.asked != trained {
            return Err(self.another_split(", and this model may have learned from all of them", trained));
        }
        self.notes.push(
            "The checkpoint does not say which episodes it learned from (an earlier version made it), so nothing proves that these are held out.".to_owned(),
        );
        if !same {
            self.notes
                .push("It was trained on recordings with another hash; all episodes of these are judged.".to_owned());
            self.split = Split { train: Vec::new(), held_out: (0..self.dataset.episodes.len()).collect() };
            self.split_words = "all episodes of another file than it was trained on".to_owned();
        }
        self.split_words.push_str("; unproven, as the checkpoint does not say what it learned from");
        Ok(())
    }

    fn another_split(&self, which: &str, (seed, share): (u64, f64)) -> anyhow::Error {
        let ((asked_seed, asked_share), judged) = (self.asked, self.split.held_out.len());
        usage(format!(
            "data.split_seed = {asked_seed} and data.held_out = {asked_share} would judge {judged} episodes{which}; its own split is {seed} and {share}: leave these settings out"
        ))
    }

    /// The held-out episodes that share no rows with those that are learned from.
    pub fn unseen(&self) -> Vec<usize> {
        let known = Learned::of(&self.dataset, &self.split.train, self.asked).recognise(&self.dataset.episodes);
        self.split.held_out.iter().copied().filter(|&e| !known[e]).collect()
    }

    /// Their world, to reach goals in.
    ///
    /// # Errors
    /// If we do not know it, or it has no goals.
    pub fn world(&self) -> Result<&dyn GoalWorld> {
        let world = self.world.as_ref().context(
            "these recordings name no world to act in; import them with --env (see `terrella envs`), or train without evaluating",
        )?;
        world.goals().with_context(|| {
            format!(
                "world {} has rewards and no goals to reach; `terrella collect`, `terrella train --set model.kind=ensemble` and `terrella eval` go for its rewards",
                world.spec().id
            )
        })
    }

    /// What their world declares, if it is known.
    pub fn spec(&self) -> Option<&EnvSpec> {
        self.world.as_ref().map(Sim::spec)
    }

    /// Whether there are goals to reach in their world.
    pub fn has_goals(&self) -> bool {
        self.world.as_ref().is_some_and(|world| world.goals().is_some())
    }

    /// Whether a model of this kind goes for goals there: one that paints is judged by its dreams.
    pub fn acts(&self, model: &ModelConfig) -> bool {
        self.has_goals() && !model.paints()
    }

    /// Their world, if it is one with rewards.
    pub fn rewarding(&self) -> Option<&AnySim> {
        self.world.as_ref().filter(|world| world.goals().is_none())
    }

    /// Finds things in the pictures of the episodes that are learned from, where the settings ask for it, and keeps what came of it in
    /// the run.
    ///
    /// # Errors
    /// If there are none that could be followed, the model could not be taught them, or the disk refuses.
    pub fn find_things(&mut self, run: &Run, watch: &Watch) -> Result<()> {
        if !run.settings.data.finds() || self.found.is_some() {
            return Ok(());
        }
        let wants = run.settings.model.wants();
        let Some(side) = wants.picture.filter(|_| wants.state) else {
            return Err(usage(
                "data.state = \"found\" teaches places of things in pictures to a model that sees pictures and is taught a state (model.kind = \"observer\", as in preset quickstart); leave it out",
            ));
        };
        let (logged, parts) = (self.logged()?, self.parts());
        let (train, world) = (&self.split.train[..], self.spec());
        let film = Film { dataset: &self.dataset, train, world, logged: &logged, parts: &parts };
        let (found, report) = found::find(film, (side, run.settings.data.ground), watch)?;
        watch.say(&report.words());
        run.write_json(found::FILE, &report)?;
        self.found = Some(found);
        Ok(())
    }

    /// The recordings as models are taught them: with places of things as their states, if these were found.
    pub fn taught(&self) -> &Arc<Dataset> {
        self.found.as_ref().map_or(&self.dataset, |found| &found.dataset)
    }

    /// A model as it is used, if it was taught places of things: which looks a second time, and says what they mean for what was
    /// logged.
    pub(super) fn lent(&self, world: AnyWorld) -> AnyWorld {
        let Some(Found { meant, gaze, .. }) = &self.found else { return world };
        let world = meant.iter().fold(world, |world, meant| world.with_meaning(meant.clone()));
        world.with_gaze(gaze.clone())
    }

    /// Their world as models are taught its state.
    pub(super) fn taught_spec(&self) -> Option<&EnvSpec> {
        self.found.as_ref().map(|found| &found.spec).or_else(|| self.spec())
    }

    /// What their state is made of: as their world declares it, or as they do themselves.
    pub fn parts(&self) -> Vec<Part> {
        let logged = || logged_parts(&self.dataset.signature);
        self.spec().map_or_else(logged, EnvSpec::parts)
    }

    /// What a model trained on these has to know.
    ///
    /// # Errors
    /// If world and recordings do not fit together.
    pub fn interface(&self) -> Result<Interface> {
        let learned = Some(Learned::of(&self.dataset, &self.split.train, self.asked));
        let Some(found) = &self.found else { return Ok(Interface { learned, ..self.logged()? }) };
        let told = Interface::of(&found.dataset, &self.split.train, &found.spec.angles())?;
        let (things, signature) = (found.things.clone(), self.dataset.signature.clone());
        Ok(Interface { learned, things, signature, ..told })
    }

    /// The same of what was logged, whatever models are taught, and without the episodes that are learned from.
    ///
    /// # Errors
    /// If world and recordings do not fit together.
    pub(super) fn logged(&self) -> Result<Interface> {
        let declared = || self.dataset.signature.angles();
        let angles = self.spec().map_or_else(declared, EnvSpec::angles);
        Ok(Interface::of(&self.dataset, &self.split.train, &angles)?)
    }
}

/// Opens recordings, fetched if they lie elsewhere, and says how far that is.
pub(super) fn decoded(path: &Path, options: &OpenOptions, watch: &Watch) -> Result<Dataset> {
    let path = local(path, watch)?;
    let mut stage = None;
    Ok(open_with(&path, options, &mut |done, total| {
        stage.get_or_insert_with(|| watch.stage("decode", total as u64)).at(done as u64, "");
    })?)
}

/// One set of recordings, which of its episodes are learned from, and how the others were put aside, in words.
fn open_one(wants: Wants, path: &Path, settings: &Settings, watch: &Watch) -> Result<(Dataset, Split, String)> {
    let data = &settings.data;
    let source = SourceOptions {
        vectors: data.vectors.clone(),
        camera: data.camera.clone(),
        views: data.views.clone(),
        ..SourceOptions::default()
    };
    let options = OpenOptions {
        source,
        image_size: wants.picture,
        skip_images: wants.picture.is_none(),
        side_by_side: true,
        ..OpenOptions::default()
    };
    let dataset = decoded(path, &options, watch)?;
    dataset.notes.iter().for_each(|note| crate::out::note(&format!("note: {note}")));
    wants.check(&dataset.signature)?;
    let (dataset, by) = match data.cut {
        0 => (dataset, "episode".to_owned()),
        rows => (dataset.cut(rows), format!("pieces of about {rows} rows, which lie beside what is learned from")),
    };
    let split = dataset.split(data.split_seed, data.held_out).map_err(|error| few(&dataset, data, error))?;
    let words = format!("{:.0} % by {by}, split seed {}", 100.0 * data.held_out, data.split_seed);
    if !data.inner {
        return some_of((dataset, split, words), data);
    }
    let words = format!("an inner split: {words}, of the {} that are learned from", split.train.len());
    let dataset = dataset.only(&split.train);
    // Another seed, or the same places of a shorter list would be held out.
    let seed = Key::new(data.split_seed).with("inner").seed();
    let split = dataset.split(seed, data.held_out).context("inner split")?;
    some_of((dataset, split, words), data)
}

/// Why nothing can be held out, with what helps where there are few long episodes.
fn few(dataset: &Dataset, data: &DataSettings, error: terrella_core::Error) -> anyhow::Error {
    let (n, rows) = (dataset.episodes.len(), dataset.n_rows());
    if n >= 10 || data.cut > 0 || rows < 500 {
        return error.into();
    }
    usage(format!("{error}; or cut recordings into pieces, some of which are held out: --set data.cut={}", rows / 10))
}

/// The same with as many episodes to learn from as were asked for; the others are left unopened.
fn some_of((dataset, split, words): (Dataset, Split, String), data: &DataSettings) -> Result<(Dataset, Split, String)> {
    let (asked, there) = (data.learn_from, split.train.len());
    if asked == 0 {
        return Ok((dataset, split, words));
    }
    if asked > there {
        return Err(usage(format!(
            "data.learn_from is {asked}, and there are {there} episodes to learn from; use at most {there}, or 0 for all"
        )));
    }
    let key = Key::new(data.split_seed).with("learn from");
    let mut order = split.train.clone();
    order.sort_by_key(|&e| (key.at(e as u64).seed(), e));
    let mut taken = [&order[..asked], &split.held_out].concat();
    taken.sort_unstable();
    let places = |side: &dyn Fn(usize) -> bool| (0..taken.len()).filter(|&at| side(taken[at])).collect();
    let is_held_out = |e: usize| split.held_out.contains(&e);
    let split = Split { train: places(&|e| !is_held_out(e)), held_out: places(&is_held_out) };
    Ok((dataset.only(&taken), split, format!("{words}; {asked} of {there} others are learned from")))
}
