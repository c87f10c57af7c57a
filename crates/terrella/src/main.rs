//! The program: parse, resolve, run, report. Everything else is in the library.

use clap::Parser;
use std::process::ExitCode;
use terrella::cli::Cli;
use terrella::{error, out};

/// Training allocates and frees tensors of megabytes all the time; an allocator that keeps them is
/// worth a third of its speed. It must stay where the C library is musl, as in the archives of a release for Linux:
/// musl's own has one lock for all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_pages();
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has enough, as `head` does.
        Err(error) if out::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            out::note(&format!("error: {error:#}"));
            ExitCode::from(error::exit_code(&error))
        }
    }
}

/// Lets the allocator keep freed pages instead of handing them back to the system, which would take
/// a page fault for each of them at the next step.
#[allow(unsafe_code)]
fn keep_pages() {
    /// `mi_option_purge_delay` of mimalloc v3, which the bindings do not name.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number in the allocator's table of options; allowed at any time, before other
    // threads exist here. -1 means "never".
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
