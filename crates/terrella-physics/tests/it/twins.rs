//! Recordings of a mechanism whose parameters are known, with noise.

use terrella_core::Key;
use terrella_physics::{Choices, Mechanism, Record, Row, Space, mechanism};

/// How twins are made.
pub(crate) struct Twins<'a> {
    /// The mechanism, by name.
    pub(crate) name: &'a str,
    /// All parameters.
    pub(crate) truth: Vec<f64>,
    /// Episodes and rows of each.
    pub(crate) size: [usize; 2],
    /// Seconds a row.
    pub(crate) dt: f64,
    /// Standard deviation of what is measured.
    pub(crate) noise: Vec<f64>,
    /// Size of what is done, one a number of the action.
    pub(crate) push: Vec<f64>,
    /// Rows by which it is late.
    pub(crate) late: usize,
    /// Middle and size of where states start.
    pub(crate) start: Vec<[f64; 2]>,
}

/// A mechanism of the registry.
pub(crate) fn made(name: &str, parts: usize) -> Box<dyn Mechanism> {
    mechanism(name, parts).expect("in the registry")
}

/// All parameters of a mechanism, with these.
pub(crate) fn with(mechanism: &dyn Mechanism, set: &[(&str, f64)]) -> Vec<f64> {
    let mut values = mechanism.defaults();
    for (name, x) in set {
        let at = mechanism.parameters().iter().position(|p| p.name == *name).expect("a parameter");
        values[at] = *x;
    }
    values
}

/// The space of a mechanism with these parameters fixed.
pub(crate) fn fixing(mechanism: &dyn Mechanism, fixed: &[(&str, f64)]) -> Space {
    let fixed = fixed.iter().map(|(name, x)| ((*name).to_owned(), *x)).collect();
    Space::new(mechanism, &Choices { fixed, ..Choices::default() }).expect("a space")
}

impl Twins<'_> {
    /// Recordings of this seed.
    pub(crate) fn records(&self, seed: u64) -> Vec<Record> {
        // Finer than any fit integrates.
        let mechanism = made(self.name, 8);
        (0..self.size[0]).map(|episode| self.record(&*mechanism, episode, Key::new(seed).at(episode as u64))).collect()
    }

    fn record(&self, mechanism: &dyn Mechanism, episode: usize, key: Key) -> Record {
        let mut stream = key.stream();
        let mut state: Vec<f64> =
            self.start.iter().map(|[middle, size]| middle + size * stream.uniform(-1.0, 1.0)).collect();
        // Two waves for each number of the action.
        let waves: Vec<[f64; 4]> = self
            .push
            .iter()
            .map(|_| {
                [stream.uniform(1.0, 4.0), stream.uniform(0.0, 6.0), stream.uniform(4.0, 9.0), stream.uniform(0.0, 6.0)]
            })
            .collect();
        let action = |row: usize| -> Vec<f64> {
            let t = row as f64 * self.dt;
            let wave = |([a, b, c, d], size): (&[f64; 4], &f64)| size * 0.5 * ((a * t + b).sin() + (c * t + d).sin());
            waves.iter().zip(&self.push).map(wave).collect()
        };
        let mut record = Record { episode, ..Record::default() };
        for row in 0..self.size[1] {
            record.states.extend(state.iter().zip(&self.noise).map(|(x, noise)| x + noise * stream.normal()));
            record.actions.extend(action(row));
            record.dt.push(self.dt);
            let works = action(row.saturating_sub(self.late));
            state = mechanism.step(Row { state: &state, action: &works, parameters: &self.truth, dt: self.dt });
        }
        record
    }
}

/// A driven pendulum: mass, length and friction are all told.
pub(crate) fn pendulum(size: [usize; 2]) -> Twins<'static> {
    let truth = with(&*made("pendulum", 1), &[("mass", 0.6), ("length", 0.4), ("viscous", 0.05), ("coulomb", 0.0)]);
    Twins {
        name: "pendulum",
        truth,
        size,
        dt: 0.02,
        noise: vec![0.01, 0.05],
        push: vec![0.6],
        late: 0,
        start: vec![[0.0, 2.0], [0.0, 2.0]],
    }
}
