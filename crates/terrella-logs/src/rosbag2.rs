//! `metadata.yaml` of a ROS 2 bag: which files are one recording, in which order, and how they are packed.
//!
//! The recorder writes plain YAML, of which few keys matter here: they are read strictly, and all others are passed
//! by through their indentation. What is not understood of these is an error, not a guess.

/// The key that everything is below.
const ROOT: &str = "rosbag2_bagfile_information";

/// What is known of a bag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// Names of its files in order, without folders: old recorders and copies name others than those they lie in.
    pub(super) files: Vec<String>,
    /// How every message is packed by itself, if they are.
    pub(super) packed_messages: Option<String>,
}

/// Reads the text; nothing where it is of something else.
pub(super) fn parse(text: &str) -> Result<Option<Metadata>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().filter(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && line != "---"
    });
    let Some(root) = lines.by_ref().find_map(|line| line.strip_prefix(ROOT)) else { return Ok(None) };
    if root.trim() != ":" {
        return Err(format!("\"{ROOT}{root:.40}\" is not understood; its keys follow in lines of their own"));
    }
    let below: Vec<&str> = lines.take_while(|line| line.starts_with([' ', '\t'])).collect();
    let indent = below.first().map_or(0, |line| indented(line));
    let mut found = Metadata::default();
    let (mut named, mut by_message, mut format) = (false, false, String::new());
    let mut rest = &below[..];
    while let Some((line, after)) = rest.split_first() {
        // Items of a list may stand as far left as the key that they belong to.
        let continues = |line: &&&str| indented(line) > indent || (indented(line) == indent && is_item(line));
        let more = &after[..after.iter().take_while(continues).count()];
        rest = &after[more.len()..];
        if line.contains('\t') || indented(line) != indent {
            return Err(format!("\"{:.60}\" is indented in a way that is not understood", line.trim()));
        }
        let Some((key, value)) = line.trim().split_once(':') else {
            return Err(format!("\"{:.60}\" is no key with a value", line.trim()));
        };
        let wrong = |why: String| format!("{key}: {why}");
        match key {
            "relative_file_paths" => {
                let paths = list(value.trim(), more).map_err(wrong)?;
                found.files = paths.iter().map(|path| last(path).to_owned()).collect();
                named = true;
            }
            "compression_mode" => {
                let mode = scalar(value.trim()).map_err(wrong)?.to_lowercase();
                by_message = match mode.as_str() {
                    "message" => true,
                    "" | "none" | "file" | "~" | "null" => false,
                    other => return Err(wrong(format!("\"{other:.40}\" is not known, FILE and MESSAGE are"))),
                };
            }
            "compression_format" => format = scalar(value.trim()).map_err(wrong)?.to_lowercase(),
            _ => {}
        }
    }
    found.packed_messages = by_message.then_some(format);
    if !named || found.files.is_empty() {
        return Err("it names no files (relative_file_paths)".to_owned());
    }
    if let Some(odd) = found.files.iter().find(|name| name.is_empty() || matches!(name.as_str(), "." | "..")) {
        return Err(format!("relative_file_paths: \"{odd}\" is no file"));
    }
    Ok(Some(found))
}

fn indented(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    line == "-" || line.starts_with("- ")
}

/// A path's last part, whichever system wrote it.
fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A list in brackets, over several lines perhaps, or of lines that begin with a dash.
fn list(value: &str, more: &[&str]) -> Result<Vec<String>, String> {
    if value.is_empty() || value.starts_with('#') {
        let item = |line: &&str| match line.trim().strip_prefix('-').filter(|_| is_item(line)) {
            Some(item) => scalar(item.trim()),
            None => Err(format!("\"{:.60}\" is no item of a list", line.trim())),
        };
        return more.iter().map(item).collect();
    }
    let whole = std::iter::once(value).chain(more.iter().map(|line| line.trim())).collect::<Vec<_>>().join(" ");
    let inner = whole.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or_else(|| format!("\"{whole:.60}\" is no list"))?;
    if inner.contains(['[', '{']) {
        return Err(format!("\"{whole:.60}\" is no list of names"));
    }
    inner.split(',').map(str::trim).filter(|item| !item.is_empty()).map(scalar).collect()
}

