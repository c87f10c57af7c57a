//! Outcomes that are no failure of the work itself: a wrong command, a wish to stop, and an alarm that was waited for.

use std::fmt;

/// What was typed cannot be meant; the program ends with code 2.
#[derive(Debug)]
pub struct Usage(pub String);

/// Somebody asked to stop; what was done is kept and can be resumed. The program ends with code 130.
#[derive(Debug)]
pub struct Interrupted {
    /// The command that goes on.
    pub resume: Option<String>,
}

/// A stream that was watched had so many alarms, and that was to end with a code of its own: the program ends with code 3.
#[derive(Debug)]
pub struct Alarmed(pub u64);

impl fmt::Display for Alarmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} alarms; the world of these recordings has changed", self.0)
    }
}

impl std::error::Error for Alarmed {}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resume {
            Some(command) => write!(f, "interrupted; go on with: {command}"),
            None => f.write_str("interrupted; nothing was left behind"),
        }
    }
}

impl std::error::Error for Interrupted {}

/// A usage error.
pub(crate) fn usage(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Usage(text.into()))
}

/// The exit code of an error.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let unknown_world = || {
        let env = error.downcast_ref::<terrella_env::Error>();
        env.is_some_and(|e| matches!(e, terrella_env::Error::UnknownWorld { .. }))
    };
    if error.downcast_ref::<Interrupted>().is_some() {
        130
    } else if error.downcast_ref::<Alarmed>().is_some() {
        3
    } else if error.downcast_ref::<Usage>().is_some() || unknown_world() {
        2
    } else {
        1
    }
}
