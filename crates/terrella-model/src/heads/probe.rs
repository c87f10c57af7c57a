//! Linear probes: how much of the logged state can be read off frozen latents by one matrix.
//!
//! Ridge regression in closed form (normal equations, Cholesky, `f64`), fitted on training episodes
//! and judged on held-out ones. What a linear probe finds, a planner's distance can use.

use crate::codec::StateCodec;
use serde::{Deserialize, Serialize};
use terrella_core::{Ridge, Table};

/// A fitted probe: features = weights · (latent, 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    codec: StateCodec,
    /// One row a feature; the last number is the bias.
    weights: Table,
}

impl Probe {
    /// Fits features of `states` on `latents` (rows correspond), with ridge `penalty` per row.
    ///
    /// # Panics
    /// If the tables differ in length.
    pub fn fit(codec: StateCodec, latents: &Table, states: &Table, penalty: f64) -> Self {
        assert_eq!(latents.len(), states.len(), "one state a latent");
        let (inputs, outputs) = (latents.width + 1, codec.feature_width());
        let features = Table::from_data(outputs, codec.encode(&states.data));
        let mut ridge = Ridge::new(inputs, outputs);
        let mut row = vec![1.0f64; inputs];
        let mut target = vec![0.0f64; outputs];
        for (latent, feature) in latents.rows().zip(features.rows()) {
            row.iter_mut().zip(latent).for_each(|(r, z)| *r = f64::from(*z));
            target.iter_mut().zip(feature).for_each(|(t, f)| *t = f64::from(*f));
            ridge.add(&row, &target);
        }
        let right = ridge.solve(penalty, inputs - 1);
        let weights = (0..outputs)
            .flat_map(|o| (0..inputs).map(move |i| (o, i)))
            .map(|(o, i)| right[i * outputs + o] as f32)
            .collect();
        Self { codec, weights: Table::from_data(inputs, weights) }
    }

    /// The states that latents tell.
    pub fn read(&self, latents: &Table) -> Table {
        let mut features = Vec::with_capacity(latents.len() * self.weights.len());
        for latent in latents.rows() {
            for weights in self.weights.rows() {
                let (bias, weights) = weights.split_last().map_or((0.0, weights), |(b, w)| (*b, w));
                features.push(bias + weights.iter().zip(latent).map(|(w, z)| w * z).sum::<f32>());
            }
        }
        self.codec.decode(&features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::Interface;
    use terrella_core::{Key, Signature, Stats};

    #[test]
    fn a_linear_truth_is_found() {
        let mut stream = Key::new(0).stream();
        let mut latents = Table::new(6);
        let mut states = Table::new(2);
        for _ in 0..200 {
            let z: Vec<f32> = (0..6).map(|_| stream.normal() as f32).collect();
            states.push(&[3.0 * z[0] - z[5] + 7.0, 10.0 * z[2]]);
            latents.push(&z);
        }
        let stats = Stats::of(2, [&states]);
        let signature = Signature {
            fps: 10.0,
            image: None,
            state: vec!["a".into(), "b".into()],
            action: vec![],
            env: None,
            ..Signature::default()
        };
        let interface = Interface {
            signature,
            state_stats: stats,
            action_stats: Stats::default(),
            angles: vec![],
            data_hash: String::new(),
            ..Interface::default()
        };
        let probe = Probe::fit(StateCodec::new(&interface), &latents, &states, 1e-6);
        let read = probe.read(&latents);
        let worst = read.data.iter().zip(&states.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "worst error {worst}");
    }
}
