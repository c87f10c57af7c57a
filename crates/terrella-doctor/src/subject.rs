//! What is examined: a dataset as it was read, with its claims, stored times, and small pictures.
//!
//! Pictures are looked at once, an episode at a time; what stays of each is a thumbnail and a hash,
//! so that hours of video fit into memory.

use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use terrella_core::{Episode, Frames, Signature};
use terrella_data::{Claims, Evidence, Note, Result, SourceOptions};
use terrella_formats::open_source;

/// What stays of the pictures of one episode.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Thumbnails, rows × [`Sight::SIDE`]² × 3, 0 to 1.
    pub small: Vec<f32>,
    /// A hash of each whole picture.
    pub hashes: Vec<u64>,
}

impl Sight {
    /// Side of a thumbnail.
    pub const SIDE: usize = 12;
    /// Numbers of a thumbnail.
    pub const SIZE: usize = 3 * Self::SIDE * Self::SIDE;

    /// Looks at pictures.
    pub fn of(frames: &Frames) -> Self {
        let mut sight = Self::default();
        for at in 0..frames.len() {
            let bytes = frames.bytes(at);
            let mut hasher = DefaultHasher::new();
            hasher.write(bytes);
            sight.hashes.push(hasher.finish());
            thumbnail(bytes, frames.size(), &mut sight.small);
        }
        sight
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// One thumbnail.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.small[at * Self::SIZE..(at + 1) * Self::SIZE]
    }
}

/// Means of equal areas; a picture smaller than the thumbnail repeats pixels.
fn thumbnail(rgb: &[u8], [height, width]: [usize; 2], out: &mut Vec<f32>) {
    let side = Sight::SIDE;
    let span = |i: usize, n: usize| {
        let (a, b) = (i * n / side, (i + 1) * n / side);
        a..b.max(a + 1).min(n)
    };
    for row in 0..side {
        for column in 0..side {
            let (rows, columns) = (span(row, height), span(column, width));
            let mut sums = [0u64; 3];
            for y in rows.clone() {
                let pixels = &rgb[3 * (y * width + columns.start)..3 * (y * width + columns.end)];
                for pixel in pixels.as_chunks::<3>().0 {
                    sums.iter_mut().zip(pixel).for_each(|(s, b)| *s += u64::from(*b));
                }
            }
            let n = (rows.len() * columns.len()).max(1);
            out.extend(sums.map(|s| s as f32 / (n as f32 * 255.0)));
        }
    }
}

/// A dataset under examination. Its parts are public so that tests can damage them.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Name of the format.
    pub format: String,
    /// What the episodes have in common.
    pub signature: Signature,
    /// The episodes, without pictures.
    pub episodes: Vec<Episode>,
    /// What is said of each episode beside its rows.
    pub evidence: Vec<Evidence>,
    /// What the dataset claims about itself.
    pub claims: Claims,
    /// What the reader told.
    pub notes: Vec<Note>,
    /// What stays of the pictures of each episode; empty without pictures.
    pub sights: Vec<Sight>,
    /// SHA-256 of the content.
    pub hash: String,
}

impl Subject {
    /// Reads a dataset; `progress` hears episodes looked at and in all.
    ///
    /// # Errors
    /// If it cannot be read at all.
    pub fn open(path: &Path, options: &SourceOptions, progress: &mut dyn FnMut(usize, usize)) -> Result<Self> {
        let source = open_source(path, options)?;
        let n = source.lengths().len();
        let mut sights = Vec::new();
        for at in 0..n {
            match source.pictures(at)? {
                Some(frames) => sights.push(Sight::of(&frames)),
                None => break,
            }
            progress(at + 1, n);
        }
        Ok(Self {
            format: source.format().to_owned(),
            signature: source.signature().clone(),
            episodes: (0..n).map(|at| source.episode(at)).collect(),
            evidence: (0..n).map(|at| source.evidence(at)).collect(),
            claims: source.claims()?,
            notes: source.notes(),
            sights,
            hash: source.hash()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Image;

    #[test]
    fn a_thumbnail_is_the_mean_of_areas() {
        let mut image = Image::filled(24, 36, [0, 0, 0]);
        // The left upper 2 × 3 pixels are one cell.
        for (y, x) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
            image.data[3 * (y * 36 + x)] = 255;
        }
        let sight = Sight::of(&Frames::from_images(&[image]));
        assert_eq!(sight.row(0)[..4], [1.0, 0.0, 0.0, 0.0], "one cell is red");
        assert_eq!(sight.row(0)[3 * 12], 0.0, "the cell below");
        let tiny = Sight::of(&Frames::from_images(&[Image::filled(4, 4, [255, 255, 255])]));
        assert!(tiny.row(0).iter().all(|x| *x == 1.0), "a small picture repeats pixels");
    }
}
