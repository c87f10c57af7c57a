//! The 95 % quantile of Student's t: how much wider an interval is that knows its variance from few episodes.

use crate::space::NINETY;

/// `t` so that 95 % lie below it, for so many degrees of freedom; the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5),
/// right to three digits from 4 degrees on.
pub(crate) fn t95(freedom: f64) -> f64 {
    let z = NINETY;
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
    ];
    z + terms.iter().zip(1..).map(|(term, power)| term / freedom.powi(power)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        for (freedom, wanted) in [(4.0, 2.132), (9.0, 1.833), (30.0, 1.697), (1e9, 1.645)] {
            assert!((t95(freedom) - wanted).abs() < 3e-3, "{freedom}: {}", t95(freedom));
        }
    }
}
