//! How much a client may say in a second. Pure: whoever asks says what time it is.

/// Messages a second: four for each picture of a screen, far more than a hand can make.
pub(crate) const MESSAGES: u32 = 240;

/// Messages of the second that goes on.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// When it began, in seconds.
    began: f64,
    messages: u32,
}

impl Allowance {
    /// Nothing was said yet.
    pub(crate) fn new(now: f64) -> Self {
        Self { began: now, messages: 0 }
    }

    /// Counts a message; tells whether it may still be said.
    pub(crate) fn allows(&mut self, now: f64) -> bool {
        if now - self.began >= 1.0 {
            *self = Self::new(now);
        }
        self.messages += 1;
        self.messages <= MESSAGES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_not_one_more() {
        let mut allowance = Allowance::new(0.0);
        assert!((0..MESSAGES).all(|at| allowance.allows(f64::from(at) / 1000.0)), "as many as may be");
        assert!(!allowance.allows(0.99), "one more");
        assert!((0..MESSAGES).all(|_| allowance.allows(1.5)), "another second");
        assert!(!allowance.allows(1.5));
    }
}
