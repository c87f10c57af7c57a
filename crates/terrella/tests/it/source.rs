//! What a source defines, brings in and names: its words are read as the compiler would, but for tests.

use std::collections::{BTreeMap, BTreeSet};

/// One source.
#[derive(Default)]
pub(crate) struct File {
    /// Below `src`.
    pub(crate) path: String,
    /// Of the crate: empty for its root.
    pub(crate) module: Vec<String>,
    /// Modules that have files of their own, and where, if not where modules are.
    pub(crate) children: BTreeMap<String, Option<String>>,
    pub(crate) defined: BTreeSet<String>,
    pub(crate) uses: Vec<Use>,
    /// The code without its `use`.
    pub(crate) words: Vec<String>,
}

/// One name that a `use` brings in.
pub(crate) struct Use {
    pub(crate) path: Vec<String>,
    /// `*` for all.
    pub(crate) name: String,
    pub(crate) public: bool,
}

impl File {
    /// The file of this text; path and module are still to be told.
    pub(crate) fn parse(text: &str) -> Self {
        let words = &shipped(&words(text))[..];
        let mut file = Self::default();
        let (mut at, mut depth) = (0, 0);
        while at < words.len() {
            let next = |n: usize| words.get(at + n).map_or("", String::as_str);
            match words[at].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                "use" if next(1) != "<" => {
                    let public = at > 0 && (words[at - 1] == "pub" || words[at - 1] == ")");
                    at += 1;
                    file.tree(words, &mut at, &[], public);
                    continue;
                }
                "mod" if depth == 0 && next(2) == ";" => {
                    let path = ["#", "[", "path", "="].map(String::from);
                    let given = words[at.saturating_sub(6)..at].strip_prefix(&path);
                    file.children.insert(next(1).into(), given.map(|given| given[0].trim_matches('"').into()));
                    at += 2;
                }
                "macro_rules" => drop(file.defined.insert(next(2).into())),
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" | "mod" if depth == 0 => {
                    file.defined.insert(next(1).into());
                }
                _ => {}
            }
            file.words.push(words[at].clone());
            at += 1;
        }
        file
    }

    /// One branch of a `use`: up to the comma or bracket behind it.
    fn tree(&mut self, words: &[String], at: &mut usize, stem: &[String], public: bool) {
        let mut path = stem.to_vec();
        loop {
            let word = words[*at].as_str();
            *at += 1;
            match word {
                "::" => {}
                "{" => {
                    while words[*at] != "}" {
                        self.tree(words, at, &path, public);
                        *at += usize::from(words[*at] == ",");
                    }
                    *at += 1;
                    return;
                }
                "*" => return self.uses.push(Use { path, name: "*".into(), public }),
                "self" if !path.is_empty() => {}
                word => path.push(word.to_owned()),
            }
            if words[*at] == "as" {
                let name = words[*at + 1].clone();
                *at += 2;
                return self.uses.push(Use { path, name, public });
            }
            if words[*at] != "::" && word != "::" {
                let name = path.last().expect("a name").clone();
                return self.uses.push(Use { path, name, public });
            }
        }
    }

    /// Whether this name means something here.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.children.contains_key(name) || self.defined.contains(name) || self.uses.iter().any(|u| u.name == name)
    }

    /// Paths of at least two names in the code itself.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let start = at;
            while self.words.get(at + 1).is_some_and(|w| w == "::") && self.words.get(at + 2).is_some_and(|w| named(w))
            {
                at += 2;
            }
            let before = start.checked_sub(1).map_or("", |b| self.words[b].as_str());
            if at > start && named(&self.words[start]) && before != "::" {
                paths.push(self.words[start..=at].iter().step_by(2).cloned().collect());
            }
            at += 1;
        }
        paths
    }
}

fn named(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, other signs and texts in quotes; neither comments nor lifetimes.
fn words(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let starts = |at: usize, with: &str| with.chars().enumerate().all(|(n, c)| text.get(at + n) == Some(&c));
    let after =
        |from: usize, end: &str| (from..text.len()).find(|&at| starts(at, end)).map_or(text.len(), |at| at + end.len());
    let (mut words, mut at) = (Vec::<String>::new(), 0);
    while at < text.len() {
        let word = text[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
        let hashes = text[at + word..].iter().take_while(|c| **c == '#').count();
        let raw = ["r", "br"].contains(&text[at..at + word].iter().collect::<String>().as_str());
        if starts(at, "//") {
            at = after(at, "\n");
        } else if starts(at, "/*") {
            at = after(at, "*/");
        } else if raw && starts(at + word + hashes, "\"") {
            at = after(at + word + hashes + 1, &format!("\"{}", "#".repeat(hashes)));
        } else if text[at] == '"' || starts(at, "'\\") {
            let start = at;
            at += 1;
            while at < text.len() && text[at] != text[start] {
                at += 1 + usize::from(text[at] == '\\');
            }
            at += 1;
            words.push(text[start..at].iter().collect());
        } else if text[at] == '\'' {
            at += if text.get(at + 2) == Some(&'\'') { 3 } else { 1 };
        } else if word > 0 {
            words.push(text[at..at + word].iter().collect());
            at += word;
        } else {
            let sign = if starts(at, "::") { 2 } else { 1 };
            if !text[at].is_whitespace() {
                words.push(text[at..at + sign].iter().collect());
            }
            at += sign;
        }
    }
    words
}

/// All but what `#[cfg(test)]` or `#[cfg(all(test, …))]` stands before.
fn shipped(words: &[String]) -> Vec<String> {
    let starts =
        |at: usize, with: &[&str]| words[at..].iter().map(String::as_str).take(with.len()).eq(with.iter().copied());
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < words.len() {
        if !starts(at, &["#", "[", "cfg", "(", "test"]) && !starts(at, &["#", "[", "cfg", "(", "all", "(", "test"]) {
            kept.push(words[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        loop {
            match words[at].as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            at += 1;
            if at == words.len() || depth == 0 && [";", "}"].contains(&words[at - 1].as_str()) {
                break;
            }
        }
    }
    kept
}
