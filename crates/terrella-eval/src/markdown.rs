//! Tables in Markdown.

/// A Markdown table; a bar in a cell does not end it.
pub(crate) fn table<S: AsRef<str>>(header: &[S], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(header.iter().map(|cell| safe(cell.as_ref())).collect());
    out.push_str(&format!("|{}\n", "---|".repeat(header.len())));
    rows.iter().for_each(|row| out.push_str(&line(row.iter().map(|cell| safe(cell)).collect())));
    out
}

fn safe(cell: &str) -> String {
    cell.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_its_table() {
        let made = table(&["a", "b"], &[vec!["x|y".to_owned(), "line\nend".to_owned()]]);
        assert_eq!(made, "| a | b |\n|---|---|\n| x\\|y | line end |\n", "escaped");
    }
}
