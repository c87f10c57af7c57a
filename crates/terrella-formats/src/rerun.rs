//! A Rerun recording (`.rrd`) of a dataset: for its viewer, which shows pictures, depth and curves on one time axis.
//!
//! An episode is a recording of its own in the file. Entities are `state`, `action`, `camera`, `views/NAME` and
//! `about`; timelines are `row` and `time`, which begins at zero and runs at the dataset's rate. Numbers are held as
//! 64-bit floats and pictures as PNG, so nothing is lost. Recordings are named by the hash of the content, and
//! identifiers are counted, not drawn; but Rerun's encoder writes what it keeps in maps in any order.

use crate::Opened;
use crate::export::into_file;
use rayon::prelude::*;
use re_chunk::{Chunk, ChunkComponents, ChunkId, EntityPath, TimeColumn};
use re_log_encoding::{Encoder, EncodingOptions};
use re_log_types::external::re_tuid::Tuid;
use re_log_types::{ApplicationId, LogMsg, SetStoreInfo, StoreId, StoreInfo, StoreSource};
use re_sdk_types::archetypes::{EncodedDepthImage, EncodedImage, RecordingInfo, Scalars, SeriesLines, TextDocument};
use re_sdk_types::{AsComponents, SerializedComponentColumn};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use terrella_core::{Frames, Table};
use terrella_data::views::short_names;
use terrella_data::{Error, Result, Source};
use terrella_media::png_file;

/// Bytes of pictures in one chunk, about: the viewer loads and drops whole chunks.
const CHUNK: usize = 4 << 20;

/// Writes a recording of any format as one Rerun file; `progress` hears episodes done and all.
///
/// # Errors
/// If the recording cannot be read, or the file cannot be written.
pub fn rerun_recording(source: &Opened, destination: &Path, progress: &mut dyn FnMut(usize, usize)) -> Result<()> {
    let hash = source.hash()?;
    let name = ApplicationId::try_new(source.name()).unwrap_or_else(|_| "recordings".into());
    let total = source.lengths().len();
    into_file(destination, |partial| {
        let file = File::create(partial).map_err(Error::io("create", partial))?;
        let mut file = BufWriter::new(file);
        let broken = |e: String| Error::Invalid(format!("cannot write {}: {e}", destination.display()));
        let version = re_build_info::CrateVersion::LOCAL;
        let encoder = Encoder::new_eager(version, EncodingOptions::PROTOBUF_COMPRESSED, &mut file);
        let mut encoder = encoder.map_err(|e| broken(e.to_string()))?;
        for at in 0..total {
            let store = StoreId::recording(name.clone(), format!("{hash}-{at}"));
            let mut out =
                Out { encoder: &mut encoder, store, fps: source.signature().fps, times: Vec::new(), chunks: 0 };
            out.episode(&**source, at).map_err(|e| match e {
                Failed::Read(e) => e,
                Failed::Write(e) => broken(e),
            })?;
            progress(at + 1, total);
        }
        encoder.finish().map_err(|e| broken(e.to_string()))?;
        drop(encoder);
        file.flush().map_err(Error::io("write", partial))
    })
}

/// Errors of reading are told as they are; those of Rerun's crates, of which there are many kinds, by their text.
enum Failed {
    Read(Error),
    Write(String),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Read(error)
    }
}

fn write<E: ToString>(error: E) -> Failed {
    Failed::Write(error.to_string())
}

type Done<T = ()> = std::result::Result<T, Failed>;

/// One episode on its way into the file.
struct Out<'a, W: Write> {
    encoder: &'a mut Encoder<W>,
    store: StoreId,
    /// Rows a second.
    fps: f64,
    /// Times of the rows of the episode, where they are not at the rate.
    times: Vec<f64>,
    chunks: u64,
}

