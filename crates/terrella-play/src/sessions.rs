//! All sessions on one stage: who is due is stepped together, and everybody is shown what changed.
//!
//! Like a session, this knows no clock: whoever drives it says what time it is, in seconds.

use crate::key::Scope;
use crate::messages::{Ask, Say};
use crate::outlet::Outlet;
use crate::pace::Pace;
use crate::pilot::Due;
use crate::recorder::Recorder;
use crate::session::Session;
use crate::stage::{Look, Stage};
use std::collections::BTreeMap;
use terrella_core::{Error, Result};

/// Messages in a row that cannot be understood, after which a session ends: by then nobody reads the answers.
const MISTAKES: usize = 32;

/// All sessions, by their number.
pub(crate) struct Sessions {
    stage: Stage,
    recorder: Recorder,
    most: usize,
    seats: BTreeMap<u64, Seat>,
    /// The first recording that could not be kept when nobody was left to be told.
    lost: Option<String>,
}

/// A session and how its page is reached.
struct Seat {
    session: Session,
    scope: Scope,
    outlet: Outlet,
    pace: Pace,
    mistakes: usize,
    /// Something else than the pictures has changed, which its page must be shown.
    changed: bool,
    took_ms: f64,
}

impl Sessions {
    /// Nobody is there yet; at most so many may come.
    pub(crate) fn new(stage: Stage, recorder: Recorder, most: usize) -> Self {
        Self { stage, recorder, most, seats: BTreeMap::new(), lost: None }
    }

    /// Somebody comes. Where there is no place, they are told so, and their outlet is dropped.
    pub(crate) fn open(&mut self, id: u64, scope: Scope, outlet: Outlet, now: f64) {
        if self.seats.len() >= self.most {
            let text = format!("all {} places are taken; come back when somebody has left", self.most);
            outlet.say(&Say::closing(text));
            return;
        }
        match Session::open(&mut self.stage) {
            Ok(session) => {
                let pace = self.pace(session.speed(), now);
                let seat = Seat { session, scope, outlet, pace, mistakes: 0, changed: false, took_ms: 0.0 };
                self.seats.insert(id, seat);
            }
            Err(error) => _ = outlet.say(&Say::closing(error.to_string())),
        }
    }

