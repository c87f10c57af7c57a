//! Whoever keeps recordings, by one of three kinds: lists what lies at a place and gives ranges of it.

use super::bucket::Bucket;
use super::hub::Hub;
use super::meter::Meter;
use super::object::{Failure, Listing, Object, Reading};
use super::web::Web;
use super::{FetchOptions, Place, PlaceKind};
use std::ops::Range;
use terrella_data::Result;

/// Where objects are listed and read.
pub(super) enum Store {
    Bucket(Bucket),
    Hub(Hub),
    Web(Web),
}

impl Store {
    /// The store of a place.
    ///
    /// # Errors
    /// If variables of the environment make no sense, or the bucket does not exist.
    pub(super) async fn open(place: &Place, options: &FetchOptions, meter: &Meter) -> Result<Self> {
        Ok(match &place.kind {
            PlaceKind::S3 { bucket, prefix } => {
                Self::Bucket(Bucket::s3(place, (bucket, prefix), options, meter).await?)
            }
            PlaceKind::Google { bucket, prefix } => {
                Self::Bucket(Bucket::google(place, (bucket, prefix), options, meter)?)
            }
            PlaceKind::Hub { dataset, revision, path } => {
                let hub = Hub::open(place, (dataset, revision, path), options)?;
                if hub.anonymous() {
                    meter.note(format!("{dataset} is asked for without a token, as HF_TOKEN is not set"));
                }
                Self::Hub(hub)
            }
            PlaceKind::Web => Self::Web(Web::new(place, &place.address, None, options.patience)?),
        })
    }

    /// What lies at the place.
    ///
    /// # Errors
    /// If it cannot be listed, or nothing lies there.
    pub(super) async fn list(&self, place: &Place) -> Result<Listing> {
        match self {
            Self::Bucket(bucket) => bucket.list(place).await,
            Self::Hub(hub) => hub.list(place).await,
            Self::Web(web) => web.list(place).await,
        }
    }

    /// A range of an object.
    ///
    /// # Errors
    /// If it was cut, or cannot be had.
    pub(super) async fn read(&self, place: &Place, object: &Object, range: Range<u64>) -> Result<Reading, Failure> {
        match self {
            Self::Bucket(bucket) => bucket.read(place, object, range).await,
            Self::Hub(hub) => hub.read(place, object, range).await,
            Self::Web(web) => web.read(place, object, range, true).await,
        }
    }
}
