//! What a check looks at: the recordings, their columns, and what physics says of them all.

use crate::lag::Lag;
use crate::series::Series;
use crate::subject::Subject;

/// What a check looks at.
pub(crate) struct View<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) series: Vec<Series>,
    pub(crate) lag: Option<Lag>,
}
