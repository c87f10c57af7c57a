//! What an IDL text says: modules, structures, enumerations, names for types, constants.
//!
//! Files stand one behind the other, the message first and what it is made of behind it, so names are looked up later.
//! Unions and what else has no place in a table are known by name only.

use super::tokens::{Token, tokens};
use crate::mcap::definition::{Extensible, Kind};
use std::collections::HashMap;

/// Sequences within sequences.
const DEEPEST_SPEC: usize = 16;

/// A type as it is written.
#[derive(Clone, Debug)]
pub(super) enum Spec<'a> {
    Base(Kind),
    /// A name, to be looked up from the modules it stands in.
    Named(String),
    Sequence(Box<Self>),
    /// One that is not read, and what it is.
    Unread(&'a str),
}

/// A name of a type or a member: what it is, and its dimensions.
#[derive(Clone, Debug)]
pub(super) struct Declared<'a> {
    pub(super) name: &'a str,
    pub(super) spec: Spec<'a>,
    pub(super) lengths: Vec<Vec<Token<'a>>>,
    pub(super) optional: bool,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) enum Meaning<'a> {
    Struct {
        members: Vec<Declared<'a>>,
        base: Option<String>,
        extensible: Option<Extensible>,
    },
    Alias(Declared<'a>),
    /// An enumeration or a mask.
    Bits(Kind),
    Constant(Vec<Token<'a>>),
    Unread(&'a str),
}

/// What all names stand for, by their modules and name with `::` between.
pub(super) type Meanings<'a> = HashMap<String, Meaning<'a>>;

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Meanings<'_>, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, scope: Vec::new(), meanings: HashMap::new() };
    parser.file()?;
    Ok(parser.meanings)
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    scope: Vec<&'a str>,
    meanings: Meanings<'a>,
}

/// What annotations say.
#[derive(Default)]
struct Annotations {
    extensible: Option<Extensible>,
    optional: bool,
    bits: Option<u32>,
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<(), String> {
        while self.at < self.tokens.len() {
            let said = self.annotations()?;
            match self.next()? {
                ";" => {}
                "}" => drop(self.scope.pop().ok_or_else(|| self.wrong("a \"}\" that closes nothing"))?),
                "module" => {
                    let name = self.name()?;
                    self.expect("{")?;
                    self.scope.push(name);
                }
                "struct" => self.structure(&said)?,
                "typedef" => {
                    self.annotations()?;
                    let spec = self.spec(0)?;
                    for declared in self.declarators(&spec, false)? {
                        self.mean(declared.name, Meaning::Alias(declared));
                    }
                }
                "enum" => self.bits(said.bits.map_or(Kind::Enum, sized))?,
                "bitmask" => self.bits(sized(said.bits.unwrap_or(32)))?,
                "const" => {
                    self.spec(0)?;
                    let name = self.name()?;
                    self.expect("=")?;
                    let value = self.until(&[";"])?;
                    self.mean(name, Meaning::Constant(value));
                }
                what @ ("union" | "bitset" | "interface" | "valuetype" | "native" | "exception") => {
                    let name = self.name()?;
                    self.pass_by()?;
                    self.mean(name, Meaning::Unread(what));
                }
                other => return Err(self.wrong(&format!("\"{other:.40}\", where a definition begins"))),
            }
        }
        if self.scope.is_empty() { Ok(()) } else { Err(format!("the module {} never ends", self.scope.join("::"))) }
    }

    fn structure(&mut self, said: &Annotations) -> Result<(), String> {
        let name = self.name()?;
        if self.peek() == Some(";") {
            // It is announced here and comes later.
            return Ok(());
        }
        let base = if self.peek() == Some(":") {
            self.at += 1;
            Some(self.scoped()?)
        } else {
            None
        };
        self.expect("{")?;
        let mut members = Vec::new();
        while self.peek() != Some("}") {
            let said = self.annotations()?;
            let spec = self.spec(0)?;
            members.extend(self.declarators(&spec, said.optional)?);
        }
        self.at += 1;
        self.mean(name, Meaning::Struct { members, base, extensible: said.extensible });
        Ok(())
    }

    /// An enumeration or a mask; its words do not matter, since numbers are what is read.
    fn bits(&mut self, kind: Kind) -> Result<(), String> {
        let name = self.name()?;
        self.pass_by()?;
        self.mean(name, Meaning::Bits(kind));
        Ok(())
    }

    /// Names behind a type, with their dimensions, up to the end of the line.
    fn declarators(&mut self, spec: &Spec<'a>, optional: bool) -> Result<Vec<Declared<'a>>, String> {
        let mut found = Vec::new();
        loop {
            let name = self.name()?;
            let mut lengths = Vec::new();
            while self.peek() == Some("[") {
                self.at += 1;
                lengths.push(self.until(&["]"])?);
                self.at += 1;
            }
            found.push(Declared { name, spec: spec.clone(), lengths, optional });
            match self.next()? {
                "," => {}
                ";" => return Ok(found),
                other => return Err(self.wrong(&format!("\"{other:.40}\" behind {name:.60}"))),
            }
        }
    }

    fn spec(&mut self, depth: usize) -> Result<Spec<'a>, String> {
        if depth > DEEPEST_SPEC {
            return Err(self.wrong(&format!("sequences are nested more than {DEEPEST_SPEC} deep")));
        }
        self.annotations()?;
        let is = |kind| Ok(Spec::Base(kind));
        let first = self.peek().ok_or("it ends where a type should stand")?;
        if !matches!(first, "::") {
            self.at += 1;
        }
        match first {
            "boolean" => is(Kind::Bool),
            // ROS has bytes and characters as numbers.
            "octet" | "char" | "uint8" => is(Kind::U8),
            "int8" => is(Kind::I8),
            "short" | "int16" => is(Kind::I16),
            "uint16" => is(Kind::U16),
            "int32" => is(Kind::I32),
            "uint32" => is(Kind::U32),
            "int64" => is(Kind::I64),
            "uint64" => is(Kind::U64),
            "float" => is(Kind::F32),
            "double" => is(Kind::F64),
            "long" => is(match self.peek() {
                Some("long") => self.skip(Kind::I64),
                Some("double") => return Ok(self.skip(Spec::Unread("long double"))),
                _ => Kind::I32,
            }),
            "unsigned" => match self.next()? {
                "short" => is(Kind::U16),
                "long" if self.peek() == Some("long") => is(self.skip(Kind::U64)),
                "long" => is(Kind::U32),
                other => Err(self.wrong(&format!("unsigned {other:.40}"))),
            },
            "string" | "wstring" => {
                if self.peek() == Some("<") {
                    self.until(&[">"])?;
                    self.at += 1;
                }
                is(if first == "string" { Kind::String } else { Kind::WideString })
            }
            "wchar" => is(Kind::WideString),
            "sequence" => {
                self.expect("<")?;
                let inner = self.spec(depth + 1)?;
                // A bound changes nothing of how it is written.
                self.until(&[">"])?;
                self.at += 1;
                Ok(Spec::Sequence(Box::new(inner)))
            }
            "map" | "any" | "fixed" | "Object" => {
                if self.peek() == Some("<") {
                    let (mut open, begun) = (0usize, self.at);
                    while self.at == begun || open > 0 {
                        match self.next()? {
                            "<" => open += 1,
                            ">" => open = open.saturating_sub(1),
                            _ => {}
                        }
                    }
                }
                Ok(Spec::Unread(first))
            }
            "::" => self.scoped().map(Spec::Named),
            _ => {
                self.at -= 1;
                self.scoped().map(Spec::Named)
            }
        }
    }

    /// `a::b::C`.
    fn scoped(&mut self) -> Result<String, String> {
        let mut name = String::new();
        if self.peek() == Some("::") {
            name += "::";
            self.at += 1;
        }
        name += self.name()?;
        while self.peek() == Some("::") {
            self.at += 1;
            name += "::";
            name += self.name()?;
        }
        Ok(name)
    }

    fn annotations(&mut self) -> Result<Annotations, String> {
        let mut said = Annotations::default();
        while self.peek() == Some("@") {
            self.at += 1;
            let name = self.scoped()?.to_lowercase();
            let begun = self.at;
            if self.peek() == Some("(") {
                let mut open = 0usize;
                while self.at == begun || open > 0 {
                    match self.next()? {
                        "(" => open += 1,
                        ")" => open = open.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            let words: Vec<String> = self.tokens[begun..self.at].iter().map(|t| t.text.to_lowercase()).collect();
            let has = |word: &str| words.iter().any(|w| w == word);
            let number = words.iter().find_map(|w| w.parse().ok());
            match name.as_str() {
                "final" => said.extensible = Some(Extensible::Final),
                "appendable" => said.extensible = Some(Extensible::Appendable),
                "mutable" => said.extensible = Some(Extensible::Mutable),
                "extensibility" if has("final") => said.extensible = Some(Extensible::Final),
                "extensibility" if has("mutable") => said.extensible = Some(Extensible::Mutable),
                "extensibility" => said.extensible = Some(Extensible::Appendable),
                "optional" => said.optional = !has("false"),
                "bit_bound" => said.bits = number,
                _ => {}
            }
        }
        Ok(said)
    }

    /// Passes everything by up to the `;` that ends a definition, which may hold others in braces.
    fn pass_by(&mut self) -> Result<(), String> {
        let mut open = 0usize;
        loop {
            match self.next()? {
                "{" => open += 1,
                "}" => open = open.saturating_sub(1),
                ";" if open == 0 => return Ok(()),
                _ => {}
            }
        }
    }

    /// What stands before one of these signs.
    fn until(&mut self, signs: &[&str]) -> Result<Vec<Token<'a>>, String> {
        let begun = self.at;
        while !signs.contains(&self.peek().ok_or_else(|| format!("it ends before a {}", signs.join(" or ")))?) {
            self.at += 1;
        }
        Ok(self.tokens[begun..self.at].to_vec())
    }

    fn mean(&mut self, name: &str, meaning: Meaning<'a>) {
        let full = self.scope.iter().copied().chain([name]).collect::<Vec<_>>().join("::");
        // Files that include the same one bring it twice.
        self.meanings.entry(full).or_insert(meaning);
    }

    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| token.text)
    }

    fn next(&mut self) -> Result<&'a str, String> {
        let text = self.peek().ok_or("it ends within a definition")?;
        self.at += 1;
        Ok(text)
    }

    fn skip<T>(&mut self, value: T) -> T {
        self.at += 1;
        value
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        match self.next()? {
            found if found == sign => Ok(()),
            found => Err(self.wrong(&format!("\"{found:.40}\", where \"{sign}\" should stand"))),
        }
    }

    fn name(&mut self) -> Result<&'a str, String> {
        let found = self.next()?;
        let is_name = found.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        // An underscore before a name says that it is no word of the language.
        let name = found.strip_prefix('_').filter(|rest| !rest.is_empty()).unwrap_or(found);
        if is_name { Ok(name) } else { Err(self.wrong(&format!("\"{found:.40}\", where a name should stand"))) }
    }

    fn wrong(&self, what: &str) -> String {
        let line = self.tokens.get(self.at.saturating_sub(1)).map_or(0, |token| token.line);
        format!("line {line} has {what}")
    }
}

/// The number with so many bits.
fn sized(bits: u32) -> Kind {
    match bits {
        0..=8 => Kind::U8,
        9..=16 => Kind::U16,
        17..=32 => Kind::U32,
        _ => Kind::U64,
    }
}
