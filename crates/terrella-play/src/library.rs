//! What can be looked at beside driving: datasets with their pictures, numbers and findings, and runs with their reports.
//!
//! Everything is asked for by numbers: which dataset, which episode, which rows, which run. Who implements [`Library`] made the
//! lists when the program began, so that no word of a request becomes a path. Answers are bounded, and are made on threads that may wait
//! for a disk.

use crate::about::Number;
use serde::Serialize;
use serde_json::json;
use terrella_core::{Error, Image, Result};

/// Most pictures in one answer: a film strip.
const PICTURES: usize = 16;
/// Most runs that are compared on one page.
const RUNS: usize = 8;

/// Datasets and runs, by their places in lists that do not change.
pub trait Library: Send + Sync {
    /// All datasets, and how far each of them has been looked through.
    fn shelves(&self) -> Vec<Shelf>;

    /// What is in a dataset.
    ///
    /// # Errors
    /// If there is no such dataset, or it cannot be read (yet).
    fn dataset(&self, dataset: usize) -> Result<Contents>;

    /// The numbers of an episode.
    ///
    /// # Errors
    /// If there is no such episode.
    fn episode(&self, dataset: usize, episode: usize) -> Result<Track>;

    /// Pictures of these rows, small, and all of one size.
    ///
    /// # Errors
    /// If there are no such rows, or no pictures of them.
    fn pictures(&self, dataset: usize, episode: usize, rows: &[usize]) -> Result<Vec<Image>>;

    /// A page (HTML) that lists runs and links to `runs/report?run=0` and `runs/compare?run=0&run=1`, each with `&` and this, which is
    /// the key that the reader came with, or nothing.
    ///
    /// # Errors
    /// If runs cannot be listed.
    fn runs(&self, key: &str) -> Result<String>;

    /// The report of a run (HTML).
    ///
    /// # Errors
    /// If there is no such run, or no report of it.
    fn report(&self, run: usize) -> Result<String>;

    /// Runs side by side (HTML).
    ///
    /// # Errors
    /// If there are no such runs, or they cannot be read.
    fn compare(&self, runs: &[usize]) -> Result<String>;
}

/// A dataset in the list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Shelf {
    /// What it is called.
    pub name: String,
    /// Whether it has been opened.
    pub ready: bool,
    /// Why it cannot be read.
    pub trouble: Option<String>,
    /// Its episodes.
    pub episodes: usize,
    /// Rows in all of them.
    pub rows: usize,
    /// Episodes that have been examined, of how many.
    pub examined: [usize; 2],
    /// How much was found, once all of it has been examined.
    pub findings: Option<usize>,
}

/// What is in a dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Contents {
    /// Rows a second.
    pub fps: f64,
    /// The numbers of a state.
    pub state: Vec<Number>,
    /// The numbers of an action.
    pub action: Vec<Number>,
    /// Whether there are pictures.
    pub pictures: bool,
    /// Rows of its episodes, from the first on; of very many the others are left out.
    pub episodes: Vec<usize>,
    /// What was found, the worst first; of very much the rest is left out.
    pub findings: Vec<Mark>,
}

/// Something that was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Mark {
    /// The episode, or the whole dataset.
    pub episode: Option<usize>,
    /// First and last row.
    pub rows: Option<[usize; 2]>,
    /// `fail`, `warn` or `info`.
    pub severity: &'static str,
    /// What was looked for.
    pub check: String,
    /// What was found, and where within the episode.
    pub what: String,
    /// What helps.
    pub remedy: String,
}

/// The numbers of an episode, of every so many rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Track {
    /// Rows of the episode.
    pub rows: usize,
    /// What was being done, in words.
    pub task: String,
    /// Of how many rows one is here.
    pub every: usize,
    /// Seconds since the first row, one a row that is here.
    pub times: Vec<f64>,
    /// One list a number of the state; what is no number is `null`.
    pub state: Vec<Vec<f32>>,
    /// One list a number of the action.
    pub action: Vec<Vec<f32>>,
    /// Rewards, if there are some.
    pub reward: Vec<f32>,
}

/// An answer to a browser.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Json(String),
    /// Height and width, and raw RGB, as in frames: the length of a JSON header (`u32`, little-endian), the header, pictures.
    Pictures(Vec<u8>),
    Page(String),
}

/// Where things are asked for.
pub(crate) const PATHS: [&str; 7] =
    ["/library", "/library/dataset", "/library/episode", "/library/pictures", "/runs", "/runs/report", "/runs/compare"];

