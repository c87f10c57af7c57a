//! When the samples of a file or a topic were taken: by a column of times, or by a rate.
//!
//! A stamp that its publisher never filled in is 0 in every message. The clock of logging stands in for it then, and
//! that is told.

use super::clock::{Times, WRONG_CLOCK, median_interval};
use super::contents::Place;
use super::jumps::jumps;
use super::mapping::Clock;
use super::reader::Reader;
use super::runs::{Axis, Stamps, is_logging};
use super::table::Content;

impl Reader<'_> {
    /// Times of `n` samples in a file.
    pub(super) fn stamps(&mut self, clock: Option<&Clock>, place: Place<'_>, n: usize) -> Result<Stamps, String> {
        let mut clock = clock.unwrap_or(&self.mapping.clock).clone();
        if place.topic.is_some() && clock.rate.is_none() {
            clock.column.get_or_insert_with(|| "log_time".to_owned());
        }
        let clocked = Place { file: clock.file.as_deref().or(place.file), ..place };
        if let Some(rate) = clock.rate.or(if clock.column.is_none() { self.mapping.fps } else { None }) {
            let times = Times::regular(n, rate).0;
            if let (Some(selector), None) = (&clock.stored, &self.stored) {
                let (_, content) = self.content(clocked)?;
                // Rows do not need it, so a log without it is as good.
                if let Ok(column) = content.numbers(selector) {
                    let seconds = clock.unit.seconds();
                    self.stored = Some(column.data.iter().zip(&times).map(|(raw, t)| [raw * seconds, *t]).collect());
                    self.used.insert(selector.clone());
                }
            }
            return Ok(Stamps::plain("rate", times));
        }
        let selector =
            clock.column.as_deref().ok_or("nothing says when its samples were taken; give a clock, or fps")?;
        let (name, content) = self.content(clocked)?;
        let name = clocked.on(&name);
        let column = content.numbers(selector).map_err(|e| format!("{name}: {e}"))?;
        if column.width != 1 || column.rows() != n {
            return Err(format!(
                "{name}: the clock {selector} has {} × {} numbers for {n} samples",
                column.rows(),
                column.width
            ));
        }
        let logged =
            place.topic.and_then(|_| content.numbers("log_time").ok()).map(|c| c.data).filter(|l| l.len() == n);
        let axis = axis(content, selector);
        let jumped =
            place.topic.filter(|_| is_logging(selector)).map(|topic| jumps(topic, content)).unwrap_or_default();
        let mut read = (column.data, selector, axis, clock.unit.seconds());
        if let Some(value) = never_set(&read.0).filter(|_| !is_logging(selector)) {
            if let Some(logged) = &logged {
                self.tell(format!(
                    "the clock {selector} of {} is {value} in all of {n} messages: log_time was taken in its place",
                    place.topic.unwrap_or_default()
                ));
                read = (logged.clone(), "log_time", Axis::Logging, 1.0);
            } else if n > 1 {
                return Err(format!("{name}: the clock {selector} is {value} in all of {n} samples; {WRONG_CLOCK}"));
            }
        }
        let (column, selector, axis, seconds) = read;
        if self.stored.is_none() {
            self.stored = Some(column.iter().map(|raw| [raw * seconds; 2]).collect());
        }
        // Counted from the first sample, so that nanoseconds of an epoch keep their precision.
        let origin = column.iter().copied().find(|t| t.is_finite()).unwrap_or_default();
        let times: Vec<f64> = column.iter().map(|raw| (raw - origin) * seconds + origin * seconds).collect();
        self.used.extend(selector.split('|').map(|s| s.trim().to_owned()));
        self.jumps.extend(jumped);
        self.tell_gap(selector, &times);
        Ok(Stamps::new(selector.to_owned(), axis, times, logged))
    }

    /// Tells where a clock stands still.
    fn tell_gap(&mut self, selector: &str, times: &[f64]) {
        let dt = median_interval(times).unwrap_or_default();
        let steps = times.windows(2).map(|w| (w[1] - w[0], w[0])).filter(|(step, _)| step.is_finite());
        let longest = steps.max_by(|a, b| a.0.total_cmp(&b.0));
        // Between marked episodes a clock may stand still.
        let marked = self.mapping.marks.is_some();
        if let Some((gap, at)) = longest.filter(|(gap, _)| *gap > 10.0 * dt && !marked) {
            self.tell(format!(
                "the clock {selector} stands still for {gap:.3} s at {at:.3} s, {:.0} times its usual interval",
                gap / dt
            ));
        }
    }
}

/// What clock a column of times is of.
fn axis(content: &Content, selector: &str) -> Axis {
    let Content::Columns(columns) = content else { return Axis::Unknown };
    selector
        .split('|')
        .map(str::trim)
        .find_map(|name| columns.stamps.get(name))
        .map_or(Axis::Unknown, |logging| if *logging { Axis::Logging } else { Axis::Own })
}

/// The one value of a clock that nobody set.
fn never_set(times: &[f64]) -> Option<f64> {
    let mut there = times.iter().copied().filter(|t| t.is_finite());
    let first = there.next()?;
    let same = there.all(|t| t == first);
    (same && (times.len() > 1 || first == 0.0)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_that_nobody_set_is_no_clock() {
        assert_eq!(never_set(&[0.0, 0.0, 0.0]), Some(0.0), "always 0");
        assert_eq!((never_set(&[0.0]), never_set(&[5.0])), (Some(0.0), None), "one message");
        assert_eq!((never_set(&[0.0, 0.1]), never_set(&[f64::NAN])), (None, None), "a clock, and none at all");
    }
}