    /// Somebody says something.
    pub(crate) fn hear(&mut self, id: u64, text: &str, now: f64) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let ask = match Ask::read(text) {
            Ok(ask) => ask,
            Err(why) => return self.mistaken(id, &why),
        };
        if ask.needs() > seat.scope {
            let (may, needs) = (seat.scope.name(), ask.needs().name());
            return self.mistaken(id, &format!("your key is for {may:?}, and this needs one for {needs:?}"));
        }
        // These change nothing that a frame shows before the next step. To show the old moment once more to who asked for one
        // step would pass for the step.
        let quiet = matches!(ask, Ask::Drive { .. } | Ask::Step | Ask::Read | Ask::Save { .. });
        let times = matches!(ask, Ask::Go | Ask::Speed { .. } | Ask::Reset(_));
        let drivers = seat.session.drivers();
        match seat.session.hear(ask, &mut self.stage, &mut self.recorder) {
            Err(error) => self.mistaken(id, &error.to_string()),
            Ok(say) => {
                seat.mistakes = 0;
                // Who takes over from the planner is told so at once.
                seat.changed |= !quiet || drivers != seat.session.drivers();
                let there = say.iter().all(|say| seat.outlet.say(say));
                if times {
                    let speed = seat.session.speed();
                    seat.pace = Pace::new(self.stage.spec().fps(), speed, now);
                }
                if !there {
                    self.close(id, None);
                }
            }
        }
    }

    /// Somebody said what cannot be understood, or is not allowed. They are told why, and sent away after too many.
    pub(crate) fn mistaken(&mut self, id: u64, why: &str) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        seat.mistakes += 1;
        let (there, mistakes) = (seat.outlet.say(&Say::error(why)), seat.mistakes);
        if mistakes >= MISTAKES {
            self.close(id, Some(&format!("{MISTAKES} messages in a row could not be followed")));
        } else if !there {
            self.close(id, None);
        }
    }

    /// Somebody is gone, or has to go and is told why: what they recorded is kept.
    pub(crate) fn close(&mut self, id: u64, why: Option<&str>) {
        let Some(Seat { session, outlet, .. }) = self.seats.remove(&id) else { return };
        if let Some(kept) = session.close(&mut self.stage, &mut self.recorder)
            && !outlet.say(&kept)
            && let Say::Error { text } = kept
        {
            self.lost.get_or_insert(text);
        }
        if let Some(why) = why {
            outlet.say(&Say::closing(why));
        }
    }

    /// Everybody has to go.
    ///
    /// # Errors
    /// If a recording was lost, and nobody could be told.
    pub(crate) fn stop(&mut self, why: &str) -> Result<()> {
        for id in self.seats.keys().copied().collect::<Vec<_>>() {
            self.close(id, Some(why));
        }
        self.lost.take().map_or(Ok(()), |text| Err(Error::Invalid(text)))
    }

    /// Seconds until something is to be done; nothing where nobody waits for anything.
    pub(crate) fn wait(&self, now: f64) -> Option<f64> {
        let wait = |seat: &Seat| {
            if seat.changed || seat.session.is_stale() || seat.session.is_asked() {
                return Some(0.0);
            }
            seat.session.is_running().then(|| seat.pace.wait(now))
        };
        self.seats.values().filter_map(wait).min_by(f64::total_cmp)
    }

    /// Shows what has changed, then steps all who are due, in one batch, and shows that.
    ///
    /// # Errors
    /// If a world cannot be stepped.
    pub(crate) fn turn(&mut self, now: f64) -> Result<()> {
        // Whoever is stepped has seen what it leaves: a recording holds the pictures that were there before each action.
        self.show(0.0);
        let is_due = |(id, seat): (&u64, &mut Seat)| {
            let due_now = seat.session.is_running() && seat.pace.is_due(now);
            (due_now || seat.session.once()).then_some(*id)
        };
        let who: Vec<u64> = self.seats.iter_mut().filter_map(is_due).collect();
        if who.is_empty() {
            return Ok(());
        }
        self.pilot(&who);
        let (mut due, mut rows, mut actions) = (Vec::new(), Vec::new(), Vec::new());
        for id in who {
            let Some(seat) = self.seats.get_mut(&id) else { continue };
            let (theirs, done) = seat.session.leave(&self.stage);
            due.push((id, theirs.len()));
            rows.extend(theirs);
            actions.extend(done);
        }
        let (steps, took) = self.stage.step(&rows, &actions)?;
        let (mut gone, mut steps) = (Vec::new(), steps.as_slice());
        for (id, n) in due {
            let (theirs, others) = steps.split_at(n);
            steps = others;
            let Some(seat) = self.seats.get_mut(&id) else { continue };
            let say = seat.session.arrive(theirs, &self.stage, &mut self.recorder);
            if !say.iter().all(|say| seat.outlet.say(say)) {
                gone.push(id);
            }
        }
        gone.into_iter().for_each(|id| self.close(id, None));
        self.show(took);
        Ok(())
    }

    /// Lets the planner act for those of these who handed over to it, all at once. Where it cannot, they drive again themselves, and
    /// are told why.
    fn pilot(&mut self, who: &[u64]) {
        let Self { stage, seats, .. } = self;
        let there = &*seats;
        let due: Vec<Due<'_>> = who.iter().filter_map(|id| there.get(id)).flat_map(|seat| seat.session.due()).collect();
        if due.is_empty() {
            return;
        }
        let planned = stage.pilot(&due);
        match planned {
            Ok((acts, took)) => {
                let mut acts = acts.into_iter();
                for id in who {
                    if let Some(seat) = seats.get_mut(id) {
                        seat.session.piloted(&mut acts, took);
                    }
                }
            }
            Err(error) => {
                let why = Say::error(format!("the planner cannot drive: {error}"));
                for id in who {
                    if let Some(seat) = seats.get_mut(id)
                        && seat.session.is_piloted()
                    {
                        seat.session.hand_back(stage);
                        // Who is not there is found out by the next step.
                        seat.outlet.say(&why);
                    }
                }
            }
        }
    }

    /// Draws what is stale, in one batch, and shows it, and whatever else has changed. `stepped` is what the model took for a
    /// step just now, in milliseconds.
    fn show(&mut self, stepped: f64) {
        let stale: Vec<u64> =
            self.seats.iter().filter(|(_, seat)| seat.session.is_stale()).map(|(id, _)| *id).collect();
        let rows: Vec<usize> =
            stale.iter().filter_map(|id| self.seats.get(id)).flat_map(|seat| seat.session.rows()).collect();
        let (looks, took) = if rows.is_empty() { (Vec::new(), 0.0) } else { self.stage.look(&rows) };
        let mut looks = looks.into_iter();
        for (id, seat) in &mut self.seats {
            if stale.binary_search(id).is_ok() {
                let n = seat.session.rows().len();
                seat.session.see(looks.by_ref().take(n).collect::<Vec<Look>>());
                (seat.changed, seat.took_ms) = (true, stepped + took);
            }
            if std::mem::take(&mut seat.changed) {
                let once = seat.session.unseen();
                let (header, pictures) = seat.session.frame(seat.took_ms, &self.stage);
                seat.outlet.show(header, &pictures, once);
            }
        }
    }

    fn pace(&self, speed: f64, now: f64) -> Pace {
        Pace::new(self.stage.spec().fps(), speed, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlet::{Inlet, outlet};
    use crate::toy::{piloted, stage};

    fn sessions(n: usize, most: usize) -> Sessions {
        Sessions::new(stage(n, true), Recorder::new(None, false), most)
    }

    fn join(sessions: &mut Sessions, id: u64, scope: Scope, now: f64) -> Inlet {
        let (ours, theirs) = outlet();
        sessions.open(id, scope, ours, now);
        theirs
    }

    /// What was said so far.
    fn texts(inlet: &mut Inlet) -> Vec<String> {
        std::iter::from_fn(|| inlet.texts.try_recv().ok()).collect()
    }

    fn step_of(sessions: &mut Sessions, id: u64) -> usize {
        let seat = sessions.seats.get_mut(&id).expect("a session");
        seat.session.frame(0.0, &sessions.stage).0.step
    }

    #[test]
    fn each_keeps_its_own_pace() {
        let mut sessions = sessions(4, 4);
        let _inlets = [1, 2, 3].map(|id| join(&mut sessions, id, Scope::Record, 0.0));
        sessions.hear(2, r#"{"do":"speed","times":2}"#, 0.0);
        sessions.hear(3, r#"{"do":"pause"}"#, 0.0);
        for tick in 0..=202 {
            sessions.turn(f64::from(tick) * 0.01).expect("a step");
        }
        assert_eq!([1, 2, 3].map(|id| step_of(&mut sessions, id)), [20, 40, 0], "in two seconds, of ten steps each");
        let wait = sessions.wait(2.02).expect("two of them run");
        assert!((0.0..=0.05 + 1e-9).contains(&wait), "the faster one is due in {wait} s");
        sessions.hear(3, r#"{"do":"step"}"#, 2.02);
        sessions.turn(2.02).expect("a step");
        assert_eq!(step_of(&mut sessions, 3), 1, "one step of the one that is paused");
    }

    #[test]
    fn nobody_waits_for_a_stage_on_which_all_is_still() {
        let mut sessions = sessions(2, 2);
        assert_eq!(sessions.wait(0.0), None);
        let _inlet = join(&mut sessions, 1, Scope::Record, 0.0);
        assert_eq!(sessions.wait(0.0), Some(0.0), "the first picture is to be shown");
        sessions.hear(1, r#"{"do":"pause"}"#, 0.0);
        sessions.turn(0.0).expect("pictures");
        assert_eq!(sessions.wait(9.0), None, "all pause");
    }

    #[test]
    fn all_who_hand_over_are_planned_for_at_once_and_others_are_not() {
        let (stage, asked) = piloted(3);
        let mut sessions = Sessions::new(stage, Recorder::new(None, false), 3);
        let _inlets = [1, 2, 3].map(|id| join(&mut sessions, id, Scope::Step, 0.0));
        for id in [1, 3] {
            sessions.hear(id, r#"{"do":"goal","seed":4}"#, 0.0);
            sessions.hear(id, r#"{"do":"pilot","on":true}"#, 0.0);
        }
        sessions.turn(0.11).expect("a step");
        sessions.turn(0.21).expect("a step");
        assert_eq!(asked.rows(), [[0, 2], [0, 2]], "once a step, and not the one in between");
        let drivers = |sessions: &Sessions| [1, 2, 3].map(|id| sessions.seats[&id].session.is_piloted());
        assert_eq!(drivers(&sessions), [true, false, true]);
    }

    #[test]
    fn where_the_planner_fails_people_drive_again_and_are_told_why() {
        let (stage, asked) = piloted(2);
        let mut sessions = Sessions::new(stage, Recorder::new(None, false), 2);
        let [mut handed, mut other] = [1, 2].map(|id| join(&mut sessions, id, Scope::Step, 0.0));
        sessions.hear(1, r#"{"do":"goal","seed":4}"#, 0.0);
        sessions.hear(1, r#"{"do":"pilot","on":true}"#, 0.0);
        asked.fail();
        sessions.turn(0.11).expect("the worlds go on");
        let told = texts(&mut handed);
        assert!(told.len() == 1 && told[0].contains("error") && told[0].contains("lost its way"), "{told:?}");
        assert!(texts(&mut other).is_empty() && !sessions.seats[&1].session.is_piloted());
        assert_eq!([1, 2].map(|id| step_of(&mut sessions, id)), [1, 1], "nobody was held up");
    }

    #[test]
    fn who_finds_no_place_is_told_and_keeps_nothing() {
        let mut sessions = sessions(4, 1);
        let _first = join(&mut sessions, 1, Scope::Record, 0.0);
        let mut second = join(&mut sessions, 2, Scope::Record, 0.0);
        let told = texts(&mut second);
        assert!(told[0].contains("closing") && told[0].contains("1 places"), "{told:?}");
        assert!(sessions.seats.len() == 1, "only the first");
        sessions.close(1, None);
        let mut third = join(&mut sessions, 3, Scope::Record, 0.0);
        assert!(texts(&mut third).is_empty() && sessions.seats.contains_key(&3), "the place is free again");
    }

    #[test]
    fn what_a_key_is_not_for_is_refused() {
        let mut sessions = sessions(2, 2);
        let [mut looks, mut drives] =
            [(1, Scope::Read), (2, Scope::Step)].map(|(id, scope)| join(&mut sessions, id, scope, 0.0));
        for id in [1, 2] {
            sessions.hear(id, r#"{"do":"read"}"#, 0.0);
            sessions.hear(id, r#"{"do":"pause"}"#, 0.0);
            sessions.hear(id, r#"{"do":"record","on":true}"#, 0.0);
        }
        let told = texts(&mut looks);
        assert!(told[0].contains("state") && told[1].contains("step") && told[2].contains("record"), "{told:?}");
        let told = texts(&mut drives);
        assert!(told.len() == 2 && told[0].contains("state") && told[1].contains("record"), "{told:?}");
    }

    #[test]
    fn mistakes_are_forgiven_unless_there_is_nothing_else() {
        let mut sessions = sessions(1, 1);
        let mut inlet = join(&mut sessions, 1, Scope::Record, 0.0);
        for _ in 0..3 {
            (1..MISTAKES).for_each(|_| sessions.hear(1, "nonsense", 0.0));
            sessions.hear(1, r#"{"do":"pause"}"#, 0.0);
        }
        assert_eq!(texts(&mut inlet).len(), 3 * (MISTAKES - 1), "each was answered");
        (0..MISTAKES).for_each(|_| sessions.hear(1, "nonsense", 0.0));
        let told = texts(&mut inlet);
        assert!(told.len() == MISTAKES + 1 && told[MISTAKES].contains("closing"), "{told:?}");
        assert!(sessions.seats.is_empty(), "the row is given back");
    }
}
