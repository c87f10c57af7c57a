//! Small HDF5 files and archives of NumPy, made on the spot.

use hdf5_pure::{DatasetBuilder, EnumTypeBuilder, FileBuilder, FinishedGroup};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use terrella_data::SourceOptions;
use terrella_formats::{Opened, open_source};

/// What an array holds, with the sides of a row.
#[derive(Clone)]
pub(crate) enum Data {
    Floats(Vec<f64>, Vec<u64>),
    Bytes(Vec<u8>, Vec<u64>),
    Truths(Vec<bool>),
    Whole(Vec<i64>),
    Texts(Vec<&'static str>),
}

impl Data {
    /// Rows of so many numbers: row `t` of column `c` is `from + t + c / 8`.
    pub(crate) fn rows(from: f64, rows: usize, width: usize) -> Self {
        let row = |t: usize| (0..width).map(move |c| from + t as f64 + c as f64 / 8.0);
        Self::Floats((0..rows).flat_map(row).collect(), vec![width as u64])
    }

    /// Flags of rows, those of these rows true.
    pub(crate) fn flags(rows: usize, on: &[usize]) -> Self {
        Self::Truths((0..rows).map(|row| on.contains(&row)).collect())
    }

    /// Pictures of 4 by 4; picture `t` is grey of value `from + t`.
    pub(crate) fn pictures(from: usize, rows: usize) -> Self {
        Self::Bytes((0..rows * 48).map(|i| (from + i / 48) as u8).collect(), vec![4, 4, 3])
    }

    fn shape(&self, n: usize, row: &[u64]) -> Vec<u64> {
        let width: u64 = row.iter().product();
        std::iter::once(n as u64 / width.max(1)).chain(row.iter().copied()).collect()
    }

    fn write(&self, into: &mut DatasetBuilder) {
        match self {
            Self::Floats(data, row) => {
                into.with_f64_data(data).with_shape(&self.shape(data.len(), row));
            }
            Self::Bytes(data, row) => {
                into.with_u8_data(data).with_shape(&self.shape(data.len(), row));
            }
            Self::Truths(data) => {
                let truth = EnumTypeBuilder::u8_based().u8_value("FALSE", 0).u8_value("TRUE", 1).build();
                let data: Vec<u8> = data.iter().map(|x| u8::from(*x)).collect();
                into.with_enum_u8_data(truth.expect("a type"), &data);
            }
            Self::Whole(data) => {
                into.with_i64_data(data);
            }
            Self::Texts(data) => {
                into.with_ascii_strings(data).expect("texts");
            }
        }
    }

    /// As NumPy stores it.
    fn npy(&self) -> Vec<u8> {
        let (kind, row, bytes): (_, &[u64], Vec<u8>) = match self {
            Self::Floats(data, row) => ("<f4", row, data.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect()),
            Self::Bytes(data, row) => ("|u1", row, data.clone()),
            Self::Truths(data) => ("|b1", &[], data.iter().map(|x| u8::from(*x)).collect()),
            Self::Whole(data) => ("<i8", &[], data.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Self::Texts(_) => panic!("no texts"),
        };
        let size = usize::from(kind.as_bytes()[2] - b'0');
        let shape: String = self.shape(bytes.len() / size, row).iter().map(|side| format!("{side}, ")).collect();
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
        let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        npy.extend(format!("{header:<117}\n").bytes());
        npy.extend(bytes);
        npy
    }
}

/// Arrays by their paths.
pub(crate) type Arrays<'a> = [(&'a str, Data)];

fn group(name: &str, arrays: &[(&str, &Data)]) -> FinishedGroup {
    let mut built = FileBuilder::new().create_group(name);
    for (name, below) in parts(arrays) {
        match below[..] {
            [("", data)] => data.write(built.create_dataset(name)),
            _ => built.add_group(group(name, &below)),
        }
    }
    built.finish()
}

/// Arrays by the first part of their path.
fn parts<'a, 'd>(arrays: &[(&'a str, &'d Data)]) -> BTreeMap<&'a str, Vec<(&'a str, &'d Data)>> {
    let mut parts: BTreeMap<&str, Vec<(&str, &Data)>> = BTreeMap::new();
    for (path, data) in arrays {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        parts.entry(first).or_default().push((rest, data));
    }
    parts
}

/// Writes an HDF5 file.
pub(crate) fn hdf5(path: &Path, arrays: &Arrays<'_>) {
    let mut file = FileBuilder::new();
    let arrays: Vec<(&str, &Data)> = arrays.iter().map(|(path, data)| (*path, data)).collect();
    for (name, below) in parts(&arrays) {
        match below[..] {
            [("", data)] => data.write(file.create_dataset(name)),
            _ => file.add_group(group(name, &below)),
        }
    }
    file.write(path).expect("written");
}

/// Writes an archive of NumPy.
pub(crate) fn npz(path: &Path, arrays: &Arrays<'_>) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).expect("a file"));
    for (name, data) in arrays {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).expect("an entry");
        zip.write_all(&data.npy()).expect("its bytes");
    }
    zip.finish().expect("finished");
}

/// Rows a second, which most of these files do not store.
pub(crate) fn at(fps: f64) -> SourceOptions {
    SourceOptions { fps: Some(fps), ..SourceOptions::default() }
}

/// Opens what has to open.
pub(crate) fn opened(path: &Path, options: &SourceOptions) -> Opened {
    open_source(path, options).expect("opened")
}

/// What is said of it, a line each.
pub(crate) fn told(source: &Opened) -> String {
    source.notes().iter().map(|note| format!("{note}\n")).collect()
}

/// The error of what must not open.
pub(crate) fn refused(path: &Path, options: &SourceOptions) -> String {
    open_source(path, options).err().expect("refused").to_string()
}

/// Rows at which flags are true.
pub(crate) fn on(flags: &[bool]) -> Vec<usize> {
    (0..flags.len()).filter(|row| flags[*row]).collect()
}

/// A file that h5py wrote.
pub(crate) fn by_h5py(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}
