//! Dreams are worlds: a [`Dynamics`] that can be acted in like any [`Env`] (after DIAMOND,
//! Alonso et al. 2024), so that one loop, one viewer and one evaluator serve both.
//!
//! A model moves a block of actions at a time. Steps inside a block are collected and the state
//! holds still; with the block's last action the dream moves on. Its state is what the model
//! believes ([`Dynamics::read`]), its picture what the model draws; rewards and ends are the model's word. What the
//! numbers are called it takes from the world it imagines, or, where there is none, from whoever knows the recordings that it
//! begins in ([`Dream::of_recordings`]). Rows that began together are one batch of states as long as they are stepped together, and
//! rows that move on together become one where the model can join them ([`Dynamics::join`]), whenever each of them began.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use terrella_core::{
    Acts, AnySim, Dynamics, Env, EnvSpec, Error, Image, Key, Observation, Result, Sim, Steps, Table, View,
};

/// Worlds that exist in a model.
///
/// [`Env::save`] files the model's state in the dream and writes its number, so that [`Env::load`] is exact for any
/// model. Snapshots are therefore valid within one dream; [`Env::forget`] frees their memory, or the end of the dream does.
pub struct Dream<D: Dynamics> {
    dynamics: Arc<D>,
    source: Source,
    /// A batch of states to start from, and how many they are; drawn by the world where there are none.
    starts: Option<(D::State, usize)>,
    together: Vec<Together<D::State>>,
    /// What was done in each row since its last block.
    pending: Vec<Vec<f32>>,
    filed: Mutex<Filed<D::State>>,
}

/// What is imagined: where dreams begin, and what their numbers are called.
enum Source {
    /// A world, of which the model is shown this much.
    World(AnySim, View),
    /// What was recorded, without a world of ours: what it declares, and what a seed draws to begin with.
    Recordings(Box<EnvSpec>, Box<Draw>),
}

/// An instant of a recording, drawn from a seed.
type Draw = dyn Fn(u64) -> Result<Observation> + Send;

impl Source {
    fn spec(&self) -> &EnvSpec {
        match self {
            Self::World(world, _) => world.spec(),
            Self::Recordings(spec, _) => spec,
        }
    }

    /// What a seed begins with.
    fn drawn(&mut self, seed: u64) -> Result<Observation> {
        match self {
            Self::World(world, view) => {
                world.reset(seed);
                Ok(view.observe(&*world))
            }
            Self::Recordings(_, draw) => draw(seed),
        }
    }

    /// What there is to be seen in a logged state.
    fn set(&mut self, state: &[f32]) -> Result<Observation> {
        match self {
            Self::World(world, view) => {
                world.set_logged(state)?;
                Ok(view.observe(&*world))
            }
            Self::Recordings(..) => Ok(Observation { image: None, state: state.to_vec() }),
        }
    }
}

/// States by number. The number of one that was forgotten is given to the next, so that whoever saves and forgets for hours needs
/// no more than is kept at a time.
struct Filed<S> {
    states: Vec<Option<S>>,
    free: Vec<usize>,
}

impl<S> Filed<S> {
    /// Files a state under this number.
    fn add(&mut self, state: S) -> usize {
        let number = self.free.pop().unwrap_or(self.states.len());
        if number == self.states.len() {
            self.states.push(None);
        }
        self.states[number] = Some(state);
        number
    }

    /// Frees a number; one that is free stays so.
    fn forget(&mut self, number: usize) {
        if self.states.get_mut(number).and_then(Option::take).is_some() {
            self.free.push(number);
        }
    }
}

/// Rows that are one batch of states, at the same place of a block.
struct Together<S> {
    rows: Vec<usize>,
    state: S,
}

impl<D: Dynamics> Dream<D> {
    /// `n` dreams of a world: starts are observed in the world through `view`, all else is imagined.
    ///
    /// # Errors
    /// If the model cannot see what the view shows, its block is not whole actions, or it can neither
    /// draw nor tell states: of such a dream nothing could be seen.
    pub fn new(dynamics: Arc<D>, world: AnySim, view: View, n: usize) -> Result<Self> {
        let seen = view.observe(&world);
        let dream = Self::begun(dynamics, Source::World(world, view), &seen, n)?;
        let state = &dream.together[0].state;
        if dream.dynamics.draw(state).is_none() && dream.dynamics.read(state).is_none() {
            return Err(Error::Invalid(
                "the model can neither draw nor tell states, so nothing could be seen of its dream; train a decoder or a readout (model.readout = true)".to_owned(),
            ));
        }
        Ok(dream)
    }

