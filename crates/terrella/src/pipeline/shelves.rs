//! Recordings and runs that people look through beside driving: what `terrella play` shows at `/data` and `/runs`.
//!
//! Both lists are made when the program begins, and everything is asked for by its place in them. Recordings are opened, and examined by
//! the doctor, when somebody looks for the first time: who only drives waits for none of it. Of pictures a few episodes are kept small.

use super::compare::compare_runs;
use super::evaluate::{Evaluation, FILE};
use super::local::local;
use super::report::PAGE;
use super::run::Run;
use crate::settings::DataSettings;
use crate::watch::Watch;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use terrella_core::{Episode, Error, Frames, Image, Pixel, Result, Table};
use terrella_data::SourceOptions;
use terrella_doctor::{Finding, Severity, Subject, examine};
use terrella_eval::html::{escape, page, push};
use terrella_formats::{Opened, open_source};
use terrella_play::{Contents, Library, Mark, Number, Shelf, Track};

/// Rows that a plot is made of at most: more than a screen has pixels across.
const POINTS: usize = 1000;
/// Numbers of a state or an action that are plotted at most.
const COLUMNS: usize = 64;
/// Episodes and findings that are listed at most.
const LISTED: usize = 5000;
/// Longer side of pictures.
const SIDE: usize = 160;
/// Pictures of an episode that are kept at most, each 77 kB or less.
const KEPT: usize = 1500;
/// Episodes whose pictures are kept at a time.
const RECENT: usize = 3;
/// Bytes that the pictures of an episode may have when they are decoded, as a reader does with all of them at once.
const DECODED: usize = 1 << 30;
/// Runs that are listed at most.
const RUNS: usize = 200;
/// Bytes of a report that is still shown.
const REPORT: u64 = 64 << 20;

/// Recordings and runs, by their places in two lists.
pub struct Shelves {
    volumes: Vec<Arc<Volume>>,
    runs: Vec<PathBuf>,
    options: SourceOptions,
    watch: Watch,
    begun: Once,
    /// Of which dataset and episode, and its pictures; the latest last.
    recent: Mutex<Vec<([usize; 2], Arc<Small>)>>,
}

/// A dataset.
struct Volume {
    name: String,
    path: PathBuf,
    known: Mutex<Known>,
}

/// What is known of a dataset by now.
#[derive(Clone, Default)]
struct Known {
    source: Option<Arc<Opened>>,
    trouble: Option<String>,
    examined: [usize; 2],
    findings: Option<Arc<Vec<Mark>>>,
}

/// Pictures of an episode, small, and of how many rows there is one.
struct Small {
    every: usize,
    images: Vec<Image>,
}

