//! When a session is due. Pure: whoever asks says what time it is.
//!
//! Who falls behind catches up by a few steps at most and drops the rest, so that a slow model makes time slow and never a
//! growing debt.

/// Steps that are made up for: a hiccup of 0.4 s at ten steps a second.
const BEHIND: f64 = 4.0;

/// The clock of one session, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Seconds from step to step; 0 where it is always due.
    period: f64,
    next: f64,
}

impl Pace {
    /// Steps at so many times a rate, which is in steps a second; 0 times is as fast as it can. The first is due a step from now.
    pub(crate) fn new(rate: f64, times: f64, now: f64) -> Self {
        let period = if times > 0.0 { 1.0 / (rate * times) } else { 0.0 };
        Self { period, next: now + period }
    }

    /// Whether a step is due; it is then counted as taken.
    pub(crate) fn is_due(&mut self, now: f64) -> bool {
        if now < self.next {
            return false;
        }
        // One is taken; at most the one of this moment and those just before it are still due.
        self.next = (self.next + self.period).max(now - (BEHIND - 2.0) * self.period);
        true
    }

    /// Seconds until the next is due.
    pub(crate) fn wait(&self, now: f64) -> f64 {
        (self.next - now).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that are due at once.
    fn due(pace: &mut Pace, now: f64) -> usize {
        (0..100).take_while(|_| pace.is_due(now)).count()
    }

    #[test]
    fn steps_are_due_at_the_rate() {
        let mut pace = Pace::new(8.0, 2.0, 0.0);
        assert_eq!(due(&mut pace, 0.0), 0, "the first is a step away");
        let steps: usize = (1..=64).map(|tick| due(&mut pace, f64::from(tick) / 64.0)).sum();
        assert_eq!(steps, 16, "twice eight in a second");
        assert!((pace.wait(1.0) - 0.0625).abs() < 1e-12, "the next one");
        assert!(pace.wait(9.0).abs() < 1e-12, "it is late");
    }

    #[test]
    fn who_is_late_makes_up_for_four_steps_and_no_more() {
        let mut pace = Pace::new(8.0, 1.0, 0.0);
        assert_eq!(due(&mut pace, 0.25), 2, "a little late: nothing is lost");
        assert_eq!(due(&mut pace, 100.0), 4, "much too late: the rest is dropped");
        assert_eq!(due(&mut pace, 100.0), 0);
        assert_eq!(due(&mut pace, 101.0), 4, "a second of eight steps, of which four are made up for");
    }

    #[test]
    fn as_fast_as_it_can_is_always_due() {
        let mut pace = Pace::new(10.0, 0.0, 3.0);
        assert!((0..50).all(|_| pace.is_due(3.0)));
        assert!(pace.wait(3.0).abs() < 1e-12);
    }
}
