//! Noise whose power falls with frequency as `1 / f^β`, one series a dimension of the action.
//!
//! A sum of sines with Gaussian weights (Timmer and König 1995), as iCEM uses it (Pinneri et al.
//! 2020, section 3.1): `β = 0` is white, `β = 2` drifts like a random walk, and every number has
//! variance 1 whatever `β` is. The period is twice the horizon, so that the end of a plan is not
//! tied to its beginning. Plans are short, so the sum is written out: no FFT.

use terrella_core::Stream;

/// Draws series of one length and colour.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    n_steps: usize,
    /// `[wave, step]`, amplitude included; empty for white noise.
    waves: Vec<f32>,
}

impl Noise {
    pub(crate) fn new(beta: f64, n_steps: usize) -> Self {
        if beta == 0.0 || n_steps < 2 {
            return Self { n_steps, waves: Vec::new() };
        }
        let period = 2 * n_steps;
        // The two real frequencies, 0 and Nyquist, have no sine: half the power of the others.
        // Frequency 0 gets the amplitude of the lowest one above it, else it would be infinite.
        let power = |k: usize| {
            let share = if k == 0 || k == n_steps { 0.5 } else { 1.0 };
            share * (k.max(1) as f64 / period as f64).powf(-beta)
        };
        let total: f64 = (0..=n_steps).map(power).sum();
        let mut waves = Vec::with_capacity(2 * (n_steps + 1) * n_steps);
        for k in 0..=n_steps {
            let amplitude = (power(k) / total).sqrt();
            for quarter in [0.0, std::f64::consts::FRAC_PI_2] {
                waves.extend((0..n_steps).map(|t| {
                    let phase = std::f64::consts::TAU * (k * t) as f64 / period as f64;
                    (amplitude * (phase - quarter).cos()) as f32
                }));
            }
        }
        Self { n_steps, waves }
    }

    /// Fills `[step, dimension]` with one series a dimension.
    pub(crate) fn fill(&self, stream: &mut Stream, dimensions: usize, out: &mut [f32]) {
        debug_assert_eq!(out.len(), self.n_steps * dimensions, "one number a step and dimension");
        if self.waves.is_empty() {
            out.iter_mut().for_each(|x| *x = stream.normal() as f32);
            return;
        }
        out.fill(0.0);
        for dimension in 0..dimensions {
            for wave in self.waves.chunks_exact(self.n_steps) {
                let weight = stream.normal() as f32;
                for (step, height) in wave.iter().enumerate() {
                    out[step * dimensions + dimension] += weight * height;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    /// Variance at the first and the last step, and correlation of neighbours.
    fn moments(beta: f64) -> [f64; 3] {
        let noise = Noise::new(beta, 10);
        let (mut first, mut last, mut product) = (0.0, 0.0, 0.0);
        let n = 4000;
        let mut series = [0.0f32; 20];
        for i in 0..n {
            noise.fill(&mut Key::new(7).at(i).stream(), 2, &mut series);
            let at = |t: usize| f64::from(series[t * 2 + 1]);
            first += at(0) * at(0);
            last += at(9) * at(9);
            product += at(4) * at(5);
        }
        [first, last, product].map(|sum| sum / n as f64)
    }

    #[test]
    fn every_step_has_variance_one_and_redder_noise_is_smoother() {
        let (white, pink, red) = (moments(0.0), moments(1.0), moments(2.0));
        for [first, last, _] in [white, pink, red] {
            assert!((first - 1.0).abs() < 0.1 && (last - 1.0).abs() < 0.1, "variances {first} and {last}");
        }
        assert!(white[2].abs() < 0.06, "white neighbours are independent: {}", white[2]);
        assert!(pink[2] > 0.3 && red[2] > pink[2] + 0.2, "pink {} < red {}", pink[2], red[2]);
    }
}
