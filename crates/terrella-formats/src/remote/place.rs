//! Where recordings lie that are not on this machine: `s3://…`, `gs://…`, `hf://…` and `http(s)://…`, taken apart.
//!
//! Whatever has no scheme is a path, and none of our business. A scheme that we do not know is an error, as nobody has a
//! folder of that name.

use terrella_data::{Error, Result};

/// What the hub calls the newest revision.
const NEWEST: &str = "main";

/// An address of recordings that lie elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address as it was given, without slashes at the end of a folder.
    pub address: String,
    /// Who keeps it there.
    pub kind: PlaceKind,
}

/// Who keeps recordings, and under which names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// A bucket of S3, or of what speaks like it.
    S3 {
        /// Its name.
        bucket: String,
        /// What names of objects begin with, up to a slash, or the name of one; all if empty.
        prefix: String,
    },
    /// A bucket of Google Cloud Storage.
    Google {
        /// Its name.
        bucket: String,
        /// As that of S3.
        prefix: String,
    },
    /// A dataset on the hub of Hugging Face.
    Hub {
        /// Owner and name, with a slash between them.
        dataset: String,
        /// A branch, a tag or a commit.
        revision: String,
        /// A folder or a file in it; all of it if empty.
        path: String,
    },
    /// One file on the web.
    Web,
}

impl Place {
    /// Takes an address apart; nothing if it is a path on this machine.
    ///
    /// # Errors
    /// If it has a scheme, and cannot be an address; the text says how one is written.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(None) };
        // One letter is a drive.
        if scheme.len() < 2 || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            return Ok(None);
        }
        let kind = match scheme {
            "s3" => bucket(rest).map(|(bucket, prefix)| PlaceKind::S3 { bucket, prefix }),
            "gs" => bucket(rest).map(|(bucket, prefix)| PlaceKind::Google { bucket, prefix }),
            "hf" => hub(rest),
            "http" | "https" => web(rest),
            _ => Err((
                format!("{scheme}:// is no address that recordings are fetched from"),
                "write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, hf://datasets/OWNER/NAME or https://HOST/FILE, or download them and give the folder".to_owned(),
            )),
        };
        match kind {
            // A slash at the end of a link may belong to its signature.
            Ok(PlaceKind::Web) => Ok(Some(Self { address: text.to_owned(), kind: PlaceKind::Web })),
            Ok(kind) => Ok(Some(Self { address: text.trim_end_matches('/').to_owned(), kind })),
            Err((what, remedy)) => Err(Error::Elsewhere { place: text.to_owned(), what, remedy }),
        }
    }

    /// The last part of its name: what the copy is called.
    pub fn name(&self) -> &str {
        let last = |path: &str| path.rfind('/').map_or(0, |at| at + 1);
        match &self.kind {
            PlaceKind::S3 { bucket, prefix } | PlaceKind::Google { bucket, prefix } => {
                if prefix.is_empty() {
                    bucket
                } else {
                    &prefix[last(prefix)..]
                }
            }
            PlaceKind::Hub { dataset, path, .. } => {
                let path = if path.is_empty() { dataset } else { path };
                &path[last(path)..]
            }
            PlaceKind::Web => {
                let path = plain(&self.address);
                &path[last(path)..]
            }
        }
    }

    /// The address without what may be secret in it, the signature of a link.
    pub fn shown(&self) -> &str {
        if self.kind == PlaceKind::Web { plain(&self.address) } else { &self.address }
    }

    /// An error about this place.
    pub(super) fn error(&self, what: impl Into<String>, remedy: impl Into<String>) -> Error {
        Error::Elsewhere { place: self.shown().to_owned(), what: what.into(), remedy: remedy.into() }
    }
}

/// Whether a name of parts with slashes between them names something outside of the folder that it is put into, or nothing.
pub(super) fn leaves(name: &str) -> bool {
    let bad = |part: &str| {
        let nowhere = part.is_empty() || part == "." || part == "..";
        // Windows has other separators and drives.
        nowhere || part.contains(['\\', '\0']) || (cfg!(windows) && part.contains(':'))
    };
    name.split('/').any(bad)
}