    /// `n` dreams without a world: they begin at instants of recordings, which `draw` gives for a seed. `spec` says what the
    /// numbers are and what may be done.
    ///
    /// # Errors
    /// If nothing can be drawn from seed 0, the model cannot see it, its block is not whole actions, or it cannot draw: there is
    /// no world that would show the states that it tells.
    pub fn of_recordings(
        dynamics: Arc<D>,
        spec: EnvSpec,
        draw: impl Fn(u64) -> Result<Observation> + Send + 'static,
        n: usize,
    ) -> Result<Self> {
        let seen = draw(0)?;
        let dream = Self::begun(dynamics, Source::Recordings(Box::new(spec), Box::new(draw)), &seen, n)?;
        if dream.dynamics.draw(&dream.together[0].state).is_none() {
            return Err(Error::Invalid(
                "the model cannot paint, and where there is no simulator nothing else shows what it dreams; train one that paints (--preset diffusion), or a decoder (decoder.steps)".to_owned(),
            ));
        }
        Ok(dream)
    }

    fn begun(dynamics: Arc<D>, source: Source, seen: &Observation, n: usize) -> Result<Self> {
        let (block, action) = (dynamics.block_width(), source.spec().actions.width());
        if action == 0 || !block.is_multiple_of(action) {
            return Err(Error::Invalid(format!(
                "the model takes blocks of {block} numbers, which is not a whole number of the actions of {action} of world {}",
                source.spec().id
            )));
        }
        let state = dynamics.observe(&vec![seen.clone(); n.max(1)])?;
        let together = vec![Together { rows: (0..n).collect(), state }];
        let pending = vec![Vec::with_capacity(block); n];
        Ok(Self {
            dynamics,
            source,
            starts: None,
            together,
            pending,
            filed: Mutex::new(Filed { states: Vec::new(), free: Vec::new() }),
        })
    }

    /// Lets [`Env::reset`] begin at one of these observations (drawn from its seed) instead of at a
    /// start drawn by the world: dreams of recordings.
    ///
    /// # Errors
    /// If there is none, or the model cannot see one of them.
    pub fn with_starts(mut self, starts: &[Observation]) -> Result<Self> {
        if starts.is_empty() {
            return Err(Error::Invalid("a dream needs at least one observation to start from".to_owned()));
        }
        self.starts = Some((self.dynamics.observe(starts)?, starts.len()));
        Ok(self)
    }

    fn check(&self, rows: &[usize]) -> Result<()> {
        Error::check_rows(rows, self.pending.len(), "dreams")
    }

    /// What is filed. A panic elsewhere cannot leave it half-written: each change is one push, one pop or one slot.
    fn filed(&self) -> MutexGuard<'_, Filed<D::State>> {
        self.filed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts these rows into these states.
    fn begin(&mut self, rows: &[usize], state: D::State) {
        for together in std::mem::take(&mut self.together) {
            let [stays, _] = self.parted(together, |row| !rows.contains(&row));
            self.together.extend(stays);
        }
        rows.iter().for_each(|&row| self.pending[row].clear());
        self.together.push(Together { rows: rows.to_vec(), state });
    }

    /// Rows for which this is true, and the others.
    fn parted(&self, together: Together<D::State>, first: impl Fn(usize) -> bool) -> [Option<Together<D::State>>; 2] {
        let at: (Vec<usize>, Vec<usize>) = (0..together.rows.len()).partition(|&at| first(together.rows[at]));
        match (at.0.is_empty(), at.1.is_empty()) {
            (_, true) => [Some(together), None],
            (true, false) => [None, Some(together)],
            (false, false) => [at.0, at.1].map(|at| {
                let rows = at.iter().map(|&at| together.rows[at]).collect();
                Some(Together { rows, state: self.dynamics.take(&together.state, &at) })
            }),
        }
    }

