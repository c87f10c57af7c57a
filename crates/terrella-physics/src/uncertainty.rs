//! How sure a fit is: intervals that count episodes, and what data add to the priors.
//!
//! Errors of a model that is nearly right go together within an episode, so rows are not independent witnesses. The covariance is a
//! sandwich over episodes (White 1980; Liang and Zeger 1986) with the priors taken as one more witness:
//! `H⁻¹ (G/(G−1) Σ g gᵀ + 1) H⁻¹` with H the information of data and priors, g the gradient of an episode, G their number, and
//! quantiles of Student's t with G − 1 degrees of freedom. Chosen over resampling episodes since that fits anew hundreds of
//! times and, with as few episodes, spreads no better. Below five episodes their scatter says nothing; then rows are counted, and it
//! is told.

use crate::levenberg::{Fitted, told_by};
use crate::normal::Problem;
use crate::quantile::t95;
use crate::space::NINETY;
use nalgebra::{DMatrix, DVector};
use std::collections::BTreeMap;
use terrella_core::{Error, Result};

/// Episodes from which on their scatter is believed.
const SCATTER: usize = 5;

/// How sure a fit is.
pub(crate) struct Uncertainty {
    /// Half width of the 90 % interval of each free parameter, on the scale of its prior.
    pub(crate) half: Vec<f64>,
    /// What data alone say, on the scale of the priors, `[free, free]`.
    pub(crate) information: DMatrix<f64>,
    /// How intervals were made, in a sentence.
    pub(crate) words: String,
}

/// How sure a fit is where it ended.
///
/// # Errors
/// If what data say is no number.
pub(crate) fn uncertainty(problem: &Problem<'_>, fitted: &Fitted) -> Result<Uncertainty> {
    let n = fitted.z.len();
    let damaged = || {
        Error::Invalid(
            "what the recordings say of the parameters is no number; foretell fewer rows (identify.rows)".to_owned(),
        )
    };
    let mut information = DMatrix::<f64>::zeros(n, n);
    let mut episodes: BTreeMap<usize, DVector<f64>> = BTreeMap::new();
    for (clip, sum) in problem.clips.iter().zip(&fitted.sums) {
        let (told, gradient) = told_by(sum, problem.initial).ok_or_else(damaged)?;
        information += told;
        let episode = problem.records[clip.record].episode;
        *episodes.entry(episode).or_insert_with(|| DVector::zeros(n)) += gradient;
    }
    let whole = &information + DMatrix::<f64>::identity(n, n);
    let inverse = whole.cholesky().ok_or_else(damaged)?.inverse();
    let groups = episodes.len();
    let (covariance, quantile, words) = if groups < SCATTER {
        let words = format!(
            "90 % intervals count rows as independent, since {groups} episodes are too few to see how episodes differ: they are too narrow where the equations are only nearly right."
        );
        (inverse, NINETY, words)
    } else {
        let mut meat = DMatrix::<f64>::zeros(n, n);
        for gradient in episodes.values() {
            meat += gradient * gradient.transpose();
        }
        let meat = meat * (groups as f64 / (groups as f64 - 1.0)) + DMatrix::<f64>::identity(n, n);
        let words = format!(
            "90 % intervals come from how much {groups} episodes differ (sandwich by episode, Student's t), not from counting rows, whose errors go together."
        );
        (&inverse * meat * &inverse, t95(groups as f64 - 1.0), words)
    };
    let half = (0..n).map(|i| quantile * covariance[(i, i)].max(0.0).sqrt()).collect();
    Ok(Uncertainty { half, information, words })
}
