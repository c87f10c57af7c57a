//! When the samples of a file or a topic were taken: by a column of times, or by a rate.
//!
//! A stamp that its publisher never filled in is 0 in every message. The clock of logging stands in for it then, and
//! that is told.

use super::clock::{Times, WRONG_CLOCK, in_seconds, median_interval};
use super::contents::Place;
use super::jumps::jumps;
use super::mapping::Clock;
use super::reader::Reader;
use super::runs::{Axis, Stamps, is_logging};
use super::table::{Content, Stated};
use super::units::TimeUnit;

impl Reader<'_> {
    /// Times of `n` samples in a file.
    pub(super) fn stamps(&mut self, clock: Option<&Clock>, place: Place<'_>, n: usize) -> Result<Stamps, String> {
        let mut clock = clock.unwrap_or(&self.mapping.clock).clone();
        let clocked = Place { file: clock.file.as_deref().or(place.file), ..place };
        if clock.rate.is_none() && self.has_clock(clocked) {
            clock.column.get_or_insert_with(|| "log_time".to_owned());
        }
        if let Some(rate) = clock.rate.or(if clock.column.is_none() { self.mapping.fps } else { None }) {
            let times = Times::regular(n, rate).0;
            if let (Some(selector), None) = (&clock.stored, &self.stored) {
                let (_, content) = self.content(clocked)?;
                // Rows do not need it, so a log without it is as good.
                if let Ok((column, stated)) = content.clock(selector) {
                    let seconds = unit_of(clock.unit, stated).unwrap_or_default().seconds();
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
        let (column, stated) = content.clock(selector).map_err(|e| format!("{name}: {e}"))?;
        if column.width != 1 || column.rows() != n {
            return Err(format!(
                "{name}: the clock {selector} has {} × {} numbers for {n} samples",
                column.rows(),
                column.width
            ));
        }
        let unit = unit_of(clock.unit, stated).map_err(|e| format!("{name}: the clock {selector} {e}"))?;
        let logged =
            place.topic.and_then(|_| content.numbers("log_time").ok()).map(|c| c.data).filter(|l| l.len() == n);
        let axis = axis(content, selector);
        let jumped =
            place.topic.filter(|_| is_logging(selector)).map(|topic| jumps(topic, content)).unwrap_or_default();
        let mut read = (column.data, selector, axis, unit.seconds());
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
        let times = in_seconds(&column, seconds);
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

/// The unit of a clock, by what a mapping says and by what the column itself says.
fn unit_of(given: Option<TimeUnit>, stated: Stated) -> Result<TimeUnit, String> {
    match (given, stated) {
        (given, Stated::Nothing) => Ok(given.unwrap_or_default()),
        (Some(given), Stated::Type(unit)) if given != unit => {
            Err(format!("is in {unit} by its type, and in {given} by the mapping; leave the unit out there"))
        }
        (_, Stated::Type(unit)) => Ok(unit),
        (None | Some(TimeUnit::S), Stated::Dates) => Ok(TimeUnit::Us),
        (Some(given), Stated::Dates) => {
            Err(format!("holds dates and times of day, which are not in {given}; leave the unit out of the mapping"))
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
