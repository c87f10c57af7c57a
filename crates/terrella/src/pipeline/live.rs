//! The page of a run that goes on, `progress.html`: who writes it, and when.
//!
//! A [`Live`] hears every stage of a [`Watch`] and writes the page anew, from what the folder of the run holds, every ten seconds and
//! where a stage begins or ends. It draws nothing at random and takes part in no work; where it cannot write, that is told once.

use super::ahead::{ahead, words};
use super::report::{PAGE, curves};
use super::train::{LOG, log};
use super::{Pace, Recordings, Run, pace};
use crate::error::Interrupted;
use crate::watch::{Moment, Phase, Watch};
use anyhow::Result;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use terrella_eval::{ProgressPage, StageIs, StageNow, Standing};

/// Name of the page.
const FILE: &str = "progress.html";
/// Time between two pages of a stage.
const EVERY: Duration = Duration::from_secs(10);
/// A page is left alone for at least so many times what it took to write: slow disks and long logs cost half a percent at most.
const REST: u32 = 200;
/// Stages with which judging begins.
const JUDGING: [&str; 3] = ["imagine", "foretell", "dream"];

/// The page of one run.
pub struct Live {
    run: Run,
    watch: Watch,
    title: String,
    /// Stages that are known to come, in words.
    ahead: Vec<String>,
    /// The command to give when all is done, where there is no report.
    next: Option<String>,
    far: Mutex<Far>,
}

/// How far a run is.
#[derive(Default)]
struct Far {
    /// Stages that are over, in words, and their seconds.
    done: Vec<(String, f64)>,
    now: Option<Now>,
    judging: bool,
    /// When the page was written last, and for how long it then rests.
    written: Option<(Instant, Duration)>,
    /// Whether people know of the page, and that it cannot be written.
    told: bool,
    failed: bool,
}

/// The stage that is being done.
struct Now {
    began: Instant,
    is: StageNow,
}

impl Live {
    /// The page of a run on these recordings, from here on.
    pub fn of(run: &Run, recordings: &Recordings, watch: &Watch) -> Self {
        let [name, _] = run.settings.model.words();
        let world = recordings.spec().map_or("recordings".to_owned(), |spec| spec.id.to_string());
        let model = &run.settings.model;
        let judged = recordings.has_goals() || model.wants().state || model.paints();
        Self {
            next: judged.then(|| run.judging_command()),
            ..Self::new(run, &format!("{name} of {world}"), ahead(run, recordings), watch)
        }
    }

    fn new(run: &Run, title: &str, ahead: Vec<String>, watch: &Watch) -> Self {
        let done = watch.timings().into_iter().map(|(stage, seconds)| (words(&stage, false).0, seconds)).collect();
        let far = Mutex::new(Far { done, ..Far::default() });
        Self { run: run.clone(), watch: watch.clone(), title: title.to_owned(), ahead, next: None, far }
    }

    /// Does some work under a watch that the page hears, and says on it how that ended.
    ///
    /// # Errors
    /// Those of the work.
    pub fn shows<T>(self, work: impl FnOnce(&Watch) -> Result<T>) -> Result<T> {
        let live = Arc::new(self);
        let hearing = live.clone();
        let outcome = work(&live.watch.heard_by(move |moment| hearing.hear(moment)));
        let mut far = live.far();
        let standing = match outcome.as_ref().err() {
            None => {
                far.finish();
                let report = live.run.file(PAGE).is_file().then(|| PAGE.to_owned());
                let next = live.next.clone().filter(|_| report.is_none());
                Standing::Done { report, next }
            }
            Some(error) if error.is::<Interrupted>() => Standing::Stopped { why: "somebody asked it to".to_owned() },
            Some(error) => Standing::Stopped { why: format!("{error:#}") },
        };
        live.write(&mut far, standing);
        outcome
    }

