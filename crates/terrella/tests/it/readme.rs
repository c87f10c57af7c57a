//! Every command that the documents show is one that the program understands.

use clap::Parser;
use terrella::cli::Cli;

/// Commands in the code blocks of a text, without the prompt and what starts the program.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (i, block) in text.split("```").enumerate() {
        let shell = ["sh\n", "bash\n", "console\n"].iter().any(|language| block.starts_with(language));
        if i % 2 == 0 || !shell {
            continue;
        }
        let block = block.replace("\\\n", " ");
        for line in block.lines().flat_map(|line| line.split("&&")) {
            let line = line.trim().trim_start_matches("$ ");
            let line = line.split(" #").next().unwrap_or(line).trim();
            let rest = ["cargo run --release -- ", "terrella ", "target/release/terrella "];
            if let Some(rest) = rest.iter().find_map(|start| line.strip_prefix(start)) {
                found.push(rest.split_whitespace().map(|w| w.trim_matches('\'').to_owned()).collect());
            }
        }
    }
    found
}

#[test]
fn commands_in_the_documents_are_understood() {
    for (name, text, at_least) in [
        ("README.md", include_str!("../../../../README.md"), 8),
        ("CONTRIBUTING.md", include_str!("../../../../CONTRIBUTING.md"), 0),
    ] {
        let commands = commands(text);
        assert!(commands.len() >= at_least, "{name} shows {} commands", commands.len());
        for command in commands {
            let words = std::iter::once("terrella").chain(command.iter().map(String::as_str));
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{name} shows `terrella {}`: {error}", command.join(" "));
            }
        }
    }
}

#[test]
fn every_preset_loads_and_says_what_it_is() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let files = std::fs::read_dir(folder).expect("configs").flatten().count();
    assert_eq!(files, terrella::PRESETS.len(), "every file in configs/ is a preset");
    for (name, text) in terrella::PRESETS {
        assert!(text.starts_with("# "), "{name} begins by saying what it is");
        let mut layers = terrella::Layers::new().expect("defaults");
        layers.preset(name).expect("a preset that loads");
        let settings = layers.resolve().expect("settings");
        settings.planner.build(2).expect("a planner that can be built");
    }
}
