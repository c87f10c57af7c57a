//! What may be asked of a state: `x > 1.2 and abs(v) < 0.1`.
//!
//! Names of the state's numbers, numbers, `pi`, `+ - * /`, `abs(a)`, `hypot(a, b)`, comparisons (`< > <= >=`), `and`, `or` and
//! brackets. A name that holds other signs than letters, digits, `_` and `.` is written in double quotes. Whatever is wrong is told
//! with the place where it stands.

use terrella_core::{Error, Result};

/// Brackets within brackets, at most: no sentence needs more, and the stack has an end.
const DEPTH: usize = 64;

/// A condition on a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    text: String,
    root: Node,
}

/// A number or a truth; truths are 1 and 0.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(f64),
    Column(usize),
    Negative(Box<Node>),
    Abs(Box<Node>),
    Hypot(Box<Node>, Box<Node>),
    Two(Sign, Box<Node>, Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
    Times,
    Over,
    Less,
    More,
    AtMost,
    AtLeast,
    And,
    Or,
}

/// A word of the text, and at which character it begins.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    Number(f64),
    /// A name; one in quotes is never a word of the language.
    Name(String, bool),
    Sign(Sign),
    Open,
    Close,
    Comma,
    End,
}

/// Something read: whether it is a truth, and where it began.
struct Read {
    node: Node,
    truth: bool,
    at: usize,
}

impl Predicate {
    /// Reads a condition on states whose numbers have these names.
    ///
    /// # Errors
    /// If it is none, with the place and what is wrong there.
    pub fn parse(text: &str, names: &[String]) -> Result<Self> {
        let mut parser = Parser { text, names, words: words(text)?, at: 0, depth: 0 };
        let read = parser.either()?;
        if !matches!(parser.word(), Word::End) {
            return Err(parser.wrong(parser.place(), "nothing more belongs here"));
        }
        if !read.truth {
            return Err(parser.wrong(read.at, "this is a number, and a condition is wanted, such as x > 1.2"));
        }
        Ok(Self { text: text.trim().to_owned(), root: read.node })
    }

    /// As it was asked.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a state fulfils it. What is compared with no number is not fulfilled.
    pub fn holds(&self, state: &[f32]) -> bool {
        self.root.value(state) != 0.0
    }

    /// The share of states, a row each, that fulfil it; not a number of none.
    pub fn share(&self, states: &terrella_core::Table) -> f64 {
        states.rows().filter(|state| self.holds(state)).count() as f64 / states.len() as f64
    }
}

impl Node {
    fn value(&self, state: &[f32]) -> f64 {
        match self {
            Self::Number(x) => *x,
            Self::Column(at) => f64::from(state[*at]),
            Self::Negative(of) => -of.value(state),
            Self::Abs(of) => of.value(state).abs(),
            Self::Hypot(a, b) => a.value(state).hypot(b.value(state)),
            Self::Two(sign, a, b) => sign.of(a.value(state), b.value(state)),
        }
    }
}

impl Sign {
    fn of(self, a: f64, b: f64) -> f64 {
        let truth = |is: bool| f64::from(u8::from(is));
        match self {
            Self::Plus => a + b,
            Self::Minus => a - b,
            Self::Times => a * b,
            Self::Over => a / b,
            Self::Less => truth(a < b),
            Self::More => truth(a > b),
            Self::AtMost => truth(a <= b),
            Self::AtLeast => truth(a >= b),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Or => truth(a != 0.0 || b != 0.0),
        }
    }
}

