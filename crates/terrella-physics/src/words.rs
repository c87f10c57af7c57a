//! Numbers in sentences and tables.

/// Three significant digits.
#[must_use]
pub fn digits(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    let places = 2 - x.abs().log10().floor() as i32;
    match places {
        // From a hundred thousand on, and below a ten-thousandth, a power says it shorter.
        7.. | ..=-3 => format!("{x:.2e}"),
        _ => format!("{x:.*}", places.max(0) as usize),
    }
}

/// `name^2`, or the name alone where the power is 1; near halves the power is that half.
pub(crate) fn power(name: &str, power: f64) -> String {
    let half = (2.0 * power).round() / 2.0;
    let power = if (power - half).abs() < 0.05 && half != 0.0 { half } else { power };
    if power == 1.0 {
        return name.to_owned();
    }
    let text = format!("{power:.2}");
    format!("{name}^{}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A header and rows, two blanks between columns, a line each.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits_and_powers_are_short() {
        let told = [0.0, 1234.4, 12.345, 0.12345, 0.00012345, 0.0000012345, 123_456.0].map(digits);
        assert_eq!(told, ["0", "1234", "12.3", "0.123", "0.000123", "1.23e-6", "1.23e5"], "digits");
        assert_eq!([power("a", 1.0), power("a", 2.02), power("a", 1.27)], ["a", "a^2", "a^1.27"], "powers");
    }
}
