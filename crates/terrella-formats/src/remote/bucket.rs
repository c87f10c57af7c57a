//! Buckets: S3 and what speaks like it, and Google Cloud Storage.
//!
//! Who asks is said by the usual variables of the environment; where these name nobody, requests are not signed, as public
//! buckets want it, and that is told.

use super::meter::Meter;
use super::object::{AGAIN, Failure, Listing, Object, Reading, changed, nothing, why};
use super::{FetchOptions, Patience, Place, PlaceKind};
use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, resolve_bucket_region};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use terrella_data::{Error, Result};
use url::Url;

/// How long a part may take: at less than 70 kB/s it is cut and gone on with.
const SLOWEST: Duration = Duration::from_secs(120);

/// Variables that say who asks S3. A role of the machine is asked for where `AWS_SKIP_SIGNATURE` is `false`, as asking takes
/// a while where there is none.
const S3_NAMES: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Variables that say where S3 is.
pub(super) const S3_ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];

/// Variables that say who asks Google.
const GOOGLE_NAMES: [&str; 4] = [
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
];

/// A bucket, and what names of objects begin with.
pub(super) struct Bucket {
    store: Box<dyn ObjectStore>,
    name: String,
    prefix: String,
    /// The variable that would say who asks, where none does.
    anonymous: Option<&'static str>,
}

impl Bucket {
    /// The bucket of a place on S3.
    pub(super) async fn s3(
        place: &Place,
        (bucket, prefix): (&str, &str),
        options: &FetchOptions,
        meter: &Meter,
    ) -> Result<Self> {
        let variables = Variables(&options.variables);
        let endpoint = variables.first(&S3_ENDPOINTS);
        if let Some((name, value)) = endpoint {
            variables.check(place, name, value, "AWS_ALLOW_HTTP")?;
        }
        let anonymous = variables.unsigned("AWS_SKIP_SIGNATURE", variables.first(&S3_NAMES).is_some());
        let mut builder = AmazonS3Builder::new().with_client_options(client()).with_retry(retry(options.patience));
        if endpoint.is_none() && variables.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).is_none() {
            match resolve_bucket_region(bucket, &client()).await {
                Ok(region) => builder = builder.with_region(region),
                Err(error) if error.to_string().contains("not found") => return Err(no_bucket(place, bucket)),
                // Not every bucket tells; the usual region is tried.
                Err(_) => {}
            }
        }
        for (name, value) in options.variables.iter().filter(|(name, _)| name.starts_with("AWS_")) {
            if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        let store = builder.with_bucket_name(bucket).with_skip_signature(anonymous).build();
        let store = store.map_err(|e| place.error(why(&e), "check the variables AWS_… of the environment"))?;
        Ok(Self::of(Box::new(store), (bucket, prefix), anonymous.then_some(S3_NAMES[0]), meter))
    }