/// Takes a text apart; places count characters from 1.
fn words(text: &str) -> Result<Vec<(Word, usize)>> {
    let signs: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < signs.len() {
        let (start, next) = (at, signs.get(at + 1).copied());
        at += 1;
        let word = match signs[start] {
            c if c.is_whitespace() => continue,
            '(' => Word::Open,
            ')' => Word::Close,
            ',' => Word::Comma,
            '+' => Word::Sign(Sign::Plus),
            '-' | '−' => Word::Sign(Sign::Minus),
            '*' => Word::Sign(Sign::Times),
            '/' => Word::Sign(Sign::Over),
            '<' | '>' => {
                at += usize::from(next == Some('='));
                Word::Sign(match (signs[start], next) {
                    ('<', Some('=')) => Sign::AtMost,
                    ('<', _) => Sign::Less,
                    (_, Some('=')) => Sign::AtLeast,
                    _ => Sign::More,
                })
            }
            '"' => {
                let end = (at..signs.len()).find(|&end| signs[end] == '"');
                let end = end.ok_or_else(|| wrong(text, start + 1, "this quote is never closed"))?;
                at = end + 1;
                Word::Name(signs[start + 1..end].iter().collect(), true)
            }
            c if c.is_ascii_digit() || c == '.' => {
                // A sign belongs to a number only behind its e.
                let inside = |at: usize| {
                    let (c, before) = (signs[at], signs[at - 1]);
                    c.is_ascii_digit() || ".eE".contains(c) || ("+-".contains(c) && "eE".contains(before))
                };
                while at < signs.len() && inside(at) {
                    at += 1;
                }
                let number: String = signs[start..at].iter().collect();
                let read = number.parse().ok().filter(|x: &f64| x.is_finite());
                Word::Number(read.ok_or_else(|| wrong(text, start + 1, &format!("{number} is no number")))?)
            }
            c if c.is_alphabetic() || c == '_' => {
                while at < signs.len() && (signs[at].is_alphanumeric() || "_.".contains(signs[at])) {
                    at += 1;
                }
                Word::Name(signs[start..at].iter().collect(), false)
            }
            c => {
                let what = format!("{c:?} means nothing here; there are + - * / < > <= >= and or abs() hypot()");
                return Err(wrong(text, start + 1, &what));
            }
        };
        words.push((word, start + 1));
    }
    words.push((Word::End, signs.len() + 1));
    Ok(words)
}

fn wrong(text: &str, at: usize, what: &str) -> Error {
    Error::Invalid(format!("\"{text}\", character {at}: {what}"))
}

