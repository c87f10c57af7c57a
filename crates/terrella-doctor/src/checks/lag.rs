//! Actions that take effect earlier or later than the row they are stored in, by physics (see [`crate::lag`](mod@crate::lag)).

use crate::finding::{Check, Finding, Severity};
use crate::lag::GAIN;
use crate::robust::fence;
use crate::view::View;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let Some(lag) = &view.lag else { return Vec::new() };
    let ms = |rows: f64| 1e3 * rows / view.subject.signature.fps;
    let mut found = Vec::new();
    if lag.rows > 0 {
        let what = format!(
            "actions take effect {} rows after the row they are stored in ({:.2} rows, {:.0} ms by a parabola), and explain {:.0} % of the step then",
            lag.rows,
            lag.exact,
            ms(lag.exact),
            100.0 * lag.explained
        );
        let remedy = "if the robot is this slow, give the model a history; if the log is, shift the actions";
        found.push(Finding::new(Check::Lag, Severity::Warn, what, remedy));
    } else if lag.rows < 0 {
        let what = format!(
            "the action stored {} rows later tells the step of the state better than its own ({:.2} rows, {:.0} ms by a parabola)",
            -lag.rows,
            -lag.exact,
            ms(-lag.exact)
        );
        let remedy = "if actions are computed from the state without delay this is so by nature; if not, they are stored too late, and a model would read the future from them: shift them";
        found.push(Finding::new(Check::Lag, Severity::Warn, what, remedy));
    }
    if lag.rows == 0 && lag.exact.abs() > 0.25 {
        let what = format!(
            "actions and steps of the state are {:.2} rows apart ({:.0} ms by a parabola)",
            lag.exact,
            ms(lag.exact)
        );
        let remedy = "a fraction of a row is lost where clocks are put onto rows; raise the rate to keep it";
        found.push(Finding::new(Check::Lag, Severity::Info, what, remedy));
    }
    // What is usual among episodes by chance.
    let chance = fence(lag.episodes.iter().flatten().map(|e| e.1), 8.0);
    for (at, episode) in lag.episodes.iter().enumerate() {
        let Some((rows, gain)) = episode.filter(|(rows, gain)| *rows != lag.rows && *gain > GAIN.max(chance)) else {
            continue;
        };
        let what = format!(
            "its actions lag by {rows} rows, those of the dataset by {} (log-likelihood {gain:.0} higher)",
            lag.rows
        );
        let remedy = "shift the actions of this episode, or leave it out";
        found.push(Finding::new(Check::Lag, Severity::Fail, what, remedy).in_episode(at));
    }
    found
}
