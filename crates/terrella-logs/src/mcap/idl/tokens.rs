//! Words and signs of an IDL text, without comments, lines for a preprocessor, and what ROS 2 puts between files.

/// A word or sign, and the line it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// Words, numbers, texts in quotes, and single signs; `::` is one sign.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    let mut found = Vec::new();
    let mut begins = true;
    while at < bytes.len() {
        let rest = &text[at..];
        let newline = rest.find('\n').unwrap_or(rest.len());
        let len = match bytes[at] {
            b'\n' => {
                line += 1;
                begins = true;
                at += 1;
                continue;
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            // Between the files of a schema stand `=====` and `IDL: package/msg/Type`.
            b'#' if begins => newline,
            _ if begins && (rest.starts_with("===") || rest.starts_with("IDL:")) => newline,
            b'/' if rest.starts_with("//") => newline,
            b'/' if rest.starts_with("/*") => {
                rest.find("*/").ok_or_else(|| format!("line {line}: a comment never ends"))? + 2
            }
            quote @ (b'"' | b'\'') => {
                let len = quoted(rest.as_bytes(), quote).ok_or_else(|| format!("line {line}: a text never ends"))?;
                found.push(Token { text: &rest[..len], line });
                len
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
                let number = byte.is_ascii_digit();
                let belongs = |c: char| c.is_ascii_alphanumeric() || c == '_' || (number && c == '.');
                let len = rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
                found.push(Token { text: &rest[..len], line });
                len
            }
            _ => {
                let len = if rest.starts_with("::") { 2 } else { rest.chars().next().map_or(1, char::len_utf8) };
                found.push(Token { text: &rest[..len], line });
                len
            }
        };
        line += bytes[at..at + len].iter().filter(|b| **b == b'\n').count();
        at += len;
        begins = false;
    }
    Ok(found)
}

/// Bytes of a text in quotes, with its quotes.
fn quoted(rest: &[u8], quote: u8) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match *byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_what_stands_between_files_are_passed_by() {
        let text = "===\nIDL: a/msg/B\n#include \"x\"\n// one\nmodule a { /* two\n*/ @t(\"x\\\" // y\")\nb::c d[3];";
        let found = tokens(text).expect("tokens");
        let words: Vec<&str> = found.iter().map(|t| t.text).collect();
        let wanted =
            ["module", "a", "{", "@", "t", "(", "\"x\\\" // y\"", ")", "b", "::", "c", "d", "[", "3", "]", ";"];
        assert_eq!(words, wanted, "words and signs");
        assert_eq!((found[0].line, found[8].line), (5, 7), "lines");
        assert!(tokens("/* x").is_err() && tokens("'x").is_err(), "what never ends");
        assert_eq!(tokens("é ö;").expect("tokens").len(), 3, "other letters are signs");
    }
}