    /// The same rows in as few batches as the model can join them to: nearly always one, and else one for each length of past.
    fn joined(&self, groups: Vec<Together<D::State>>) -> Vec<Together<D::State>> {
        let mut alike: Vec<Vec<Together<D::State>>> = Vec::new();
        for group in groups {
            let goes = |others: &&mut Vec<Together<D::State>>| {
                others.first().is_some_and(|one| self.dynamics.join(&[&one.state, &group.state]).is_some())
            };
            match alike.iter_mut().find(goes) {
                Some(others) => others.push(group),
                None => alike.push(vec![group]),
            }
        }
        alike.into_iter().flat_map(|groups| self.one_of(groups)).collect()
    }

    /// These as one, if the model can join them.
    fn one_of(&self, groups: Vec<Together<D::State>>) -> Vec<Together<D::State>> {
        if groups.len() < 2 {
            return groups;
        }
        let states: Vec<&D::State> = groups.iter().map(|group| &group.state).collect();
        match self.dynamics.join(&states) {
            Some(state) => {
                vec![Together { rows: groups.iter().flat_map(|group| group.rows.iter().copied()).collect(), state }]
            }
            None => groups,
        }
    }

    /// What `ask` tells of each of these rows, in order; it is asked once for all that are together.
    fn told<T: Clone>(&self, rows: &[usize], ask: impl Fn(&D::State) -> Vec<T>) -> Vec<T> {
        let mut told: Vec<Option<T>> = vec![None; self.pending.len()];
        for together in self.together.iter().filter(|together| together.rows.iter().any(|row| rows.contains(row))) {
            together.rows.iter().zip(ask(&together.state)).for_each(|(&row, answer)| told[row] = Some(answer));
        }
        rows.iter().filter_map(|&row| told[row].clone()).collect()
    }
}

impl<D: Dynamics> Env for Dream<D> {
    fn spec(&self) -> &EnvSpec {
        self.source.spec()
    }

    fn n(&self) -> usize {
        self.pending.len()
    }

    fn reset(&mut self, rows: &[usize], seeds: &[u64]) -> Result<()> {
        Error::check("seeds of rows to reset", rows.len(), seeds.len())?;
        self.check(rows)?;
        let state = if let Some((starts, n)) = &self.starts {
            let drawn = |seed: &u64| Key::new(*seed).with("dream start").stream().below(*n);
            self.dynamics.take(starts, &seeds.iter().map(drawn).collect::<Vec<_>>())
        } else {
            let drawn = seeds.iter().map(|seed| self.source.drawn(*seed));
            self.dynamics.observe(&drawn.collect::<Result<Vec<_>>>()?)?
        };
        self.begin(rows, state);
        Ok(())
    }

    fn set_logged(&mut self, rows: &[usize], states: &Table) -> Result<()> {
        Error::check("states of rows to set", rows.len(), states.len())?;
        self.check(rows)?;
        let seen: Vec<Observation> = states.rows().map(|state| self.source.set(state)).collect::<Result<_>>()?;
        let state = self.dynamics.observe(&seen)?;
        self.begin(rows, state);
        Ok(())
    }

    /// Where there is a world, it shows the state that was logged; otherwise the model looks at what was recorded.
    fn set_seen(&mut self, rows: &[usize], seen: &[Observation]) -> Result<()> {
        if matches!(self.source, Source::World(..)) {
            return self.set_logged(rows, &Observation::states(seen)?);
        }
        Error::check("observations of rows to set", rows.len(), seen.len())?;
        self.check(rows)?;
        let state = self.dynamics.observe(seen)?;
        self.begin(rows, state);
        Ok(())
    }