impl Shelves {
    /// These recordings, read as these settings say, and the runs beside this one.
    pub fn new(paths: &[PathBuf], data: &DataSettings, run: &Path, watch: &Watch) -> Self {
        let (vectors, camera) = (data.vectors.clone(), data.camera.clone());
        let options = SourceOptions { vectors, camera, ..SourceOptions::default() };
        let volume = |path: &PathBuf| {
            let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.display().to_string());
            Arc::new(Volume { name, path: path.clone(), known: Mutex::default() })
        };
        Self {
            volumes: paths.iter().map(volume).collect(),
            runs: beside(run),
            options,
            watch: watch.clone(),
            begun: Once::new(),
            recent: Mutex::default(),
        }
    }

    /// Opens and examines all recordings, in a thread of its own.
    fn begin(&self) {
        let (volumes, options, watch) = (self.volumes.clone(), self.options.clone(), self.watch.clone());
        let work = move || {
            volumes.iter().for_each(|volume| volume.open(&options, &watch));
            volumes.iter().for_each(|volume| volume.examine(&options));
        };
        if let Err(error) = std::thread::Builder::new().name("terrella-doctor".to_owned()).spawn(work) {
            self.volumes
                .iter()
                .for_each(|volume| volume.known().trouble = Some(format!("no thread can be had: {error}")));
        }
    }

    fn source(&self, dataset: usize) -> Result<Arc<Opened>> {
        let volume = self.volume(dataset)?;
        let Known { source, trouble, .. } = volume.known().clone();
        source.ok_or_else(|| {
            invalid(trouble.unwrap_or_else(|| format!("{} has not been opened yet; ask again soon", volume.name)))
        })
    }

    fn volume(&self, dataset: usize) -> Result<&Volume> {
        let there = self.volumes.get(dataset).map(|volume| &**volume);
        there.ok_or_else(|| invalid(format!("there is no dataset {dataset}; there are {}", self.volumes.len())))
    }

    fn run(&self, run: usize) -> Result<&Path> {
        let there = self.runs.get(run).map(PathBuf::as_path);
        there.ok_or_else(|| invalid(format!("there is no run {run}; there are {}", self.runs.len())))
    }

    /// The pictures of an episode, small.
    fn small(&self, dataset: usize, episode: usize) -> Result<Arc<Small>> {
        let at = [dataset, episode];
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, small)) = recent().iter().find(|(of, _)| *of == at) {
            return Ok(Arc::clone(small));
        }
        let source = self.source(dataset)?;
        let rows = rows_of(&source, episode)?;
        let [height, width] = source.signature().image.ok_or_else(|| invalid("these recordings have no pictures"))?;
        let bytes = rows.saturating_mul(height * width * 3);
        if bytes > DECODED {
            return Err(invalid(format!(
                "its pictures have {} MiB when they are decoded, and {} MiB are allowed here; look at a shorter episode",
                bytes >> 20,
                DECODED >> 20
            )));
        }
        let frames = source.pictures(episode).map_err(|error| invalid(error.to_string()))?;
        let small = Arc::new(shrunk(&frames.ok_or_else(|| invalid("these recordings have no pictures"))?)?);
        let mut recent = recent();
        if recent.len() >= RECENT {
            recent.remove(0);
        }
        recent.push((at, Arc::clone(&small)));
        Ok(small)
    }
}

impl Volume {
    /// What is known. A panic elsewhere leaves it as it was: each change is one assignment.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, options: &SourceOptions, watch: &Watch) {
        let opened = local(&self.path, watch).and_then(|path| Ok(open_source(path, options)?));
        match opened {
            Ok(source) => {
                let mut known = self.known();
                known.examined = [0, source.lengths().len()];
                known.source = Some(Arc::new(source));
            }
            Err(error) => self.known().trouble = Some(format!("{error:#}")),
        }
    }

    fn examine(&self, options: &SourceOptions) {
        let Some(source) = self.known().source.clone() else { return };
        let subject = Subject::open(source.path(), options, &mut |done, of| self.known().examined = [done, of]);
        match subject {
            Ok(subject) => {
                let found = examine(&subject).findings;
                let mut known = self.known();
                known.examined = [subject.episodes.len(); 2];
                known.findings = Some(Arc::new(found.into_iter().map(mark).collect()));
            }
            Err(error) => self.known().trouble = Some(format!("it could not be examined: {error}")),
        }
    }
}

impl Library for Shelves {
    fn shelves(&self) -> Vec<Shelf> {
        self.begun.call_once(|| self.begin());
        let shelf = |volume: &Arc<Volume>| {
            let Known { source, trouble, examined, findings } = volume.known().clone();
            let lengths = source.as_ref().map_or_else(Vec::new, |source| source.lengths());
            Shelf {
                name: volume.name.clone(),
                ready: source.is_some(),
                trouble,
                episodes: lengths.len(),
                rows: lengths.iter().sum(),
                examined,
                findings: findings.map(|findings| findings.len()),
            }
        };
        self.volumes.iter().map(shelf).collect()
    }

    fn dataset(&self, dataset: usize) -> Result<Contents> {
        let source = self.source(dataset)?;
        let findings = self.volume(dataset)?.known().findings.clone();
        let signature = source.signature();
        let numbers = |names: &[String], unit: &dyn Fn(usize) -> String| -> Vec<Number> {
            names
                .iter()
                .take(COLUMNS)
                .enumerate()
                .map(|(at, name)| Number { name: name.clone(), unit: unit(at) })
                .collect()
        };
        Ok(Contents {
            fps: signature.fps,
            state: numbers(&signature.state, &|at| signature.unit(at).to_owned()),
            action: numbers(if signature.acted() { signature.action.as_slice() } else { &[] }, &|_| String::new()),
            pictures: signature.image.is_some(),
            episodes: source.lengths().into_iter().take(LISTED).collect(),
            findings: findings.map_or_else(Vec::new, |findings| findings.iter().take(LISTED).cloned().collect()),
        })
    }