    fn far(&self) -> MutexGuard<'_, Far> {
        self.far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, moment: Moment<'_>) {
        let mut far = match moment.phase {
            // Attempts go side by side, and none shall wait for a page that another has begun to write.
            Phase::At { .. } => match self.far.try_lock() {
                Ok(far) => far,
                Err(_) => return,
            },
            _ => self.far(),
        };
        let news = match moment.phase {
            Phase::Begins => far.begin(moment),
            Phase::At { done, left } => far.at(done, left),
            Phase::Over => far.end(),
        };
        if news {
            self.write(&mut far, Standing::Running);
        }
    }

    fn write(&self, far: &mut Far, standing: Standing) {
        // Before there is a log nothing has begun, and the folder of a run that is refused stays as it is.
        if !self.run.file(LOG).is_file() {
            return;
        }
        let began = Instant::now();
        let page = self.page(far, standing);
        let written = page.and_then(|page| Ok(self.run.dir().write(FILE, page.to_html().as_bytes())?));
        far.written = Some((Instant::now(), EVERY.max(began.elapsed() * REST)));
        match written {
            Ok(()) if !std::mem::replace(&mut far.told, true) => {
                self.watch.say(&format!("progress: {}", self.run.file(FILE).display()));
            }
            Err(error) if !std::mem::replace(&mut far.failed, true) => {
                self.watch.say(&format!("{error:#}; the run goes on without this page"));
            }
            _ => {}
        }
    }

    fn page(&self, far: &Far, standing: Standing) -> Result<ProgressPage> {
        let (run, settings) = (&self.run, &self.run.settings);
        let path = |path: &PathBuf| path.display().to_string();
        let recordings = match &settings.data.path {
            None => format!("recorded in {}", settings.data.collected_in()),
            Some(first) => std::iter::once(first).chain(&settings.data.also).map(path).collect::<Vec<_>>().join(", "),
        };
        let sees = if settings.model.wants().picture.is_some() { "pictures" } else { "logged states" };
        let facts = [
            ("folder", run.path().display().to_string()),
            ("model", format!("{}, which sees {sees}", settings.model.kind())),
            ("recordings", format!("{recordings}, hash {:.12}", run.about.data_hash)),
            ("seed", settings.seed.to_string()),
            ("training seed", settings.train.seed.to_string()),
            ("machine", run.about.machine()),
            ("terrella", format!("{}, revision {}", run.about.version, run.about.revision())),
        ];
        Ok(ProgressPage {
            title: self.title.clone(),
            stages: self.stages(far, &standing),
            standing,
            written: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
            resume: run.resume_command(),
            now: far.now.as_ref().map(Now::so_far),
            passed: self.watch.seconds(),
            told: run.json::<Pace>(pace::FILE)?.map(|pace| pace.seconds()),
            curves: curves(&log(run)?, settings.model.charts()),
            command: run.about.command.clone(),
            facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        })
    }

    /// What was done before this command, what it did, what it does, and what is ahead.
    fn stages(&self, far: &Far, standing: &Standing) -> Vec<(String, StageIs)> {
        let mut begun: Vec<_> =
            far.done.iter().map(|(what, seconds)| (what.clone(), StageIs::Done(Some(*seconds)))).collect();
        begun.extend(far.now.iter().map(|now| (now.is.what.clone(), StageIs::Now)));
        let is_begun = |what: &String| begun.iter().any(|(name, _)| name == what);
        // Of what was known to come, all that stands before the last that has begun is over, too.
        let over = match standing {
            Standing::Done { .. } => self.ahead.len(),
            _ => self.ahead.iter().rposition(is_begun).map_or(0, |last| last + 1),
        };
        let others = |of: &[String], is: StageIs| -> Vec<(String, StageIs)> {
            of.iter().filter(|&what| !is_begun(what)).map(|what| (what.clone(), is)).collect()
        };
        let (before, after) = self.ahead.split_at(over);
        [others(before, StageIs::Done(None)), begun.clone(), others(after, StageIs::Ahead)].concat()
    }
}

impl Far {
    /// A stage was opened; each of these says whether that is worth a page.
    fn begin(&mut self, Moment { stage, total, .. }: Moment<'_>) -> bool {
        // What is followed by another went well, whatever it said last.
        self.finish();
        self.judging |= JUDGING.contains(&stage);
        let (what, unit) = words(stage, self.judging);
        let is = StageNow { what, total, unit: unit.to_owned(), ..StageNow::default() };
        self.now = Some(Now { began: Instant::now(), is });
        true
    }

    fn at(&mut self, done: u64, left: f64) -> bool {
        let Some(now) = &mut self.now else { return false };
        // Threads tell in no order.
        let before = now.is.done;
        now.is.done = Some(before.map_or(done, |before| before.max(done)));
        now.is.left = Some(left);
        let rested = self.written.is_none_or(|(at, rest)| at.elapsed() >= rest);
        // The first news of a stage is not waited for; its end is about to be told.
        done < now.is.total && (before.is_none() || rested)
    }