/// A text, in quotes or without.
fn scalar(text: &str) -> Result<String, String> {
    let not_understood = || Err(format!("\"{text:.60}\" is not understood"));
    if let Some(inner) = text.strip_prefix('\'') {
        return match inner.strip_suffix('\'') {
            Some(inner) if !inner.replace("''", "").contains('\'') => Ok(inner.replace("''", "'")),
            _ => not_understood(),
        };
    }
    if let Some(inner) = text.strip_prefix('"') {
        return match inner.strip_suffix('"') {
            Some(inner) if !inner.contains(['"', '\\']) => Ok(inner.to_owned()),
            _ => not_understood(),
        };
    }
    let plain = text.split(" #").next().unwrap_or_default().trim_end();
    if plain.starts_with(['&', '*', '!', '|', '>', '%', '@', '`', '{', '[', '?']) || plain.contains(": ") {
        return not_understood();
    }
    Ok(plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Vec<String> {
        parse(text).expect("read").expect("a bag").files
    }

    #[test]
    fn what_recorders_write_is_read() {
        let recorder = "rosbag2_bagfile_information:\n  version: 5\n  storage_identifier: sqlite3\n  relative_file_paths:\n    - run_0.db3\n    - run_1.db3\n  duration:\n    nanoseconds: 1950000000\n  topics_with_message_count:\n    - topic_metadata:\n        name: /cmd\n        offered_qos_profiles: \"- history: 3\\n  depth: 0\"\n      message_count: 40\n  compression_format: \"\"\n  compression_mode: \"\"\n  files:\n    - path: run_0.db3\n      message_count: 3\n";
        assert_eq!(files(recorder), ["run_0.db3", "run_1.db3"], "by the recorder");
        let other = "# made by hand\nrosbag2_bagfile_information:\n  compression_mode: ''\n  topics_with_message_count:\n  - message_count: 40\n    topic_metadata:\n      type_description_hash: \n        RIHS01_00\n  relative_file_paths:\n  - 'it''s.mcap'\n  - \"b.mcap\" \n  version: 8\n";
        assert_eq!(files(other), ["it's.mcap", "b.mcap"], "items as far left as their key");
        for list in [
            "[a.mcap, b.mcap]",
            "[a.mcap,\n    'b.mcap']",
            "\n    - old/a.mcap\n    - /data/run/b.mcap # moved",
            "\r\n    - a.mcap\r\n    - C:\\run\\b.mcap\r",
        ] {
            assert_eq!(
                files(&format!("{ROOT}:\n  relative_file_paths: {list}\n  version: 4\n")),
                ["a.mcap", "b.mcap"],
                "{list}"
            );
        }
        for (mode, packed) in
            [("MESSAGE", true), ("message", true), ("FILE", false), ("NONE", false), ("\"\"", false), ("~", false)]
        {
            let text = format!("{ROOT}:\n  compression_mode: {mode}\n  relative_file_paths: [a.mcap]\n");
            let found = parse(&text).expect("read").expect("a bag").packed_messages;
            assert_eq!(found, packed.then(String::new), "{mode}");
            let found = parse(&format!("{text}  compression_format: ZSTD\n")).expect("read").expect("a bag");
            assert_eq!(found.packed_messages, packed.then(|| "zstd".to_owned()), "{mode}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_eq!(parse("name: a dataset\nfiles: []\n"), Ok(None), "of something else");
        for (text, word) in [
            ("  version: 5\n", "names no files"),
            ("  relative_file_paths: []\n", "names no files"),
            ("  relative_file_paths: a.mcap\n", "no list"),
            ("  relative_file_paths: *all\n", "no list"),
            ("  relative_file_paths:\n    - *one\n", "not understood"),
            ("  relative_file_paths:\n    - ..\n", "no file"),
            ("  relative_file_paths:\n    - \"a\\x20b\"\n", "not understood"),
            ("  relative_file_paths:\n    one: a.mcap\n", "no item"),
            ("  relative_file_paths: [a.mcap]\n  compression_mode: stream\n", "not known"),
            ("  relative_file_paths: [a.mcap]\n version: 5\n", "indented"),
            ("\trelative_file_paths: [a.mcap]\n", "indented"),
        ] {
            let error = parse(&format!("{ROOT}:\n{text}")).expect_err(text);
            assert!(error.contains(word), "{word} is missing in: {error}");
        }
    }
}