struct Parser<'a> {
    text: &'a str,
    names: &'a [String],
    words: Vec<(Word, usize)>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn word(&self) -> &Word {
        &self.words[self.at].0
    }

    fn place(&self) -> usize {
        self.words[self.at].1
    }

    fn wrong(&self, at: usize, what: &str) -> Error {
        wrong(self.text, at, what)
    }

    /// Goes on, but never beyond the end.
    fn next(&mut self) {
        self.at = (self.at + 1).min(self.words.len() - 1);
    }

    /// Goes on if the next word is this name of the language.
    fn said(&mut self, name: &str) -> bool {
        let said = matches!(self.word(), Word::Name(word, false) if word == name);
        if said {
            self.next();
        }
        said
    }

    /// The next sign, if it is one of these.
    fn sign(&mut self, of: &[Sign]) -> Option<Sign> {
        let sign = match self.word() {
            Word::Sign(sign) if of.contains(sign) => *sign,
            _ => return None,
        };
        self.next();
        Some(sign)
    }

    fn either(&mut self) -> Result<Read> {
        let mut left = self.both()?;
        while self.said("or") {
            let right = self.both()?;
            left = self.join(Sign::Or, left, right)?;
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Read> {
        let mut left = self.comparison()?;
        while self.said("and") {
            let right = self.comparison()?;
            left = self.join(Sign::And, left, right)?;
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Read> {
        const SIGNS: [Sign; 4] = [Sign::Less, Sign::More, Sign::AtMost, Sign::AtLeast];
        let left = self.sum()?;
        let Some(sign) = self.sign(&SIGNS) else { return Ok(left) };
        let right = self.sum()?;
        let (at, read) = (self.place(), self.join(sign, left, right)?);
        match self.sign(&SIGNS) {
            None => Ok(read),
            Some(_) => Err(self.wrong(at, "compare two at a time, as in 0 < x and x < 1")),
        }
    }

    fn sum(&mut self) -> Result<Read> {
        let mut left = self.product()?;
        while let Some(sign) = self.sign(&[Sign::Plus, Sign::Minus]) {
            let right = self.product()?;
            left = self.join(sign, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Read> {
        let mut left = self.single()?;
        while let Some(sign) = self.sign(&[Sign::Times, Sign::Over]) {
            let right = self.single()?;
            left = self.join(sign, left, right)?;
        }
        Ok(left)
    }

    /// A number, a name, a function, or something in brackets.
    fn single(&mut self) -> Result<Read> {
        let (word, at) = (self.word().clone(), self.place());
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong(at, &format!("there are more than {DEPTH} brackets and signs within each other")));
        }
        self.next();
        let number = |node: Node| Read { node, truth: false, at };
        let read = match word {
            Word::Number(x) => number(Node::Number(x)),
            Word::Sign(Sign::Minus) => {
                let of = self.single()?;
                number(Node::Negative(Box::new(self.number(of)?)))
            }
            Word::Open => {
                let read = self.either()?;
                self.close(at)?;
                Read { at, ..read }
            }
            Word::Name(name, quoted) => match self.names.iter().position(|known| *known == name) {
                Some(column) => number(Node::Column(column)),
                None if !quoted && (name == "abs" || name == "hypot") => number(self.function(&name, at)?),
                None if !quoted && name == "pi" => number(Node::Number(std::f64::consts::PI)),
                None => {
                    let there: Vec<String> = self.names.iter().map(|name| quoted_name(name)).collect();
                    let what = format!("there is no {name} in the state; there are {}", there.join(", "));
                    return Err(self.wrong(at, &what));
                }
            },
            Word::End => return Err(self.wrong(at, "something is missing at the end")),
            _ => return Err(self.wrong(at, "a number, a name or a bracket is wanted here")),
        };
        self.depth -= 1;
        Ok(read)
    }

    fn function(&mut self, name: &str, at: usize) -> Result<Node> {
        if !matches!(self.word(), Word::Open) {
            return Err(self.wrong(self.place(), &format!("{name} wants its brackets, as in {name}(x)")));
        }
        self.next();
        let first = self.sum()?;
        let first = Box::new(self.number(first)?);
        if name == "abs" {
            self.close(at)?;
            return Ok(Node::Abs(first));
        }
        if !matches!(self.word(), Word::Comma) {
            return Err(self.wrong(self.place(), "hypot wants two numbers, as in hypot(x, y)"));
        }
        self.next();
        let second = self.sum()?;
        let second = Box::new(self.number(second)?);
        self.close(at)?;
        Ok(Node::Hypot(first, second))
    }

    fn close(&mut self, opened: usize) -> Result<()> {
        if !matches!(self.word(), Word::Close) {
            let what = format!("a closing bracket is wanted here for what began at character {opened}");
            return Err(self.wrong(self.place(), &what));
        }
        self.next();
        Ok(())
    }

    fn number(&self, read: Read) -> Result<Node> {
        match read.truth {
            false => Ok(read.node),
            true => Err(self.wrong(read.at, "this is a condition, and a number is wanted")),
        }
    }

    fn join(&self, sign: Sign, left: Read, right: Read) -> Result<Read> {
        let (at, truths) = (left.at, matches!(sign, Sign::And | Sign::Or));
        if let Some(odd) = [&left, &right].into_iter().find(|read| read.truth != truths) {
            let what = if truths {
                "this is a number, and a condition is wanted, such as x > 1.2"
            } else {
                "this is a condition, and a number is wanted"
            };
            return Err(self.wrong(odd.at, what));
        }
        let truth = !matches!(sign, Sign::Plus | Sign::Minus | Sign::Times | Sign::Over);
        Ok(Read { node: Node::Two(sign, Box::new(left.node), Box::new(right.node)), truth, at })
    }
}

/// A name as it has to be written.
fn quoted_name(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_.".contains(c);
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if begins && name.chars().all(plain) { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Key, Table};

    fn names() -> Vec<String> {
        ["x", "joint1.angle", "pole angle"].map(str::to_owned).to_vec()
    }

    fn holds(text: &str) -> bool {
        Predicate::parse(text, &names()).expect(text).holds(&[1.0, -0.5, 3.0])
    }

    fn told(text: &str) -> String {
        Predicate::parse(text, &names()).expect_err(text).to_string()
    }

    #[test]
    fn what_is_asked_is_reckoned_as_it_is_read() {
        for text in [
            "x > 0.5",
            "joint1.angle<0",
            "\"pole angle\" >= 3",
            "abs(joint1.angle) <= 0.5",
            "hypot(\"pole angle\", 4*x) <= 5.0 and hypot(3*x,4) >= 5",
            "1 + 2 * 3 > 6.9 and 1 + 2 * 3 < 7.1",
            "-x - 1 < -1.5",
            "8 / 2 / 2 < 2.5",
            "x < 0 or x > 0.5 and x < 2",
            "(x < 0 or x > 0.5) and x < 2",
            "2e-1 < x",
            "\"pole angle\" < pi",
            "((x)) > (0)",
            "10 - 4 - 3 < 3.5",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in ["x > 1", "x < 0 and x > 0.5 or x > 2", "x / 0 - x / 0 < 1", "x/0 - x/0 > 1 or x < 0"] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, place, what) in [
            ("y > 1", "character 1:", "there is no y in the state; there are x, joint1.angle, \"pole angle\""),
            ("x > ", "character 5:", "missing at the end"),
            ("x ! 1", "character 3:", "'!' means nothing"),
            ("x + 1", "character 1:", "this is a number"),
            ("0 < x < 1", "character 7:", "two at a time"),
            ("(x > 1", "character 7:", "closing bracket"),
            ("x > 1)", "character 6:", "nothing more"),
            ("x > 1 x", "character 7:", "nothing more"),
            ("abs x > 1", "character 5:", "wants its brackets"),
            ("hypot(x) > 1", "character 8:", "two numbers"),
            ("x > 1.2.3", "character 5:", "1.2.3 is no number"),
            ("x and x > 1", "character 1:", "condition is wanted"),
            ("(x > 1) + 1 > 0", "character 1:", "number is wanted"),
            ("\"pole > 1", "character 1:", "never closed"),
            ("", "character 1:", "missing"),
            ("x > * 2", "character 5:", "wanted here"),
        ] {
            let told = told(text);
            assert!(told.contains(place) && told.contains(what), "{told}");
        }
        assert!(told(&format!("{} > 1", "(".repeat(100_000))).contains("more than 64"), "the stack has an end");
        assert!(told(&format!("{}x > 1", "-".repeat(100_000))).contains("more than 64"), "of signs, too");
    }

    /// P(x > 1.2), P(|x| < 0.5) and P(x > 0 or y > 0) of standard normal numbers: 0.1151, 0.3829 and 3/4.
    #[test]
    fn probabilities_of_a_known_gaussian_are_found() {
        let mut stream = Key::new(5).with("gaussian").stream();
        let n = 20_000;
        let samples = Table::from_data(2, (0..2 * n).map(|_| stream.normal() as f32).collect());
        let names = ["x", "y"].map(str::to_owned);
        for (text, wanted) in [("x > 1.2", 0.1151), ("abs(x) < 0.5", 0.3829), ("x > 0 or y > 0", 0.75)] {
            let share = Predicate::parse(text, &names).expect(text).share(&samples);
            // Four standard errors.
            let error = 4.0 * (wanted * (1.0 - wanted) / f64::from(n)).sqrt();
            assert!((share - wanted).abs() < error, "{text}: {share} for {wanted}");
        }
    }
}
