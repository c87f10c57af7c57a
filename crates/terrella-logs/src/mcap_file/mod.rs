//! Writing MCAP: channels of JSON messages with their schemas, pictures as Foxglove's `CompressedImage` in Protobuf.
//!
//! The file says itself what its topics mean, in a metadata record at its beginning, so that it is read
//! back without a mapping, even if its end is missing. Chunks are written whole: a writer that is
//! killed loses the chunk it was filling and nothing else.

mod foxglove;

use crate::mapping::Mapping;
use crate::mcap::OWN_RECORD;
use mcap::records::{MessageHeader, Metadata};
use mcap::{Compression, WriteOptions, Writer};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use terrella_data::{Error, Result};

/// An MCAP file that is being written.
pub struct McapFile {
    path: PathBuf,
    writer: Writer<BufWriter<File>>,
    /// Messages a channel so far.
    written: BTreeMap<u16, u32>,
}

impl McapFile {
    /// Makes a new file that carries its mapping and what else there is to say.
    ///
    /// # Errors
    /// If there is one already, or it cannot be written.
    pub fn create(path: &Path, mapping: &Mapping, about: BTreeMap<String, String>) -> Result<Self> {
        let file = File::create_new(path).map_err(|reason| match reason.kind() {
            std::io::ErrorKind::AlreadyExists => Error::Exists(path.to_path_buf()),
            _ => Error::io("create", path)(reason),
        })?;
        let options = WriteOptions::new()
            .compression(Some(Compression::Zstd))
            .compression_threads(0)
            .disable_seeking(true)
            .library(concat!("terrella ", env!("CARGO_PKG_VERSION")));
        let writer = options.create(BufWriter::new(file)).map_err(refused(path))?;
        let mut file = Self { path: path.to_path_buf(), writer, written: BTreeMap::new() };
        let text = toml::to_string(mapping).map_err(|e| Error::Invalid(e.to_string()))?;
        let mut metadata = about;
        metadata.insert("mapping".to_owned(), text);
        let record = Metadata { name: OWN_RECORD.to_owned(), metadata };
        file.writer.write_metadata(&record).map_err(refused(path))?;
        Ok(file)
    }

    /// Adds a channel of JSON objects with these properties (name, JSON type).
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn channel(&mut self, topic: &str, kind: &str, properties: &[(&str, &str)]) -> Result<u16> {
        let properties: Map<String, Value> =
            properties.iter().map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind }))).collect();
        let schema = json!({ "title": kind, "type": "object", "properties": properties });
        self.add(topic, (kind, "jsonschema", schema.to_string().as_bytes()), "json")
    }

    /// Adds a channel of pictures.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn camera(&mut self, topic: &str) -> Result<u16> {
        self.add(topic, (foxglove::COMPRESSED_IMAGE, "protobuf", &foxglove::schema()), "protobuf")
    }

    fn add(&mut self, topic: &str, (kind, encoding, schema): (&str, &str, &[u8]), messages: &str) -> Result<u16> {
        let id = self.writer.add_schema(kind, encoding, schema).map_err(refused(&self.path))?;
        self.writer.add_channel(id, topic, messages, &BTreeMap::new()).map_err(refused(&self.path))
    }

    /// Writes a message; times are nanoseconds.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&mut self, channel: u16, log_time: u64, publish_time: u64, message: &Value) -> Result<()> {
        self.put(channel, log_time, publish_time, message.to_string().as_bytes())
    }

    /// Writes a picture that is a PNG or a JPEG.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_picture(&mut self, channel: u16, log_time: u64, publish_time: u64, encoded: &[u8]) -> Result<()> {
        self.put(channel, log_time, publish_time, &foxglove::compressed_image(publish_time, encoded))
    }

    fn put(&mut self, channel: u16, log_time: u64, publish_time: u64, message: &[u8]) -> Result<()> {
        let sequence = self.written.entry(channel).or_default();
        let header = MessageHeader { channel_id: channel, sequence: *sequence, log_time, publish_time };
        *sequence = sequence.wrapping_add(1);
        self.writer.write_to_known_channel(&header, message).map_err(refused(&self.path))
    }

    /// Hands everything so far to the system: a process that is killed afterwards does not lose it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(refused(&self.path))
    }

    /// Writes index and statistics.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.writer.finish().map_err(refused(&self.path))?;
        Ok(())
    }
}

fn refused(path: &Path) -> impl FnOnce(mcap::McapError) -> Error {
    move |error| match error {
        mcap::McapError::Io(reason) => Error::io("write", path)(reason),
        other => Error::broken(path, format!("it cannot be written: {other}"), "report this"),
    }
}
