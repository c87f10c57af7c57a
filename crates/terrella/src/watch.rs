//! Progress for people, and their wish to stop.
//!
//! A [`Watch`] goes through the whole pipeline; work opens a [`Stage`] and reports where it is. On a
//! terminal that is a bar, elsewhere a JSON line a second on stderr; a listener may hear it, too. Ctrl-C only sets a flag: work
//! that can be resumed looks at it, saves, and ends with [`Interrupted`](crate::error::Interrupted).

use crate::out;
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Face {
    Bars,
    Lines,
    Silent,
}

/// Shows progress and hears Ctrl-C.
#[derive(Clone, Debug)]
pub struct Watch {
    face: Face,
    stop: Arc<AtomicBool>,
    stop_at: Option<(&'static str, u64)>,
    timings: Arc<Mutex<Vec<(String, f64)>>>,
    began: Instant,
    listener: Option<Listener>,
}

/// What a stage says to whoever listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// Name of the stage.
    pub(crate) stage: &'a str,
    /// Units that there are.
    pub(crate) total: u64,
    /// How far it is.
    pub(crate) phase: Phase,
}

/// How far a stage is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    /// It was opened.
    Begins,
    /// So many units are done; at the pace so far, so many seconds are left.
    At { done: u64, left: f64 },
    /// It was closed, by an error perhaps.
    Over,
}