    fn episode(&self, dataset: usize, episode: usize) -> Result<Track> {
        let source = self.source(dataset)?;
        rows_of(&source, episode)?;
        let (signature, episode) = (source.signature(), source.episode(episode));
        Ok(track(&episode, signature.fps, signature.acted()))
    }

    fn pictures(&self, dataset: usize, episode: usize, rows: &[usize]) -> Result<Vec<Image>> {
        let small = self.small(dataset, episode)?;
        let picture = |&row: &usize| {
            let there = small.images.get(row / small.every);
            there.cloned().ok_or_else(|| invalid(format!("episode {episode} has no picture of row {row}")))
        };
        rows.iter().map(picture).collect()
    }

    fn runs(&self, key: &str) -> Result<String> {
        let key = escape(key);
        let with = if key.is_empty() { String::new() } else { format!("&amp;key={key}") };
        let mut body = "<h1>Runs</h1>\n<p>Those in the folder of the one that is driven. Tick some to see them side by side.</p>\n\
             <form action=\"runs/compare\" method=\"get\">\n<table>\n<thead><tr><th></th><th>run</th><th>model</th><th>scores</th><th></th></tr></thead>\n<tbody>\n"
            .to_owned();
        for (at, path) in self.runs.iter().enumerate() {
            let name = path.file_name().map_or_else(String::new, |name| name.display().to_string());
            body.push_str("<tr><td><input type=\"checkbox\" name=\"run\" value=\"");
            push(&mut body, &format!("{at}\" aria-label=\"compare run "), &name, "\"></td>");
            push(&mut body, "<td>", &name, "</td>");
            let (model, scores) = told(path).unwrap_or_else(|error| (String::new(), vec![error.to_string()]));
            push(&mut body, "<td>", &model, "</td><td>");
            scores.iter().for_each(|score| push(&mut body, "", score, "<br>"));
            body.push_str("</td><td>");
            if path.join(PAGE).is_file() {
                body.push_str(&format!("<a href=\"runs/report?run={at}{with}\">report</a> "));
            }
            body.push_str(&format!("<a href=\"runs/compare?run={at}{with}\">curves</a></td></tr>\n"));
        }
        body.push_str("</tbody>\n</table>\n");
        if !key.is_empty() {
            body.push_str(&format!("<input type=\"hidden\" name=\"key\" value=\"{key}\">\n"));
        }
        body.push_str("<p><button type=\"submit\">Compare</button></p>\n</form>\n");
        Ok(page("Runs", &body))
    }

    fn report(&self, run: usize) -> Result<String> {
        let path = self.run(run)?;
        let file = path.join(PAGE);
        let lacks = |error: std::io::Error| {
            invalid(format!(
                "{} cannot be read: {error}; make it with: terrella report {}",
                file.display(),
                path.display()
            ))
        };
        let bytes = std::fs::metadata(&file).map_err(lacks)?.len();
        if bytes > REPORT {
            return Err(invalid(format!("{} has {bytes} bytes; open it as a file", file.display())));
        }
        std::fs::read_to_string(&file).map_err(lacks)
    }