impl<W: Write> Out<'_, W> {
    fn episode(&mut self, source: &dyn Source, at: usize) -> Done {
        let (signature, episode) = (source.signature(), source.episode(at));
        let info = StoreInfo::new(self.store.clone(), StoreSource::Other("terrella".to_owned()));
        let row_id = Tuid::from_nanos_and_inc(0, 0);
        self.encoder.append(&LogMsg::SetStoreInfo(SetStoreInfo { row_id, info })).map_err(write)?;
        let done = source.evidence(at).success.map_or("", |done| if done { ", done" } else { ", not done" });
        let seconds = episode.times.last().map_or(episode.len() as f64, |last| last * self.fps + 1.0) / self.fps;
        self.times.clone_from(&episode.times);
        self.fixed(EntityPath::properties(), &RecordingInfo::new().with_name(format!("episode {at}")))?;
        let about = format!("{}\n\nepisode {at}: {} rows, {seconds:.1} s{done}", episode.task, episode.len());
        self.fixed("about".into(), &TextDocument::new(about))?;

        self.curves("state", &signature.state, &episode.states)?;
        self.curves("action", &signature.action, &episode.actions)?;
        let flags = |flags: &[bool]| flags.iter().map(|x| f32::from(u8::from(*x))).collect::<Vec<f32>>();
        let (ended, cut) = (flags(&episode.terminated), flags(&episode.truncated));
        for (name, numbers) in [("reward", &episode.rewards), ("terminated", &ended), ("truncated", &cut)] {
            if !numbers.is_empty() {
                self.curves(name, &[name.to_owned()], &Table::from_data(1, numbers.clone()))?;
            }
        }
        if let Some(frames) = source.pictures(at)? {
            self.pictures("camera", &frames, None)?;
        }
        for (view, name) in short_names(source.views()).iter().enumerate() {
            let depth = source.views()[view].depth;
            self.pictures(&format!("views/{name}"), &source.view(at, view)?, depth)?;
        }
        Ok(())
    }

    fn curves(&mut self, entity: &str, names: &[String], table: &Table) -> Done {
        if names.is_empty() {
            return Ok(());
        }
        self.fixed(entity.into(), &SeriesLines::new().with_names(names.iter().map(String::as_str)))?;
        let numbers = Scalars::new(table.rows().flat_map(|row| row.iter().copied().map(f64::from)));
        let columns = numbers.columns(std::iter::repeat_n(names.len(), table.rows().len())).map_err(write)?;
        self.rows(entity, 0, table.rows().len(), columns)
    }

    fn pictures(&mut self, entity: &str, frames: &Frames, depth: Option<f64>) -> Done {
        match depth {
            Some(metres) => {
                let depth = EncodedDepthImage::update_fields().with_media_type("image/png");
                self.fixed(entity.into(), &depth.with_meter((1.0 / metres) as f32))?;
            }
            None => self.fixed(entity.into(), &EncodedImage::update_fields().with_media_type("image/png"))?,
        }
        let encode = |row: usize| {
            png_file::encode(frames.pixel(), frames.size(), frames.bytes(row))
                .map_err(|e| Error::Invalid(format!("picture {row} of {entity}: {e}")))
        };
        let every: Vec<usize> = (0..frames.len()).collect();
        let [height, width] = frames.size();
        let size = (height * width * frames.pixel().bytes()).max(1);
        for rows in every.chunks((CHUNK / size).max(1)) {
            let blobs = rows.par_iter().map(|row| encode(*row)).collect::<Result<Vec<Vec<u8>>>>()?;
            let columns: Vec<SerializedComponentColumn> = match depth {
                Some(_) => {
                    let images = EncodedDepthImage::update_fields().with_many_blob(blobs);
                    images.columns_of_unit_batches().map_err(write)?.collect()
                }
                None => {
                    let images = EncodedImage::update_fields().with_many_blob(blobs);
                    images.columns_of_unit_batches().map_err(write)?.collect()
                }
            };
            self.rows(entity, rows[0], rows.len(), columns)?;
        }
        Ok(())
    }

    /// Components that hold for the whole episode.
    fn fixed(&mut self, entity: EntityPath, what: &dyn AsComponents) -> Done {
        let batches = what.as_serialized_batches().into_iter();
        let columns = batches.map(|batch| {
            let all = batch.array.len();
            batch.partitioned([all])
        });
        self.chunk(entity, Vec::new(), columns.collect::<std::result::Result<_, _>>().map_err(write)?)
    }

    /// Components of rows from `first`, one after the other.
    fn rows(
        &mut self,
        entity: &str,
        first: usize,
        len: usize,
        columns: impl IntoIterator<Item = SerializedComponentColumn>,
    ) -> Done {
        let row = |at: usize| (first + at) as i64;
        let time = |at: usize| {
            let nanos = self.times.get(first + at).map_or(row(at) as f64 * 1e9 / self.fps, |seconds| seconds * 1e9);
            nanos.round() as i64
        };
        let times = vec![
            TimeColumn::new_sequence("row", (0..len).map(row)),
            TimeColumn::new_duration_nanos("time", (0..len).map(time)),
        ];
        self.chunk(entity.into(), times, columns.into_iter().collect())
    }

    fn chunk(&mut self, entity: EntityPath, times: Vec<TimeColumn>, components: ChunkComponents) -> Done {
        self.chunks += 1;
        // Rows are numbered on from the chunk's number.
        let id = ChunkId::from_tuid(Tuid::from_nanos_and_inc(self.chunks, 0));
        let times = times.into_iter().map(|column| (*column.timeline().name(), column)).collect();
        let chunk = Chunk::from_auto_row_ids(id, entity, times, components).map_err(write)?;
        let message = LogMsg::ArrowMsg(self.store.clone(), chunk.to_arrow_msg().map_err(write)?);
        self.encoder.append(&message).map(drop).map_err(write)
    }
}
