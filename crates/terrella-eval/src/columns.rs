//! What was measured as a column of named cells, so that several sets of recordings, or several runs, stand side by side.
//!
//! Rows are matched by name: what one column lacks is a dash there.

use crate::limits::with_interval;
use crate::rollout::{MOVED, STILL};
use crate::{Interval, OpenLoop, Returns, RolloutTable, Score, Scorecard, percent};
use std::collections::BTreeSet;
use std::path::Path;

/// Name of the world itself among those that foretell.
const SIMULATOR: &str = "simulator";

/// Cells of one column, each with what it is.
pub(crate) type Cells = Vec<(String, String)>;

/// Header and rows of a table of columns with these names.
pub(crate) fn side_by_side(names: Vec<String>, columns: &[Cells]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut rows: Vec<&String> = Vec::new();
    for (name, _) in columns.iter().flatten() {
        if !rows.contains(&name) {
            rows.push(name);
        }
    }
    let header = std::iter::once(String::new()).chain(names).collect();
    let cell = |column: &Cells, name: &String| {
        column.iter().find(|(n, _)| n == name).map_or_else(|| "–".to_owned(), |(_, cell)| cell.clone())
    };
    let row = |name: &&String| {
        std::iter::once((*name).clone()).chain(columns.iter().map(|column| cell(column, name))).collect()
    };
    (header, rows.iter().map(row).collect())
}

/// Names for paths: their last parts, if these differ.
pub(crate) fn last_parts(paths: &[&str]) -> Vec<String> {
    let last = |path: &&str| {
        Path::new(path).file_name().map_or_else(|| (*path).to_owned(), |name| name.to_string_lossy().into_owned())
    };
    let short: Vec<String> = paths.iter().map(last).collect();
    let unique: BTreeSet<&String> = short.iter().collect();
    if unique.len() == short.len() { short } else { paths.iter().map(|path| (*path).to_owned()).collect() }
}

/// How often goals were reached, and the best policy without a model on the same pairs.
pub(crate) fn scores(cards: &[Scorecard]) -> Cells {
    let of_card = |card: &Scorecard| {
        let cell = |score: &Score| {
            (format!("{}, {}", card.policy(), score.rule().name()), percent(score.rate(), score.interval()))
        };
        card.scores().iter().map(cell).collect::<Vec<_>>()
    };
    let floor = |score: &Score| {
        let (name, (rate, interval)) = best_floor(score);
        (format!("best floor, {}", score.rule().name()), format!("{} {name}", percent(rate, interval)))
    };
    let floors = cards.first().into_iter().flat_map(Scorecard::scores).map(floor);
    cards.iter().flat_map(of_card).chain(floors).collect()
}

/// The best policy without a model, of those that remember and those that do not.
fn best_floor(score: &Score) -> (&str, (f64, Interval)) {
    let ignorant = [("random", score.random()), ("null", score.null())];
    let remembering = score.floors().iter().map(|floor| (floor.name.as_str(), (floor.rate, floor.interval)));
    let all = ignorant.into_iter().chain(remembering);
    all.max_by(|(_, (a, _)), (_, (b, _))| a.total_cmp(b)).unwrap_or(("random", score.random()))
}

/// Errors of what is imagined, at the farthest horizon, in units of the world; beside the true world told the same, if it was.
pub(crate) fn errors_ahead(imagined: &RolloutTable, replayed: Option<&RolloutTable>) -> Cells {
    let mut cells = Cells::new();
    for quantity in imagined.quantities.iter().filter(|q| q.of_state()) {
        let steps = imagined.frame_skip * quantity.curves.first().map_or(0, |c| c.points.len().saturating_sub(1));
        let unit = &quantity.unit;
        let replayed = replayed.and_then(|table| table.quantity(&quantity.name)?.last("model"));
        let who = ["copy-last", "model", MOVED, STILL, "seen"].map(|name| (name, quantity.last(name)));
        for (name, told) in who.into_iter().chain([(SIMULATOR, replayed)]) {
            let what =
                if name == "seen" { "seen at that moment".to_owned() } else { format!("{steps} steps ahead, {name}") };
            let Some(told) = told else { continue };
            let told = format!("{} {unit}", with_interval(told.mean, told.interval));
            cells.push((format!("{}, {what}", quantity.name), told));
        }
    }
    cells
}

/// Errors of a model in units of the log at the farthest horizon of each number, and of the best that needs no model.
pub(crate) fn foretold(table: &OpenLoop) -> Cells {
    let farthest = |name: &str| table.rows.iter().filter(|row| row.name == name).map(|row| row.steps).max();
    let mut cells = Cells::new();
    for row in table.rows.iter().filter(|row| Some(row.steps) == farthest(&row.name)) {
        let unit = if row.unit.is_empty() { "as logged" } else { row.unit.as_str() };
        let what = format!("{} ({unit}), {} steps ahead", row.name, row.steps);
        let (model, others): (Vec<_>, Vec<_>) = row.told.iter().partition(|told| told.predictor == "model");
        let best = others.into_iter().min_by(|a, b| a.rmse.total_cmp(&b.rmse));
        cells.extend(model.iter().map(|told| (format!("{what}, model"), with_interval(told.rmse, told.interval))));
        cells.extend(best.map(|told| {
            let error = with_interval(told.rmse, told.interval);
            (format!("{what}, best without it"), format!("{error} {}", told.predictor))
        }));
    }
    cells
}

/// Rewards that policies collected.
pub(crate) fn collected(returns: &Returns) -> Cells {
    let cell = |c: &crate::Collected| (format!("return, {}", c.policy), with_interval(c.mean.mean, c.mean.interval));
    returns.collected.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_matched_by_name_and_names_are_short_where_they_can_be() {
        let cell = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let columns = [vec![cell("a", "1"), cell("b", "2")], vec![cell("b", "3"), cell("c", "4")]];
        let (header, rows) = side_by_side(last_parts(&["x/one", "y/two"]), &columns);
        assert_eq!(header, ["", "one", "two"]);
        assert_eq!(rows, [["a", "1", "–"], ["b", "2", "3"], ["c", "–", "4"]]);
        assert_eq!(last_parts(&["x/one", "y/one"]), ["x/one", "y/one"], "no two alike");
    }
}
