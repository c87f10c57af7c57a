//! The parts of a state where no world declares them, and whether recordings are of a world.

use terrella_core::{Coordinate, Dataset, EnvSpec, Error, Part, Result, Signature};

/// The numbers of recordings of no known world: each stands for itself, in the unit that the recordings
/// tell.
pub fn logged_parts(signature: &Signature) -> Vec<Part> {
    let number =
        |(at, name): (usize, &String)| Part::alone(at, &Coordinate::new(name.clone(), signature.unit(at).to_owned()));
    signature.state.iter().enumerate().map(number).collect()
}

/// Fails unless a dataset logs the state and the actions of a world.
pub(crate) fn check_same_world(spec: &EnvSpec, dataset: &Dataset) -> Result<()> {
    let (logged, world) = (&dataset.signature.state, &spec.names());
    if logged.len() != world.len() {
        return Err(Error::Invalid(format!(
            "the dataset logs {} state numbers {logged:?}, but world {} has {} {world:?}; evaluate on recordings of this world with its state",
            logged.len(),
            spec.id,
            world.len()
        )));
    }
    Error::check("action size of the dataset", spec.actions.width(), dataset.signature.action.len())?;
    if (dataset.signature.fps - spec.fps()).abs() > 1e-6 * spec.fps() {
        return Err(Error::Invalid(format!(
            "the dataset was recorded at {} steps a second, but world {} runs at {}; resample the recordings",
            dataset.signature.fps,
            spec.id,
            spec.fps()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_of_no_world_have_the_units_that_they_tell() {
        let names = ["slide.x", "elbow", "force"].map(str::to_owned).to_vec();
        let units = ["m", "rad", ""].map(str::to_owned).to_vec();
        let parts = logged_parts(&Signature { state: names, units, ..Signature::default() });
        let told: Vec<_> = parts.iter().map(|p| (p.name.as_ref(), p.error_unit())).collect();
        assert_eq!(told, [("slide x", "m"), ("elbow", "°"), ("force", "")]);
    }
}