    fn end(&mut self) -> bool {
        // What an error ended is not done, and stays where it was.
        let whole = self.now.as_ref().is_some_and(|now| now.is.done.is_some_and(|done| done >= now.is.total));
        if whole {
            self.finish();
        }
        whole
    }

    fn finish(&mut self) {
        self.done.extend(self.now.take().map(|now| (now.is.what, now.began.elapsed().as_secs_f64())));
    }
}

impl Now {
    fn so_far(&self) -> StageNow {
        StageNow { seconds: self.began.elapsed().as_secs_f64(), ..self.is.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use anyhow::bail;
    use std::fs;

    fn run(folder: &tempfile::TempDir) -> Run {
        Run::create("quickstart", Some(&folder.path().join("run")), Settings::default()).expect("a run")
    }

    fn live(run: &Run) -> Live {
        let ahead = ["collect", "train", "decoder"].map(|stage| words(stage, false).0).to_vec();
        Live::new(run, "A model", ahead, &Watch::silent())
    }

    fn logged(run: &Run) {
        for step in [1, 5] {
            let line = format!(r#"{{"step":{step},"steps":40,"learning_rate":0.1,"total":2.0}}"#);
            run.dir().append(LOG, &line).expect("a log");
        }
    }

    #[test]
    fn the_page_says_where_a_run_is_where_it_stopped_and_that_it_is_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run(&folder);
        let page = || fs::read_to_string(run.file(FILE)).unwrap_or_default();
        let refused: Result<()> = live(&run).shows(|_| bail!("nothing can be learned from this"));
        assert!(refused.is_err() && page().is_empty(), "nothing has begun");
        let stopped: Result<()> = live(&run).shows(|watch| {
            let stage = watch.stage("train", 40);
            logged(&run);
            stage.at(5, "");
            for told in ["refresh", "now: training the model", "5 of 40 steps", "is long ago"] {
                assert!(page().contains(told), "{told} in {}", page());
            }
            stage.at(7, "");
            bail!("the disk <is> full")
        });
        assert!(stopped.is_err(), "the error is handed on");
        for told in ["the disk &lt;is&gt; full", "7 of 40 steps", "stopped here", "terrella quickstart --resume "] {
            assert!(page().contains(told), "{told} in {}", page());
        }
        assert!(page().contains("done before") && page().contains("to come"), "collected, and not yet drawn");
        assert!(!page().contains("refresh"), "nothing to wait for");
        let done = live(&run).shows(|watch| {
            watch.stage("train", 40).at(40, "");
            assert!(page().contains("refresh") && page().contains("<td>done</td>"), "{}", page());
            watch.stage("decoder", 2).at(2, "");
            fs::write(run.file(PAGE), "").map_err(Into::into)
        });
        done.expect("all went well");
        assert!(page().contains("The run is done") && page().contains("<a href=\"report.html\">"), "{}", page());
        assert!(!page().contains("refresh") && !page().contains("to come"), "{}", page());
    }

    #[test]
    fn a_page_that_cannot_be_written_stops_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run(&folder);
        logged(&run);
        fs::create_dir(run.file(FILE)).expect("a folder in its place");
        let done = live(&run).shows(|watch| {
            watch.stage("train", 3).at(3, "");
            Ok(7)
        });
        assert_eq!(done.expect("it goes on"), 7);
        assert!(!run.file("progress.html.tmp").exists(), "nothing half-done stays");
        fs::remove_dir(run.file(FILE)).expect("it is still empty");
    }

    #[test]
    fn a_page_rests_between_steps_and_not_where_a_stage_begins_or_ends() {
        let mut far = Far { written: Some((Instant::now(), Duration::MAX)), ..Far::default() };
        let begins = Moment { stage: "train", total: 9, phase: Phase::Begins };
        assert!(far.begin(begins) && far.at(1, 8.0), "a stage, and its first news");
        assert!(!far.at(2, 7.0), "it rests");
        far.written = Some((Instant::now(), Duration::ZERO));
        assert!(far.at(3, 6.0) && !far.at(9, 0.0) && far.end(), "it has rested; the last step is told by the end");
        assert!(far.begin(begins) && far.at(3, 6.0) && !far.end(), "broken off");
        assert_eq!((far.done.len(), far.now.is_some()), (1, true), "it is where it was");
    }
}
