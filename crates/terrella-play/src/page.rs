//! The pages that people play on and look through recordings on: a few files inside the program, so that nothing comes from the network or from the disk.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// A file of the page.
#[derive(Clone, Copy)]
pub(crate) struct File {
    /// Where it is found.
    pub(crate) path: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// All of them.
pub(crate) const FILES: [File; 6] = [
    File { path: "/", kind: "text/html; charset=utf-8", text: include_str!("../page/dist/index.html") },
    File { path: "/play.js", kind: "text/javascript; charset=utf-8", text: include_str!("../page/dist/play.js") },
    File { path: "/data", kind: "text/html; charset=utf-8", text: include_str!("../page/dist/data.html") },
    File { path: "/data.js", kind: "text/javascript; charset=utf-8", text: include_str!("../page/dist/data.js") },
    File { path: "/favicon.svg", kind: "image/svg+xml", text: include_str!("../page/dist/favicon.svg") },
    File { path: "/play.css", kind: "text/css; charset=utf-8", text: include_str!("../page/dist/play.css") },
];

impl IntoResponse for File {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, self.kind)], self.text).into_response()
    }
}

/// Says to the browser what the page may do: load from here and speak to here, be no part of another page, and tell nobody its
/// address, which may hold a key.
pub(crate) fn protect(response: &mut Response) {
    let rules = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in rules {
        // A page that was set apart has rules of its own.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The rules of a page that another part of the program wrote: it may look as it likes, and do nothing but follow links.
pub(crate) fn set_apart(mut response: Response) -> Response {
    let rules = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(rules));
    response
}
