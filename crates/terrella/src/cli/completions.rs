//! `terrella completions`.

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Shell to write for
    shell: Shell,
}

impl Options {
    pub(super) fn run(self, program: &mut Command) -> Result<()> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, program, "terrella", &mut text);
        crate::out::line(String::from_utf8_lossy(&text).trim_end())
    }
}