/// What is wrong, and what would be right.
type Wrong = (String, String);

fn wrong(what: &str, right: &str) -> Wrong {
    (what.to_owned(), format!("write {right}"))
}

/// Letters, digits and a little more, as buckets and datasets are called.
fn is_name(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.chars().all(known) && !leaves(text)
}

fn bucket(rest: &str) -> Result<(String, String), Wrong> {
    const RIGHT: &str = "BUCKET or BUCKET/PREFIX behind the scheme, as in s3://robots/trials";
    let rest = rest.trim_end_matches('/');
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if !is_name(bucket) {
        return Err(wrong(&format!("\"{bucket}\" cannot be a bucket"), RIGHT));
    }
    if !prefix.is_empty() && leaves(prefix) {
        return Err(wrong(&format!("\"{prefix}\" has parts that are empty, . or .."), RIGHT));
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

fn hub(rest: &str) -> Result<PlaceKind, Wrong> {
    const RIGHT: &str = "hf://datasets/OWNER/NAME, with @REVISION and a /path behind it if wanted";
    let Some((owner, rest)) = rest.strip_prefix("datasets/").and_then(|rest| rest.split_once('/')) else {
        return Err(wrong("it names no dataset of the hub", RIGHT));
    };
    let rest = rest.trim_end_matches('/');
    let (name, rest) = rest.split_at(rest.find(['@', '/']).unwrap_or(rest.len()));
    let (revision, path) = match rest.strip_prefix('@') {
        Some(rest) => revision(rest),
        None => (NEWEST, rest.strip_prefix('/').unwrap_or("")),
    };
    if !is_name(owner) || !is_name(name) {
        return Err(wrong(&format!("\"{owner}/{name}\" cannot be a dataset of the hub"), RIGHT));
    }
    if leaves(revision) || (!path.is_empty() && leaves(path)) {
        return Err(wrong("its revision or its path has parts that are empty, . or ..", RIGHT));
    }
    let dataset = format!("{owner}/{name}");
    Ok(PlaceKind::Hub { dataset, revision: revision.to_owned(), path: path.to_owned() })
}

/// A revision and the path behind it; the revisions that the hub makes itself have three parts (`refs/convert/parquet`).
fn revision(text: &str) -> (&str, &str) {
    let slashes = if text.starts_with("refs/") { 2 } else { 0 };
    match text.match_indices('/').nth(slashes) {
        Some((at, _)) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    }
}

fn web(rest: &str) -> Result<PlaceKind, Wrong> {
    // A page about a dataset would be fetched as a file.
    if let Some(of) = rest.strip_prefix("huggingface.co/datasets/").filter(|of| !of.contains("/resolve/")) {
        let mut parts = of.split('/');
        let dataset = [parts.next().unwrap_or("OWNER"), parts.next().unwrap_or("NAME")].join("/");
        return Err(wrong("it is a page, not a file", &format!("hf://datasets/{dataset}")));
    }
    match plain(rest).split_once('/') {
        Some((host, path)) if !host.is_empty() && !leaves(path.rsplit('/').next().unwrap_or("")) => Ok(PlaceKind::Web),
        _ => Err(wrong("it names no file", "the address of one file, as in https://HOST/drive.mcap")),
    }
}

/// An address without what follows `?` or `#`.
fn plain(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> PlaceKind {
        Place::parse(text).expect("an address").expect("not a path").kind
    }

    fn hub(revision: &str, path: &str) -> PlaceKind {
        let [dataset, revision, path] = ["lerobot/pusht", revision, path].map(str::to_owned);
        PlaceKind::Hub { dataset, revision, path }
    }

    #[test]
    fn paths_are_left_alone() {
        for path in ["data/pusht", "/data/pusht", "C:\\data", "C://data", ".", "s3", "s3:/x", "data/a://b", "a b://c"] {
            assert_eq!(Place::parse(path).expect("a path"), None, "{path}");
        }
    }

    #[test]
    fn buckets_and_what_is_in_them() {
        let [bucket, prefix] = ["robots", "trials/one"].map(str::to_owned);
        let s3 = PlaceKind::S3 { bucket: bucket.clone(), prefix: prefix.clone() };
        assert_eq!(kind("s3://robots/trials/one"), s3, "a prefix");
        assert_eq!(kind("s3://robots/trials/one//"), s3, "slashes at the end mean nothing");
        assert_eq!(kind("gs://robots/trials/one"), PlaceKind::Google { bucket: bucket.clone(), prefix }, "Google");
        assert_eq!(kind("s3://robots"), PlaceKind::S3 { bucket, prefix: String::new() }, "all of it");
    }

    #[test]
    fn datasets_of_the_hub_with_revisions_and_paths() {
        assert_eq!(kind("hf://datasets/lerobot/pusht"), hub("main", ""), "the newest");
        assert_eq!(kind("hf://datasets/lerobot/pusht/"), hub("main", ""), "a slash");
        assert_eq!(kind("hf://datasets/lerobot/pusht@v2.1"), hub("v2.1", ""), "a revision");
        assert_eq!(kind("hf://datasets/lerobot/pusht@v2.1/data/a.parquet"), hub("v2.1", "data/a.parquet"), "a path");
        assert_eq!(kind("hf://datasets/lerobot/pusht/a@b"), hub("main", "a@b"), "a path with the sign");
        let made = hub("refs/convert/parquet", "default");
        assert_eq!(kind("hf://datasets/lerobot/pusht@refs/convert/parquet/default"), made, "a revision of parts");
    }

    #[test]
    fn files_on_the_web_and_what_copies_are_called() {
        let name = |text: &str| Place::parse(text).expect("an address").expect("not a path").name().to_owned();
        assert_eq!(name("https://host/a/drive.mcap?sign=a/b#c"), "drive.mcap");
        assert_eq!(name("http://127.0.0.1:80/x.csv"), "x.csv");
        assert_eq!(name("s3://robots"), "robots");
        assert_eq!(name("gs://robots/trials/one/"), "one");
        assert_eq!(name("hf://datasets/lerobot/pusht"), "pusht");
        assert_eq!(name("hf://datasets/lerobot/pusht/data/a.parquet"), "a.parquet");
        let signed = Place::parse("https://host/a?secret").expect("an address").expect("not a path");
        assert_eq!(signed.shown(), "https://host/a", "signatures are not told");
    }

    #[test]
    fn what_is_no_address_is_told_with_what_would_be_one() {
        let cases = [
            ("az://box/x", "s3://BUCKET/PREFIX"),
            ("file:///data", "give the folder"),
            ("s3://", "cannot be a bucket"),
            ("s3:///x", "cannot be a bucket"),
            ("s3://a b/x", "cannot be a bucket"),
            ("s3://robots/../x", "empty, . or .."),
            ("s3://robots/a//b", "empty, . or .."),
            ("hf://lerobot/pusht", "hf://datasets/OWNER/NAME"),
            ("hf://datasets/pusht", "hf://datasets/OWNER/NAME"),
            ("hf://datasets/lerobot/pusht@", "empty, . or .."),
            ("hf://datasets/lerobot/pusht/../x", "empty, . or .."),
            ("https://host", "one file"),
            ("https://host/folder/", "one file"),
            ("https:///file", "one file"),
            ("https://host/a/..", "one file"),
            ("https://huggingface.co/datasets/lerobot/pusht", "hf://datasets/lerobot/pusht"),
        ];
        for (text, told) in cases {
            let error = Place::parse(text).expect_err(text).to_string();
            assert!(error.contains(told) && error.starts_with(text), "{error}");
        }
    }
}
