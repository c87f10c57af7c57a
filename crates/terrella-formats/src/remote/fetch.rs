//! The copy of a place, made or brought up to date: what is missing or has changed is fetched, and what is gone is removed.
//!
//! A copy lies in a folder named by a hash of its address: `data/NAME` is what is opened, `manifest.jsonl` says what of it is whole,
//! `parts` holds what is not, and a lock keeps others out while it is written.

use super::manifest::Manifest;
use super::meter::Meter;
use super::object::{Object, nothing};
use super::place::leaves;
use super::store::Store;
use super::transfer::{Part, Transfer};
use super::{FetchOptions, Fetched, Place, Told, bucket};
use futures::future::{Either, select};
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::pin::pin;
use std::time::Duration;
use terrella_core::write_atomic;
use terrella_data::{Error, Result};

/// Files that are fetched at a time: enough that small ones do not wait for each other's answers.
const SIDE_BY_SIDE: usize = 8;

/// Where decoded pictures are kept; those that somebody uploaded are not ours.
const CACHE: &str = ".cache/";

/// Copies recordings that lie elsewhere to this machine, unless they are here already, and says where the copy is. `hear` is
/// told how far that is and answers whether to go on.
///
/// # Errors
/// If nothing can be read there, the connection is cut too often, the disk is full or refuses, or it was asked to stop. What
/// was fetched is kept, and the next fetch of the same place goes on.
pub fn fetch(place: &Place, options: &FetchOptions, hear: &mut dyn FnMut(Told<'_>) -> bool) -> Result<Fetched> {
    let folder = options.cache.join(id(place, options));
    let parts = folder.join("parts");
    fs::create_dir_all(&parts).map_err(Error::io("make", &parts))?;
    let _alone = alone(&folder, hear)?;
    write_atomic(&folder.join("place.txt"), place.shown().as_bytes())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::io("start a runtime for", &folder))?;
    let meter = Meter::default();
    let outcome = runtime.block_on(async {
        let work = pin!(mirror(place, options, &folder, &meter));
        let listening = pin!(meter.telling(&mut *hear));
        match select(work, listening).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(Error::Stopped),
        }
    });
    // Looking up a name may take a while, and nobody waits for it any more.
    runtime.shutdown_background();
    // What was still to be told; whether to go on is no question now.
    meter.tell(hear);
    outcome
}

/// The folder of a copy: of the address and of who is asked for it.
fn id(place: &Place, options: &FetchOptions) -> String {
    let mut text = place.address.clone();
    for name in bucket::S3_ENDPOINTS.iter().chain(&["GOOGLE_BASE_URL", "HF_ENDPOINT"]) {
        text.push('\0');
        text.push_str(options.variables.get(*name).map_or("", String::as_str));
    }
    terrella_core::hex(&Sha256::digest(text)[..16])
}

