//! One message as a tree of values, whatever its encoding: what all decoders end in.

use std::borrow::Cow;
use std::sync::Arc;

/// A decoded value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Number(f64),
    Text(Cow<'a, str>),
    /// Nanoseconds of a clock.
    Time(i128),
    Bytes(Cow<'a, [u8]>),
    List(Vec<Self>),
    /// A list too long for columns: so many elements that were passed by.
    Long(usize),
    Fields(Vec<(Arc<str>, Self)>),
}

/// Elements of a list that become columns.
pub(super) const LONGEST_LIST: usize = 64;
/// Values of one message, without bytes and what is passed by.
pub(super) const MOST_VALUES: usize = 1 << 20;
/// Types within types.
pub(super) const DEEPEST: usize = 32;

impl<'a> Value<'a> {
    /// A structure, or the instant that it stands for: seconds beside nanoseconds.
    pub(super) fn fields(fields: Vec<(Arc<str>, Self)>) -> Self {
        if let [(sec, Self::Number(s)), (nsec, Self::Number(n))] = &fields[..] {
            let named = matches!(&**sec, "sec" | "secs" | "seconds")
                && matches!(&**nsec, "nanosec" | "nsec" | "nsecs" | "nanos");
            if named && s.fract() == 0.0 && n.fract() == 0.0 && s.abs() < 1e15 && n.abs() < 1e18 {
                return Self::Time(*s as i128 * 1_000_000_000 + *n as i128);
            }
        }
        Self::Fields(fields)
    }

    /// A field of a structure.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Fields(fields) = self else { return None };
        fields.iter().find(|(n, _)| &**n == name).map(|(_, value)| value)
    }

    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(x) = self { Some(*x) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// From a JSON document.
    pub(super) fn json(value: serde_json::Value, depth: usize) -> Result<Self, String> {
        use serde_json::Value as Json;
        if depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} deep"));
        }
        Ok(match value {
            Json::Null => Self::Number(f64::NAN),
            Json::Bool(x) => Self::Number(f64::from(u8::from(x))),
            Json::Number(x) => Self::Number(x.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::Text(Cow::Owned(text)),
            Json::Array(items) if items.len() > LONGEST_LIST => Self::Long(items.len()),
            Json::Array(items) => {
                Self::List(items.into_iter().map(|x| Self::json(x, depth + 1)).collect::<Result<_, _>>()?)
            }
            Json::Object(map) => {
                let fields = map.into_iter().map(|(k, v)| Ok((Arc::from(k), Self::json(v, depth + 1)?)));
                Self::fields(fields.collect::<Result<_, String>>()?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn seconds_beside_nanoseconds_are_an_instant() {
        let stamp = Value::json(json!({"sec": 1_700_000_000, "nsec": 5}), 0).expect("a value");
        assert_eq!(stamp, Value::Time(1_700_000_000_000_000_005), "to the nanosecond");
        let other = Value::json(json!({"sec": 1, "x": 5}), 0).expect("a value");
        assert_eq!(other.get("x"), Some(&Value::Number(5.0)), "no instant");
    }

    #[test]
    fn long_lists_are_passed_by() {
        let value = Value::json(json!({ "r": vec![0; 65], "s": vec![0; 64] }), 0).expect("a value");
        assert_eq!(value.get("r"), Some(&Value::Long(65)), "no columns");
        assert!(matches!(value.get("s"), Some(Value::List(items)) if items.len() == 64), "columns");
    }
}
