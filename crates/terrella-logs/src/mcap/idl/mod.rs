//! The IDL text of a message definition (`ros2idl` of ROS 2, `omgidl` of Foxglove), names looked up, so that a message
//! is structures of numbers, texts and lists.
//!
//! `tokens` finds words, `text` what they say. Unions are refused where the message holds one.

mod text;
mod tokens;

use super::definition::{Count, Definition, Field, Kind, MOST_TYPES, Type};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use text::{Declared, Meaning, Meanings, Spec};
use tokens::Token;

/// Numbers of lengths that are looked up: constants of constants of constants must not take for ever.
const MOST_NUMBERS: usize = 100_000;
/// Names that stand for names, structures that inherit, and constants of constants.
const DEEPEST: usize = 32;

/// The definition of a message by its name, `package/msg/Type` or with `::` or `.` between, and the text of its schema.
pub(super) fn parse(name: &str, text: &str) -> Result<Definition, String> {
    let meanings = &text::read(text)?;
    let parts: Vec<&str> = name.split(['/', '.', ':']).filter(|part| !part.is_empty()).collect();
    let full = parts.join("::");
    let (places, names, definition) = (HashMap::new(), Vec::new(), Definition::default());
    let mut types = Types { meanings, places, names, definition, numbers: Cell::new(0) };
    let root = [full.clone(), parts.iter().filter(|p| **p != "msg").copied().collect::<Vec<_>>().join("::")];
    let root = root.into_iter().find(|name| meanings.contains_key(name)).or_else(|| types.only(parts.last()?));
    types.place(&root.ok_or_else(|| format!("the type {full:.80} is not defined"))?)?;
    let mut at = 0;
    while let Some(name) = types.names.get(at).cloned() {
        types.definition.types[at] = types.structure(&name)?;
        at += 1;
    }
    Ok(types.definition)
}

struct Types<'a> {
    meanings: &'a Meanings<'a>,
    /// Where the structures are, and their names.
    places: HashMap<String, usize>,
    names: Vec<String>,
    definition: Definition,
    /// How many numbers were looked up.
    numbers: Cell<usize>,
}

