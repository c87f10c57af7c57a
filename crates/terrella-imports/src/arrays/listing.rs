//! Lists of arrays for people: what there is, and what is not kept.
//!
//! Episodes repeat the same arrays under numbered names; those are told once, with how many more are like them.

use super::store::Shape;
use terrella_data::Note;

/// Entries of a list, at most.
const MOST_TOLD: usize = 60;

/// Arrays with kind and shape, those whose names differ in numbers alone told once.
pub(crate) fn listed(arrays: &[(String, Shape)]) -> String {
    let mut told: Vec<(String, String, usize)> = Vec::new();
    for (name, shape) in arrays {
        let pattern = pattern(name);
        match told.iter().position(|(known, _, _)| *known == pattern) {
            Some(at) => told[at].2 += 1,
            None if told.len() < MOST_TOLD => told.push((pattern, format!("{name} ({shape})"), 0)),
            None => {}
        }
    }
    let all: usize = told.iter().map(|(_, _, more)| more + 1).sum();
    let more = |(_, text, more): (String, String, usize)| match more {
        0 => text,
        more => format!("{text} and {more} more like it"),
    };
    let mut texts: Vec<String> = told.into_iter().map(more).collect();
    if arrays.len() > all {
        texts.push(format!("{} others", arrays.len() - all));
    }
    if texts.is_empty() { "no array".to_owned() } else { texts.join(", ") }
}

/// What chooses among arrays, where a layout says which are what.
pub(crate) const CHOSEN_BY: &str = "--vectors and --views keep others";

/// Tells which arrays are left, and what would keep them; nothing where all are taken.
pub(crate) fn not_kept(arrays: &[(String, Shape)], by: &str, taken: impl Fn(&str) -> bool) -> Option<Note> {
    let left: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).filter(|name| !taken(name)).collect();
    let what = format!("not kept: {}; {by}", left.join(", "));
    (!left.is_empty()).then(|| Note { place: "datasets".to_owned(), what })
}

/// A name with its numbers taken out of all parts but the last: those count episodes.
fn pattern(name: &str) -> String {
    let (groups, last) = name.rsplit_once('/').unwrap_or(("", name));
    let mut pattern = String::new();
    for c in groups.chars() {
        match c.is_ascii_digit() {
            true if pattern.ends_with('*') => {}
            true => pattern.push('*'),
            false => pattern.push(c),
        }
    }
    pattern + "/" + last
}

#[cfg(test)]
mod tests {
    use super::super::store::Kind;
    use super::*;

    fn array(name: &str) -> (String, Shape) {
        (name.to_owned(), Shape { sides: vec![2], kind: Kind::Float, spelled: "f64".to_owned(), element: 8 })
    }

    #[test]
    fn what_repeats_is_told_once() {
        let arrays = ["ep_0/a", "ep_0/b/c1", "ep_0/b/c2", "ep_1/a", "ep_12/a", "x"].map(array);
        let told = "ep_0/a (f64 [2]) and 2 more like it, ep_0/b/c1 (f64 [2]), ep_0/b/c2 (f64 [2]), x (f64 [2])";
        assert_eq!(listed(&arrays), told, "by what they are");
        let many: Vec<_> = (0..70).map(|i| array(&format!("a{i}"))).collect();
        assert!(listed(&many).ends_with("a59 (f64 [2]), 10 others"), "no longer than that");
        assert_eq!(listed(&[]), "no array", "none");
        let note = not_kept(&arrays, CHOSEN_BY, |name| name.starts_with("ep")).expect("told");
        assert!(note.what.starts_with("not kept: x;"), "{note}");
    }
}
