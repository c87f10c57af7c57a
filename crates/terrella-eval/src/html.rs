//! Text that is safe inside a page, and the page around it: no scripts, no network, light and dark.

use std::fmt::Write as _;

/// Escapes text for content and for quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are not allowed in a page at all.
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A whole page.
pub fn page(title: &str, body: &str) -> String {
    whole(title, "", body)
}

/// The same, which a browser opens anew every so many seconds.
pub fn reloading_page(title: &str, body: &str, seconds: u64) -> String {
    whole(title, &format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"), body)
}

fn whole(title: &str, head: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{head}\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        include_str!("report.css")
    )
}

/// Appends a section with a heading, unless there is nothing in it.
pub(crate) fn section(out: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        push(out, "<section>\n<h2>", title, "</h2>\n");
        out.push_str(body);
        out.push_str("</section>\n");
    }
}

/// Charts side by side, where there are any.
pub(crate) fn grid(charts: &str) -> String {
    if charts.is_empty() { String::new() } else { format!("<div class=\"charts\">\n{charts}</div>\n") }
}

/// A table; the first column is a heading, the others are numbers, perhaps with an interval.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    // An interval goes on a line of its own: tables stay narrow, numbers stay aligned.
    cells("", header, rows, |cell| cell.split_once(" ["))
}

/// A table of sentences, which may break.
pub fn text_table(header: &[&str], rows: &[Vec<String>]) -> String {
    cells(" class=\"text\"", header, rows, |_| None)
}

fn cells(class: &str, header: &[&str], rows: &[Vec<String>], split: fn(&str) -> Option<(&str, &str)>) -> String {
    let mut out = format!("<div class=\"wide\"><table{class}>\n<thead><tr>");
    header.iter().for_each(|cell| push(&mut out, "<th scope=\"col\">", cell, "</th>"));
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let (open, close) = if i == 0 { ("<th scope=\"row\">", "</th>") } else { ("<td>", "</td>") };
            match split(cell) {
                Some((value, interval)) => {
                    push(&mut out, open, value, "<small>[");
                    push(&mut out, "", interval, "</small>");
                    out.push_str(close);
                }
                None => push(&mut out, open, cell, close),
            }
        }
        out.push_str("</tr>\n");
    }
    out + "</tbody></table></div>\n"
}

/// A list of facts: name and value.
pub fn facts(rows: &[(String, String)]) -> String {
    let mut out = "<dl>\n".to_owned();
    for (name, value) in rows {
        push(&mut out, "<dt>", name, "</dt>");
        push(&mut out, "<dd>", value, "</dd>\n");
    }
    out + "</dl>\n"
}

/// A bulleted list.
pub fn list(items: &[String]) -> String {
    let mut out = "<ul>\n".to_owned();
    items.iter().for_each(|item| push(&mut out, "<li>", item, "</li>\n"));
    out + "</ul>\n"
}

/// Appends `open`, the escaped text and `close`.
pub fn push(out: &mut String, open: &str, text: &str, close: &str) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{open}{}{close}", escape(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_can_become_markup() {
        let text = escape("<script>alert(\"1\" & '2')</script>\u{0}");
        assert!(
            !text.contains('<') && !text.contains('"') && !text.contains('\'') && !text.contains('\u{0}'),
            "{text}"
        );
    }

    #[test]
    fn brackets_are_an_interval_among_numbers_only() {
        let rows = [vec!["a".to_owned(), "81 % [76, 85]".to_owned()]];
        assert!(table(&["", "n"], &rows).contains("81 %<small>[76, 85]</small>"), "an interval");
        assert!(text_table(&["", "n"], &rows).contains("<td>81 % [76, 85]</td>"), "a sentence");
    }
}
