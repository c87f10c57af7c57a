//! Messages by their places, and the pictures in them: each by itself, or in a video that has to be decoded from
//! where it begins.

use super::container::{Place, Store};
use super::decoder::Decoder;
use super::either;
use super::picture;
use std::sync::{Arc, OnceLock};
use terrella_core::Pixel;
use terrella_media::video::{VideoStream, begins};

/// Takes height, width and pixels.
pub(crate) type TakePicture<'a> = dyn FnMut(usize, usize, &[u8]) -> Result<(), String> + 'a;

/// Where the messages of a channel come from, and how they are decoded.
pub(super) struct Channel {
    store: Store,
    pub(super) decoder: Decoder,
    /// Its pictures, if it is a video, in the order of the file, and whether decoding can begin at each.
    video: OnceLock<Vec<(Place, bool)>>,
}

impl Channel {
    pub(super) fn new(store: Store, decoder: Decoder) -> Self {
        Self { store, decoder, video: OnceLock::new() }
    }
}

/// Where a message is, and how it is decoded.
#[derive(Clone)]
pub(crate) struct MessageAt {
    channel: Arc<Channel>,
    place: Place,
    /// Its number in its video, if it is a picture of one.
    nth: Option<usize>,
}

impl MessageAt {
    /// A message that stands by itself.
    pub(super) fn alone(channel: &Arc<Channel>, place: Place) -> Self {
        Self { channel: Arc::clone(channel), place, nth: None }
    }

    /// Whether it is a picture of a video.
    pub(crate) fn is_video(&self) -> bool {
        self.nth.is_some()
    }

    /// What a reader should know of its picture who sees it decoded only.
    pub(crate) fn told(&self, pixel: Pixel) -> Result<Option<String>, String> {
        let mut told = None;
        if self.nth.is_none() {
            either::messages(&self.channel.store, std::iter::once(self.place), &mut |bytes| {
                let bytes = self.channel.decoder.unpacked(bytes)?;
                told = picture::told(&self.channel.decoder.decode(&bytes)?, pixel);
                Ok(())
            })?;
        }
        Ok(told)
    }

    /// Decodes the pictures of these messages one after the other; those of one channel together.
    pub(crate) fn pictures(messages: &[&Self], pixel: Pixel, take: &mut TakePicture<'_>) -> Result<(), String> {
        for same in messages.chunk_by(|a, b| Arc::ptr_eq(&a.channel, &b.channel)) {
            let Channel { store, decoder, video } = &*same[0].channel;
            match video.get() {
                Some(_) if pixel == Pixel::Depth => return Err("it is video, which keeps no depth".to_owned()),
                Some(video) => {
                    let wanted: Vec<usize> = same.iter().filter_map(|message| message.nth).collect();
                    let mut ascending = wanted.chunk_by(|a, b| a <= b);
                    ascending.try_for_each(|run| shown(store, decoder, video, run, take))?;
                }
                None => either::messages(store, same.iter().map(|m| m.place), &mut |bytes| {
                    let bytes = decoder.unpacked(bytes)?;
                    let (height, width, pixels) = picture::decode(&decoder.decode(&bytes)?, pixel)?;
                    take(height, width, &pixels)
                })?,
            }
        }
        Ok(())
    }
}

/// Decodes a part of a video for these of its pictures, in ascending order; the same may be wanted by several rows.
fn shown(
    store: &Store,
    decoder: &Decoder,
    video: &[(Place, bool)],
    wanted: &[usize],
    take: &mut TakePicture<'_>,
) -> Result<(), String> {
    let (first, last) = (wanted[0], wanted[wanted.len() - 1]);
    let begin = (0..=first).rev().find(|at| video[*at].1).unwrap_or(0);
    let (mut out, mut rows) = (begin, wanted.iter().copied().peekable());
    let mut show = |[height, width]: [usize; 2], pixels: &[u8]| {
        while rows.next_if_eq(&out).is_some() {
            take(height, width, pixels)?;
        }
        out += 1;
        Ok(())
    };
    let mut stream = None;
    either::messages(store, video[begin..=last].iter().map(|(place, _)| *place), &mut |bytes| {
        let bytes = decoder.unpacked(bytes)?;
        let message = decoder.decode(&bytes)?;
        let (format, sample) = picture::sample(&message)?;
        let stream = match &mut stream {
            Some(stream) => stream,
            none => none.insert(VideoStream::new(format)?),
        };
        stream.feed(sample.into_owned(), &mut show)
    })?;
    if let Some(mut stream) = stream {
        stream.finish(&mut show)?;
    }
    let missing = rows.next().map(|nth| format!("picture {nth} of {} in its video was not decoded", video.len()));
    missing.map_or(Ok(()), Err)
}

/// The pictures of a video while its file is read.
#[derive(Default)]
pub(super) struct VideoPlaces(Vec<(Place, bool)>);

