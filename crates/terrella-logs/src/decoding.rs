//! From places of pictures to pixels, those of one file together.

use super::files;
use super::mcap::MessageAt;
use super::pictures::PictureAt;
use super::source::Log;
use super::table::Content;
use std::collections::BTreeMap;
use terrella_core::{Frames, Pixel};
use terrella_data::{Error, Note, Result, View};
use terrella_media::picture;
use terrella_media::video::Video;

/// Pictures that tell whether a camera can be decoded at all.
const LOOKED_AT: usize = 5;

/// Takes row, height, width and pixels.
type Take<'a> = dyn FnMut(usize, [usize; 2], &[u8]) -> Result<()> + 'a;

impl Log {
    /// All pictures of one camera in one episode.
    pub(super) fn decoded(&self, episode: usize, camera: usize) -> Result<Frames> {
        let View { size, .. } = self.cameras[camera];
        let pixel = self.cameras[camera].pixel();
        let mut pixels = Vec::new();
        self.decode(episode, &self.episodes[episode].1.pictures[camera], pixel, &mut |row, found, bytes| {
            if found != size {
                let ([h, w], [height, width]) = (found, size);
                return Err(Error::Row {
                    path: self.path.clone(),
                    episode,
                    row,
                    what: format!("the picture is {h}x{w}, the first one is {height}x{width}"),
                    remedy: "scale them to one size",
                });
            }
            pixels.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(Frames::of(pixel, size, pixels))
    }

    /// Height and width of the first picture of a camera.
    pub(super) fn first_size(&self, camera: usize, pixel: Pixel) -> Result<[usize; 2]> {
        let mut size = [0, 0];
        let first = &self.episodes[0].1.pictures[camera][..1];
        self.decode(0, first, pixel, &mut |_, found, _| {
            size = found;
            Ok(())
        })?;
        Ok(size)
    }

    /// What a reader should know of the pictures of a camera: how the first became pixels.
    pub(super) fn told(&self, camera: usize, pixel: Pixel) -> Option<Note> {
        let first = self.episodes[0].1.pictures[camera].first();
        let Some(PictureAt::Message { message, .. }) = first else { return None };
        // What cannot be read is refused when it is asked for.
        let what = message.told(pixel).ok()??;
        Some(Note { place: self.cameras[camera].name.clone(), what })
    }

    /// Whether one of a few pictures of a camera can be decoded, so that the others are damaged rather than strange.
    pub(super) fn any_decodes(&self, camera: usize, pixel: Pixel) -> bool {
        let all: Vec<(usize, &PictureAt)> = self
            .episodes
            .iter()
            .enumerate()
            .flat_map(|(episode, (_, rows))| rows.pictures[camera].iter().map(move |picture| (episode, picture)))
            .collect();
        let few = (1..LOOKED_AT).map(|nth| all[nth * (all.len() - 1) / (LOOKED_AT - 1)]);
        few.into_iter().any(|(episode, picture)| {
            self.decode(episode, std::slice::from_ref(picture), pixel, &mut |_, _, _| Ok(())).is_ok()
        })
    }

    /// Decodes pictures, which are all of one kind, one after the other.
    fn decode(&self, episode: usize, pictures: &[PictureAt], pixel: Pixel, take: &mut Take<'_>) -> Result<()> {
        let refused = |file: &str, row: usize, what: String, remedy| Error::Row {
            path: self.tree.path(file),
            episode,
            row,
            what,
            remedy,
        };
        let bad =
            |file: &str, row: usize, what: String| refused(file, row, what, "record or download the picture again");
        match pictures.first() {
            Some(PictureAt::Video { file, .. }) => {
                let video = Video::open(&self.tree.file(file)?)?;
                let frame = |p: &PictureAt| if let PictureAt::Video { frame, .. } = p { Some(*frame) } else { None };
                let frames: Vec<usize> = pictures.iter().filter_map(frame).collect();
                // The first that is refused is told; there is no way to stop a video.
                let mut taken = Ok(());
                let mut row = 0;
                video.frames(&frames, &mut |_, bytes| {
                    if taken.is_ok() {
                        taken = take(row, video.size(), bytes);
                    }
                    row += 1;
                })?;
                taken
            }
            Some(PictureAt::Message { file, .. }) => {
                let messages = pictures
                    .iter()
                    .filter_map(|p| if let PictureAt::Message { message, .. } = p { Some(message) } else { None });
                let messages: Vec<&MessageAt> = messages.collect();
                let mut row = 0;
                let mut stopped = None;
                let decoded = MessageAt::pictures(&messages, pixel, &mut |height, width, pixels| {
                    row += 1;
                    take(row - 1, [height, width], pixels).map_err(|error| {
                        stopped = Some(error);
                        String::new()
                    })
                });
                match (decoded, stopped) {
                    (_, Some(error)) => Err(error),
                    // What was not understood says itself what helps; the rest can always be read without.
                    (Err(what), None) => Err(refused(file, row, what, "or leave pictures out with --no-pictures")),
                    (Ok(()), None) => Ok(()),
                }
            }
            Some(PictureAt::File(_)) => {
                let names =
                    pictures.iter().filter_map(|p| if let PictureAt::File(name) = p { Some(name) } else { None });
                for (row, name) in names.enumerate() {
                    let read = picture::decode_as(pixel, &self.tree.read(name)?);
                    let (height, width, pixels) = read.map_err(|e| bad(name, row, e))?;
                    take(row, [height, width], &pixels)?;
                }
                Ok(())
            }
            Some(PictureAt::Array { .. }) => {
                let mut arrays = BTreeMap::new();
                for (row, picture) in pictures.iter().enumerate() {
                    let PictureAt::Array { file, array, row: at } = picture else { continue };
                    if !arrays.contains_key(file) {
                        let (content, _) =
                            files::parse(file, self.tree.read(file)?, &self.csv).map_err(|e| bad(file, row, e))?;
                        let bytes = match content {
                            Content::Columns(mut columns) => columns.bytes.remove(array),
                            _ => None,
                        };
                        let bytes = bytes.ok_or_else(|| bad(file, row, format!("no array {array}")))?;
                        arrays.insert(file.clone(), bytes);
                    }
                    let bytes = &arrays[file];
                    let (height, width) = (bytes.shape[1], bytes.shape[2]);
                    let size = height * width * 3;
                    take(row, [height, width], &bytes.data[at * size..(at + 1) * size])?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}