    /// The bucket of a place on Google Cloud Storage.
    pub(super) fn google(
        place: &Place,
        (bucket, prefix): (&str, &str),
        options: &FetchOptions,
        meter: &Meter,
    ) -> Result<Self> {
        let variables = Variables(&options.variables);
        if let Some((name, value)) = variables.first(&["GOOGLE_BASE_URL"]) {
            variables.check(place, name, value, "GOOGLE_ALLOW_HTTP")?;
        }
        let named = variables.first(&GOOGLE_NAMES).is_some() || variables.has_google_login();
        let anonymous = variables.unsigned("GOOGLE_SKIP_SIGNATURE", named);
        let mut builder =
            GoogleCloudStorageBuilder::new().with_client_options(client()).with_retry(retry(options.patience));
        for (name, value) in options.variables.iter().filter(|(name, _)| name.starts_with("GOOGLE_")) {
            if let Ok(key) = name.to_ascii_lowercase().parse::<GoogleConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        let store = builder.with_bucket_name(bucket).with_skip_signature(anonymous).build();
        let store = store.map_err(|e| place.error(why(&e), "check the variables GOOGLE_… of the environment"))?;
        Ok(Self::of(Box::new(store), (bucket, prefix), anonymous.then_some(GOOGLE_NAMES[0]), meter))
    }

    fn of(
        store: Box<dyn ObjectStore>,
        (name, prefix): (&str, &str),
        anonymous: Option<&'static str>,
        meter: &Meter,
    ) -> Self {
        if let Some(variable) = anonymous {
            meter.note(format!("{name} is asked without credentials, as {variable} is not set"));
        }
        Self { store, name: name.to_owned(), prefix: prefix.to_owned(), anonymous }
    }

    /// What lies at the place.
    pub(super) async fn list(&self, place: &Place) -> Result<Listing> {
        let wrong = |e: object_store::path::Error| place.error(why(&e), "check the spelling");
        let prefix = Key::parse(&self.prefix).map_err(wrong)?;
        let under = (!self.prefix.is_empty()).then_some(&prefix);
        let found = self.store.list(under).try_collect::<Vec<_>>().await;
        let objects: Vec<Object> = match &found {
            Ok(found) => found.iter().filter_map(|meta| Some(object(self.below(meta)?, meta))).collect(),
            Err(_) => Vec::new(),
        };
        if !objects.is_empty() {
            return Ok(Listing { single: false, objects });
        }
        // The place may be an object itself, and whoever may not list may be allowed to read that.
        if under.is_some()
            && let Ok(meta) = self.store.head(&prefix).await
        {
            return Ok(Listing { single: true, objects: vec![object(place.name().to_owned(), &meta)] });
        }
        found.map_err(|error| self.explain(place, &error))?;
        Err(nothing(place, self.beside().await))
    }

    /// A range of an object.
    pub(super) async fn read(&self, place: &Place, object: &Object, range: Range<u64>) -> Result<Reading, Failure> {
        let key = Key::parse(&object.key).map_err(|e| place.error(why(&e), "rename the object"))?;
        let if_match = (!object.tag.is_empty()).then(|| object.tag.clone());
        let options = GetOptions { range: Some(GetRange::Bounded(range)), if_match, ..GetOptions::default() };
        let given = self.store.get_opts(&key, options).await.map_err(|error| match error {
            object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. } => changed(place, object),
            error => self.explain(place, &error),
        })?;
        // Not every store heeds the condition.
        let plain = |tag: &str| tag.trim_matches('"').to_owned();
        if given.meta.e_tag.as_ref().is_some_and(|tag| !object.tag.is_empty() && plain(tag) != plain(&object.tag)) {
            return Err(changed(place, object).into());
        }
        let body = given.into_stream().map_err(|e| why(&e)).boxed();
        Ok(Reading { whole: false, body })
    }

