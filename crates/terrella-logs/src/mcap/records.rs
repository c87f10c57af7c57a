//! What stands in a record: lengths held against what follows before anything is allocated.
//!
//! The `mcap` crate reads these records, too, but believes the lengths of their texts: four bytes that say so
//! make it ask for four gigabytes.

use mcap::records::{Channel, MessageHeader, Metadata, SchemaHeader, op};
use std::collections::BTreeMap;

/// Bytes before the data of a message: channel, sequence and two times.
pub(super) const MESSAGE_HEAD: usize = 22;

/// A record that a reader of logs looks at.
pub(super) enum Parsed<'a> {
    Schema(SchemaHeader, &'a [u8]),
    Channel(Channel),
    Message(MessageHeader, &'a [u8]),
    Metadata(Metadata),
    /// One that says nothing about messages.
    Other,
}

/// Parses the body of a record.
pub(super) fn parse(opcode: u8, body: &[u8]) -> Result<Parsed<'_>, String> {
    let mut rest = Rest(body);
    Ok(match opcode {
        op::SCHEMA => {
            let header = SchemaHeader { id: rest.u16()?, name: rest.text()?, encoding: rest.text()? };
            let n = rest.u32()?;
            Parsed::Schema(header, rest.take(n as usize)?)
        }
        op::CHANNEL => Parsed::Channel(Channel {
            id: rest.u16()?,
            schema_id: rest.u16()?,
            topic: rest.text()?,
            message_encoding: rest.text()?,
            metadata: rest.map()?,
        }),
        op::MESSAGE => {
            let (channel_id, sequence) = (rest.u16()?, rest.u32()?);
            let header = MessageHeader { channel_id, sequence, log_time: rest.u64()?, publish_time: rest.u64()? };
            Parsed::Message(header, rest.0)
        }
        op::METADATA => Parsed::Metadata(Metadata { name: rest.text()?, metadata: rest.map()? }),
        _ => Parsed::Other,
    })
}

/// What was not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let whole = self.0;
        let (taken, rest) =
            whole.split_at_checked(n).ok_or_else(|| format!("{n} bytes are promised, {} follow", whole.len()))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn u16(&mut self) -> Result<u16, String> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String, String> {
        let n = self.u32()?;
        let bytes = self.take(n as usize)?;
        String::from_utf8(bytes.to_vec()).map_err(|e| format!("a text is not UTF-8 ({e})"))
    }

    fn map(&mut self) -> Result<BTreeMap<String, String>, String> {
        let n = self.u32()?;
        let mut rest = Rest(self.take(n as usize)?);
        let mut map = BTreeMap::new();
        while !rest.0.is_empty() {
            map.insert(rest.text()?, rest.text()?);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_parsed_and_promises_are_not_believed() {
        let text = |s: &str| [&(s.len() as u32).to_le_bytes()[..], s.as_bytes()].concat();
        let map = [text("k"), text("v")].concat();
        let body = [&[7, 0, 3, 0][..], &text("/t"), &text("cdr"), &(map.len() as u32).to_le_bytes(), &map].concat();
        let Ok(Parsed::Channel(channel)) = parse(op::CHANNEL, &body) else { panic!("a channel") };
        assert_eq!((channel.id, channel.schema_id, channel.topic.as_str()), (7, 3, "/t"), "its head");
        assert_eq!(channel.metadata["k"], "v", "its metadata");
        for end in 0..body.len() {
            assert!(parse(op::CHANNEL, &body[..end]).is_err(), "cut at {end}");
        }
        let bomb = [&[7, 0, 3, 0][..], &[0xff; 4], b"/t"].concat();
        let error = parse(op::CHANNEL, &bomb).err().expect("refused");
        assert_eq!(error, "4294967295 bytes are promised, 2 follow", "a text of four gigabytes");
    }
}
