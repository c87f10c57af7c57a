//! How well the parts of a state are told by something linear, beside floors: errors as people read them, pixels and degrees.

use crate::clusters::by_episode;
use crate::labels::{LabelError, Quantile};
use serde::Serialize;
use terrella_core::{Key, Part, Table};

/// Rows whose state is known, and what was told of it.
#[derive(Clone, Debug, Default)]
pub struct PartRows {
    /// The episode of each.
    pub episodes: Vec<usize>,
    /// The logged state.
    pub truth: Table,
    /// What each predictor tells, by name; the keypoints first.
    pub told: Vec<(String, Table)>,
}

/// How one part of the state was told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartScore {
    /// Its name.
    pub name: String,
    /// The unit of its errors.
    pub unit: String,
    /// One entry a predictor.
    pub errors: Vec<LabelError>,
}

/// Scores parts over all rows; intervals resample whole episodes.
pub fn read_parts(rows: &PartRows, parts: &[Part], key: Key) -> Vec<PartScore> {
    let part = |(at, part): (usize, &Part)| {
        let errors = |(who, (predictor, told)): (usize, &(String, Table))| {
            let key = key.with("part").at(at as u64).at(who as u64);
            let errors: Vec<f64> =
                told.rows().zip(rows.truth.rows()).map(|(told, truth)| part.error(told, truth)).collect();
            let groups = by_episode(&errors, &rows.episodes);
            let of = |q: f64, purpose: &str| Quantile::of(&groups, q, key.with(purpose));
            LabelError { predictor: predictor.clone(), median: of(0.5, "median"), ninety: of(0.9, "ninety") }
        };
        PartScore {
            name: part.name.to_string(),
            unit: part.error_unit().to_owned(),
            errors: rows.told.iter().enumerate().map(errors).collect(),
        }
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_distances_and_degrees() {
        let truth = Table::from_data(3, vec![0.0, 0.0, 0.0, 10.0, 0.0, 0.0]);
        let told = Table::from_data(3, vec![3.0, 4.0, 0.1, 13.0, 4.0, -0.1]);
        let rows = PartRows { episodes: vec![0, 1], truth, told: vec![("it".to_owned(), told)] };
        let parts = [Part::point("disc", [0, 1], "px", 1.0), Part::angle("heading", 2, 1.0)];
        let score = read_parts(&rows, &parts, Key::new(0));
        let medians: Vec<(&str, f64)> = score.iter().map(|s| (s.unit.as_str(), s.errors[0].median.value)).collect();
        assert!(medians[0] == ("px", 5.0) && (medians[1].1 - 5.7296).abs() < 1e-3, "{medians:?}");
        assert_eq!(score[0].errors[0].median.interval.low, 5.0, "of two episodes alike");
    }
}
