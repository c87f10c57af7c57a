//! The page about a run that goes on: how far it is, what it learned so far, and what to do should it have stopped.
//!
//! [`ProgressPage`] is plain data; [`ProgressPage::to_html`] makes the page. It reloads itself for as long as the run goes on,
//! without a script. After a kill nobody writes it any more: so it says when it was written, and what it means if that is long ago.

use crate::Chart;
use crate::html::{facts, grid, page, push, reloading_page, section, text_table};
use terrella_core::time::{moment, span};

/// Seconds after which a browser opens the page anew.
const RELOAD: u64 = 10;

/// Everything the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProgressPage {
    /// Heading.
    pub title: String,
    /// Whether the run goes on.
    pub standing: Standing,
    /// When this was written, in seconds since 1970 (UTC).
    pub written: u64,
    /// The command that goes on with a run that has stopped.
    pub resume: String,
    /// What is done now, or was done when the run stopped.
    pub now: Option<StageNow>,
    /// All stages, in their order.
    pub stages: Vec<(String, StageIs)>,
    /// Seconds since the command began.
    pub passed: f64,
    /// Seconds that the whole run was said to take before training began.
    pub told: Option<f64>,
    /// Losses so far.
    pub curves: Vec<Chart>,
    /// The command that began the run.
    pub command: String,
    /// Which run this is: name and value.
    pub facts: Vec<(String, String)>,
}

/// Whether a run goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Standing {
    /// It does, or was killed.
    #[default]
    Running,
    /// All of it is done.
    Done {
        /// The page that says what came of it, beside this one, if there is one.
        report: Option<String>,
        /// The command to give next, if there is one.
        next: Option<String>,
    },
    /// It ended before it was done.
    Stopped {
        /// The reason, without a full stop.
        why: String,
    },
}

/// How it stands with a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StageIs {
    /// It took so many seconds; none are known where an earlier command did it, or nobody had to.
    Done(Option<f64>),
    /// It is being done.
    Now,
    /// It is to come.
    Ahead,
}

/// The stage that is being done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageNow {
    /// What is done, as in the list of stages.
    pub what: String,
    /// How much of it is done, once something is.
    pub done: Option<u64>,
    /// How much there is; 1 where it is not counted.
    pub total: u64,
    /// What is counted, such as steps.
    pub unit: String,
    /// Seconds since it began.
    pub seconds: f64,
    /// Seconds that are left at its pace, once it has one.
    pub left: Option<f64>,
}

impl StageNow {
    /// What is done and how much there is, where that is counted.
    fn counted(&self) -> Option<(u64, u64)> {
        self.done.map(|done| (done, self.total)).filter(|_| self.total > 1)
    }
}

impl ProgressPage {
    /// The page.
    pub fn to_html(&self) -> String {
        let mut out = String::new();
        push(&mut out, "<h1>", &self.title, "</h1>\n");
        out.push_str(&self.how_it_stands());
        out.push_str(&self.card());
        section(&mut out, "How far it is", &self.list_of_stages());
        section(&mut out, "What it learned so far", &self.charts());
        let mut which = String::new();
        push(&mut which, "<pre>", &self.command, "</pre>\n");
        section(&mut out, "Which run this is", &(which + &facts(&self.facts)));
        match &self.standing {
            Standing::Running => reloading_page(&self.tab(), &out, RELOAD),
            _ => page(&self.title, &out),
        }
    }

    /// The title in the tab of a browser, where it is seen while other pages are read.
    fn tab(&self) -> String {
        let counted = self.now.as_ref().and_then(|now| now.counted().map(|counted| (now, counted)));
        counted.map_or_else(
            || self.title.clone(),
            |(now, (done, total))| format!("{} % of {}: {}", 100 * done / total, now.what, self.title),
        )
    }

    fn how_it_stands(&self) -> String {
        let (at, mut out) = (moment(self.written), String::new());
        let (text, go_on) = match &self.standing {
            Standing::Running => (
                format!(
                    "Written at {at}. While the run goes on, this page is written anew about every ten seconds, or when a stage ends that \
                     tells no steps, and reloads itself. If {at} is long ago, the run has stopped, whatever else stands here. This goes on \
                     with it:"
                ),
                Some(&self.resume),
            ),
            Standing::Stopped { why } => {
                (format!("The run has stopped at {at}: {why}. This goes on with it:"), Some(&self.resume))
            }
            Standing::Done { next, .. } => {
                let judge = if next.is_some() { " This judges what came of it:" } else { "" };
                (format!("The run is done, since {at}.{judge}"), next.as_ref())
            }
        };
        push(&mut out, "<p>", &text, "</p>\n");
        go_on.into_iter().for_each(|command| push(&mut out, "<pre>", command, "</pre>\n"));
        if let Standing::Done { report: Some(report), .. } = &self.standing {
            push(&mut out, "<p><a href=\"", report, "\">The report</a> says what came of it.</p>\n");
        }
        out
    }

    /// The stage that is being done, large.
    fn card(&self) -> String {
        let Some(now) = &self.now else { return String::new() };
        let lead = if self.standing == Standing::Running { "now" } else { "stopped in" };
        let mut out = "<div class=\"big\"><div>".to_owned();
        push(&mut out, "<span>", &format!("{lead}: {}", now.what), "</span>");
        if let Some((done, total)) = now.counted() {
            push(&mut out, "<strong>", &format!("{done} of {total} {}", now.unit), "</strong>");
            out.push_str(&format!("<progress max=\"{total}\" value=\"{done}\" aria-label=\"done\"></progress>"));
        }
        let left = now.left.filter(|_| self.standing == Standing::Running && now.counted().is_some());
        let left = left.map_or_else(String::new, |left| format!(", about {} left at its pace", span(left)));
        push(&mut out, "<span>", &format!("{} passed in this stage{left}", span(now.seconds)), "</span>");
        out + "</div></div>\n"
    }

