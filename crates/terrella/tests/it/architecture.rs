//! The drawing in ARCHITECTURE.md is a test: crates depend on each other as it says, no more, no less.
//! So is the seam between families of models: it has no favourite. And within a crate no two files need each other.

use crate::files::Files;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What `cargo metadata` says of a package. (The crate of that name would switch on features of
/// serde that nothing else uses, and with them a second build of everything above serde.)
#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `null` for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
}

fn packages() -> Vec<Package> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"];
    let output = Command::new(env!("CARGO")).args(arguments).arg(manifest).output().expect("cargo metadata");
    serde_json::from_slice::<Metadata>(&output.stdout).expect("its JSON").packages
}

/// Lines `a -> b` of the block marked `arrows`.
fn allowed() -> BTreeSet<(String, String)> {
    let text = include_str!("../../../../ARCHITECTURE.md");
    let block = text.split("```arrows\n").nth(1).and_then(|t| t.split("```").next()).expect("a block of arrows");
    let arrow = |line: &str| {
        let (from, to) = line.split_once("->").expect("an arrow");
        (from.trim().to_owned(), to.trim().to_owned())
    };
    block.lines().filter(|line| !line.trim().is_empty()).map(arrow).collect()
}

#[test]
fn crates_depend_on_each_other_as_the_drawing_says() {
    let allowed = allowed();
    let packages = packages();
    let ours: BTreeSet<String> = packages.iter().map(|p| p.name.clone()).collect();
    let mut drawn = BTreeSet::new();
    for package in &packages {
        // Tests and examples may look further: what they use is not shipped.
        let shipped = package.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev"));
        for dependency in shipped.filter(|d| ours.contains(&d.name)) {
            let arrow = (package.name.clone(), dependency.name.clone());
            assert!(
                allowed.contains(&arrow),
                "{} depends on {}, which ARCHITECTURE.md does not allow; drop the dependency or discuss the drawing",
                arrow.0,
                arrow.1
            );
            drawn.insert(arrow);
        }
    }
    let stale: Vec<_> = allowed.difference(&drawn).collect();
    assert!(stale.is_empty(), "ARCHITECTURE.md draws arrows that no crate uses: {stale:?}");
}

#[test]
fn one_crate_is_the_door_to_burn() {
    for package in packages() {
        let burns = package.dependencies.iter().any(|d| d.name == "burn" || d.name.starts_with("burn-"));
        let may = ["terrella-model", "terrella"].contains(&package.name.as_str());
        assert!(!burns || may, "{} depends on Burn; networks belong in terrella-model", package.name);
    }
}

/// Who trains on datasets builds no containers of others: these are above the seam, and decoders of video are optional.
#[test]
fn the_home_format_needs_no_container_of_others() {
    let containers = ["hdf5-pure", "mcap", "npyz", "prost", "prost-reflect", "tar", "zarrs", "zip"];
    let below = ["terrella-media", "terrella-data"];
    let packages = packages();
    for name in below {
        let package = packages.iter().find(|p| p.name == name).expect("a crate of that name");
        let shipped = package.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev"));
        let mut named = shipped.filter(|d| containers.contains(&d.name.as_str()));
        assert!(
            named.next().is_none(),
            "{name} depends on a container; its reader belongs in terrella-imports or terrella-logs"
        );
    }
}

/// Lines of shipped sources that hold a word, in any case, outside of these folders and files.
fn lines_that_name(word: &str, own: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<_> =
        fs::read_dir(&root).expect("the crates").flatten().map(|e| e.path().join("src")).collect();
    let (mut read, mut found) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if own.iter().any(|own| path.ends_with(own)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("a source").to_lowercase();
                // Tests stand at the end of a file and may name what they like.
                let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
                let lines = shipped.lines().filter(|line| line.contains(word));
                found.extend(lines.map(|line| format!("{}: {line}", path.display())));
                read += 1;
            }
        }
    }
    assert!(read > 100, "only {read} sources were found");
    found
}

/// The family that settings mean when they name none is known to its folder, to the family that has one inside, to the
/// registry and to the names that the crate exports; to nothing else.
#[test]
fn no_source_names_the_default_family_but_its_own() {
    let favourite = terrella_model::ModelConfig::KINDS[0];
    let folder = format!("terrella-model/src/family/{favourite}");
    let inside = "terrella-model/src/family/observer";
    let own = [folder.as_str(), inside, "terrella-model/src/family/mod.rs", "terrella-model/src/lib.rs"];
    // Recordings of another model of that name are data, and presets are called by their kind.
    let mut found = lines_that_name(favourite, &own);
    let others = ["vjepa".to_owned(), format!("\"{favourite}\""), format!("configs/{favourite}.toml")];
    found.retain(|line| others.iter().fold(line.clone(), |line, other| line.replace(other, "")).contains(favourite));
    assert!(found.is_empty(), "the seams name {favourite}:\n{}", found.join("\n"));
}

/// The world that is meant where none is named is known to its folder, to the registry, to the names that the
/// crate exports, to the settings whose default it is, and to the reader that recognises recordings
/// published of it; what is known of it, it says itself.
#[test]
fn no_source_names_the_default_world_but_its_own() {
    let favourite = terrella::settings::DataSettings::default().collected_in().to_owned();
    let folder = format!("terrella-env/src/{favourite}");
    let own = [
        folder.as_str(),
        "terrella-env/src/registry.rs",
        "terrella-env/src/lib.rs",
        "terrella/src/settings/mod.rs",
        "terrella/src/cli/collect.rs",
        "terrella-imports/src/zarr/buffer.rs",
    ];
    let found = lines_that_name(&favourite, &own);
    assert!(found.is_empty(), "the seams name {favourite}:\n{}", found.join("\n"));
}

/// Files of a crate may use each other one way only: who reads a file must not have to read the one that it came from.
///
/// What counts is a `use` or a path in shipped code, resolved to the file that defines what is named. That a parent
/// declares its children and exports their names again is no use of them, unless its own code names them. So
/// there is a circle where a child takes what its `mod.rs` itself defines, and `mod.rs` uses the child. Cut it
/// by moving code: what both need into a file below, what knows both (a list, a dispatch) into one above.
#[test]
fn no_two_files_of_a_crate_use_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = fs::read_dir(&root).expect("the crates").flatten().map(|entry| entry.path());
    let (mut read, mut told) = (0, String::new());
    for path in crates {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = Files::read(&path.join("src"));
        read += files.len();
        for (among, arrows) in files.circles() {
            // One module for two processors, whose files share their types.
            if among != ["host/lanes512.rs", "host/lanes.rs"] {
                told += &format!("{name}, {} files, the shortest way around:\n{arrows}", among.len());
            }
        }
    }
    assert!(read > 300, "only {read} files were read");
    assert!(told.is_empty(), "files that need each other:\n{told}");
}
