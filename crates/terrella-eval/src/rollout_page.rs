//! Errors of imagination on a page: a chart a quantity, and the same as numbers.

use crate::limits::with_interval;
use crate::{Chart, Quantity, RolloutTable, Series};

pub(crate) fn rollout_chart(quantity: &Quantity, table: &RolloutTable) -> Chart {
    let direction = if quantity.higher_is_better { "higher is better" } else { "lower is better" };
    let mut chart = Chart::new(
        &format!("{}, {direction}", quantity.name),
        "environment steps ahead",
        if quantity.unit == "°" { "error in degrees" } else { &quantity.unit },
    );
    if quantity.unit == "px" || quantity.unit == "px/s" {
        chart.y_label = format!("error in {}", quantity.unit);
    }
    for curve in &quantity.curves {
        let x = |h: usize| (h * table.frame_skip) as f64;
        // At horizon 0 copy-last is perfect, which on a scale of decibels would dwarf all else.
        let from = usize::from(quantity.higher_is_better);
        chart.series.push(Series {
            name: curve.name.clone(),
            points: curve.points.iter().enumerate().skip(from).map(|(h, p)| [x(h), p.mean]).collect(),
            band: curve.points.iter().skip(from).map(|p| [p.interval.low, p.interval.high]).collect(),
        });
    }
    chart
}

/// The errors at the first block, in the middle and at the end, as numbers.
pub(crate) fn rollout_numbers(table: &RolloutTable) -> String {
    let Some(last) = table.quantities.first().and_then(|q| q.curves.first()).map(|c| c.points.len() - 1) else {
        return String::new();
    };
    let mut horizons = vec![1.min(last), last.div_ceil(2), last];
    horizons.dedup();
    let mut header = vec!["quantity".to_owned(), "unit".to_owned(), "predictor".to_owned()];
    header.extend(horizons.iter().map(|h| format!("{} steps", h * table.frame_skip)));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    for quantity in &table.quantities {
        for curve in &quantity.curves {
            let mut row = vec![quantity.name.clone(), quantity.unit.clone(), curve.name.clone()];
            row.extend(horizons.iter().map(|&h| {
                let point = curve.points[h];
                with_interval(point.mean, point.interval)
            }));
            rows.push(row);
        }
    }
    format!(
        "<details><summary>The same as numbers, with 95 % intervals</summary>{}</details>\n",
        crate::html::table(&header, &rows)
    )
}
