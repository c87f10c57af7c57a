//! Random numbers keyed by what they are for.
//!
//! A [`Key`] names a purpose (seed, then episode, then step, then sample …) and yields a [`Stream`]
//! of numbers that depends on nothing else, so results do not change with threads or batch sizes.

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

/// The name of a stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The root key of a seed.
    pub fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x7465_7272_656c_6c61))
    }

    /// The key of a named purpose below this one.
    #[must_use]
    pub fn with(self, purpose: &str) -> Self {
        // FNV-1a of the name, then mixed with the parent.
        let hash =
            purpose.bytes().fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(mix(self.0 ^ hash))
    }

    /// The key of the `index`-th thing below this one.
    #[must_use]
    pub fn at(self, index: u64) -> Self {
        Self(mix(self.0.wrapping_add(mix(index ^ 0x9e37_79b9_7f4a_7c15))))
    }

    /// A number that identifies the key; use it as a seed for code that wants one.
    pub fn seed(self) -> u64 {
        self.0
    }

    /// The stream of this key, from its start.
    pub fn stream(self) -> Stream {
        Stream(Pcg64Mcg::seed_from_u64(self.0))
    }
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014).
pub(crate) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Random numbers of one key.
#[derive(Clone, Debug)]
pub struct Stream(Pcg64Mcg);

impl Stream {
    /// Uniform in `[0, 1)`, with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `[low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0..n` (Lemire's multiplication; the bias is below 2⁻⁶⁴·n).
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "a number below 0 does not exist");
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// Sixty-four random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Shuffles in place (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_the_whole_path_and_nothing_else() {
        let key = |seed, episode| Key::new(seed).with("collect").at(episode).stream().unit();
        assert_eq!(key(1, 2).to_bits(), key(1, 2).to_bits(), "the same path");
        let others = [key(1, 3), key(2, 2), Key::new(1).with("eval").at(2).stream().unit()];
        assert!(others.iter().all(|o| (o - key(1, 2)).abs() > 1e-9), "another path");
    }

    #[test]
    fn numbers_have_the_promised_moments() {
        let mut stream = Key::new(0).stream();
        let n = 20_000;
        let normals: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let mean = normals.iter().sum::<f64>() / f64::from(n);
        let variance = normals.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "mean {mean}, variance {variance}");
        let mut seen = [0; 5];
        (0..n).for_each(|_| seen[stream.below(5)] += 1);
        assert!(seen.iter().all(|&c| (3700..4300).contains(&c)), "{seen:?}");
    }
}
