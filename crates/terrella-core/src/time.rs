//! Lengths of time in words, and the calendar: days since 1970 from a date, and back.
//!
//! What is told of time is told here, so that no two pages say the same length in two ways. The calendar is that of
//! Gregory, before he was born too; its years begin in March, so that the day that only leap years have is their last.

/// Days from the first of March of the year 0 to 1970.
const TO_1970: i64 = 719_468;
/// Days of four hundred years, after which all repeats.
const ERA: i64 = 146_097;

/// A length of time in seconds, as one waits for it: `12 s`, `3 min 20 s`, `1 h 06 min`. What is no number is none.
pub fn span(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A length of time in seconds, as one compares it with others: `12.3 s`, `2.1 min`.
pub fn brief(seconds: f64) -> String {
    if seconds < 100.0 { format!("{seconds:.1} s") } else { format!("{} min", minutes(seconds)) }
}

/// Seconds as minutes, of which the unit is said beside it: `2.1`.
pub fn minutes(seconds: f64) -> String {
    format!("{:.1}", seconds / 60.0)
}

/// Seconds since 1970 as a date and a time of day: `2024-02-29 23:59:59 UTC`.
pub fn moment(seconds: u64) -> String {
    let [year, month, day] = civil_from_days((seconds / 86_400).cast_signed());
    let [hour, minute, second] = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Days since 1970 of a year, a month from 1 and a day from 1. A day that its month lacks is one of the next month, so
/// [`civil_from_days`] gives another date for it.
pub fn days_from_civil([year, month, day]: [i64; 3]) -> i64 {
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day - 1 - TO_1970
}

/// Year, month from 1 and day from 1 of days since 1970.
pub fn civil_from_days(days: i64) -> [i64; 3] {
    let (era, day) = ((days + TO_1970).div_euclid(ERA), (days + TO_1970).rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    [year + 400 * era + i64::from(month <= 2), month, day]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_to_what_is_read() {
        let spans = [0.4, 59.6, 3599.4, 3600.0, f64::NAN].map(span);
        assert_eq!(spans, ["0 s", "1 min 00 s", "59 min 59 s", "1 h 00 min", "0 s"], "to wait for");
        assert_eq!([0.04, 99.94, 100.0, 7200.0].map(brief), ["0.0 s", "99.9 s", "1.7 min", "120.0 min"], "to compare");
        assert_eq!(minutes(125.0), "2.1", "the number alone");
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (seconds, told) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_798_720_205, "2026-12-31 12:30:05 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(moment(seconds), told, "{seconds}");
        }
    }

    #[test]
    fn every_day_has_a_date_and_every_date_its_day() {
        let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let (mut days, mut year) = (days_from_civil([1599, 1, 1]), 1599);
        while year < 2402 {
            let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                for day in 1..=length {
                    assert_eq!(
                        (days_from_civil([year, month, day]), civil_from_days(days)),
                        (days, [year, month, day])
                    );
                    days += 1;
                }
                let lacks = [year, month, length + 1];
                assert_ne!(civil_from_days(days_from_civil(lacks)), lacks, "a day that its month lacks");
            }
            year += 1;
        }
        assert_eq!(days_from_civil([1970, 1, 1]), 0, "where it is counted from");
        assert_eq!(civil_from_days(-1), [1969, 12, 31], "the day before");
    }
}
