//! Where episodes begin among rows that follow each other: by flags of ends or beginnings, by lengths, or by ends.

/// First row and length of an episode.
pub(crate) type Span = (usize, usize);

/// Episodes that end with each row that is marked; whether rows are left after the last mark, which are one more.
pub(crate) fn by_ends(marked: impl IntoIterator<Item = bool>) -> (Vec<Span>, bool) {
    let (mut spans, mut from, mut rows) = (Vec::new(), 0, 0);
    for (row, ends) in marked.into_iter().enumerate() {
        rows = row + 1;
        if ends {
            spans.push((from, rows - from));
            from = rows;
        }
    }
    let left = from < rows;
    if left {
        spans.push((from, rows - from));
    }
    (spans, left)
}

/// Episodes that begin with each row that is marked, and with the first.
pub(crate) fn by_beginnings(marked: &[bool]) -> Vec<Span> {
    let next = marked.iter().skip(1).copied().chain(std::iter::once(true));
    by_ends(next.take(marked.len())).0
}

/// Episodes of these lengths; nothing where one is no length.
pub(crate) fn by_lengths(lengths: &[i64]) -> Option<Vec<Span>> {
    let mut from = 0_usize;
    let mut spans = Vec::with_capacity(lengths.len());
    for length in lengths {
        let length = usize::try_from(*length).ok()?;
        spans.push((from, length));
        from = from.checked_add(length)?;
    }
    Some(spans)
}

/// Episodes that end before these rows; nothing where they do not rise.
pub(crate) fn by_stops(stops: &[i64]) -> Option<Vec<Span>> {
    let before = std::iter::once(0).chain(stops.iter().copied());
    let lengths: Vec<i64> = stops.iter().zip(before).map(|(stop, before)| stop.saturating_sub(before)).collect();
    by_lengths(&lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_where_they_say() {
        let flags = |text: &str| text.chars().map(|c| c == '1').collect::<Vec<_>>();
        assert_eq!(by_ends(flags("0010001")), (vec![(0, 3), (3, 4)], false), "ends");
        assert_eq!(by_ends(flags("100")), (vec![(0, 1), (1, 2)], true), "rows are left");
        assert_eq!(by_ends(Vec::new()), (vec![], false), "none");
        assert_eq!(by_beginnings(&flags("1001")), [(0, 3), (3, 1)], "beginnings");
        assert_eq!(by_beginnings(&flags("0010")), [(0, 2), (2, 2)], "the first row begins one");
        assert_eq!(by_beginnings(&[]), [], "none");
        assert_eq!(by_lengths(&[3, 4]), Some(vec![(0, 3), (3, 4)]), "lengths");
        assert_eq!(by_stops(&[3, 7]), Some(vec![(0, 3), (3, 4)]), "stops");
        assert_eq!((by_stops(&[3, 2]), by_lengths(&[-1]), by_lengths(&[i64::MAX; 3])), (None, None, None), "no spans");
    }
}
