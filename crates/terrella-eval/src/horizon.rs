//! The conformal horizon: how far ahead a band stays under a tolerance.
//!
//! It is the last step up to which, and at which, a band that holds the truth with a promised probability at all steps at once reaches
//! no further than somebody named. What widens and narrows again counts as far as the first step that is too wide.

use std::collections::BTreeMap;
use terrella_core::{Error, Result};

/// Blocks up to which reaches, one a block, stay at or under a tolerance.
pub fn conformal_horizon(reach: impl IntoIterator<Item = f64>, tolerance: f64) -> usize {
    reach.into_iter().take_while(|reach| *reach <= tolerance).count()
}

/// The tolerance of each number of a state: what was named for it, or else what its world declares.
///
/// # Errors
/// If a name is of no number of the state, or a tolerance is none.
pub fn tolerances(names: &[String], named: &BTreeMap<String, f64>, declared: &[f32]) -> Result<Vec<Option<f64>>> {
    if let Some(stranger) = named.keys().find(|name| !names.contains(name)) {
        return Err(Error::Invalid(format!(
            "eval.trust.tolerance names {stranger}, which is no number of the state; there are {}",
            names.join(", ")
        )));
    }
    if let Some((name, x)) = named.iter().find(|(_, x)| !(x.is_finite() && **x > 0.0)) {
        return Err(Error::Invalid(format!(
            "eval.trust.tolerance of {name} is {x}; give a number above 0 in the unit of the log"
        )));
    }
    let of_world = |column: usize| declared.get(column).filter(|x| x.is_finite()).map(|x| f64::from(*x));
    Ok(names.iter().enumerate().map(|(at, name)| named.get(name).copied().or_else(|| of_world(at))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_that_was_too_wide_once_is_not_trusted_again() {
        assert_eq!(conformal_horizon([0.1, 0.2, 0.2, 0.3], 0.2), 3, "at the tolerance it is still trusted");
        assert_eq!(conformal_horizon([0.1, 0.3, 0.1], 0.2), 1, "up to the first step that is too wide");
        assert_eq!(conformal_horizon([f64::INFINITY, 0.1], 1e9), 0, "an endless band");
        assert_eq!(conformal_horizon([f64::NAN], 1.0), 0, "no number");
    }

    #[test]
    fn a_tolerance_that_is_named_comes_before_that_of_the_world() {
        let names = ["x", "v", "angle"].map(str::to_owned);
        let named = BTreeMap::from([("v".to_owned(), 0.5)]);
        let declared = [1.0, 2.0, f32::INFINITY];
        assert_eq!(tolerances(&names, &named, &declared).expect("known names"), [Some(1.0), Some(0.5), None]);
        assert_eq!(tolerances(&names, &named, &[]).expect("known names"), [None, Some(0.5), None], "without a world");
        let told = |name: &str, x: f64| {
            tolerances(&names, &BTreeMap::from([(name.to_owned(), x)]), &[]).expect_err("refused").to_string()
        };
        assert!(told("w", 1.0).contains("there are x, v, angle"), "{}", told("w", 1.0));
        assert!(told("x", 0.0).contains("above 0"), "{}", told("x", 0.0));
    }
}
