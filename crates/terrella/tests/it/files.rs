//! Which file of a crate uses which, as its sources say: `use` and paths of shipped code are followed, through
//! whatever is exported again on the way, to the file that defines what they name.
//!
//! Methods name no file, and what a macro makes stands nowhere: arrows by these are not seen. All features count
//! as switched on.

use crate::source::File;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What a file takes from another: numbers of both files, and the names.
type Arrows = BTreeMap<(usize, usize), BTreeSet<String>>;

/// All files of a crate that `lib.rs` declares, with those that these declare, but for tests.
pub(crate) struct Files(Vec<File>);

/// Where a path leads.
enum Found {
    File(usize),
    Module(usize),
    /// Another crate.
    Elsewhere,
}

impl Files {
    pub(crate) fn read(src: &Path) -> Self {
        let mut files = Self(Vec::new());
        files.add(src, "lib.rs".into(), Vec::new());
        files
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn add(&mut self, src: &Path, path: String, module: Vec<String>) {
        let text = fs::read_to_string(src.join(&path)).expect("a source");
        let file = File { path, module, ..File::parse(&text) };
        for (child, named) in &file.children {
            let module = [file.module.clone(), vec![child.clone()]].concat();
            let stem = module.join("/");
            let named = named.as_ref().map(|n| Path::new(&file.path).with_file_name(n).display().to_string());
            let paths = named.into_iter().chain([format!("{stem}.rs"), format!("{stem}/mod.rs")]);
            let path = paths.into_iter().find(|p| src.join(p).exists()).expect("a file for each module");
            self.add(src, path, module);
        }
        self.0.push(file);
    }

    /// Circles: files that use each other, directly or around others, and the arrows of the shortest way around.
    pub(crate) fn circles(&self) -> Vec<(Vec<&str>, String)> {
        let arrows = self.arrows();
        let around: Vec<Option<Vec<usize>>> = (0..self.len()).map(|at| shortest(&arrows, at, at)).collect();
        let mut open: BTreeSet<usize> = (0..self.len()).filter(|&at| around[at].is_some()).collect();
        let mut circles = Vec::new();
        while let Some(&first) = open.first() {
            let both = |at: &usize| shortest(&arrows, first, *at).is_some() && shortest(&arrows, *at, first).is_some();
            let among: Vec<usize> = open.iter().copied().filter(both).collect();
            let ways = among.iter().filter_map(|&at| around[at].as_ref());
            let way = ways.min_by_key(|way| way.len()).expect("each has a way around");
            let line = |pair: &[usize]| {
                let names: Vec<_> = arrows[&(pair[0], pair[1])].iter().map(String::as_str).collect();
                format!("  {} uses {} of {}\n", self.0[pair[0]].path, names.join(", "), self.0[pair[1]].path)
            };
            let told = way.windows(2).map(line).collect();
            open.retain(|at| !among.contains(at));
            circles.push((among.into_iter().map(|at| self.0[at].path.as_str()).collect(), told));
        }
        circles
    }

    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, file) in self.0.iter().enumerate() {
            let mut add = |found: Found, name: &str| {
                if let Found::File(to) = found
                    && to != from
                {
                    arrows.entry((from, to)).or_default().insert(name.to_owned());
                }
            };
            let known: BTreeSet<&String> = file.words.iter().collect();
            for used in &file.uses {
                let found = self.find(from, &used.path, 0);
                if used.name != "*" {
                    // What is only exported again is not used here. A module is used where a path goes through it.
                    if !used.public || known.contains(&used.name) {
                        add(found, &used.name);
                    }
                } else if let Found::Module(all) = found {
                    for name in known.iter().filter(|name| self.0[all].names(name)) {
                        add(self.walk(all, &[(*name).clone()], 0), name);
                    }
                } else {
                    add(found, "all");
                }
            }
            for path in file.paths() {
                add(self.find(from, &path, 0), &path[path.len() - 1]);
            }
        }
        arrows
    }

    /// Where a path in this file leads.
    fn find(&self, from: usize, path: &[String], depth: usize) -> Found {
        let Some(first) = path.first() else { return Found::Module(from) };
        let of = |module: &[String]| self.0.iter().position(|f| f.module == module).expect("a module");
        let module = &self.0[from].module;
        match first.as_str() {
            "crate" => self.walk(of(&[]), &path[1..], depth),
            "self" => self.find(from, &path[1..], depth),
            "super" => self.find(of(&module[..module.len() - 1]), &path[1..], depth),
            first if self.0[from].names(first) => self.walk(from, path, depth),
            _ => Found::Elsewhere,
        }
    }

    fn walk(&self, at: usize, path: &[String], depth: usize) -> Found {
        let Some((first, more)) = path.split_first() else { return Found::Module(at) };
        let file = &self.0[at];
        let used = file.uses.iter().find(|u| u.name == *first && u.path != path);
        if file.children.contains_key(first) && (used.is_none() || !more.is_empty()) {
            let module = [file.module.clone(), vec![first.clone()]].concat();
            let child = self.0.iter().position(|f| f.module == module).expect("a module");
            return self.walk(child, more, depth);
        }
        if file.defined.contains(first) || depth > 9 {
            return Found::File(at);
        }
        if let Some(used) = used {
            return self.find(at, &[&used.path, more].concat(), depth + 1);
        }
        for all in file.uses.iter().filter(|u| u.name == "*") {
            if let Found::Module(all) = self.find(at, &all.path, depth + 1)
                && self.0[all].names(first)
            {
                return self.walk(all, path, depth + 1);
            }
        }
        // A macro made it, or it is a part of something.
        Found::File(at)
    }
}

