//! Notes which revision is built, so that every run can say which code made its numbers.

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn main() {
    let commit = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    // Only sources count: notes and reports lying about do not change a number.
    let changed = git(&["status", "--porcelain", "--", "..", "../../Cargo.toml", "../../Cargo.lock", "../../configs"]);
    let dirty = changed.is_some_and(|list| !list.is_empty());
    println!("cargo:rustc-env=TERRELLA_COMMIT={commit}");
    println!("cargo:rustc-env=TERRELLA_DIRTY={dirty}");
    for path in ["../../.git/logs/HEAD", "../../configs", "build.rs", "src"] {
        println!("cargo:rerun-if-changed={path}");
    }
    for room in ["core", "env", "data", "model", "agent", "eval"] {
        println!("cargo:rerun-if-changed=../terrella-{room}/src");
    }
}
