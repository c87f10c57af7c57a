//! Files that are packed as a whole (`.gz`, `.zst`, `.zstd`), unpacked into a temporary file, piece by piece.
//!
//! A recorder of ROS 2 packs each file of a bag when it is done with it, so bags of many gigabytes lie about like
//! this. What is there of one that was cut is unpacked, and the rest is told.

use super::mcap::Store;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;
use terrella_data::{Error, Result};

/// Bytes of a file after unpacking.
const LARGEST_UNPACKED: u64 = 16 << 30;
/// How such files end.
pub(super) const PACKINGS: [&str; 3] = [".gz", ".zst", ".zstd"];

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

/// How a file of this name is packed, if it is.
pub(super) fn packing(name: &str) -> Option<Packing> {
    let name = name.to_lowercase();
    let ending = PACKINGS.into_iter().find(|ending| name.ends_with(ending))?;
    Some(if ending == ".gz" { Packing::Gzip } else { Packing::Zstd })
}

/// Unpacks a file that is called `name`; `path` is what errors call it.
pub(super) fn unpack(path: &Path, name: &str, packed: impl Read) -> Result<Store> {
    limited(path, name, packed, LARGEST_UNPACKED)
}

fn limited(path: &Path, name: &str, packed: impl Read, limit: u64) -> Result<Store> {
    let gz = packing(name) == Some(Packing::Gzip);
    let by_hand = if gz {
        "unpack it yourself with gunzip -k, and read that"
    } else {
        "unpack it yourself with zstd -d, and read that"
    };
    let packed = BufReader::new(packed);
    let mut unpacker: Box<dyn Read + '_> = if gz {
        Box::new(MultiGzDecoder::new(packed))
    } else {
        Box::new(zstd::Decoder::with_buffer(packed).map_err(Error::io("unpack", path))?)
    };
    let not_written = |e: io::Error| {
        let folder = std::env::temp_dir();
        let what = format!("it cannot be unpacked into {} ({e}); TMPDIR names another folder", folder.display());
        Error::broken(path, what, by_hand)
    };
    let mut file = tempfile::NamedTempFile::with_prefix("terrella-").map_err(not_written)?;
    let mut piece = vec![0; 1 << 16];
    let mut size = 0u64;
    let torn = loop {
        let n = match unpacker.read(&mut piece) {
            Ok(0) => break None,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) if size == 0 => {
                let what = format!("nothing of it can be unpacked ({e})");
                return Err(Error::broken(
                    path,
                    what,
                    "its ending is wrong, or the copy is damaged: download it again",
                ));
            }
            Err(e) => {
                break Some(format!(
                    "left out: what follows the first {size} unpacked bytes, since the rest cannot be unpacked ({e})"
                ));
            }
        };
        size += n as u64;
        if size > limit {
            let what =
                format!("it has more than {} MiB after unpacking, which is the limit (LARGEST_UNPACKED)", limit >> 20);
            return Err(Error::broken(path, what, by_hand));
        }
        file.write_all(&piece[..n]).map_err(not_written)?;
    };
    drop(unpacker);
    Ok(Store::Unpacked { file: Arc::new(file.into_temp_path()), torn })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(store: &Store) -> Vec<u8> {
        let Store::Unpacked { file, .. } = store else { panic!("unpacked") };
        std::fs::read(file.as_ref()).expect("read")
    }

    #[test]
    fn files_are_unpacked_as_far_as_they_go() {
        let whole: Vec<u8> = (0..200_000u32).flat_map(|i| i.wrapping_mul(i).to_le_bytes()).collect();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&whole).expect("packed");
        let zst = zstd::encode_all(&whole[..], 1).expect("packed");
        for (name, packed) in
            [("a.mcap.gz", gz.finish().expect("packed")), ("a.mcap.zst", zst.clone()), ("a.db3.ZSTD", zst)]
        {
            let store = unpack(Path::new(name), name, &packed[..]).expect("unpacked");
            assert!(bytes(&store) == whole && store.torn().is_none(), "{name}");
            let twice = [&packed[..], &packed].concat();
            assert_eq!(
                bytes(&unpack(Path::new(name), name, &twice[..]).expect("unpacked")).len(),
                2 * whole.len(),
                "frames follow each other"
            );
            let cut = unpack(Path::new(name), name, &packed[..packed.len() / 2]).expect("unpacked");
            let part = bytes(&cut);
            assert!(!part.is_empty() && whole.starts_with(&part), "{} bytes of {name}", part.len());
            assert!(
                cut.torn().is_some_and(|why| why.starts_with("left out") && why.contains(&part.len().to_string())),
                "{:?}",
                cut.torn()
            );
            let error = unpack(Path::new(name), name, &b"something else"[..]).err().expect("refused").to_string();
            assert!(error.contains("nothing of it"), "{error}");
            let error = limited(Path::new(name), name, &packed[..], 1 << 16).err().expect("refused").to_string();
            assert!(error.contains("LARGEST_UNPACKED") && error.contains("unpack it yourself"), "{error}");
        }
    }

    #[test]
    fn what_was_unpacked_is_gone_with_who_reads_it() {
        let store =
            unpack(Path::new("a.gz"), "a.zst", &zstd::encode_all(&b"x"[..], 1).expect("packed")[..]).expect("unpacked");
        let Store::Unpacked { file, .. } = &store else { panic!("unpacked") };
        let path = file.to_path_buf();
        assert!(path.is_file(), "there");
        drop(store);
        assert!(!path.exists(), "gone");
    }
}
