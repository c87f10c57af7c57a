//! What the examples share that talk to a twin in another framework: random data, and arrays in
//! NumPy's format.

use std::fs;
use std::path::Path;
use terrella_core::{Batch, Clip, Key, Signature, Stats, Table};
use terrella_model::Interface;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Frames a clip.
pub(crate) const FRAMES: usize = 4;

/// Data with two state and two action numbers, whose statistics are not 0 and 1.
pub(crate) fn interface(side: usize) -> Interface {
    let names = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
    let table = |width, numbers: &[f32]| Stats::of(width, [&Table::from_data(width, numbers.to_vec())]);
    Interface {
        signature: Signature {
            fps: 10.0,
            image: Some([side, side]),
            state: names("s", 2),
            action: names("a", 2),
            env: None,
            ..Signature::default()
        },
        state_stats: table(2, &[0.0, 1.0, 2.0, 5.0]),
        action_stats: table(2, &[10.0, 480.0, 300.0, 20.0, 250.0, 200.0]),
        angles: Vec::new(),
        data_hash: "random".to_owned(),
        ..Interface::default()
    }
}

/// Smooth random pictures with noise on top, and random actions in log units, frame skip 5.
pub(crate) fn batch(clips: usize, side: usize, key: Key) -> Batch {
    let mut stream = key.with("inputs").stream();
    let mut images = Vec::with_capacity(clips * FRAMES * side * side * 3);
    for _ in 0..clips * FRAMES {
        let wave: [f64; 9] = std::array::from_fn(|_| stream.uniform(0.0, 0.1));
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y as f64, x as f64))) {
            for c in 0..3 {
                let level = 128.0 + 90.0 * (wave[c] * x + wave[c + 3] * y + 60.0 * wave[c + 6]).sin();
                images.push((level + stream.uniform(-30.0, 30.0)).clamp(0.0, 255.0) as u8);
            }
        }
    }
    Batch {
        clips: (0..clips).map(|start| Clip { episode: 0, start }).collect(),
        n_frames: FRAMES,
        image_size: Some([side, side]),
        images,
        states: (0..clips * FRAMES * 2).map(|_| stream.uniform(0.0, 3.0) as f32).collect(),
        actions: (0..clips * (FRAMES - 1) * 10).map(|_| stream.uniform(0.0, 512.0) as f32).collect(),
        ..Batch::default()
    }
}

/// The directions that `sigreg` draws from this key, `[n, width]`.
pub(crate) fn directions(key: Key, n: usize, width: usize) -> Vec<f32> {
    let mut stream = key.with("directions").stream();
    let mut rows: Vec<f32> = (0..n * width).map(|_| stream.normal() as f32).collect();
    for row in rows.chunks_mut(width) {
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        row.iter_mut().for_each(|x| *x /= norm);
    }
    rows
}

/// Writes bytes as `NAME.npy`.
pub(crate) fn write_u8(folder: &Path, name: &str, shape: &[usize], data: &[u8]) -> Outcome {
    write(&folder.join(name).with_extension("npy"), "|u1", shape, data.to_vec())
}

/// Writes numbers as `NAME.npy`.
pub(crate) fn write_f32(folder: &Path, name: &str, shape: &[usize], data: &[f32]) -> Outcome {
    write(&folder.join(name).with_extension("npy"), "<f4", shape, data.iter().flat_map(|x| x.to_le_bytes()).collect())
}

/// An array in NumPy's format, version 1.0.
fn write(path: &Path, kind: &str, shape: &[usize], bytes: Vec<u8>) -> Outcome {
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let padding = 64 - (10 + header.len() + 1) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    Ok(fs::write(path, file)?)
}