    /// Rewards and ends come with the last action of a block, where the model foretells them.
    fn step(&mut self, rows: &[usize], actions: &[f32]) -> Result<Steps> {
        let space = self.source.spec().actions.space();
        Error::check("actions of rows to step", space.width() * rows.len(), actions.len())?;
        self.check(rows)?;
        let n = rows.len();
        let mut place = vec![None; self.pending.len()];
        for (at, &row) in rows.iter().enumerate() {
            if place[row].replace(at).is_some() {
                return Err(Error::Invalid(format!("row {row} is to be stepped twice; name each row once")));
            }
        }
        for (&row, action) in rows.iter().zip(actions.chunks(space.width())) {
            let at = self.pending[row].len();
            self.pending[row].extend_from_slice(action);
            space.clamp(&mut self.pending[row][at..]);
        }
        let mut steps = Steps { reward: vec![0.0; n], terminated: vec![false; n], truncated: vec![false; n] };
        let mut due = Vec::new();
        for together in std::mem::take(&mut self.together) {
            let [stepped, waits] = self.parted(together, |row| place[row].is_some());
            self.together.extend(waits);
            let Some(stepped) = stepped else { continue };
            let whole = |row: &usize| self.pending[*row].len() >= self.dynamics.block_width();
            let list = if stepped.rows.first().is_some_and(whole) { &mut due } else { &mut self.together };
            list.push(stepped);
        }
        for mut moved in self.joined(due) {
            let blocks: Vec<f32> = moved.rows.iter().flat_map(|&row| std::mem::take(&mut self.pending[row])).collect();
            moved.state = self.dynamics.step(&moved.state, Acts::of(&blocks));
            let [reward, ended] = [self.dynamics.reward(&moved.state), self.dynamics.ended(&moved.state)];
            for (i, place) in moved.rows.iter().enumerate().filter_map(|(i, &row)| Some((i, place[row]?))) {
                steps.reward[place] = reward.as_ref().map_or(0.0, |reward| f64::from(reward[i]));
                steps.terminated[place] = ended.as_ref().is_some_and(|ended| ended[i] > 0.5);
            }
            self.together.push(moved);
        }
        Ok(steps)
    }

    /// What the model believes; of no numbers if it cannot tell.
    fn logged(&self, rows: &[usize]) -> Table {
        let rows_of = |table: Table| table.rows().map(<[f32]>::to_vec).collect::<Vec<_>>();
        let told = self.told(rows, |state| self.dynamics.read(state).map_or_else(Vec::new, rows_of));
        Table { width: told.first().map_or(0, Vec::len), data: told.concat() }
    }

    /// What the model draws, at the size asked for; if it cannot draw, the world in the state that it
    /// tells.
    ///
    /// # Panics
    /// If the model tells a state that the world cannot be in, or no longer draws where there is no world.
    fn draw(&self, rows: &[usize], size: usize) -> Vec<Image> {
        let drawn = self.told(rows, |state| self.dynamics.draw(state).unwrap_or_default());
        if drawn.len() == rows.len() {
            return drawn.iter().map(|image| image.resized(size, size)).collect();
        }
        let Source::World(world, _) = &self.source else { panic!("a model without a world draws, as it did at first") };
        let mut world = world.clone();
        let mut draw = |state: &[f32]| {
            if let Err(error) = world.set_logged(state) {
                panic!("the model tells state {state:?}, and the world cannot be in it: {error}");
            }
            world.draw(size)
        };
        self.logged(rows).rows().map(&mut draw).collect()
    }

    fn save(&self, row: usize) -> Vec<f64> {
        let one = |together: &Together<D::State>| {
            let at = together.rows.iter().position(|&other| other == row)?;
            Some(self.dynamics.take(&together.state, &[at]))
        };
        let state = self.together.iter().find_map(one).expect("every row is somewhere");
        let number = self.filed().add(state);
        let pending = self.pending[row].iter().map(|x| f64::from(*x));
        [number as f64].into_iter().chain(pending).collect()
    }

    /// # Panics
    /// If the snapshot was not written by this dream, or was forgotten.
    fn load(&mut self, row: usize, snapshot: &[f64]) {
        let state = self.filed().states[snapshot[0] as usize].clone().expect("a snapshot that nobody has forgotten");
        self.begin(&[row], state);
        self.pending[row].extend(snapshot[1..].iter().map(|x| *x as f32));
    }

    fn forget(&self, snapshot: &[f64]) {
        self.filed().forget(snapshot[0] as usize);
    }
}