    fn list_of_stages(&self) -> String {
        let running = self.standing == Standing::Running;
        let row = |(what, is): &(String, StageIs)| {
            let (word, time) = match is {
                StageIs::Done(Some(seconds)) => ("done", span(*seconds)),
                StageIs::Done(None) => ("done before, or not needed", String::new()),
                StageIs::Now => {
                    let time = self.now.as_ref().map_or_else(String::new, |now| span(now.seconds));
                    (if running { "now" } else { "stopped here" }, time)
                }
                StageIs::Ahead => ("to come", String::new()),
            };
            vec![what.clone(), word.to_owned(), time]
        };
        let mut out = text_table(&["stage", "", "time"], &self.stages.iter().map(row).collect::<Vec<_>>());
        let told = self.told.map_or_else(String::new, |told| {
            format!(" About {} for the whole run were told before training began.", span(told))
        });
        let passed = span(self.passed);
        push(&mut out, "<p class=\"soft\">", &format!("{passed} passed since the command began.{told}"), "</p>\n");
        out
    }

    fn charts(&self) -> String {
        if self.curves.is_empty() {
            return "<p class=\"soft\">Nothing to draw yet: a curve begins with two logged steps.</p>\n".to_owned();
        }
        grid(&self.curves.iter().map(Chart::to_html).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> ProgressPage {
        let own = str::to_owned;
        ProgressPage {
            title: own("A <model>"),
            written: 1_709_251_199,
            resume: own("terrella train --resume 'a & b'"),
            now: Some(StageNow {
                what: own("training the model"),
                done: Some(1200),
                total: 3600,
                unit: own("steps"),
                seconds: 200.0,
                left: Some(400.0),
            }),
            stages: vec![
                (own("recording"), StageIs::Done(Some(61.0))),
                (own("training the model"), StageIs::Now),
                (own("judging <it>"), StageIs::Ahead),
            ],
            passed: 275.0,
            told: Some(4000.0),
            command: own("terrella train --out 'a & b'"),
            facts: vec![(own("seed"), own("<3>"))],
            ..ProgressPage::default()
        }
    }

    #[test]
    fn a_page_reloads_itself_until_the_run_has_ended() {
        let html = running().to_html();
        assert!(html.contains("<meta http-equiv=\"refresh\" content=\"10\">"), "{html}");
        assert!(html.contains("If 2024-02-29 23:59:59 UTC is long ago, the run has stopped"), "what a kill leaves");
        assert!(html.contains("<title>33 % of training the model"), "in the tab");
        let report = Some("report.html".to_owned());
        let done = ProgressPage { standing: Standing::Done { report, next: None }, now: None, ..running() }.to_html();
        assert!(done.contains("The run is done") && done.contains("<a href=\"report.html\">"), "{done}");
        let next = Some("terrella eval x".to_owned());
        let trained = ProgressPage { standing: Standing::Done { report: None, next }, ..running() }.to_html();
        assert!(trained.contains("<pre>terrella eval x</pre>") && !trained.contains("<a "), "{trained}");
        let stopped =
            ProgressPage { standing: Standing::Stopped { why: "no <disk>".to_owned() }, ..running() }.to_html();
        assert!(stopped.contains("UTC: no &lt;disk&gt;.") && stopped.contains("1200 of 3600 steps"), "{stopped}");
        assert!(stopped.contains("stopped here") && !stopped.contains(" left at its pace"), "{stopped}");
        for ended in [&done, &trained, &stopped] {
            assert!(!ended.contains("refresh") && !ended.contains("long ago"), "{ended}");
        }
        for page in [&html, &stopped] {
            assert!(page.contains("<pre>terrella train --resume &#39;a &amp; b&#39;</pre>"), "how to go on: {page}");
        }
    }

    #[test]
    fn stages_have_their_times_and_no_name_becomes_markup() {
        let mut page = running();
        let html = page.to_html();
        for row in [
            "<th scope=\"row\">recording</th><td>done</td><td>1 min 01 s</td>",
            "<th scope=\"row\">training the model</th><td>now</td><td>3 min 20 s</td>",
            "<th scope=\"row\">judging &lt;it&gt;</th><td>to come</td><td></td>",
        ] {
            assert!(html.contains(row), "{row} in {html}");
        }
        assert!(html.contains("<strong>1200 of 3600 steps</strong><progress max=\"3600\" value=\"1200\""), "{html}");
        assert!(html.contains("3 min 20 s passed in this stage, about 6 min 40 s left"), "{html}");
        assert!(html.contains("4 min 35 s passed since the command began. About 1 h 06 min for"), "{html}");
        assert!(html.contains("<h1>A &lt;model&gt;</h1>") && html.contains("<dd>&lt;3&gt;</dd>"), "{html}");
        assert!(html.contains("Nothing to draw yet"), "no curve");
        page.curves = vec![Chart::new("Loss", "steps", "loss").line("total", vec![[1.0, 2.0], [2.0, 1.0]])];
        assert!(page.to_html().contains("<polyline"), "a curve");
        page.now = Some(StageNow { what: "floors".to_owned(), done: Some(0), total: 1, ..StageNow::default() });
        assert!(!page.to_html().contains("<progress"), "nothing is counted there");
    }
}
