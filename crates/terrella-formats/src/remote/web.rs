//! Files by HTTP: asked for again where a server is busy or a connection is cut, and in ranges where the server knows these.
//!
//! The client is the one that object stores are reached by. A first byte is asked for instead of a head, which links that
//! are signed for reading would refuse.

use super::object::{AGAIN, Failure, Listing, Object, Reading, STALL, changed, why};
use super::{Patience, Place};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpRequest, HttpRequestBody, HttpResponse, ReqwestConnector};
use std::ops::Range;
use std::time::Duration;
use terrella_data::{Error, Result};
use tokio::time::{sleep, timeout};
use url::Url;

/// The longest that a server may ask us to wait: the hub counts requests in spans of five minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A client for files on the web.
pub(super) struct Web {
    client: HttpClient,
    token: Option<String>,
    patience: Patience,
}

/// An answer that was read as a whole.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The address of the next page, if there is one.
    pub(super) next: Option<String>,
    pub(super) body: Bytes,
}

impl Web {
    /// A client for a server, encrypted unless its address says otherwise; `token` is shown with every request.
    pub(super) fn new(place: &Place, address: &str, token: Option<String>, patience: Patience) -> Result<Self> {
        let options = ClientOptions::new()
            .with_connect_timeout(Duration::from_secs(10))
            // Of a server without ranges, an answer may take hours; a stall is noticed otherwise.
            .with_timeout_disabled()
            .with_allow_http(address.starts_with("http://"));
        let client = ReqwestConnector::default().connect(&options);
        let client = client.map_err(|e| place.error(format!("no client for it: {}", why(&e)), AGAIN))?;
        Ok(Self { client, token, patience })
    }

    /// The one file at the place.
    pub(super) async fn list(&self, place: &Place) -> Result<Listing> {
        let response = self.get(place, &place.address, Some(0..1)).await?;
        let size = match response.status().as_u16() {
            200 => header(&response, "content-length").and_then(|length| length.parse().ok()),
            // No first byte: an empty file.
            416 => Some(0),
            206 => content_range(&response).and_then(|(_, total)| total),
            status => return Err(refused(place, status)),
        };
        let size = size.ok_or_else(|| {
            place.error("the server does not say how long the file is", "download it and give the file")
        })?;
        let (name, key, tag) = (place.name().to_owned(), place.address.clone(), tag(&response));
        Ok(Listing { single: true, objects: vec![Object { name, key, size, tag, sha256: None }] })
    }

    /// A range of a file, or all of it where the server knows no ranges. Whether it is still the file that was listed
    /// is asked where its tag is the one that answers carry (`tagged`).
    pub(super) async fn read(
        &self,
        place: &Place,
        object: &Object,
        range: Range<u64>,
        tagged: bool,
    ) -> Result<Reading, Failure> {
        let response = self.get(place, &object.key, Some(range.clone())).await?;
        let whole = match response.status().as_u16() {
            200 => true,
            206 if content_range(&response).is_some_and(|(start, _)| start == range.start) => false,
            206 => return Err(Failure::Cut("the server gave another range than it was asked for".to_owned())),
            416 => return Err(changed(place, object).into()),
            status => return Err(refused(place, status).into()),
        };
        if tagged && tag(&response) != object.tag {
            return Err(changed(place, object).into());
        }
        let body = response.into_body().bytes_stream().map_err(|e| why(&e)).boxed();
        Ok(Reading { whole, body })
    }

    /// An answer as a whole.
    pub(super) async fn whole(&self, place: &Place, address: &str) -> Result<Answer> {
        let mut before = 0;
        loop {
            let response = self.get(place, address, None).await?;
            let (status, next) = (response.status().as_u16(), header(&response, "link").and_then(next_page));
            let next = next.map(str::to_owned);
            let cut = match timeout(STALL, response.into_body().bytes()).await {
                Ok(Ok(body)) => return Ok(Answer { status, next, body }),
                Ok(Err(error)) => why(&error),
                Err(_) => stalled(),
            };
            self.again(place, before, &cut, None).await?;
            before += 1;
        }
    }

    /// An answer of any kind but that the server is busy.
    async fn get(&self, place: &Place, address: &str, range: Option<Range<u64>>) -> Result<HttpResponse> {
        let mut before = 0;
        loop {
            let request = self.request(place, address, range.clone())?;
            let (cut, wait) = match timeout(STALL, self.client.execute(request)).await {
                Ok(Ok(response)) => match response.status().as_u16() {
                    status @ (408 | 429 | 500 | 502 | 503 | 504) => {
                        (format!("the server answers {status}"), asked_to_wait(&response))
                    }
                    _ => return Ok(response),
                },
                Ok(Err(error)) => (why(&error), None),
                Err(_) => (stalled(), None),
            };
            self.again(place, before, &cut, wait).await?;
            before += 1;
        }
    }

