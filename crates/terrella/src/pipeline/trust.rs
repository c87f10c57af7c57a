//! Bands in a run: calibrated and judged on held-out episodes wherever a model is evaluated, and kept for whoever asks it.

use super::act::view;
use super::{Recordings, Run};
use crate::error::usage;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use terrella_core::{EnvSpec, Rule, Signature};
use terrella_eval::{BandNumber, Trust, tolerances, trust};
use terrella_model::AnyWorld;

/// Where the band, and residuals if there are any, are kept in a run directory.
pub const FILE: &str = "trust.json";

/// Bands of a model on these recordings, or why there are none.
///
/// # Errors
/// If a tolerance is named for what there is not, or the disk refuses.
pub(super) fn bands(run: &Run, model: &AnyWorld, recordings: &Recordings) -> Result<(Option<Trust>, Option<String>)> {
    let (data, config) = (&*recordings.dataset, &run.settings.eval.trust);
    let numbers = numbers(&data.signature, recordings.spec(), &config.tolerance)?;
    let sides = (data, &recordings.split.train[..], &recordings.split.held_out[..]);
    match trust(model, sides, (view(model), numbers), config) {
        Ok((mut found, calibration)) => {
            found.provenance = Some(run.provenance(&recordings.split_words, Vec::new()));
            // Residuals are many numbers; nobody reads them line by line.
            run.dir().write(FILE, &serde_json::to_vec(&calibration)?)?;
            Ok((Some(found), None))
        }
        Err(error) => {
            // An earlier band was of other settings or recordings than the evaluation that is kept beside it.
            let earlier = run.file(FILE);
            if earlier.exists() {
                std::fs::remove_file(&earlier).with_context(|| format!("cannot remove {}", earlier.display()))?;
            }
            Ok((None, Some(format!("Bands are left out: {error}."))))
        }
    }
}

/// The numbers of a logged state: angles as their world declares them or as the recordings do, and how far off each may be.
///
/// # Errors
/// If a tolerance is named for what there is not.
pub(super) fn numbers(
    signature: &Signature,
    spec: Option<&EnvSpec>,
    named: &BTreeMap<String, f64>,
) -> Result<Vec<BandNumber>> {
    let spec = spec.filter(|spec| spec.state.len() == signature.state.len());
    let angles = spec.map_or_else(|| signature.angles(), EnvSpec::angles);
    let declared = spec.map(|spec| spec.tolerances(Rule::Moderate)).unwrap_or_default();
    let tolerances = tolerances(&signature.state, named, &declared).map_err(|error| usage(error.to_string()))?;
    let number = |(column, (name, tolerance)): (usize, (&String, Option<f64>))| BandNumber {
        name: name.clone(),
        unit: signature.unit(column).to_owned(),
        angle: angles.contains(&column),
        tolerance,
        factor: None,
    };
    Ok(signature.state.iter().zip(tolerances).enumerate().map(number).collect())
}