impl VideoPlaces {
    /// A message of a video, unless it needs a picture from before the recording.
    pub(super) fn push(
        &mut self,
        channel: &Arc<Channel>,
        message: &super::value::Value<'_>,
        place: Place,
    ) -> Result<MessageAt, String> {
        let (format, sample) = picture::sample(message)?;
        let begins = begins(format, &sample)?;
        if self.0.is_empty() && !begins {
            return Err("it needs a picture from before the recording".to_owned());
        }
        self.0.push((place, begins));
        Ok(MessageAt { channel: Arc::clone(channel), place, nth: Some(self.0.len() - 1) })
    }

    /// All of them are known.
    pub(super) fn finish(self, channel: &Channel) {
        channel.video.get_or_init(|| self.0);
    }
}

#[cfg(all(test, feature = "video"))]
mod tests {
    use super::super::{Found, read};
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Cursor;
    use terrella_media::video::encoded;

    const SIZE: [usize; 2] = [32, 48];

    /// A topic of these samples as Foxglove has them, in JSON.
    fn topic(samples: &[Vec<u8>], format: &str) -> (Found, Vec<String>) {
        let mut file = Vec::new();
        let mut writer = mcap::Writer::new(Cursor::new(&mut file)).expect("a writer");
        let schema = writer.add_schema("foxglove.CompressedVideo", "jsonschema", b"{}").expect("a schema");
        let channel = writer.add_channel(schema, "/eye", "json", &BTreeMap::new()).expect("a channel");
        for (at, sample) in samples.iter().enumerate() {
            let time = 1_000_000_000 + at as u64 * 100_000_000;
            let header =
                mcap::records::MessageHeader { channel_id: channel, sequence: 0, log_time: time, publish_time: time };
            let message = serde_json::json!({"format": format, "data": BASE64_STANDARD.encode(sample)});
            writer.write_to_known_channel(&header, message.to_string().as_bytes()).expect("written");
        }
        writer.finish().expect("finished");
        drop(writer);
        let wanted = BTreeSet::from(["/eye"]);
        let mut log = read(&Store::Memory(file.into()), &wanted).expect("read");
        let notes = log.notes(&wanted);
        (log.topics.remove("/eye").expect("the topic"), notes)
    }

    fn decoded(found: &Found, rows: &[usize]) -> Vec<Vec<u8>> {
        let wanted: Vec<&MessageAt> = rows.iter().map(|row| &found.rows[*row]).collect();
        let mut out = Vec::new();
        MessageAt::pictures(&wanted, Pixel::Rgb, &mut |height, width, pixels| {
            assert_eq!([height, width], SIZE, "the size");
            out.push(pixels.to_vec());
            Ok(())
        })
        .expect("decoded");
        out
    }

    #[test]
    fn any_pictures_of_a_video_are_decoded_from_where_it_begins() {
        let grey = |at: usize| vec![20 + 25 * at as u8; SIZE[0] * SIZE[1] * 3];
        let samples = encoded(&(0..9).map(grey).collect::<Vec<_>>(), SIZE).expect("encoded");
        let (found, notes) = topic(&samples, "h264");
        assert!(found.is_picture() && notes.is_empty(), "all are there: {notes:?}");
        let all = decoded(&found, &(0..9).collect::<Vec<_>>());
        for (at, picture) in all.iter().enumerate() {
            let off = picture.iter().zip(grey(at)).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(4), "picture {at} is off by {off:?}");
        }
        for rows in [&[3, 3, 5][..], &[8, 8, 1, 2], &[4], &[7, 6, 5]] {
            let wanted: Vec<_> = rows.iter().map(|row| all[*row].clone()).collect();
            assert!(decoded(&found, rows) == wanted, "rows {rows:?}");
        }
        let depth = MessageAt::pictures(&[&found.rows[0]], Pixel::Depth, &mut |_, _, _| Ok(()));
        assert!(depth.is_err_and(|e| e.contains("no depth")), "video is no depth");
    }

    #[test]
    fn what_cannot_be_decoded_is_left_out_or_refused() {
        let pictures: Vec<Vec<u8>> = (0..5).map(|at| vec![40 * at; SIZE[0] * SIZE[1] * 3]).collect();
        let samples = encoded(&pictures, SIZE).expect("encoded");
        let (found, notes) = topic(&samples[1..], "h264");
        assert_eq!(found.rows.len(), 3, "from the first that needs no other");
        assert!(notes[0].contains("1 messages of /eye") && notes[0].contains("before the recording"), "{notes:?}");
        let (found, notes) = topic(&samples, "h265");
        let why = found.unread.unwrap_or_default();
        assert!(found.rows.is_empty() && notes.is_empty() && why.contains("h264 and av1 can be read"), "{why}");
        let cut: Vec<Vec<u8>> = samples.iter().map(|sample| sample[..sample.len() / 2].to_vec()).collect();
        let (found, _) = topic(&cut, "h264");
        let wanted: Vec<&MessageAt> = found.rows.iter().collect();
        // Half a picture may be shown as it is; it must not end the program.
        let _ = MessageAt::pictures(&wanted, Pixel::Rgb, &mut |_, _, _| Ok(()));
    }
}
