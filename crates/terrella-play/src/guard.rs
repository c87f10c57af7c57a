//! Who may come in: on this machine everybody, from elsewhere whoever has a key, and never a page of another origin.
//!
//! A browser that visits some other page can be made to speak to this server, by its address or by a name that was bent to it.
//! So a request must call the server by an IP address, `localhost` or a name that it was given, and a WebSocket must
//! come from the page that this server itself has served.

use crate::key::{Key, Scope};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use terrella_core::{Error, Result};

/// The keys, and the names by which the server may be called.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    keys: Vec<Key>,
    names: Vec<String>,
}

impl Guard {
    /// Guards a server at an address.
    ///
    /// # Errors
    /// If others can reach the address and there is no key.
    pub(crate) fn new(address: IpAddr, keys: Vec<Key>, names: Vec<String>) -> Result<Self> {
        if !address.is_loopback() && keys.is_empty() {
            return Err(Error::Invalid(format!(
                "other machines can reach {address}; give a key of 16 or more random letters and digits, or serve on 127.0.0.1"
            )));
        }
        Ok(Self { keys, names })
    }

    /// Fails unless a request calls the server by a name of its own; `hosts` are its `Host` headers.
    pub(crate) fn host(&self, hosts: &[&str]) -> Result<(), String> {
        let &[host] = hosts else {
            return Err(format!("{} Host headers; send one, with the address of this server", hosts.len()));
        };
        let known = match name(host) {
            Some(Called::Address) => true,
            Some(Called::Name(name)) => {
                let is = |known: &str| name.eq_ignore_ascii_case(known);
                is("localhost") || self.names.iter().any(|known| is(known.as_str()))
            }
            None => false,
        };
        if known {
            return Ok(());
        }
        Err(format!("this server is not called {host:?}; use its IP address, or start it with this name allowed"))
    }

    /// Fails unless a WebSocket comes from the page that was served under the same `Host`.
    pub(crate) fn origin(origin: Option<&str>, host: &str) -> Result<(), String> {
        let Some(origin) = origin else {
            return Err(format!("no Origin header; send http://{host}, as the page of this server does"));
        };
        let from = ["http://", "https://"].into_iter().find_map(|scheme| origin.strip_prefix(scheme));
        if from.is_some_and(|from| from.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        Err(format!("a page of {origin:?} may not drive here; open the page of this server, http://{host}"))
    }

    /// What somebody may do who came with this query.
    pub(crate) fn scope(&self, query: Option<&str>) -> Result<Scope, String> {
        if self.keys.is_empty() {
            return Ok(Scope::Record);
        }
        let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let Some((_, tried)) = pairs.find(|(name, _)| *name == "key") else {
            return Err(
                "a key is needed; open the page with ?key= and the key that the server was started with".to_owned()
            );
        };
        Key::scope(&self.keys, tried).ok_or_else(|| "that is no key of this server; ask whoever started it".to_owned())
    }
}

/// What a `Host` header calls a server.
enum Called<'a> {
    Address,
    Name(&'a str),
}

/// The address or name in a `Host` header, without its port; nothing where it is neither.
fn name(host: &str) -> Option<Called<'_>> {
    let port = |rest: &str| rest.strip_prefix(':').map_or(rest.is_empty(), |port| port.parse::<u16>().is_ok());
    if let Some(rest) = host.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        return (address.parse::<Ipv6Addr>().is_ok() && port(rest)).then_some(Called::Address);
    }
    let (name, rest) = host.split_at(host.find(':').unwrap_or(host.len()));
    if name.is_empty() || !port(rest) {
        return None;
    }
    Some(if name.parse::<Ipv4Addr>().is_ok() { Called::Address } else { Called::Name(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    fn keys(keys: &[&str]) -> Vec<Key> {
        keys.iter().map(|key| key.parse().expect("a key")).collect()
    }

    #[test]
    fn an_address_that_others_reach_needs_a_key() {
        let error = Guard::new(ANYWHERE, Vec::new(), Vec::new()).expect_err("no key").to_string();
        assert!(error.contains("0.0.0.0") && error.contains("key"), "{error}");
        assert!(Guard::new(HERE, Vec::new(), Vec::new()).is_ok(), "nobody else is there");
        let guard = Guard::new(ANYWHERE, keys(&["read:aaaaaaaaaaaaaaaa"]), Vec::new()).expect("a key");
        assert_eq!(guard.scope(Some("x=1&key=aaaaaaaaaaaaaaaa")), Ok(Scope::Read));
        for query in
            [None, Some(""), Some("key"), Some("key="), Some("key=aaaaaaaaaaaaaaab"), Some("KEY=aaaaaaaaaaaaaaaa")]
        {
            assert!(guard.scope(query).is_err(), "{query:?}");
        }
        let open = Guard::new(HERE, Vec::new(), Vec::new()).expect("here");
        assert_eq!(open.scope(None), Ok(Scope::Record), "all is allowed where only this machine is");
        let local = Guard::new(HERE, keys(&["step:bbbbbbbbbbbbbbbb"]), Vec::new()).expect("a key");
        assert!(local.scope(None).is_err(), "a key that was given is needed here, too");
    }

    #[test]
    fn the_server_is_called_by_address_localhost_or_a_given_name() {
        let guard = Guard::new(HERE, Vec::new(), vec!["play.example".to_owned()]).expect("here");
        for host in
            ["127.0.0.1:8000", "192.168.1.7", "[::1]:80", "[::1]", "localhost:1", "LocalHost", "Play.Example:8000"]
        {
            assert_eq!(guard.host(&[host]), Ok(()), "{host}");
        }
        for host in
            ["evil.example:8000", "localhost.evil.example", "", ":80", "[::1", "[evil]:80", "localhost:x", "::1", "a b"]
        {
            let told = guard.host(&[host]).expect_err(host);
            assert!(told.contains("IP address"), "{told}");
        }
        assert!(guard.host(&[]).is_err() && guard.host(&["localhost", "localhost"]).is_err(), "one header");
    }

    #[test]
    fn a_socket_comes_from_the_page_of_this_server() {
        let host = "127.0.0.1:8000";
        assert_eq!(Guard::origin(Some("http://127.0.0.1:8000"), host), Ok(()));
        assert_eq!(Guard::origin(Some("https://127.0.0.1:8000"), host), Ok(()), "behind a proxy");
        for origin in [
            "http://evil.example",
            "http://127.0.0.1:8001",
            "null",
            "127.0.0.1:8000",
            "http://127.0.0.1:8000.evil.example",
        ] {
            assert!(Guard::origin(Some(origin), host).is_err(), "{origin}");
        }
        assert!(Guard::origin(None, host).is_err(), "no browser leaves it out");
    }
}