    /// The name of an object below the prefix.
    fn below(&self, meta: &ObjectMeta) -> Option<String> {
        let key: &str = meta.location.as_ref();
        let name = if self.prefix.is_empty() { key } else { key.strip_prefix(&self.prefix)?.strip_prefix('/')? };
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// Names in the folder that the prefix would be in.
    async fn beside(&self) -> Vec<String> {
        let parent = self.prefix.rsplit_once('/').map_or("", |(parent, _)| parent);
        let Ok(folder) = Key::parse(parent) else { return Vec::new() };
        let under = (!parent.is_empty()).then_some(&folder);
        // Only a help: an error would hide what is told.
        let Ok(found) = self.store.list_with_delimiter(under).await else { return Vec::new() };
        let keys = found.objects.iter().map(|meta| &meta.location).chain(&found.common_prefixes);
        keys.map(|key| key.to_string().rsplit('/').next().unwrap_or_default().to_owned()).collect()
    }

    /// What an error of the store means.
    fn explain(&self, place: &Place, error: &object_store::Error) -> Error {
        let text = why(error);
        let status = text.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
        match (status, self.anonymous) {
            (Some(404), _) => no_bucket(place, &self.name),
            (Some(status @ (401 | 403)), Some(variable)) => place.error(
                format!("the store refuses without credentials ({status})"),
                format!("set {variable} and what belongs to it to credentials of somebody who may read it"),
            ),
            (Some(status @ (401 | 403)), None) => place.error(
                format!("the store refuses these credentials ({status}): {text}"),
                "use those of somebody who may list and read it",
            ),
            (Some(301 | 307 | 400), _) if text.contains("egion") => {
                place.error(format!("the bucket lies in another region: {text}"), "set AWS_REGION to it")
            }
            _ if matches!(error, object_store::Error::InvalidPath { .. }) => place.error(
                format!("a name there would leave the folder that it is put into, or names nothing: {text}"),
                "rename the object, or give a prefix that it is not under",
            ),
            _ if text.contains("redirect without LOCATION") => {
                place.error("the bucket lies in another region", "set AWS_REGION to it")
            }
            _ => place.error(format!("it cannot be reached: {text}"), AGAIN),
        }
    }
}

/// Variables of the environment.
struct Variables<'a>(&'a BTreeMap<String, String>);

impl<'a> Variables<'a> {
    /// The first of these that is set, and its value.
    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &'a str)> {
        let set =
            |name: &&'static str| self.0.get(*name).filter(|value| !value.is_empty()).map(|v| (*name, v.as_str()));
        names.iter().find_map(set)
    }

    /// Whether requests are not signed: as a variable says, or else where nobody is named.
    fn unsigned(&self, name: &'static str, named: bool) -> bool {
        self.says(name).unwrap_or(!named)
    }

    /// Whether a variable says yes; nothing where it is not set.
    fn says(&self, name: &'static str) -> Option<bool> {
        self.first(&[name]).map(|(_, value)| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Fails unless a variable holds the address of a server that may be asked.
    fn check(&self, place: &Place, name: &str, value: &str, allow: &'static str) -> Result<()> {
        let url = Url::parse(value).ok().filter(|url| url.has_host() && ["http", "https"].contains(&url.scheme()));
        let Some(url) = url else {
            let what = format!("{name} is \"{value}\", which is no address of a server");
            return Err(place.error(what, "write it as in https://HOST:PORT, or leave it out"));
        };
        if url.scheme() == "http" && self.says(allow) != Some(true) {
            let what = format!("{name} is {value}, which is not encrypted");
            return Err(place.error(what, format!("set {allow}=true if that is meant")));
        }
        Ok(())
    }

    /// Whether somebody has logged in with Google's own tools.
    fn has_google_login(&self) -> bool {
        let [home, file] = if cfg!(windows) {
            ["APPDATA", "gcloud/application_default_credentials.json"]
        } else {
            ["HOME", ".config/gcloud/application_default_credentials.json"]
        };
        self.first(&[home]).is_some_and(|(_, home)| Path::new(home).join(file).exists())
    }
}

fn client() -> ClientOptions {
    ClientOptions::new().with_connect_timeout(Duration::from_secs(10)).with_timeout(SLOWEST)
}

fn retry(patience: Patience) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { init_backoff: patience.first, max_backoff: patience.most, base: 2.0 },
        max_retries: patience.tries as usize,
        ..RetryConfig::default()
    }
}

fn object(name: String, meta: &ObjectMeta) -> Object {
    let (key, tag) = (meta.location.to_string(), meta.e_tag.clone().unwrap_or_default());
    Object { name, key, size: meta.size, tag, sha256: None }
}

fn no_bucket(place: &Place, bucket: &str) -> Error {
    let at = match place.kind {
        PlaceKind::S3 { .. } => "check the spelling, or set AWS_ENDPOINT if it is not at Amazon",
        _ => "check the spelling",
    };
    place.error(format!("there is no bucket {bucket}"), at)
}
