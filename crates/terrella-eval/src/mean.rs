//! The average moment of the training recordings: the baseline that always says the same.

use crate::recorded::recorded;
use terrella_core::{Dataset, Dynamics, EnvSpec, Error, Observation, Result, View};

/// The average training moment.
pub(crate) struct Mean {
    pub(crate) latent: Vec<f64>,
    pub(crate) state: Vec<f32>,
    pub(crate) picture: Option<Vec<f64>>,
}

impl Mean {
    /// Over as many rows as are wanted, or as there are, in batches.
    pub(crate) fn over<D: Dynamics>(
        dynamics: &D,
        (dataset, train): (&Dataset, &[usize]),
        spec: &EnvSpec,
        (view, [wanted, batch]): (View, [usize; 2]),
    ) -> Result<Self> {
        let n_rows: usize = train.iter().map(|&e| dataset.episodes[e].len()).sum();
        if n_rows == 0 {
            return Err(Error::Invalid("the mean baseline needs training episodes, and there are none".to_owned()));
        }
        // Evenly spaced rows of all training episodes laid end to end.
        let n = wanted.clamp(1, n_rows);
        let all: Vec<(usize, usize)> =
            train.iter().flat_map(|&e| (0..dataset.episodes[e].len()).map(move |row| (e, row))).collect();
        let rows: Vec<(usize, usize)> = (0..n).map(|i| all[i * n_rows / n]).collect();
        let mut latent: Vec<f64> = Vec::new();
        let mut picture: Option<Vec<f64>> = None;
        for chunk in rows.chunks(batch) {
            let seen: Vec<Observation> = chunk.iter().map(|&at| recorded(dataset, at, view)).collect::<Result<_>>()?;
            let state = dynamics.observe(&seen)?;
            let latents = dynamics.latents(&state);
            latent.resize(latents.width, 0.0);
            latents.rows().for_each(|row| add(&mut latent, row.iter().map(|x| f64::from(*x) / n as f64)));
            let Some(drawn) = dynamics.draw(&state) else { continue };
            let (height, width) = (drawn[0].height, drawn[0].width);
            for &(episode, row) in chunk {
                let Some(frames) = &dataset.episodes[episode].frames else { continue };
                let bytes = frames.image(row).resized(height, width).data;
                let sum = picture.get_or_insert_with(|| vec![0.0; bytes.len()]);
                add(sum, bytes.iter().map(|b| f64::from(*b) / n as f64));
            }
        }
        Ok(Self { latent, state: mean_state(dataset, train, spec), picture })
    }
}

fn add(sum: &mut [f64], values: impl Iterator<Item = f64>) {
    sum.iter_mut().zip(values).for_each(|(s, x)| *s += x);
}

/// The mean of each state column; of an angle, the direction of the mean of its unit vectors.
fn mean_state(dataset: &Dataset, train: &[usize], spec: &EnvSpec) -> Vec<f32> {
    let mut mean = dataset.stats_of(train).0.mean;
    for column in spec.angles() {
        let rows = train.iter().flat_map(|&e| dataset.episodes[e].states.rows());
        let (sin, cos) = rows.fold((0.0, 0.0), |(s, c), row| {
            let angle = f64::from(row[column]);
            (s + angle.sin(), c + angle.cos())
        });
        mean[column] = sin.atan2(cos) as f32;
    }
    mean
}