    /// Waits before another try, or says why there is none.
    async fn again(&self, place: &Place, before: u32, cut: &str, wait: Option<Duration>) -> Result<()> {
        if before >= self.patience.tries {
            let what = format!("it cannot be reached, which was tried {} times: {cut}", before + 1);
            return Err(place.error(what, AGAIN));
        }
        sleep(wait.unwrap_or_else(|| self.patience.pause(before))).await;
        Ok(())
    }

    fn request(&self, place: &Place, address: &str, range: Option<Range<u64>>) -> Result<HttpRequest> {
        let wrong = |what: String| place.error(what, "check the address");
        // What is not an address for this parser would stop the client.
        let address = Url::parse(address).map_err(|e| wrong(format!("it is no address ({e})")))?;
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = address.as_str().parse().map_err(|_| wrong("it is no address".to_owned()))?;
        // Ranges are of the file, not of something packed on the way.
        let mut headers = vec![("accept-encoding", "identity".to_owned())];
        headers.extend(range.map(|range| ("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))));
        headers.extend(self.token.as_ref().map(|token| ("authorization", format!("Bearer {token}"))));
        for (name, value) in headers {
            let value = value.parse().map_err(|_| wrong(format!("its header {name} cannot be sent")))?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }
}

/// That a server refuses.
fn refused(place: &Place, status: u16) -> Error {
    match status {
        401 | 403 => place.error(format!("the server refuses ({status})"), "use a link that is signed, or a newer one"),
        404 | 410 => place.error(format!("there is no such file ({status})"), "check the spelling"),
        _ => place.error(format!("the server answers {status}"), "open the address in a browser, which may say more"),
    }
}

fn stalled() -> String {
    format!("nothing came for {} s", STALL.as_secs())
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// What is another where the content is another: the tag, or the time of the last change.
fn tag(response: &HttpResponse) -> String {
    header(response, "etag").or_else(|| header(response, "last-modified")).unwrap_or_default().to_owned()
}

/// Of `bytes 10-19/200`: where the range begins, and bytes in all, if these are known.
fn content_range(response: &HttpResponse) -> Option<(u64, Option<u64>)> {
    let (range, total) = header(response, "content-range")?.trim().strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.trim().parse().ok()?, total.trim().parse().ok()))
}

/// How long a busy server asks us to wait: by the usual header, or by that of the hub (`"api";r=0;t=55`).
fn asked_to_wait(response: &HttpResponse) -> Option<Duration> {
    let usual = || header(response, "retry-after")?.trim().parse::<u64>().ok();
    let in_span = |part: &str| part.trim().strip_prefix("t=")?.parse::<u64>().ok();
    let hub = || header(response, "ratelimit")?.split(';').find_map(in_span);
    Some(Duration::from_secs(usual().or_else(hub)?).min(LONGEST_WAIT))
}

/// The address of the next page in a header like `<https://…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    next.trim().strip_prefix('<')?.split_once('>').map(|(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(name: &'static str, value: &str) -> HttpResponse {
        let mut response = HttpResponse::new(Bytes::new().into());
        response.headers_mut().insert(name, value.parse().expect("a header"));
        response
    }

    #[test]
    fn headers_are_read() {
        assert_eq!(content_range(&response("content-range", "bytes 10-19/200")), Some((10, Some(200))));
        assert_eq!(content_range(&response("content-range", "bytes 10-19/*")), Some((10, None)), "of unknown length");
        assert_eq!(content_range(&response("content-range", "bytes */200")), None, "no range");
        assert_eq!(tag(&response("etag", "\"x\"")), "\"x\"");
        assert_eq!(tag(&response("last-modified", "today")), "today");
        assert_eq!(asked_to_wait(&response("retry-after", "7")), Some(Duration::from_secs(7)));
        assert_eq!(asked_to_wait(&response("ratelimit", "\"api\";r=0;t=55")), Some(Duration::from_secs(55)));
        assert_eq!(asked_to_wait(&response("retry-after", "90000")), Some(LONGEST_WAIT), "no longer");
        assert_eq!(asked_to_wait(&response("etag", "x")), None, "not asked to");
        assert_eq!(next_page("<https://h/x?cursor=a>; rel=\"next\""), Some("https://h/x?cursor=a"));
        assert_eq!(next_page("<https://h/x>; rel=\"prev\""), None);
    }
}
