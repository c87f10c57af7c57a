//! Which list of names stands beside which list, within a message.
//!
//! Names are a list of texts, `name`, `joint_names`, `interface_names`, and belong to the lists beside it that are as
//! long. They name the elements of a list of structures, unless those have lists of that length and no names of their
//! own: points of a trajectory are no joints, their positions are. A structure with names of its own hears of no others.

use super::value::Value;
use std::sync::Arc;

/// Ends of keys that hold names.
const KEYS: &[&str] = &["name", "names", "label", "labels", "joints", "groups"];

/// The lists of names of one structure, with their places among its fields.
pub(super) struct Names<'a>(Vec<(usize, Vec<&'a str>)>);

impl<'a> Names<'a> {
    /// Those among these fields, if there are any.
    pub(super) fn beside(fields: &'a [(Arc<str>, Value<'_>)]) -> Option<Self> {
        let is_key = |key: &str| key.rsplit('_').next().is_some_and(|end| KEYS.contains(&end));
        let lists = fields.iter().enumerate().filter(|(_, (key, _))| is_key(key));
        let found: Vec<_> = lists.filter_map(|(at, (_, value))| Some((at, texts(value)?))).collect();
        if found.is_empty() { None } else { Some(Self(found)) }
    }

    /// Whether a value is one of the lists.
    pub(super) fn is_one(&self, value: &Value<'_>) -> bool {
        texts(value).is_some_and(|texts| self.0.iter().any(|(_, names)| *names == texts))
    }

    /// The names of these elements of the field at a place: the nearest list before it that is as long, or one behind.
    pub(super) fn of(&self, items: &[Value<'_>], at: usize) -> Option<&[&'a str]> {
        let fits = |(_, names): &&(usize, Vec<&str>)| names.len() == items.len();
        let before = self.0.iter().rev().filter(|(place, _)| *place < at).find(fits);
        let (_, names) = before.or_else(|| self.0.iter().find(fits))?;
        let inside = items.iter().any(|item| belong_inside(item, names.len()));
        (!inside).then_some(names)
    }
}

/// Whether an element has lists of that length that nothing in it names.
fn belong_inside(item: &Value<'_>, n: usize) -> bool {
    let Value::Fields(fields) = item else { return false };
    let as_long = |value: &Value<'_>| matches!(value, Value::List(items) if items.len() == n && texts(value).is_none());
    Names::beside(fields).is_none() && fields.iter().any(|(_, value)| as_long(value))
}

/// A list of texts, if it is one and not empty.
pub(super) fn texts<'a>(value: &'a Value<'_>) -> Option<Vec<&'a str>> {
    let Value::List(items) = value else { return None };
    if items.is_empty() { None } else { items.iter().map(Value::text).collect() }
}
