//! Whether a dataset may be used with a model that was trained on another.
//!
//! Only what changes the meaning of a number or the size of a tensor is compared: rate, widths and
//! pictures. Names are not: recorders spell the same thing in many ways.

use crate::{Error, Result};
use terrella_core::Signature;

/// Fails unless the dataset has the rate, widths and pictures that a checkpoint was trained on.
///
/// # Errors
/// Names the first difference with both values and a remedy.
pub fn check_compatible(dataset: &Signature, wanted: &Signature) -> Result<()> {
    let check = |what, found: String, expected: String, remedy| {
        if found == expected {
            return Ok(());
        }
        Err(Error::Incompatible { what, dataset: found, wanted: expected, remedy })
    };
    let size = |s: &Signature| s.image.map_or("none".to_owned(), |[h, w]| format!("{h}x{w}"));
    check("fps", dataset.fps.to_string(), wanted.fps.to_string(), "resample the recording, or train a model on it")?;
    check(
        "action size",
        dataset.action.len().to_string(),
        wanted.action.len().to_string(),
        "use recordings of the same robot or world, or train a model on these",
    )?;
    if !wanted.state.is_empty() {
        check(
            "state size",
            dataset.state.len().to_string(),
            wanted.state.len().to_string(),
            "log the same state, or train a model on these recordings",
        )?;
    }
    if wanted.image.is_some() {
        check("picture size", size(dataset), size(wanted), "open the dataset at the checkpoint's picture size")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(fps: f64, state: usize, action: usize) -> Signature {
        let names = |n: usize| (0..n).map(|i| i.to_string()).collect();
        Signature {
            fps,
            image: Some([96, 96]),
            state: names(state),
            action: names(action),
            env: None,
            ..Signature::default()
        }
    }

    #[test]
    fn differences_are_named_with_both_numbers_and_a_remedy() {
        let wanted = signature(10.0, 5, 2);
        assert!(check_compatible(&wanted, &wanted).is_ok(), "a dataset fits itself");
        for (dataset, numbers, remedy) in [
            (signature(30.0, 5, 2), ["fps is 30", "10 in"], "resample"),
            (signature(10.0, 5, 7), ["action size is 7", "2 in"], "same robot"),
            (signature(10.0, 4, 2), ["state size is 4", "5 in"], "log the same state"),
            (Signature { image: None, ..signature(10.0, 5, 2) }, ["picture size is none", "96x96 in"], "open the"),
        ] {
            let message = check_compatible(&dataset, &wanted).expect_err("a difference").to_string();
            assert!(numbers.iter().all(|n| message.contains(n)) && message.contains(remedy), "{message}");
        }
    }
}
