//! Line charts as inline SVG: axes with round numbers, units, bands for intervals, a legend in text.

use crate::html::{escape, push};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 290.0;
/// Room for tick labels and axis titles: left, right, top, bottom.
const MARGIN: [f64; 4] = [58.0, 14.0, 10.0, 46.0];
/// More points than this are averaged in groups: a chart has no more columns to show them.
const MAX_POINTS: usize = 400;
/// Colours that the style sheet defines.
const N_COLOURS: usize = 6;

/// One line of a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// `[x, y]`, ascending in `x`.
    pub points: Vec<[f64; 2]>,
    /// `[low, high]` around each point, or empty.
    pub band: Vec<[f64; 2]>,
}

/// A line chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// Name and unit of the horizontal axis.
    pub x_label: String,
    /// Name and unit of the vertical axis.
    pub y_label: String,
    /// Whether the vertical axis is logarithmic.
    pub log_y: bool,
    /// The lines.
    pub series: Vec<Series>,
    /// How to read it, in a sentence.
    pub note: String,
}

impl Chart {
    /// A chart without lines.
    pub fn new(title: &str, x_label: &str, y_label: &str) -> Self {
        let own = str::to_owned;
        Self { title: own(title), x_label: own(x_label), y_label: own(y_label), ..Self::default() }
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, name: &str, points: Vec<[f64; 2]>) -> Self {
        self.series.push(Series { name: name.to_owned(), points, band: Vec::new() });
        self
    }

    /// The figure: title, legend, drawing and note.
    pub fn to_html(&self) -> String {
        let mut out = "<figure>".to_owned();
        push(&mut out, "<div class=\"chart-title\">", &self.title, "</div>");
        out.push_str("<ul class=\"legend\">");
        for (i, series) in self.series.iter().enumerate() {
            let _ = write!(out, "<li><i class=\"s{}\"></i>{}</li>", i % N_COLOURS, escape(&series.name));
        }
        out.push_str("</ul>");
        out.push_str(&self.drawing());
        if !self.note.is_empty() {
            push(&mut out, "<figcaption>", &self.note, "</figcaption>");
        }
        out + "</figure>\n"
    }

