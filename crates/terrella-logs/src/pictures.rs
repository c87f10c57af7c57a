//! Where the pictures of a recording are: files, rows of an array, frames of a video, messages of a topic.
//!
//! `decoding` turns them into pixels.

use super::contents::Place;
use super::mapping::Pictures;
use super::mcap::MessageAt;
use super::reader::Reader;
use super::runs::{Stamps, present};
use super::table::Content;
use terrella_media::video::{Video, check_decoders};

/// What helps against pictures that cannot be decoded.
pub(super) fn remedy(pictures: &Pictures) -> &'static str {
    if pictures.depth.is_some() {
        // A codec of 8 bits would keep one count of 16.
        return "record depth in counts of 16 bits, as Image (16UC1) or CompressedImage (compressedDepth)";
    }
    "record or convert them to JPEG or PNG (CompressedImage), or to H.264 or AV1 (CompressedVideo)"
}

/// Where one picture is.
#[derive(Clone)]
pub(super) enum PictureAt {
    File(String),
    /// A row of an array in a file.
    Array {
        file: String,
        array: String,
        row: usize,
    },
    /// A frame of a video, in the order of showing.
    Video {
        file: String,
        frame: usize,
    },
    /// A message of an MCAP file.
    Message {
        file: String,
        message: MessageAt,
    },
}

/// What is known of the pictures of one camera.
pub(super) enum Seen {
    /// When they were taken, and where they are.
    There(Stamps, Vec<PictureAt>),
    /// Why they cannot be decoded, though they are there: that costs no numbers.
    Unseen(String),
}

impl Reader<'_> {
    /// Times of the pictures, and where they are.
    pub(super) fn pictures(&mut self, pictures: &Pictures) -> Result<Seen, String> {
        if pictures.video.is_some() || pictures.video_column.is_some() {
            return self.video(pictures);
        }
        let place = Place { file: pictures.file.as_deref(), topic: pictures.topic.as_deref() };
        let all: Vec<PictureAt> = if pictures.topic.is_some() {
            let read = self.content(place).map(|(file, _)| file);
            let file = match (read, self.unread(place)) {
                (Ok(file), _) => file,
                (Err(_), Some(why)) => return Ok(Seen::Unseen(format!("{why}; {}", remedy(pictures)))),
                (Err(why), None) => return Err(why),
            };
            let messages = self.messages(&file, place);
            if messages.iter().any(MessageAt::is_video)
                && let Err(error) = check_decoders(&self.tree.path(&file))
            {
                return Ok(Seen::Unseen(error.to_string()));
            }
            messages.into_iter().map(|message| PictureAt::Message { file: file.clone(), message }).collect()
        } else if let Some(column) = &pictures.column {
            let folder = self.fill(&pictures.folder);
            let (_, content) = self.content(place)?;
            let names = content.texts(column)?;
            self.used.insert(column.clone());
            let below = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
            names.into_iter().map(|name| PictureAt::File(below(name))).collect()
        } else if let Some(glob) = &pictures.files {
            let filled = self.fill(glob);
            let pattern = glob::Pattern::new(&filled).map_err(|e| format!("files = \"{glob}\": {e}"))?;
            let mut names: Vec<&String> = self.tree.names().iter().filter(|n| pattern.matches(n)).collect();
            names.sort_by_key(|name| natural(name));
            names.into_iter().cloned().map(PictureAt::File).collect()
        } else {
            let array = pictures.array.clone().unwrap_or_default();
            let (file, content) = self.content(place)?;
            let Content::Columns(columns) = content else { return Err(format!("{file} holds no arrays")) };
            let bytes = columns.bytes.get(&array).ok_or_else(|| format!("{file} has no array of bytes \"{array}\""))?;
            if bytes.shape.len() != 4 || bytes.shape[3] != 3 {
                return Err(format!("{file}: {array} has shape {:?}, not rows, height, width, 3", bytes.shape));
            }
            let n = bytes.shape[0];
            self.used.insert(array.clone());
            (0..n).map(|row| PictureAt::Array { file: file.clone(), array: array.clone(), row }).collect()
        };
        let stamps = self.stamps(pictures.clock.as_ref(), place, all.len())?;
        let timed = present(&stamps)?;
        let there = |at: &PictureAt| if let PictureAt::File(name) = at { self.tree.contains(name) } else { true };
        let (good, lost): (Vec<usize>, Vec<usize>) = timed.iter().copied().partition(|at| there(&all[*at]));
        if let (PictureAt::File(first), true) = (&all.first().ok_or("it has no pictures")?, good.is_empty()) {
            return Err(format!("none of its {} pictures is there, {first} for one", all.len()));
        }
        if !lost.is_empty() {
            self.odd.push(format!("{} of {} pictures are missing; rows there show a neighbour", lost.len(), all.len()));
        }
        if timed.len() < all.len() {
            self.tell(format!("{} of {} pictures have no time and were left out", all.len() - timed.len(), all.len()));
        }
        Ok(Seen::There(stamps.pick(&good), good.iter().map(|at| all[*at].clone()).collect()))
    }

    /// Frames of a video, on its own clock unless another is given.
    fn video(&mut self, pictures: &Pictures) -> Result<Seen, String> {
        let place = Place { file: pictures.file.as_deref(), topic: None };
        let file = match (&pictures.video, &pictures.video_column) {
            (Some(template), _) => self.fill(template),
            (None, column) => {
                let column = column.clone().unwrap_or_default();
                let (name, content) = self.content(place)?;
                let texts = content.texts(&column)?;
                self.used.insert(column.clone());
                texts.into_iter().next().ok_or_else(|| format!("{name}: {column} is empty"))?
            }
        };
        let path = self.tree.file(&file).map_err(|e| e.to_string())?;
        let video = Video::open(&path).map_err(|e| e.to_string())?;
        let frame = |frame| PictureAt::Video { file: file.clone(), frame };
        let n = video.times().len();
        let stamps = match &pictures.clock {
            Some(clock) => self.stamps(Some(clock), place, n)?,
            None => Stamps::plain("of the video", video.times().to_vec()),
        };
        let timed = present(&stamps)?;
        Ok(Seen::There(stamps.pick(&timed), timed.into_iter().map(frame).collect()))
    }
}

/// A key that sorts `2.png` before `10.png`.
pub(super) fn natural(name: &str) -> Vec<(u64, String)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(letters);
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        key.push((0, text.to_owned()));
        key.push((number.parse().unwrap_or(0), String::new()));
        rest = tail;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_their_numbers() {
        let mut names = vec!["a/10_x.jpg", "a/9_x.jpg", "a/100_x.jpg"];
        names.sort_by_key(|n| natural(n));
        assert_eq!(names, ["a/9_x.jpg", "a/10_x.jpg", "a/100_x.jpg"], "as people count");
    }
}
