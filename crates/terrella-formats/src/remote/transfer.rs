//! One file, copied: in ranges, written under a temporary name, and renamed when it is whole.
//!
//! What is there of it lies in a folder of its own, beside the tag that it had: a killed fetch goes on where it was, and one of
//! a file that has changed since begins anew. A cut connection is tried again from the byte where it was cut.

use super::meter::Meter;
use super::object::{AGAIN, Failure, Object, STALL};
use super::store::Store;
use super::{Patience, Place};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use terrella_data::{Error, Result};
use tokio::time::{sleep, timeout};

/// Bytes of a range: few enough that a proxy or a slow line carries it, enough that requests cost little.
const RANGE: u64 = 8 << 20;

/// Copies files of a place.
pub(super) struct Transfer<'a> {
    pub(super) place: &'a Place,
    pub(super) store: &'a Store,
    pub(super) patience: Patience,
    /// Folder of what is not whole.
    pub(super) parts: &'a Path,
    pub(super) meter: &'a Meter,
}

impl Transfer<'_> {
    /// Copies an object to a path.
    ///
    /// # Errors
    /// If it was cut too often, is not what was listed, or the disk refuses.
    pub(super) async fn fetch(&self, object: &Object, to: &Path) -> Result<()> {
        let part = Part::of(self.parts, object);
        let mut file = part.open(object, self.meter)?;
        let mut at = part.bytes();
        let (mut best, mut before) = (at, 0);
        while at < object.size {
            match self.range(object, &mut file, &part.data, &mut at).await {
                Ok(()) => {}
                Err(Failure::Fatal(error)) => return Err(error),
                Err(Failure::Cut(why)) => {
                    if at > best {
                        (best, before) = (at, 0);
                    }
                    if before >= self.patience.tries {
                        let what = format!("{} was cut at byte {at} of {} ({why})", object.name, object.size);
                        return Err(self.place.error(what, AGAIN));
                    }
                    sleep(self.patience.pause(before)).await;
                    before += 1;
                }
            }
        }
        drop(file);
        self.check(object, &part)?;
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        }
        fs::rename(&part.data, to).map_err(Error::io("write", to))?;
        // What it says of a file that is not there is never read.
        let _ = fs::remove_file(&part.tag);
        Ok(())
    }

    /// Reads the next range into the file, or all of it where the server knows no ranges; `at` is how much of it is there.
    async fn range(&self, object: &Object, file: &mut File, path: &Path, at: &mut u64) -> Result<(), Failure> {
        let end = object.size.min(*at + RANGE);
        let mut reading = self.store.read(self.place, object, *at..end).await?;
        let end = if reading.whole { object.size } else { end };
        if reading.whole {
            file.set_len(0).map_err(Error::io("write", path))?;
            self.meter.back(*at);
            *at = 0;
        }
        while *at < end {
            let bytes = match timeout(STALL, reading.body.next()).await {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(Some(Err(why))) => return Err(Failure::Cut(why)),
                Ok(None) => return Err(Failure::Cut("it ended too early".to_owned())),
                Err(_) => return Err(Failure::Cut(format!("nothing came for {} s", STALL.as_secs()))),
            };
            let n = bytes.len() as u64;
            if n > end - *at {
                let what = format!("{} is longer than the {} bytes that were listed", object.name, object.size);
                return Err(self.place.error(what, AGAIN).into());
            }
            file.write_all(&bytes).map_err(Error::io("write", path))?;
            *at += n;
            self.meter.add(n);
        }
        Ok(())
    }

    /// Fails unless the bytes are those that were listed; what is there of others is removed.
    fn check(&self, object: &Object, part: &Part) -> Result<()> {
        let (found, wanted) = (part.bytes(), object.size);
        let mut wrong = (found != wanted).then(|| format!("{found} bytes were written, and there are {wanted}"));
        if wrong.is_none()
            && let Some(sha256) = &object.sha256
        {
            let found = hash(&part.data).map_err(Error::io("read", &part.data))?;
            wrong = (!found.eq_ignore_ascii_case(sha256)).then(|| format!("its SHA-256 is {found}, not {sha256}"));
        }
        let Some(wrong) = wrong else { return Ok(()) };
        let _ = fs::remove_file(&part.data);
        Err(self.place.error(format!("{}: {wrong}", object.name), "give the same command again"))
    }
}

/// What is there of a file that is not whole.
pub(super) struct Part {
    data: PathBuf,
    /// The tag that it had.
    tag: PathBuf,
}

impl Part {
    /// Where it lies: by a hash of its name, which may have any length and any folders.
    pub(super) fn of(folder: &Path, object: &Object) -> Self {
        let name = terrella_core::hex(&Sha256::digest(&object.name)[..16]);
        Self { data: folder.join(format!("{name}.part")), tag: folder.join(format!("{name}.tag")) }
    }

    /// Bytes that are there, of whichever version.
    fn bytes(&self) -> u64 {
        fs::metadata(&self.data).map_or(0, |meta| meta.len())
    }

    /// Bytes that are there of the object as it is listed now.
    pub(super) fn kept(&self, object: &Object) -> u64 {
        let same = !object.tag.is_empty() && fs::read_to_string(&self.tag).is_ok_and(|tag| tag == object.tag);
        let bytes = self.bytes();
        if same && bytes <= object.size { bytes } else { 0 }
    }

    /// Opens it for writing at its end, without what is there of another version.
    fn open(&self, object: &Object, meter: &Meter) -> Result<File> {
        if self.kept(object) == 0 {
            let there = self.bytes();
            if there > 0 && !object.tag.is_empty() {
                let name = &object.name;
                meter.note(format!("{name} has changed since {there} bytes of it were fetched, and begins anew"));
            }
            // In this order, so that bytes never lie beside the tag of others.
            if self.data.exists() {
                fs::remove_file(&self.data).map_err(Error::io("remove", &self.data))?;
            }
            fs::write(&self.tag, &object.tag).map_err(Error::io("write", &self.tag))?;
        }
        let file = fs::OpenOptions::new().create(true).append(true).open(&self.data);
        file.map_err(Error::io("write", &self.data))
    }
}

/// SHA-256 of a file in hexadecimal digits.
fn hash(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hasher, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 20]);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(terrella_core::hex(hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
    }
}