/// Answers what is asked for at one of [`PATHS`].
///
/// # Errors
/// If the question is not understood, or cannot be answered.
pub(crate) fn answer(library: &dyn Library, path: &str, query: &str) -> Result<Answer> {
    let one = |name: &str| match numbers(query, name)?.as_slice() {
        &[number] => Ok(number),
        others => Err(Error::Invalid(format!("{} numbers for {name:?}; say one, as in ?{name}=0", others.len()))),
    };
    Ok(match path {
        "/library" => Answer::Json(text(&library.shelves())?),
        "/library/dataset" => Answer::Json(text(&library.dataset(one("dataset")?)?)?),
        "/library/episode" => Answer::Json(text(&library.episode(one("dataset")?, one("episode")?)?)?),
        "/library/pictures" => {
            let rows = some(numbers(query, "row")?, PICTURES, "rows")?;
            let pictures = library.pictures(one("dataset")?, one("episode")?, &rows)?;
            Answer::Pictures(packed(&pictures)?)
        }
        "/runs" => {
            let key = values(query, "key")
                .next()
                .filter(|key| key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
            Answer::Page(library.runs(key.unwrap_or_default())?)
        }
        "/runs/report" => Answer::Page(library.report(one("run")?)?),
        "/runs/compare" => Answer::Page(library.compare(&some(numbers(query, "run")?, RUNS, "runs")?)?),
        other => return Err(Error::Invalid(format!("there is nothing at {other}"))),
    })
}

/// The values of a name in a query, in order.
fn values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = &'q str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The same, as numbers.
fn numbers(query: &str, name: &str) -> Result<Vec<usize>> {
    let number = |value: &str| {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse::<usize>().ok().filter(|_| digits);
        number.ok_or_else(|| Error::Invalid(format!("{name} is {value:?}; say a whole number, counted from 0")))
    };
    values(query, name).map(number).collect()
}

fn some(numbers: Vec<usize>, most: usize, what: &str) -> Result<Vec<usize>> {
    if (1..=most).contains(&numbers.len()) {
        return Ok(numbers);
    }
    Err(Error::Invalid(format!("{} {what} were asked for; ask for 1 to {most}", numbers.len())))
}

fn text(told: &impl Serialize) -> Result<String> {
    serde_json::to_string(told).map_err(|error| Error::Invalid(error.to_string()))
}

fn packed(pictures: &[Image]) -> Result<Vec<u8>> {
    let [height, width] = pictures.first().map_or([0; 2], |image| [image.height, image.width]);
    let head = json!({ "pictures": pictures.len(), "height": height, "width": width }).to_string();
    let mut bytes = (head.len() as u32).to_le_bytes().to_vec();
    bytes.extend(head.into_bytes());
    for image in pictures {
        Error::check("bytes of a picture of a strip", height * width * 3, image.data.len())?;
        bytes.extend(&image.data);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;

    impl Library for One {
        fn shelves(&self) -> Vec<Shelf> {
            vec![Shelf { name: "pushes".into(), ready: true, episodes: 2, ..Shelf::default() }]
        }
        fn dataset(&self, dataset: usize) -> Result<Contents> {
            Error::check("the number of the dataset", 0, dataset)?;
            Ok(Contents { fps: 10.0, ..Contents::default() })
        }
        fn episode(&self, dataset: usize, episode: usize) -> Result<Track> {
            Ok(Track { rows: 10 * dataset + episode, every: 1, state: vec![vec![f32::NAN, 0.5]], ..Track::default() })
        }
        fn pictures(&self, _: usize, _: usize, rows: &[usize]) -> Result<Vec<Image>> {
            Ok(rows.iter().map(|&row| Image::filled(2, 3, [row as u8; 3])).collect())
        }
        fn runs(&self, key: &str) -> Result<String> {
            Ok(format!("runs {key}"))
        }
        fn report(&self, run: usize) -> Result<String> {
            Ok(format!("report {run}"))
        }
        fn compare(&self, runs: &[usize]) -> Result<String> {
            Ok(format!("compared {runs:?}"))
        }
    }

    #[test]
    fn what_is_asked_for_by_numbers_is_answered() {
        let ask = |path: &str, query: &str| answer(&One, path, query).expect(path);
        let Answer::Json(shelves) = ask("/library", "key=abc") else { panic!("JSON") };
        assert!(shelves.contains(r#""name":"pushes","ready":true"#), "{shelves}");
        let Answer::Json(track) = ask("/library/episode", "dataset=2&episode=3") else { panic!("JSON") };
        assert!(track.contains(r#""rows":23"#) && track.contains("[null,0.5]"), "{track}");
        let Answer::Pictures(bytes) = ask("/library/pictures", "dataset=0&episode=0&row=5&row=9") else {
            panic!("bytes")
        };
        let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        let head: serde_json::Value = serde_json::from_slice(&bytes[4..4 + length]).expect("JSON");
        assert_eq!(head, json!({ "pictures": 2, "height": 2, "width": 3 }));
        assert_eq!(bytes[4 + length..], [[5; 18], [9; 18]].concat());
        assert_eq!(ask("/runs/compare", "run=1&run=0"), Answer::Page("compared [1, 0]".into()));
        assert_eq!(ask("/runs", "key=a-b_c"), Answer::Page("runs a-b_c".into()));
        assert_eq!(ask("/runs", "key=%22%3E"), Answer::Page("runs ".into()), "no key, so it stands on no page");
        PATHS.iter().for_each(|path| assert!(path.starts_with('/'), "{path}"));
    }

    #[test]
    fn what_is_no_number_or_too_much_is_refused_with_what_is_right() {
        let long = "&row=1".repeat(17);
        for (path, query, told) in [
            ("/library/dataset", "", "say one"),
            ("/library/dataset", "dataset=../x", "whole number"),
            ("/library/dataset", "dataset=+1", "whole number"),
            ("/library/dataset", "dataset=1", "dataset"),
            ("/library/episode", "dataset=0&episode=99999999999999999999999", "whole number"),
            ("/library/pictures", "dataset=0&episode=0", "1 to 16"),
            ("/library/pictures", long.as_str(), "1 to 16"),
            ("/runs/report", "run=0&run=1", "say one"),
            ("/runs/compare", "", "1 to 8"),
            ("/etc/passwd", "", "nothing"),
        ] {
            let error = answer(&One, path, query).expect_err(query).to_string();
            assert!(error.contains(told), "{path}?{query}: {error}");
        }
    }
}