/// Waits until nobody else writes the copy; others wait while the file lives.
fn alone(folder: &Path, hear: &mut dyn FnMut(Told<'_>) -> bool) -> Result<File> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    let mut told = false;
    // Where files cannot be locked, as on some file systems of networks, nobody is waited for.
    while let Err(TryLockError::WouldBlock) = file.try_lock() {
        let on = hear(Told::At { done: 0, total: 0 })
            && (told || hear(Told::Note("another program fetches the same; waiting for it")));
        if !on {
            return Err(Error::Stopped);
        }
        told = true;
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(file)
}

/// Makes the copy what is listed.
async fn mirror(place: &Place, options: &FetchOptions, folder: &Path, meter: &Meter) -> Result<Fetched> {
    let store = Store::open(place, options, meter).await?;
    let listing = store.list(place).await?;
    let objects = usable(place, listing.objects, meter)?;
    let (path, parts) = (folder.join("data").join(place.name()), folder.join("parts"));
    let to = |name: &str| if listing.single { path.clone() } else { path.join(name) };
    let manifest = Manifest::read(&folder.join("manifest.jsonl"));
    let gone = if listing.single { Vec::new() } else { manifest.gone(&objects) };
    for name in gone {
        let path = to(&name);
        if path.is_file() {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    let missing: Vec<&Object> = objects.iter().filter(|object| !manifest.has(object, &to(&object.name))).collect();
    let bytes = objects.iter().map(|object| object.size).sum::<u64>();
    let left: u64 = missing.iter().map(|object| object.size - Part::of(&parts, object).kept(object)).sum();
    plan(place, &path, (&objects, bytes), (&missing, left), meter)?;
    let manifest = RefCell::new(manifest);
    let transfer = Transfer { place, store: &store, patience: options.patience, parts: &parts, meter };
    let (transfer, manifest, to) = (&transfer, &manifest, &to);
    futures::stream::iter(missing.iter().copied())
        .map(move |object| async move {
            transfer.fetch(object, &to(&object.name)).await?;
            manifest.borrow_mut().add(object)
        })
        .buffer_unordered(SIDE_BY_SIDE)
        .try_collect::<Vec<()>>()
        .await?;
    manifest.borrow().close(&objects)?;
    // Nothing is missing, so what is left there belongs to files that are gone.
    let _ = fs::remove_dir_all(&parts);
    Ok(Fetched { files: objects.len(), bytes, fetched: missing.len(), received: meter.received(), path })
}

/// What is copied of what is listed, in the order of names.
fn usable(place: &Place, mut objects: Vec<Object>, meter: &Meter) -> Result<Vec<Object>> {
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(object) = objects.iter().find(|object| leaves(&object.name)) {
        return Err(place.error(
            format!("the name \"{}\" there would leave the folder that it is put into, or names nothing", object.name),
            "rename it, or give a place that it is not under",
        ));
    }
    let parents = |name: &str| name.match_indices('/').map(|(at, _)| name[..at].to_owned()).collect::<Vec<_>>();
    let folders: BTreeSet<String> = objects.iter().flat_map(|object| parents(&object.name)).collect();
    // Some programs mark a folder by an empty object of its name.
    objects.retain(|object| object.size > 0 || !folders.contains(&object.name));
    let all = objects.len();
    objects.retain(|object| !object.name.starts_with(CACHE));
    if objects.len() < all {
        meter.note(format!("{} files in .cache are left there: pictures are decoded anew", all - objects.len()));
    }
    if objects.is_empty() { Err(nothing(place, Vec::new())) } else { Ok(objects) }
}

/// Says what is there and what is to be fetched, and fails if the disk has no room for that.
fn plan(
    place: &Place,
    path: &Path,
    (objects, bytes): (&[Object], u64),
    (missing, left): (&[&Object], u64),
    meter: &Meter,
) -> Result<()> {
    let (shown, files, size) = (place.shown(), objects.len(), words(bytes));
    if missing.is_empty() {
        meter.note(format!("{shown}: {files} files, {size}, are here as they are there, in {}", path.display()));
        return Ok(());
    }
    meter.begin(bytes - left, bytes);
    let (here, size_left) = (words(bytes - left), words(left));
    meter.note(format!(
        "{shown}: {files} files, {size}; {here} are here; {size_left} of {} files are fetched into {}",
        missing.len(),
        path.display()
    ));
    match path.ancestors().find(|path| path.exists()).and_then(free) {
        Some(free) if free < left => Err(place.error(
            format!("{size_left} are to be fetched, and the disk has {} left", words(free)),
            format!("free some space, or set TERRELLA_CACHE to a folder on another disk than {}", path.display()),
        )),
        _ => Ok(()),
    }
}

/// Bytes that may still be written to the disk of a folder, where the system says so.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

/// Bytes, for people.
fn words(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, size: u64) -> Object {
        let name = name.to_owned();
        Object { key: name.clone(), name, size, tag: "x".to_owned(), sha256: None }
    }

    #[test]
    fn marks_of_folders_and_caches_are_left_and_names_that_leave_are_refused() {
        let place = Place::parse("s3://b/p").expect("an address").expect("not a path");
        let meter = Meter::default();
        let all = vec![object("z", 0), object("a", 0), object("a/b", 1), object(".cache/x.rgb", 9), object("c", 2)];
        let names: Vec<String> = usable(&place, all, &meter).expect("objects").into_iter().map(|o| o.name).collect();
        assert_eq!(names, ["a/b", "c", "z"]);
        let mut told = Vec::new();
        meter.tell(&mut |what| {
            told.push(format!("{what:?}"));
            true
        });
        assert!(told[0].contains("1 files in .cache"), "{told:?}");
        for name in ["../x", "a/../../x", "/etc/x", "a//b", "", "a/./b", "a\\..\\b"] {
            let error = usable(&place, vec![object("ok", 1), object(name, 1)], &meter).expect_err(name).to_string();
            assert!(error.contains("would leave the folder") && error.contains(name), "{error}");
        }
        let error = usable(&place, vec![object(".cache/x.rgb", 9)], &meter).expect_err("nothing").to_string();
        assert!(error.contains("nothing lies there"), "{error}");
    }

    #[test]
    fn a_disk_without_room_is_told_beforehand() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::parse("s3://b/p").expect("an address").expect("not a path");
        let huge = object("huge", 1 << 60);
        let meter = Meter::default();
        let planned =
            plan(&place, folder.path(), (std::slice::from_ref(&huge), huge.size), (&[&huge], huge.size), &meter);
        match free(folder.path()) {
            Some(_) => assert!(planned.expect_err("no room").to_string().contains("TERRELLA_CACHE")),
            None => planned.expect("nobody says what is free"),
        }
    }
}