#[derive(Clone)]
struct Listener(Arc<dyn Fn(Moment<'_>) + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Watch {
    /// Bars on a terminal, JSON lines elsewhere; hears Ctrl-C, and a second one ends the program.
    pub fn listening() -> Self {
        let face = if std::io::stderr().is_terminal() { Face::Bars } else { Face::Lines };
        let watch = Self { face, ..Self::silent() };
        let stop = watch.stop.clone();
        let installed = ctrlc::set_handler(move || {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            out::note("stopping at the next safe place; press Ctrl-C again to stop at once");
        });
        if let Err(error) = installed {
            out::note(&format!("Ctrl-C will end the program at once: {error}"));
        }
        watch
    }

    /// Shows nothing and hears nothing, for tests and libraries.
    pub fn silent() -> Self {
        let (stop, timings) = (Arc::default(), Arc::default());
        Self { face: Face::Silent, stop, stop_at: None, timings, began: Instant::now(), listener: None }
    }

    /// The same watch, which tells somebody of every stage, too. Work waits until it was heard.
    pub(crate) fn heard_by(&self, listener: impl Fn(Moment<'_>) + Send + Sync + 'static) -> Self {
        Self { listener: Some(Listener(Arc::new(listener))), ..self.clone() }
    }

    /// Silent, and asks to stop by itself once a stage has come so far: an interruption one can repeat.
    pub fn stopping_at(stage: &'static str, done: u64) -> Self {
        Self { stop_at: Some((stage, done)), ..Self::silent() }
    }

    /// Asks to stop, as Ctrl-C does.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells people something.
    pub fn say(&self, text: &str) {
        match self.face {
            Face::Bars => out::note(text),
            Face::Lines => out::note(&serde_json::json!({ "note": text }).to_string()),
            Face::Silent => {}
        }
    }

    /// Opens a stage of `total` units; it closes when dropped.
    pub fn stage(&self, name: &str, total: u64) -> Stage {
        if let Some(Listener(hear)) = &self.listener {
            hear(Moment { stage: name, total, phase: Phase::Begins });
        }
        let bar = (self.face == Face::Bars).then(|| {
            let bar = ProgressBar::new(total);
            // The template is a constant that a test reads.
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style.progress_chars("━╸─"));
            }
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let now = Instant::now();
        Stage {
            name: name.to_owned(),
            total,
            bar,
            lines: self.face == Face::Lines,
            started: now,
            first: Mutex::new(None),
            told: Mutex::new(now),
            timings: self.timings.clone(),
            listener: self.listener.clone(),
            stop: self.stop_at.filter(|(stage, _)| *stage == name).map(|(_, done)| (done, self.stop.clone())),
        }
    }

    /// Seconds since this watch was made.
    pub(crate) fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Seconds of each stage so far, in order.
    pub fn timings(&self) -> Vec<(String, f64)> {
        self.timings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

const TEMPLATE: &str = "{prefix:>9} {bar:32} {pos}/{len} {elapsed} (about {eta} left) {wide_msg}";

/// A piece of work with a known size.
#[derive(Debug)]
pub struct Stage {
    name: String,
    total: u64,
    bar: Option<ProgressBar>,
    lines: bool,
    started: Instant,
    /// Where the stage began, if it was resumed: what was done before took none of this time.
    first: Mutex<Option<u64>>,
    told: Mutex<Instant>,
    stop: Option<(u64, Arc<AtomicBool>)>,
    timings: Arc<Mutex<Vec<(String, f64)>>>,
    listener: Option<Listener>,
}

impl Stage {
    /// Says how much is done, and a word on how it goes.
    pub fn at(&self, done: u64, word: &str) {
        if let Some((_, stop)) = self.stop.as_ref().filter(|(at, _)| done >= *at) {
            stop.store(true, Ordering::Relaxed);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            if !word.is_empty() {
                bar.set_message(word.to_owned());
            }
        }
        if !self.lines && self.listener.is_none() {
            return;
        }
        let first = *self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(done.saturating_sub(1));
        let seconds = self.started.elapsed().as_secs_f64();
        let left = seconds / (done - first.min(done)).max(1) as f64 * self.total.saturating_sub(done) as f64;
        self.tell(Phase::At { done, left });
        if !self.lines {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if done < self.total && told.elapsed() < Duration::from_secs(1) {
            return;
        }
        *told = Instant::now();
        let round = |x: f64| (x * 10.0).round() / 10.0;
        let mut line = serde_json::json!({
            "stage": self.name, "done": done, "total": self.total, "seconds": round(seconds), "eta_s": round(left),
        });
        if !word.is_empty() {
            line["word"] = word.into();
        }
        out::note(&line.to_string());
    }

    fn tell(&self, phase: Phase) {
        if let Some(Listener(hear)) = &self.listener {
            hear(Moment { stage: &self.name, total: self.total, phase });
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
        let seconds = (self.started.elapsed().as_secs_f64() * 100.0).round() / 100.0;
        self.timings.lock().unwrap_or_else(PoisonError::into_inner).push((self.name.clone(), seconds));
        self.tell(Phase::Over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_one_and_stages_are_timed() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok(), "a template");
        let watch = Watch::silent();
        watch.stage("train", 3).at(3, "");
        assert_eq!(watch.timings().len(), 1, "one stage");
        assert!(!watch.stopped(), "not asked");
        watch.clone().stop();
        assert!(watch.stopped(), "copies share the wish");
    }

    #[test]
    fn who_listens_hears_all_of_a_stage() {
        let heard: Arc<Mutex<Vec<(u64, Phase)>>> = Arc::default();
        let (all, watch) = (heard.clone(), Watch::silent());
        let listening = watch.heard_by(move |moment| {
            assert_eq!(moment.stage, "train", "its name");
            all.lock().expect("no panic").push((moment.total, moment.phase));
        });
        let stage = listening.stage("train", 100);
        stage.at(91, "");
        stage.at(100, "");
        drop(stage);
        watch.stage("unheard", 1).at(1, "");
        let heard = heard.lock().expect("no panic");
        let [(100, Phase::Begins), (_, Phase::At { done: 91, left }), last, (100, Phase::Over)] = heard[..] else {
            panic!("{heard:?}")
        };
        assert!(left >= 0.0 && last == (100, Phase::At { done: 100, left: 0.0 }), "{left} {last:?}");
        assert_eq!(listening.timings().len(), 2, "times are kept together");
    }
}
