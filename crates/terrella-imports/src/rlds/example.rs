//! `tf.train.Example`, the protocol buffer in each record, written out by hand.
//!
//! TensorFlow Datasets flattens the tree of an episode into one map: `steps/observation/state` holds
//! the numbers of all steps one after the other, `steps/observation/image` one encoded picture a step.

use prost::Message;
use std::collections::BTreeMap;

/// One record.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Example {
    #[prost(message, optional, tag = "1")]
    features: Option<Features>,
}

#[derive(Clone, PartialEq, Message)]
struct Features {
    #[prost(btree_map = "string, message", tag = "1")]
    feature: BTreeMap<String, Feature>,
}

#[derive(Clone, PartialEq, Message)]
struct Feature {
    #[prost(oneof = "Values", tags = "1, 2, 3")]
    values: Option<Values>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Values {
    #[prost(message, tag = "1")]
    Bytes(BytesList),
    #[prost(message, tag = "2")]
    Float(FloatList),
    #[prost(message, tag = "3")]
    Int64(Int64List),
}

#[derive(Clone, PartialEq, Message)]
struct BytesList {
    #[prost(bytes = "vec", repeated, tag = "1")]
    value: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct FloatList {
    #[prost(float, repeated, tag = "1")]
    value: Vec<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct Int64List {
    #[prost(int64, repeated, tag = "1")]
    value: Vec<i64>,
}

impl Example {
    /// Reads the data of a record.
    pub(crate) fn parse(data: &[u8]) -> Result<Self, String> {
        Self::decode(data).map_err(|e| format!("not a tf.train.Example ({e})"))
    }

    /// The numbers of a feature, integers as floats.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f32>, String> {
        match self.values(name)? {
            Values::Float(list) => Ok(list.value.clone()),
            Values::Int64(list) => Ok(list.value.iter().map(|n| *n as f32).collect()),
            Values::Bytes(_) => Err(format!("{name} holds bytes, features.json promises numbers")),
        }
    }

    /// The texts or encoded pictures of a feature.
    pub(crate) fn bytes(&self, name: &str) -> Result<&[Vec<u8>], String> {
        match self.values(name)? {
            Values::Bytes(list) => Ok(&list.value),
            _ => Err(format!("{name} holds numbers, features.json promises bytes")),
        }
    }

    fn values(&self, name: &str) -> Result<&Values, String> {
        let features = self.features.as_ref().and_then(|f| f.feature.get(name));
        features.and_then(|f| f.values.as_ref()).ok_or_else(|| format!("{name} is not there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_asked_for_must_be_there_in_its_kind() {
        let feature = |values| Feature { values: Some(values) };
        let map = [
            ("a".to_owned(), feature(Values::Int64(Int64List { value: vec![3, -1] }))),
            ("b".to_owned(), feature(Values::Bytes(BytesList { value: vec![b"x".to_vec()] }))),
        ];
        let data = Example { features: Some(Features { feature: map.into() }) }.encode_to_vec();
        let example = Example::parse(&data).expect("an example");
        assert_eq!(example.numbers("a"), Ok(vec![3.0, -1.0]), "integers");
        assert_eq!(example.bytes("b"), Ok(&[b"x".to_vec()][..]), "bytes");
        for (error, words) in [
            (example.numbers("c"), "c is not there"),
            (example.numbers("b"), "b holds bytes"),
            (example.bytes("a").map(|_| Vec::new()), "a holds numbers"),
        ] {
            assert!(error.as_ref().is_err_and(|e| e.contains(words)), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Example::parse(&bytes);
        }
    }
}
