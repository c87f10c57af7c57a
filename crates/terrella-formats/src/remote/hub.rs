//! Datasets on the hub of Hugging Face: a commit is looked up, its tree listed page by page, and its files are files on the web.
//!
//! All that is fetched is of one commit, whatever is pushed meanwhile. Files in the hub's large storage are known by
//! their SHA-256, others by that of git; `HF_ENDPOINT` names another hub, and `HF_TOKEN` who asks, as in the hub's own tools.

use super::object::{Failure, Listing, Object, Reading, nothing};
use super::web::Web;
use super::{FetchOptions, Place};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::ops::Range;
use terrella_data::{Error, Result};
use url::Url;

/// Where the hub is.
const HUB: &str = "https://huggingface.co";

/// A dataset at a commit.
pub(super) struct Hub {
    web: Web,
    endpoint: Url,
    /// Owner and name.
    dataset: String,
    revision: String,
    path: String,
    anonymous: bool,
}

/// What the hub says of a revision.
#[derive(Deserialize)]
struct Commit {
    sha: String,
}

/// A line of a tree.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    /// Of git: SHA-1 of the content, or of the pointer to it.
    oid: String,
    #[serde(default)]
    size: u64,
    lfs: Option<Large>,
}

/// A file in the large storage.
#[derive(Deserialize)]
struct Large {
    /// SHA-256 of the content.
    oid: String,
    size: u64,
}

impl Hub {
    /// The dataset of a place; nothing is asked yet.
    pub(super) fn open(
        place: &Place,
        (dataset, revision, path): (&str, &str, &str),
        options: &FetchOptions,
    ) -> Result<Self> {
        let variable = |name: &str| options.variables.get(name).filter(|value| !value.is_empty());
        let endpoint = variable("HF_ENDPOINT").map_or(HUB, String::as_str);
        let parsed = Url::parse(endpoint).ok().filter(|url| !url.cannot_be_a_base());
        let parsed = parsed.ok_or_else(|| {
            place.error(format!("HF_ENDPOINT is \"{endpoint}\""), format!("write it as in {HUB}, or leave it out"))
        })?;
        let token = variable("HF_TOKEN").map(|token| token.trim().to_owned());
        let anonymous = token.is_none();
        let web = Web::new(place, endpoint, token, options.patience)?;
        let [dataset, revision, path] = [dataset, revision, path].map(str::to_owned);
        Ok(Self { web, endpoint: parsed, dataset, revision, path, anonymous })
    }

    /// Whether it is asked without a token.
    pub(super) fn anonymous(&self) -> bool {
        self.anonymous
    }

    /// What lies at the place.
    pub(super) async fn list(&self, place: &Place) -> Result<Listing> {
        let asked = self.address(&["api", "datasets"], &["revision", &self.revision], "")?;
        let Some((commit, _)) = self.page::<Commit>(place, &asked).await? else {
            let what = format!("the hub knows no such dataset, or not its revision {} (404)", self.revision);
            return Err(place.error(what, "check the spelling"));
        };
        let sha = &commit.sha;
        let found = self.tree(place, sha, &self.path, true).await?;
        let below = |path: &str| match self.path.is_empty() {
            true => Some(path.to_owned()),
            false => path.strip_prefix(&self.path)?.strip_prefix('/').map(str::to_owned),
        };
        let files = found.iter().filter(|entry| entry.kind == "file");
        let objects = files.filter_map(|entry| Some(self.object(sha, entry, below(&entry.path)?)));
        let objects = objects.collect::<Result<Vec<_>>>()?;
        if !objects.is_empty() {
            return Ok(Listing { single: false, objects });
        }
        // A path may name one file.
        let parent = self.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let beside = self.tree(place, sha, parent, false).await?;
        if let Some(entry) = beside.iter().find(|entry| entry.kind == "file" && entry.path == self.path) {
            let objects = vec![self.object(sha, entry, place.name().to_owned())?];
            return Ok(Listing { single: true, objects });
        }
        let last = |entry: &Entry| entry.path.rsplit('/').next().unwrap_or_default().to_owned();
        Err(nothing(place, beside.iter().map(last).collect()))
    }

    /// A range of a file.
    pub(super) async fn read(&self, place: &Place, object: &Object, range: Range<u64>) -> Result<Reading, Failure> {
        // Tags are those of the storage behind the hub; the commit is fixed anyway.
        self.web.read(place, object, range, false).await
    }

    /// What is in a folder of a commit, or in all that are in it, too; nothing where there is no such folder.
    async fn tree(&self, place: &Place, sha: &str, path: &str, recursive: bool) -> Result<Vec<Entry>> {
        let folder = self.address(&["api", "datasets"], &["tree", sha], path)?;
        let mut address = format!("{folder}?recursive={recursive}");
        let mut found = Vec::new();
        while let Some((entries, next)) = self.page::<Vec<Entry>>(place, &address).await? {
            found.extend(entries);
            // Only the mark of the next page is taken: a mirror may name the hub that it mirrors, whom the token is not for.
            let mark = next.and_then(|next| Some(Url::parse(&next).ok()?.query()?.to_owned()));
            let Some(mark) = mark else { break };
            let next = format!("{folder}?{mark}");
            if next == address {
                return Err(place.error("the hub's list does not end", "try again later"));
            }
            address = next;
        }
        Ok(found)
    }

    /// One answer of the hub with the address of the next; nothing where it has no such thing.
    async fn page<T: DeserializeOwned>(&self, place: &Place, address: &str) -> Result<Option<(T, Option<String>)>> {
        let answer = self.web.whole(place, address).await?;
        match answer.status {
            200 => {}
            404 => return Ok(None),
            status => return Err(self.refused(place, status)),
        }
        let value = serde_json::from_slice(&answer.body).map_err(|e| {
            place.error(format!("the hub's answer is not understood ({e})"), "check HF_ENDPOINT, or try again later")
        })?;
        Ok(Some((value, answer.next)))
    }

    fn refused(&self, place: &Place, status: u16) -> Error {
        match status {
            // It does not say which of these.
            401 | 403 if self.anonymous => place.error(
                format!(
                    "the hub refuses without a token ({status}): there is no such dataset, or it is private or gated"
                ),
                "check the spelling, or set HF_TOKEN to a token of somebody who may read it",
            ),
            401 | 403 => place.error(
                format!("the hub refuses this token ({status})"),
                "ask for access on the dataset's page, or set HF_TOKEN to a token of somebody who may read it",
            ),
            _ => place.error(format!("the hub answers {status}"), "try again later"),
        }
    }

    fn object(&self, sha: &str, entry: &Entry, name: String) -> Result<Object> {
        let key = self.address(&["datasets"], &["resolve", sha], &entry.path)?;
        let sha256 = entry.lfs.as_ref().map(|large| large.oid.trim_start_matches("sha256:").to_owned());
        let size = entry.lfs.as_ref().map_or(entry.size, |large| large.size);
        let tag = sha256.clone().unwrap_or_else(|| entry.oid.clone());
        Ok(Object { name, key, size, tag, sha256 })
    }

    /// An address of the hub: parts, the dataset, more parts, and a path.
    fn address(&self, before: &[&str], behind: &[&str], path: &str) -> Result<String> {
        let mut address = self.endpoint.clone();
        let mut parts =
            address.path_segments_mut().map_err(|()| Error::Invalid(format!("{} is no server", self.endpoint)))?;
        parts.pop_if_empty().extend(before).extend(self.dataset.split('/')).extend(behind);
        parts.extend(path.split('/').filter(|part| !part.is_empty()));
        drop(parts);
        Ok(address.into())
    }
}
