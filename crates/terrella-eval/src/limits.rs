//! What the numbers of a run say against it, as sentences.

use crate::curves::MEAN_SQUARE;
use crate::{Interval, Paired, RolloutTable, Scorecard};

/// Whether interval and test both say so: where all episodes agree, resampling them tells nothing.
fn shown_better(paired: &Paired) -> bool {
    paired.interval.low > 0.0 && paired.p < 0.05
}

/// Rates that chance explains, floors that are high, intervals that are wide, attempts that are few.
pub(crate) fn score_limits(card: &Scorecard) -> Vec<String> {
    let mut limits = Vec::new();
    let (protocol, policy) = (card.protocol(), card.policy());
    for score in card.scores() {
        let (rule, interval) = (score.rule().name(), score.interval());
        if !shown_better(score.against_random()) {
            limits.push(format!("Under the {rule} rule {policy} is not shown to be better than acting at random."));
        }
        for floor in score.floors().iter().filter(|floor| !shown_better(&floor.against)) {
            limits.push(format!(
                "Under the {rule} rule {policy} ({:.1} %) is not shown to be better than {} ({:.1} %), which {}.",
                100.0 * score.rate(),
                floor.name,
                100.0 * floor.rate,
                floor.what
            ));
        }
        let floor = score.random().0.max(score.null().0);
        if floor > 0.1 {
            limits.push(format!(
                "The {rule} rule is easy here: without any model {:.0} % of the goals are reached by chance or by waiting.",
                100.0 * floor
            ));
        }
        let width = 100.0 * (interval.high - interval.low);
        if width > 15.0 {
            limits.push(format!(
                "The {rule} score of {policy} is uncertain by {width:.0} points from end to end of its interval {}; {} attempts are few.",
                score.interval_words(),
                score.count().1
            ));
        }
    }
    if protocol.seeds.len() < 3 || protocol.pairs < 100 {
        limits.push(format!(
            "{policy} was tried on {} × {} pairs; a result to be quoted needs at least 3 × 100.",
            protocol.seeds.len(),
            protocol.pairs
        ));
    }
    limits.extend(card.notes().iter().cloned());
    if card.view().state {
        limits.push(format!("{policy} was shown the true state, not only pictures."));
    }
    limits
}

/// Where imagination is no better than no model at all, and how far off it is in the end.
pub(crate) fn rollout_limits(table: &RolloutTable) -> Vec<String> {
    let mut limits = Vec::new();
    for quantity in &table.quantities {
        // The PSNR says the same as the picture's squared error.
        if quantity.higher_is_better {
            continue;
        }
        let lost: Vec<String> =
            [("copy-last", "assuming that nothing changes"), ("mean", "always guessing the average")]
                .iter()
                .filter_map(|(baseline, words)| {
                    let steps = quantity.lost_to(baseline)? * table.frame_skip;
                    Some(format!("{words} (first at {steps} steps ahead)"))
                })
                .collect();
        if !lost.is_empty() {
            limits.push(format!(
                "Imagination of the {} becomes no better than {}.",
                quantity.name,
                lost.join(" and than ")
            ));
        }
        let ends =
            quantity.curve("model").and_then(|model| Some((model.points.get(1)?.mean, model.points.last()?.mean)));
        if let Some((first, last)) = ends.filter(|_| quantity.unit != MEAN_SQUARE) {
            let steps = table.frame_skip * (quantity.curves[0].points.len() - 1);
            limits.push(format!(
                "{} steps ahead the imagined {} is off by {} on average ({} after one block).",
                steps,
                quantity.name,
                with_unit(last, &quantity.unit),
                digits(first)
            ));
        }
    }
    limits
}

/// Three significant digits and the unit, as people write it.
pub(crate) fn with_unit(x: f64, unit: &str) -> String {
    let space = if unit.is_empty() || unit == "°" { "" } else { " " };
    format!("{}{space}{unit}", digits(x))
}

/// A number and the ends of its interval, three significant digits each.
pub(crate) fn with_interval(x: f64, Interval { low, high }: Interval) -> String {
    format!("{} [{}, {}]", digits(x), digits(low), digits(high))
}

/// Three significant digits.
pub(crate) fn digits(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let places = 2 - x.abs().log10().floor() as i32;
    if places > 6 { format!("{x:.2e}") } else { format!("{x:.*}", places.clamp(0, 6) as usize) }
}
