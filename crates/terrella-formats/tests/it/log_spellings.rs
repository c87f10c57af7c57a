//! Tables as people, loggers and libraries write them: other spellings of numbers and times, lines that were cut off
//! when the power went, times with a type.

use crate::fixtures::assert_says;
use arrow_array::{
    ArrayRef, DurationMicrosecondArray, Float64Array, Int64Array, RecordBatch, Time32MillisecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{DoubleType, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs;
use std::sync::Arc;
use terrella_data::{Source, SourceOptions};
use terrella_formats::open_source;

const MAP: &str = "fps = 20.0\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"x\"]\n[[action]]\ncolumns = [\"u\"]\n";

/// A file opened with a mapping.
fn opened(name: &str, bytes: &[u8], map: &str) -> terrella_data::Result<terrella_formats::Opened> {
    let base = tempfile::tempdir().expect("a folder");
    let (path, mapping) = (base.path().join(name), base.path().join("map.toml"));
    fs::write(&path, bytes).expect("written");
    fs::write(&mapping, map).expect("written");
    let map = Some(mapping.to_string_lossy().into_owned());
    open_source(&path, &SourceOptions { map, ..SourceOptions::default() })
}

fn told(source: &dyn Source) -> String {
    source.notes().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Row `i` of 40 has x = i / 8 and u = -i.
fn check(source: &dyn Source, rows: usize, what: &str) {
    assert_eq!((source.lengths(), source.signature().fps), (vec![rows], 20.0), "{what}: {}", told(source));
    let episode = source.episode(0);
    assert!(source.evidence(0).times.len() >= rows, "{what}: a stored time for each row");
    let wanted: Vec<[f32; 2]> = (0..rows).map(|i| [i as f32 / 8.0, -(i as f32)]).collect();
    let found: Vec<[f32; 2]> = (0..rows).map(|i| [episode.states.row(i)[0], episode.actions.row(i)[0]]).collect();
    assert_eq!(found, wanted, "{what}");
}

/// Lines of a table with these names, times and what stands between; numbers have decimal commas where asked for.
fn csv(between: &str, commas: bool, time: impl Fn(usize) -> String) -> String {
    let row = |i: usize| {
        let numbers = format!("{:.3}{between}{:.3}", i as f64 / 8.0, -(i as f64));
        format!("{}{between}{}\n", time(i), if commas { numbers.replace('.', ",") } else { numbers })
    };
    format!("t{between}x{between}u\n") + &(0..40).map(row).collect::<String>()
}

fn seconds(i: usize) -> f64 {
    i as f64 / 20.0
}

#[test]
fn decimal_commas_are_read_and_told() {
    let text = csv(";", true, |i| format!("{:.3}", seconds(i)).replace('.', ","));
    for (map, noted) in [
        (MAP.to_owned(), &["between ';'", "decimal commas: 0,050 was read as 0.05"][..]),
        (format!("{MAP}[csv]\ndelimiter = \";\"\n"), &["decimal commas: 0,050 was read as 0.05"]),
        (format!("{MAP}[csv]\ndelimiter = \";\"\ndecimal = \",\"\n"), &[]),
    ] {
        let source = opened("a.csv", text.as_bytes(), &map).expect("opened");
        check(&*source, 40, &map);
        let notes = told(&*source);
        assert!(noted.iter().all(|word| notes.contains(word)) && notes.is_empty() == noted.is_empty(), "{notes}");
    }
    let tabs = csv("\t", true, |i| format!("{:.3}", seconds(i)).replace('.', ","));
    check(&*opened("a.tsv", tabs.as_bytes(), MAP).expect("opened"), 40, "tabs");
    let error = opened("a.csv", text.as_bytes(), &format!("{MAP}[csv]\ndecimal = \".\"\n")).err().expect("refused");
    assert_says(&error, &["column \"x\" holds texts, not numbers: \"0,000\" in row 1 of 40"]);
    assert!(!error.to_string().contains("there are"), "no contradiction: {error}");
    assert_says(
        &opened("a.csv", b"t,x,u\n0,1,2\n", &format!("{MAP}[csv]\ndecimal = \"'\"\n")).err().expect("refused"),
        &["csv.decimal"],
    );
}

#[test]
fn dates_with_times_are_a_clock() {
    let at = |i: usize| (i / 20, i % 20 * 50);
    let spelled: [(&str, &dyn Fn(usize) -> String); 5] = [
        ("zulu", &|i| format!("2024-03-01T23:59:{:02}.{:03}Z", 58 + at(i).0, at(i).1)),
        ("a zone", &|i| format!("2024-03-01T10:00:{:02}.{:03}+05:30", at(i).0, at(i).1)),
        ("a space", &|i| format!("2024-03-01 10:00:{:02}.{:06}", at(i).0, at(i).1 * 1000)),
        ("a comma", &|i| format!("\"2024-03-01 10:00:{:02},{:03}\"", at(i).0, at(i).1)),
        ("a time of day", &|i| format!("10:00:{:02}.{:03}", at(i).0, at(i).1)),
    ];
    for (what, time) in spelled {
        let source = opened("a.csv", csv(",", false, time).as_bytes(), MAP).expect(what);
        check(&*source, 40, what);
        assert!(told(&*source).is_empty(), "{what}: {}", told(&*source));
        let line = |i: usize| {
            format!("{{\"t\": \"{}\", \"x\": {}, \"u\": -{i}}}\n", time(i).trim_matches('"'), i as f64 / 8.0)
        };
        let lines: String = (0..40).map(line).collect();
        check(&*opened("a.jsonl", lines.as_bytes(), MAP).expect(what), 40, what);
    }
    let text = csv(",", false, |i| format!("2024-03-01T10:00:{:02}.{:03}Z", at(i).0, at(i).1));
    let error = opened("a.csv", text.as_bytes(), &MAP.replace("\"t\"\n", "\"t\"\nunit = \"ms\"\n")).err();
    assert_says(&error.expect("refused"), &["a.csv: the clock t holds dates", "not in ms", "leave the unit out"]);
    let error = opened("a.csv", text.as_bytes(), &MAP.replace("\"x\"", "\"t\"")).err().expect("refused");
    assert_says(&error, &["column \"t\" holds texts", "it is a clock"]);
    let error = opened("a.csv", text.replacen("T10", "T25", 1).as_bytes(), MAP).err().expect("refused");
    assert_says(&error, &["column \"t\" holds texts, not numbers: \"2024-03-01T25:00:00.000Z\" in row 1 of 40"]);
}

#[test]
fn a_last_line_that_was_cut_off_costs_that_line() {
    let table = csv(",", false, |i| format!("{:.2}", seconds(i)));
    let line = |i: usize| format!("{{\"t\": {}, \"x\": {}, \"u\": -{i}}}\n", seconds(i), i as f64 / 8.0);
    let lines: String = (0..40).map(line).collect();
    for (name, text, last) in [("a.csv", &table, 41), ("a.jsonl", &lines, 40)] {
        let begins = text.trim_end().rfind('\n').expect("lines") + 1;
        for end in begins + 1..text.len() - 1 {
            let source = opened(name, &text.as_bytes()[..end], MAP).expect("opened");
            let notes = told(&*source);
            check(&*source, 39, &text[begins..end]);
            assert!(notes.contains(&format!("left out: line {last} is cut off")), "{name} {end}: {notes}");
        }
        let zeros = [&text.as_bytes()[..begins + 9], &[0; 100][..]].concat();
        let source = opened(name, &zeros, MAP).expect("opened");
        check(&*source, 39, "zeros behind it");
        assert!(told(&*source).contains("100 bytes at the end, which are zero"), "{}", told(&*source));
        let whole = opened(name, text.trim_end().as_bytes(), MAP).expect("opened");
        check(&*whole, 40, "nothing but the end of the line is missing");
        // A line that is broken amid others is no end.
        let broken = text.replacen("0.1", "0.1\n", 1);
        let error = opened(name, broken.as_bytes(), MAP).err().expect("refused");
        assert_says(&error, &[name, "line "]);
        assert!(!error.to_string().contains("cut off"), "{error}");
    }
}

#[test]
fn numbers_that_python_writes_and_json_lacks_are_missing_samples() {
    let line = |i: usize| format!("{{\"t\": {}, \"x\": {}, \"u\": -{i}}}\n", seconds(i), i as f64 / 8.0);
    let lines: String = (0..40).map(line).collect();
    for word in ["NaN", "Infinity", "-Infinity", "nan"] {
        let text = lines.replacen("\"x\": 0.5,", &format!("\"x\": {word},"), 1);
        let source = opened("a.jsonl", text.as_bytes(), MAP).expect(word);
        check(&*source, 40, "on the line between its neighbours");
        assert!(told(&*source).contains("1 of 40 samples of x are missing or not finite"), "{}", told(&*source));
        let records = format!("[{}]", text.trim_end().replace('\n', ","));
        check(&*opened("a.json", records.as_bytes(), MAP).expect(word), 40, "a document");
    }
}

/// 40 rows whose clock has a type.
fn parquet(times: ArrayRef, packed: Compression) -> Vec<u8> {
    let x: ArrayRef = Arc::new(Float64Array::from_iter_values((0..40).map(|i| f64::from(i) / 8.0)));
    let u: ArrayRef = Arc::new(Float64Array::from_iter_values((0..40).map(|i| -f64::from(i))));
    let batch = RecordBatch::try_from_iter([("t", times), ("x", x), ("u", u)]).expect("a batch");
    let how = WriterProperties::builder().set_compression(packed).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(how)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    bytes
}

/// The same with the times of Spark and Impala: nanoseconds of a day, and days of the Julian calendar.
fn int96() -> Vec<u8> {
    let schema = "message m { required int96 t; required double x; required double u; }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).expect("a writer");
    let mut rows = file.next_row_group().expect("a row group");
    let mut column = rows.next_column().expect("a column").expect("times");
    let times: Vec<Int96> = (0..40u64)
        .map(|i| {
            let nanoseconds = 36_000_000_000_000 + i * 50_000_000;
            let mut time = Int96::new();
            time.set_data(nanoseconds as u32, (nanoseconds >> 32) as u32, 2_460_371);
            time
        })
        .collect();
    column.typed::<Int96Type>().write_batch(&times, None, None).expect("written");
    column.close().expect("closed");
    for value in [|i: u32| f64::from(i) / 8.0, |i: u32| -f64::from(i)] {
        let mut column = rows.next_column().expect("a column").expect("numbers");
        column.typed::<DoubleType>().write_batch(&(0..40).map(value).collect::<Vec<_>>(), None, None).expect("written");
        column.close().expect("closed");
    }
    rows.close().expect("closed");
    file.close().expect("closed");
    bytes
}

#[test]
fn the_type_of_a_clock_states_its_unit() {
    const START: i64 = 1_709_287_200;
    let at = |a_second: i64| (0..40).map(move |i| START * a_second + i * a_second / 20);
    let times: [(&str, &str, ArrayRef); 7] = [
        (
            "us",
            "timestamp[us, UTC]",
            Arc::new(TimestampMicrosecondArray::from_iter_values(at(1_000_000)).with_timezone("UTC")),
        ),
        ("us", "timestamp[us]", Arc::new(TimestampMicrosecondArray::from_iter_values(at(1_000_000)))),
        ("ns", "timestamp[ns]", Arc::new(TimestampNanosecondArray::from_iter_values(at(1_000_000_000)))),
        (
            "ms",
            "timestamp[ms]",
            Arc::new(TimestampMillisecondArray::from_iter_values(at(1000)).with_timezone("+02:00")),
        ),
        ("us", "duration[us]", Arc::new(DurationMicrosecondArray::from_iter_values((0..40).map(|i| i * 50_000)))),
        ("ms", "time32[ms]", Arc::new(Time32MillisecondArray::from_iter_values((0..40).map(|i| i * 50)))),
        ("s", "timestamp[s]", Arc::new(TimestampSecondArray::from_iter_values((0..40).map(|i| START + i)))),
    ];
    let unit = |unit: &str| MAP.replace("\"t\"\n", &format!("\"t\"\nunit = \"{unit}\"\n"));
    let packings =
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::LZ4_RAW, Compression::ZSTD(ZstdLevel::default())];
    for (at, (own, kind, array)) in times.into_iter().enumerate() {
        let bytes = parquet(array, packings[at % packings.len()]);
        let slow = MAP.replace("20.0", "1.0");
        if own == "s" {
            let source = opened("a.parquet", &bytes, &slow).expect(kind);
            assert_eq!(source.lengths(), [40], "{kind}");
            continue;
        }
        for map in [MAP.to_owned(), unit(own)] {
            let source = opened("a.parquet", &bytes, &map).expect(kind);
            check(&*source, 40, kind);
            assert!(told(&*source).is_empty(), "{kind}: {}", told(&*source));
        }
        let rows = opened("a.parquet", &bytes, &MAP.replace("fps = 20.0\n", "")).expect(kind);
        assert!(
            (rows.signature().fps - 20.0).abs() < 1e-3 && rows.lengths() == [40],
            "{kind}: {}",
            rows.signature().fps
        );
        let other = if own == "ns" { "s" } else { "ns" };
        let error = opened("a.parquet", &bytes, &unit(other)).err().expect("refused");
        assert_says(
            &error,
            &["the clock t is in", &format!("{own} by its type, and in {other} by the mapping"), "leave the unit out"],
        );
    }
    check(&*opened("a.parquet", &int96(), MAP).expect("INT96"), 40, "INT96");
    assert_says(&opened("a.parquet", &int96(), &unit("ms")).err().expect("refused"), &["is in ns by its type"]);
    // Whole numbers say nothing, so the mapping does.
    let plain: ArrayRef = Arc::new(Int64Array::from_iter_values((0..40).map(|i| i * 50)));
    check(
        &*opened("a.parquet", &parquet(plain, Compression::SNAPPY), &unit("ms")).expect("opened"),
        40,
        "whole numbers",
    );
}