/// The shortest way along arrows, of one arrow at least, with both ends.
fn shortest(arrows: &Arrows, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while let Some(way) = ways.get(at).cloned() {
        let last = way[way.len() - 1];
        for next in arrows.range((last, 0)..(last + 1, 0)).map(|(arrow, _)| arrow.1).filter(|&next| seen.insert(next)) {
            ways.push([way.clone(), vec![next]].concat());
            if next == to {
                return ways.pop();
            }
        }
        at += 1;
    }
    None
}

/// Circles of a crate of these files.
fn circles_of(sources: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("a")).expect("a folder");
    sources.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).expect("written"));
    Files::read(folder.path()).circles().into_iter().map(|circle| circle.1).collect()
}

#[test]
fn a_name_belongs_to_the_file_that_defines_it() {
    let lib = ("lib.rs", "mod a;\nmod b;\npub use a::{A, P};\npub use b::B;");
    let a = ("a/mod.rs", "mod part;\npub use part::P;\nuse crate::b;\npub struct A(b::B);");
    let (part, to_part) = (("a/part.rs", "pub struct P;"), ("b.rs", "use crate::{a::P as Q};\npub struct B(Q);"));
    assert_eq!(circles_of(&[lib, a, part, to_part]), [""; 0], "mod.rs only exports what b.rs uses");
    let tested = ("b.rs", "pub struct B;\n#[cfg(test)]\nmod tests {\n    use crate::A;\n}");
    assert_eq!(circles_of(&[lib, a, part, tested]), [""; 0], "tests may look back");
    let back = ("b.rs", "/// Not `crate::a::P`.\npub struct B(Box<crate::A>);");
    let told = "  b.rs uses A of a/mod.rs\n  a/mod.rs uses B of b.rs\n";
    let mut found = circles_of(&[lib, a, part, back]);
    found.iter_mut().for_each(|text| *text = sorted(text));
    assert_eq!(found, [sorted(told)], "through lib.rs");
    let (a, up) =
        (("a/mod.rs", "mod part;\npub use part::P;\npub struct A(P);"), "use super::*;\npub struct P(Box<A>);");
    assert_eq!(circles_of(&[lib, a, ("a/part.rs", up), tested]).len(), 1, "a child of what mod.rs defines");
}

fn sorted(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}
