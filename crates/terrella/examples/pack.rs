//! Packs a finished run as the one that the program brings along: `run.toml`, and its model with rounded weights.
//!
//! ```sh
//! cargo run --release --example pack -- runs/drive crates/terrella/worlds/brought.tar.zst
//! ```

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::Path;

/// Bits that weights keep behind their leading one: their error is then below a two-thousandth of each, and half as many bytes are left.
const BITS: u32 = 10;
/// The most that is packed, in bytes.
const MOST: usize = 8 << 20;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [run, packed] = &arguments[..] else { bail!("usage: pack RUN FILE") };
    let (run, packed) = (Path::new(run), Path::new(packed));
    let folder = std::env::temp_dir().join(format!("terrella-pack-{}", std::process::id()));
    let model = folder.join("model");
    std::fs::create_dir_all(&folder)?;
    terrella_model::rounded(&run.join("model"), &model, BITS)?;
    let mut names: Vec<String> = std::fs::read_dir(&model)?
        .map(|entry| Ok(format!("model/{}", entry?.file_name().to_string_lossy())))
        .collect::<Result<_>>()?;
    names.sort();
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |name: &str, path: &Path| -> Result<()> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        // Neither times nor owners: the same run packs to the same bytes.
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        Ok(archive.append_data(&mut header, name, bytes.as_slice())?)
    };
    add("run.toml", &run.join("run.toml"))?;
    names.iter().try_for_each(|name| add(name, &folder.join(name)))?;
    let bytes = zstd::encode_all(archive.into_inner()?.as_slice(), 19)?;
    std::fs::remove_dir_all(&folder)?;
    if bytes.len() > MOST {
        bail!("{} bytes are more than the {MOST} that a program should bring along", bytes.len());
    }
    terrella_core::write_atomic(packed, &bytes)?;
    Ok(writeln!(std::io::stdout(), "{}: {} bytes", packed.display(), bytes.len())?)
}