impl Types<'_> {
    /// The only structure of this name, whatever modules it lies in.
    fn only(&self, last: &str) -> Option<String> {
        let same = |name: &&String| name.rsplit("::").next() == Some(last);
        let mut found = self.meanings.iter().filter(|(_, m)| matches!(m, Meaning::Struct { .. })).map(|(name, _)| name);
        let mut found = found.by_ref().filter(same);
        let first = found.next()?;
        found.next().is_none().then(|| first.clone())
    }

    /// The place of a structure, which is read later.
    fn place(&mut self, name: &str) -> Result<usize, String> {
        if let Some(at) = self.places.get(name) {
            return Ok(*at);
        }
        if self.names.len() >= MOST_TYPES {
            return Err(format!("it has more than {MOST_TYPES} types"));
        }
        self.places.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.definition.types.push(Type::default());
        Ok(self.names.len() - 1)
    }

    fn structure(&mut self, name: &str) -> Result<Type, String> {
        // What a structure inherits comes first.
        let mut chain = Vec::new();
        let mut next = Some(name.to_owned());
        while let Some(name) = next.take() {
            let Some(Meaning::Struct { base, .. }) = self.meanings.get(&name) else {
                return Err(format!("{name:.80} is no structure"));
            };
            if chain.len() > DEEPEST {
                return Err(format!("structures inherit more than {DEEPEST} deep"));
            }
            next = match base {
                Some(base) => Some(self.found(base, &name)?),
                None => None,
            };
            chain.push(name);
        }
        let mut fields = Vec::new();
        for name in chain.iter().rev() {
            let Some(Meaning::Struct { members, .. }) = self.meanings.get(name) else { continue };
            for member in members {
                let (kind, count) =
                    self.declared(member, name, 0).map_err(|e| format!("{name}: {}: {e}", member.name))?;
                fields.push(Field { name: Arc::from(member.name), kind, count, optional: member.optional });
            }
        }
        let said = self.meanings.get(name);
        let extensible = if let Some(Meaning::Struct { extensible, .. }) = said { *extensible } else { None };
        Ok(Type { fields, extensible })
    }

    fn declared(&mut self, declared: &Declared<'_>, scope: &str, depth: usize) -> Result<(Kind, Count), String> {
        let shape = self.shape(&declared.spec, scope, depth)?;
        if declared.lengths.is_empty() {
            return Ok(shape);
        }
        let mut n = 1usize;
        for length in &declared.lengths {
            let length = usize::try_from(self.number(length, scope, 0)?).map_err(|_| "a length below 0")?;
            n = n.checked_mul(length).ok_or("its lengths are more than there can be")?;
        }
        Ok((self.element(shape)?, Count::Fixed(n)))
    }

    fn shape(&mut self, spec: &Spec<'_>, scope: &str, depth: usize) -> Result<(Kind, Count), String> {
        if depth > DEEPEST {
            return Err(format!("names stand for names more than {DEEPEST} deep"));
        }
        match spec {
            Spec::Base(kind) => Ok((*kind, Count::One)),
            Spec::Unread(what) => Err(format!("{what} is not read")),
            Spec::Sequence(inner) => {
                let inner = self.shape(inner, scope, depth + 1)?;
                Ok((self.element(inner)?, Count::Sequence))
            }
            Spec::Named(name) => {
                let full = self.found(name, scope)?;
                let meanings = self.meanings;
                match meanings.get(&full) {
                    Some(Meaning::Struct { .. }) => Ok((Kind::Type(self.place(&full)?), Count::One)),
                    Some(Meaning::Alias(declared)) => self.declared(declared, &full, depth + 1),
                    Some(Meaning::Bits(kind)) => Ok((*kind, Count::One)),
                    Some(Meaning::Unread(what)) => Err(format!("it is the {what} {full:.80}, which is not read")),
                    Some(Meaning::Constant(_)) | None => Err(format!("{full:.80} is no type")),
                }
            }
        }
    }

    /// An element of a list, which may be a list itself.
    fn element(&mut self, (kind, count): (Kind, Count)) -> Result<Kind, String> {
        if count == Count::One {
            return Ok(kind);
        }
        let lists = &mut self.definition.lists;
        if lists.len() >= MOST_TYPES {
            return Err(format!("it has more than {MOST_TYPES} lists in lists"));
        }
        lists.push((kind, count));
        Ok(Kind::List(lists.len() - 1))
    }

    /// The full name of what is called so within a scope: the innermost that is there.
    fn found(&self, name: &str, scope: &str) -> Result<String, String> {
        if let Some(absolute) = name.strip_prefix("::") {
            let there = self.meanings.contains_key(absolute).then(|| absolute.to_owned());
            return there.ok_or_else(|| format!("\"{absolute:.80}\" is not defined"));
        }
        let mut scope = scope;
        while let Some((outer, _)) = scope.rsplit_once("::") {
            let full = format!("{outer}::{name}");
            if self.meanings.contains_key(&full) {
                return Ok(full);
            }
            scope = outer;
        }
        let there = self.meanings.contains_key(name).then(|| name.to_owned());
        there.ok_or_else(|| format!("\"{name:.80}\" is not defined"))
    }

    /// A length: a number, the name of a constant, or sums and products of them from left to right.
    fn number(&self, tokens: &[Token<'_>], scope: &str, depth: usize) -> Result<i64, String> {
        let said = || tokens.iter().map(|t| t.text).collect::<Vec<_>>().concat();
        let unknown = || format!("the length {:.60} is not understood", said());
        self.numbers.set(self.numbers.get() + tokens.len());
        if depth > DEEPEST || self.numbers.get() > MOST_NUMBERS {
            return Err(unknown());
        }
        let mut names: Vec<String> = vec![String::new()];
        let mut signs = Vec::new();
        for token in tokens.iter().map(|t| t.text) {
            match token {
                "+" | "-" | "*" => {
                    signs.push(token);
                    names.push(String::new());
                }
                "(" | ")" => return Err(unknown()),
                word => names.last_mut().unwrap_or(&mut String::new()).push_str(word),
            }
        }
        // Products before sums are not told apart from products behind them.
        if signs.contains(&"*") && signs.iter().any(|sign| *sign != "*") {
            return Err(unknown());
        }
        let value = |name: &String| -> Result<i64, String> {
            let hex = name.strip_prefix("0x").or(name.strip_prefix("0X"));
            if let Some(number) = hex.map_or_else(|| name.parse().ok(), |hex| i64::from_str_radix(hex, 16).ok()) {
                return Ok(number);
            }
            let full = self.found(name, scope)?;
            match self.meanings.get(&full) {
                Some(Meaning::Constant(value)) => self.number(value, &full, depth + 1),
                _ => Err(unknown()),
            }
        };
        let mut sum = value(&names[0])?;
        for (sign, name) in signs.iter().zip(&names[1..]) {
            let next = value(name)?;
            let found = match *sign {
                "+" => sum.checked_add(next),
                "-" => sum.checked_sub(next),
                _ => sum.checked_mul(next),
            };
            sum = found.ok_or_else(unknown)?;
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
===
IDL: my_msgs/msg/Shape
// generated
#include "std_msgs/msg/Header.idl"
module my_msgs { module msg {
  module Shape_Constants { const unsigned long N = 0x3; @verbatim (language="comment", text="a }; b" "c") const string S = "x"; };
  typedef double double__36[36];
  enum Mode { @default_literal A, B };
  @verbatim (language="comment", text=
    "a struct")
  @final
  struct Shape {
    std_msgs::msg::Header header;
    @unit (value="rad") @default (value=0.5)
    float angle;
    double__36 covariance;
    sequence<double__36> many;
    sequence<Point, 3> points;
    string<10> names[Shape_Constants::N][2];
    sequence<sequence<octet>> blobs;
    Mode mode;
    unsigned long long a, b[2];
    long long _long;
    @optional boolean maybe;
  };
  struct Point { double x; };
}; };
===
IDL: std_msgs/msg/Header
module std_msgs { module msg { struct Header { ::builtin_interfaces::msg::Time stamp; string frame_id; }; }; };
module builtin_interfaces { module msg { struct Time { int32 sec; uint32 nanosec; }; }; };
"#;

    #[test]
    fn every_kind_of_member_is_understood() {
        let parsed = parse("my_msgs/msg/Shape", TEXT).expect("parsed");
        let root: Vec<(&str, Kind, Count)> =
            parsed.types[0].fields.iter().map(|f| (&*f.name, f.kind, f.count)).collect();
        let wanted = [
            ("header", Kind::Type(1), Count::One),
            ("angle", Kind::F32, Count::One),
            ("covariance", Kind::F64, Count::Fixed(36)),
            ("many", Kind::List(0), Count::Sequence),
            ("points", Kind::Type(2), Count::Sequence),
            ("names", Kind::String, Count::Fixed(6)),
            ("blobs", Kind::List(1), Count::Sequence),
            ("mode", Kind::Enum, Count::One),
            ("a", Kind::U64, Count::One),
            ("b", Kind::U64, Count::Fixed(2)),
            ("long", Kind::I64, Count::One),
            ("maybe", Kind::Bool, Count::One),
        ];
        assert_eq!(root, wanted, "members");
        assert_eq!(parsed.lists, [(Kind::F64, Count::Fixed(36)), (Kind::U8, Count::Sequence)], "lists in lists");
        assert_eq!(parsed.types.len(), 4, "what is used");
        assert!(parsed.types[0].fields[11].optional && parsed.types[0].extensible.is_some(), "annotations");
    }

    #[test]
    fn structures_inherit_and_names_are_found_from_within() {
        let text = "module a { struct B { long x; }; module c { struct D : B { B own; }; }; };";
        for name in ["a::c::D", "a.c.D", "a/c/D", "a/msg/c/D", "D"] {
            let parsed = parse(name, text).expect(name);
            let names: Vec<&str> = parsed.types[0].fields.iter().map(|f| &*f.name).collect();
            assert_eq!(names, ["x", "own"], "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, words) in [
            ("struct A { B b; };", "A: b: \"B\" is not defined"),
            ("union B switch (long) { case 1: long x; }; struct A { B b; };", "b: it is the union B"),
            ("struct A { long x };", "line 1 has \"}\" behind x"),
            ("struct A { long double x; };", "long double is not read"),
            ("struct A { long x[(1)]; };", "the length (1)"),
            ("struct A { long x[N]; }; const long N = N;", "the length"),
            ("typedef B B; struct A { B b; };", "deep"),
            ("struct A : A { long x; };", "inherit more than"),
            ("module m { struct A { long x; };", "the module m never ends"),
            ("struct C { long x; };", "the type A is not defined"),
            ("struct A { sequence<long x; };", "it ends before a >"),
        ] {
            let error = parse("A", text).expect_err(text);
            assert!(error.contains(words), "{words} is missing in: {error}");
        }
        let nested = format!("struct A {{ {}long{} x; }};", "sequence<".repeat(40), ">".repeat(40));
        assert!(parse("A", &nested).is_err_and(|e| e.contains("deep")), "sequences");
    }

    #[test]
    fn every_cut_and_change_of_a_text_is_read_or_refused() {
        for end in (0..TEXT.len()).step_by(3) {
            let _ = parse("my_msgs/msg/Shape", &TEXT[..end]);
            let _ = parse("my_msgs/msg/Shape", &[&TEXT[..end], &TEXT[end + 1..]].concat());
        }
    }
}