    fn drawing(&self) -> String {
        let series: Vec<Series> = self.series.iter().map(|s| self.drawable(s)).collect();
        let xs = series.iter().flat_map(|s| s.points.iter().map(|p| p[0]));
        let ys = series.iter().flat_map(|s| s.points.iter().map(|p| p[1]).chain(s.band.iter().flatten().copied()));
        let (Some(x_range), Some(y_range)) = (range(xs), range(ys)) else {
            return "<p class=\"soft\">There is no number to draw.</p>".to_owned();
        };
        let x = Axis::linear(x_range, false);
        let y = if self.log_y { Axis::log(y_range) } else { Axis::linear(y_range, true) };
        let [left, right, top, bottom] = MARGIN;
        let to_x = |v: f64| left + x.share(v) * (WIDTH - left - right);
        let to_y = |v: f64| HEIGHT - bottom - y.share(v) * (HEIGHT - top - bottom);
        let (x_end, y_end) = (WIDTH - right, HEIGHT - bottom);
        let mut out = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escape(&format!("{}: {} against {}", self.title, self.y_label, self.x_label))
        );
        for tick in &y.ticks {
            let at = to_y(*tick);
            let _ = write!(out, "<line class=\"grid\" x1=\"{left}\" x2=\"{x_end}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
            let label = y.label(*tick);
            let _ = write!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", left - 7.0, at + 4.0);
        }
        for tick in &x.ticks {
            let (at, label) = (to_x(*tick), x.label(*tick));
            let _ = write!(
                out,
                "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{y_end}\" y2=\"{}\"/>",
                y_end + 4.0
            );
            let _ = write!(out, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", y_end + 18.0);
        }
        let _ = write!(out, "<line class=\"axis\" x1=\"{left}\" x2=\"{x_end}\" y1=\"{y_end}\" y2=\"{y_end}\"/>");
        let (x_middle, y_middle) = (f64::midpoint(left, x_end), f64::midpoint(top, y_end));
        let _ = write!(
            out,
            "<text x=\"{x_middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - 8.0,
            escape(&self.x_label)
        );
        let _ = write!(
            out,
            "<text transform=\"translate(13 {y_middle}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escape(&self.y_label)
        );
        let place = |points: &mut dyn Iterator<Item = [f64; 2]>| -> String {
            points.map(|[px, py]| format!("{:.1},{:.1} ", to_x(px), to_y(py))).collect()
        };
        // The first line is the one the chart is about: drawn last, it lies on top.
        for (i, s) in series.iter().enumerate().rev() {
            let colour = i % N_COLOURS;
            if s.band.len() == s.points.len() && !s.band.is_empty() {
                let low = s.points.iter().zip(&s.band).map(|(p, b)| [p[0], b[0]]);
                let high = s.points.iter().zip(&s.band).rev().map(|(p, b)| [p[0], b[1]]);
                let _ =
                    write!(out, "<polygon class=\"f{colour}\" points=\"{}\"/>", place(&mut low.chain(high)).trim_end());
            }
            let line = place(&mut s.points.iter().copied());
            let _ = write!(out, "<polyline class=\"s{colour}\" points=\"{}\"/>", line.trim_end());
        }
        out + "</svg>"
    }

    /// A line without what cannot be drawn (not finite, or not positive on a logarithmic axis), and
    /// thinned by averaging if it has more points than the chart has columns.
    fn drawable(&self, series: &Series) -> Series {
        let fits = |y: f64| y.is_finite() && (!self.log_y || y > 0.0);
        let has_band = series.band.len() == series.points.len();
        let keep: Vec<usize> = (0..series.points.len())
            .filter(|&i| series.points[i][0].is_finite() && fits(series.points[i][1]))
            .collect();
        let band = |i: usize| {
            let [low, high] = series.band[i];
            let y = series.points[i][1];
            [if fits(low) { low } else { y }, if fits(high) { high } else { y }]
        };
        let group = keep.len().div_ceil(MAX_POINTS).max(1);
        let average = |pick: &dyn Fn(usize) -> [f64; 2]| -> Vec<[f64; 2]> {
            let mean = |ids: &[usize]| {
                let sum = ids.iter().map(|&i| pick(i)).fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
                sum.map(|s| s / ids.len() as f64)
            };
            keep.chunks(group).map(mean).collect()
        };
        Series {
            name: series.name.clone(),
            points: average(&|i| series.points[i]),
            band: if has_band { average(&band) } else { Vec::new() },
        }
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
    (low <= high).then_some([low, high])
}

/// A range of values, how it maps to `[0, 1]`, and its ticks.
struct Axis {
    low: f64,
    high: f64,
    log: bool,
    ticks: Vec<f64>,
}

impl Axis {
    /// Ticks at 1, 2 or 5 times a power of ten. `rounded` widens the range to whole ticks, and down
    /// to 0 where the values come close enough to it.
    fn linear([low, high]: [f64; 2], rounded: bool) -> Self {
        let mut low = low;
        if rounded && low > 0.0 && low < 0.6 * high {
            low = 0.0;
        }
        let size = if high > low { high - low } else { high.abs().max(1.0) };
        let power = 10f64.powf((size / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| size / s <= 6.0).unwrap_or(size);
        let (from, to) = if rounded {
            ((low / step).floor(), (high / step).ceil())
        } else {
            ((low / step).ceil(), (high / step).floor())
        };
        let ticks: Vec<f64> = (from as i64..=(to as i64).max(from as i64)).map(|i| i as f64 * step).collect();
        if rounded {
            let to = if to > from { to } else { from + 1.0 };
            return Self { low: from * step, high: to * step, log: false, ticks };
        }
        Self { low, high: low + size, log: false, ticks }
    }

    /// Ticks at powers of ten, with 2 and 5 between them where the range is short.
    fn log([low, high]: [f64; 2]) -> Self {
        let (from, to) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let to = to.max(from + 1);
        let step = ((to - from) / 6).max(1);
        let minor: &[f64] = if to - from <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let ticks = (from..=to).step_by(step as usize).flat_map(|e| minor.iter().map(move |m| m * 10f64.powi(e)));
        let (low, high) = (10f64.powi(from), 10f64.powi(to));
        Self { low: low.log10(), high: high.log10(), log: true, ticks: ticks.filter(|t| *t <= high * 1.001).collect() }
    }

    fn share(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// A tick with as many digits as its neighbours need.
    fn label(&self, tick: f64) -> String {
        let size = tick.abs();
        if tick == 0.0 {
            return "0".to_owned();
        }
        if !(1e-3..1e6).contains(&size) {
            return format!("{tick:e}").replace("e-", "e−");
        }
        if self.log {
            return format!("{tick}").replace('-', "−");
        }
        let step = self.ticks.windows(2).next().map_or(size, |w| w[1] - w[0]);
        let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        let text = format!("{tick:.digits$}").replace('-', "−");
        if size >= 1e4 { thousands(&text) } else { text }
    }
}

/// Thin spaces between thousands.
fn thousands(text: &str) -> String {
    let n = text.chars().count();
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i > 0 && (n - i).is_multiple_of(3) && c.is_ascii_digit() && !out.ends_with('−') {
            out.push('\u{2009}');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        let axis = Axis::linear([0.13, 0.87], true);
        assert_eq!(
            axis.ticks.iter().map(|t| axis.label(*t)).collect::<Vec<_>>(),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|t| if t == "0.0" { "0" } else { t }),
            "from zero"
        );
        let axis = Axis::linear([0.0, 50.0], false);
        assert_eq!(axis.ticks, [0.0, 10.0, 20.0, 30.0, 40.0, 50.0], "inside the range");
        let axis = Axis::log([0.003, 40.0]);
        assert_eq!(
            axis.ticks.iter().map(|t| axis.label(*t)).collect::<Vec<_>>(),
            ["0.001", "0.01", "0.1", "1", "10", "100"],
            "decades"
        );
        assert_eq!(thousands("1234567"), "1\u{2009}234\u{2009}567", "grouped");
        for flat in [Axis::linear([3.0, 3.0], true), Axis::linear([0.0, 0.0], true), Axis::linear([7.0, 7.0], false)] {
            assert!(flat.share(3.0).is_finite() && !flat.ticks.is_empty(), "a constant can be drawn");
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out_and_long_lines_are_thinned() {
        let mut points: Vec<[f64; 2]> = (0..10_000).map(|i| [f64::from(i), 1.0 + f64::from(i % 2)]).collect();
        points.push([10_000.0, f64::NAN]);
        let mut chart = Chart::new("loss <train>", "step", "loss").line("a", points).line("none", vec![]);
        let html = chart.to_html();
        assert!(!html.contains("NaN") && html.contains("loss &lt;train&gt;"), "escaped and finite");
        assert!(html.len() < 12_000, "thinned: {} bytes", html.len());
        chart.series.truncate(1);
        chart.series[0].points = vec![[0.0, f64::INFINITY]];
        assert!(chart.to_html().contains("no number to draw"), "says so");
        chart.log_y = true;
        chart.series[0].points = vec![[0.0, 0.0], [1.0, 0.5]];
        assert!(!chart.to_html().contains("inf"), "zero has no logarithm");
    }
}