    fn compare(&self, runs: &[usize]) -> Result<String> {
        let mut paths: Vec<&Path> = Vec::new();
        for &run in runs {
            let path = self.run(run)?;
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        Ok(compare_runs(&paths).map_err(|error| invalid(format!("{error:#}")))?.to_html())
    }
}

fn invalid(why: impl Into<String>) -> Error {
    Error::Invalid(why.into())
}

/// Rows of an episode that is there.
fn rows_of(source: &Opened, episode: usize) -> Result<usize> {
    let lengths = source.lengths();
    let rows = lengths.get(episode).copied();
    rows.ok_or_else(|| invalid(format!("there is no episode {episode}; there are {}", lengths.len())))
}

/// Folders of runs beside this one, and itself, by name.
fn beside(run: &Path) -> Vec<PathBuf> {
    let parent = run.canonicalize().ok().and_then(|run| run.parent().map(Path::to_path_buf));
    let entries = parent.and_then(|parent| std::fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let mut runs: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.join("run.toml").is_file()).collect();
    runs.sort();
    runs.truncate(RUNS);
    runs
}

/// What a run's model is, and its scores in words.
fn told(path: &Path) -> anyhow::Result<(String, Vec<String>)> {
    let run = Run::open(path)?;
    let evaluation: Evaluation = run.json(FILE)?.unwrap_or_default();
    let scores = evaluation.scorecards.iter().flat_map(|card| {
        card.scores().iter().map(move |score| {
            let (interval, (won, n)) = (score.interval(), score.count());
            format!(
                "{}, {}: {:.0} % [{:.0}, {:.0}], {won} of {n}",
                card.policy(),
                score.rule().name(),
                100.0 * score.rate(),
                100.0 * interval.low,
                100.0 * interval.high
            )
        })
    });
    Ok((run.settings.model.kind().to_owned(), scores.collect()))
}

/// What was found, as a page shows it.
fn mark(finding: Finding) -> Mark {
    let severity = match finding.severity {
        Severity::Fail => "fail",
        Severity::Warn => "warn",
        Severity::Info => "info",
    };
    let column = finding.column.map_or_else(String::new, |column| format!("{column}: "));
    Mark {
        episode: finding.episode,
        rows: finding.rows,
        severity,
        check: finding.check.name(),
        what: format!("{column}{}", finding.what),
        remedy: finding.remedy,
    }
}

/// The numbers of an episode, thinned where there are more than a plot shows.
fn track(episode: &Episode, fps: f64, acted: bool) -> Track {
    let rows = episode.len();
    let every = rows.div_ceil(POINTS).max(1);
    let columns = |table: &Table| -> Vec<Vec<f32>> {
        let column = |at: usize| table.rows().step_by(every).map(|row| row[at]).collect::<Vec<f32>>();
        (0..table.width.min(COLUMNS)).map(column).collect()
    };
    Track {
        rows,
        task: episode.task.clone(),
        every,
        times: (0..rows).step_by(every).map(|row| episode.time(row, fps)).collect(),
        state: columns(&episode.states),
        action: if acted { columns(&episode.actions) } else { Vec::new() },
        reward: episode.rewards.iter().copied().step_by(every).collect(),
    }
}

/// Pictures no longer than [`SIDE`] on either side, of every row or, where there are very many, of every so many.
fn shrunk(frames: &Frames) -> Result<Small> {
    if frames.pixel() != Pixel::Rgb {
        return Err(invalid("its pictures are depths, which have no colours"));
    }
    let [height, width] = frames.size();
    let longer = height.max(width).max(1);
    let scaled = |side: usize| if longer > SIDE { (side * SIDE / longer).max(1) } else { side };
    let every = frames.len().div_ceil(KEPT).max(1);
    let small = |row: usize| frames.image(row).resized(scaled(height), scaled(width));
    Ok(Small { every, images: (0..frames.len()).step_by(every).map(small).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use terrella_core::Signature;
    use terrella_data::Writer;

    /// A dataset of six episodes; in the first, one sample lies far off, in row 10.
    fn recorded(folder: &Path) -> PathBuf {
        let path = folder.join("pushes");
        let signature = Signature {
            fps: 10.0,
            image: Some([200, 320]),
            state: vec!["x".into()],
            action: vec!["push".into()],
            ..Signature::default()
        };
        let mut writer = Writer::create(&path, &signature).expect("a folder");
        for index in 0..6 {
            let rows = 20 + index;
            let x = |row: usize| if index == 0 && row == 10 { 900.0 } else { (row as f32 * 0.7 + index as f32).sin() };
            let pictures: Vec<Image> = (0..rows).map(|row| Image::filled(200, 320, [row as u8, 0, 200])).collect();
            let episode = Episode {
                index,
                task: "push".to_owned(),
                states: Table::from_data(1, (0..rows).map(x).collect()),
                actions: Table::from_data(1, (0..rows).map(|row| (row as f32 * 0.3).sin()).collect()),
                frames: Some(Frames::from_images(&pictures)),
                ..Episode::default()
            };
            writer.write_episode(&episode).expect("an episode");
        }
        writer.finish().expect("a dataset");
        path
    }

    /// Waits until all has been examined, however long that takes.
    fn examined(shelves: &Shelves) -> Vec<Shelf> {
        loop {
            let all = shelves.shelves();
            if all.iter().all(|shelf| shelf.findings.is_some() || shelf.trouble.is_some()) {
                return all;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn recordings_are_examined_once_somebody_looks_and_shown_row_by_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = [recorded(folder.path()), folder.path().join("nothing")];
        let shelves = Shelves::new(&paths, &DataSettings::default(), folder.path(), &Watch::silent());
        let all = examined(&shelves);
        assert_eq!((all[0].name.as_str(), all[0].episodes, all[0].rows, all[0].examined), ("pushes", 6, 135, [6, 6]));
        assert!(all[1].trouble.is_some() && !all[1].ready, "{all:?}");
        let contents = shelves.dataset(0).expect("a dataset");
        assert_eq!(
            (contents.episodes, contents.pictures, contents.state[0].name.as_str()),
            ((20..26).collect::<Vec<_>>(), true, "x")
        );
        let jumps = |mark: &Mark| mark.episode == Some(0) && mark.rows.is_some_and(|[a, b]| (a..=b + 1).contains(&10));
        assert!(contents.findings.iter().any(jumps), "{:?}", contents.findings);
        let track = shelves.episode(0, 0).expect("an episode");
        assert_eq!((track.rows, track.every, track.task.as_str(), track.times.len()), (20, 1, "push", 20));
        assert!((track.times[19] - 1.9).abs() < 1e-6 && track.state[0][10] > 800.0, "{track:?}");
        let pictures = shelves.pictures(0, 1, &[0, 20]).expect("pictures");
        assert_eq!([pictures[0].height, pictures[0].width], [100, 160], "small, and of the same shape");
        assert_eq!((pictures[0].pixel(5, 5), pictures[1].pixel(99, 159)), ([0, 0, 200], [20, 0, 200]));
        for error in [
            shelves.pictures(0, 1, &[21]).map(drop),
            shelves.episode(0, 6).map(drop),
            shelves.dataset(2).map(drop),
            shelves.episode(1, 0).map(drop),
        ] {
            assert!(error.is_err(), "what is not there is not made up");
        }
    }

    #[test]
    fn very_long_episodes_are_thinned() {
        let states = Table::from_data(1, (0..2500).map(|row| row as f32).collect());
        let episode = Episode { actions: Table::from_data(1, vec![0.0; 2500]), states, ..Episode::default() };
        let track = track(&episode, 10.0, false);
        assert_eq!((track.every, track.times.len(), track.state[0][833]), (3, 834, 2499.0));
        assert!(track.action.is_empty(), "nothing was commanded");
    }

    #[test]
    fn runs_are_those_beside_and_a_name_cannot_break_the_page() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a", "b <i>"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
            std::fs::write(folder.path().join(name).join("run.toml"), "damaged").expect("a file");
        }
        std::fs::create_dir_all(folder.path().join("no run")).expect("a folder");
        std::fs::write(folder.path().join("a").join(PAGE), "<p>well</p>").expect("a file");
        let shelves = Shelves::new(&[], &DataSettings::default(), &folder.path().join("a"), &Watch::silent());
        let page = shelves.runs("abc").expect("a page");
        assert!(page.contains("runs/report?run=0&amp;key=abc") && !page.contains("runs/report?run=1"), "{page}");
        assert!(page.contains("b &lt;i&gt;") && !page.contains("b <i>") && !page.contains("no run"), "{page}");
        assert_eq!(shelves.report(0).expect("a report"), "<p>well</p>");
        for error in [shelves.report(1).map(drop), shelves.report(2).map(drop), shelves.compare(&[0]).map(drop)] {
            assert!(error.is_err(), "no report, no run, and a damaged one");
        }
    }
}
