//! HTTP URLs (RFC 3986, RFC 9110 section 4.2) that never show what is secret in them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ureq::http::Uri;

use crate::HttpError;

/// The schemes that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme as URLs write it.
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port where a URL names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// The longest URL that is taken; object storage signs its URLs with some 2,000 bytes.
const MAX_LEN: usize = 16 * 1024;

/// The parameters of a query whose values are shown: those of the token request (distribution specification) name
/// nothing secret. The value of every other parameter may be a token or a signature.
const SHOWN: [&str; 2] = ["service", "scope"];

/// What is not escaped in a query value (RFC 3986, "unreserved").
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A URL with the scheme `http` or `https`.
///
/// `Display` and `Debug` leave out user information and the values of a query, so it can be put into any message.
///
/// Cheap to clone: every error holds one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url(Arc<Parts>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Parts {
    scheme: Scheme,
    userinfo: Option<String>,
    /// Lower case; an IPv6 address keeps its brackets.
    host: String,
    port: Option<u16>,
    path: String,
    query: Option<String>,
}

impl Url {
    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// The host in lower case; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The port, the scheme's own where the URL names none.
    pub fn port(&self) -> u16 {
        self.0.port.unwrap_or(self.0.scheme.default_port())
    }

    /// The path, which begins with `/`.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// True when both have the same scheme, host and port, so that credentials for one may go to the other.
    pub fn same_origin(&self, other: &Url) -> bool {
        (self.0.scheme, &self.0.host, self.port()) == (other.0.scheme, &other.0.host, other.port())
    }

    /// True when the host is this machine, by name or by address.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0.host)
    }

    /// The URL with further parameters at the end of its query.
    #[must_use]
    pub fn with_query(mut self, parameters: &[(&str, &str)]) -> Url {
        for (key, value) in parameters {
            let query = Arc::make_mut(&mut self.0).query.get_or_insert_default();
            if !query.is_empty() {
                query.push('&');
            }
            query.extend(utf8_percent_encode(key, QUERY));
            query.push('=');
            query.extend(utf8_percent_encode(value, QUERY));
        }
        self
    }

    /// The URL that a `Location` header means, seen from this one (RFC 3986, section 5.2). User information in it is
    /// dropped.
    ///
    /// # Errors
    ///
    /// When it is no URL or not one of HTTP.
    pub fn join(&self, location: &str) -> Result<Url, HttpError> {
        let location = location.trim().split('#').next().unwrap_or_default();
        let origin = || match self.0.port {
            Some(port) => format!("{}://{}:{port}", self.0.scheme.name(), self.0.host),
            None => format!("{}://{}", self.0.scheme.name(), self.0.host),
        };
        let colon = location.find(':');
        let absolute = colon.is_some_and(|colon| location.find(['/', '?']).is_none_or(|other| colon < other));
        let text = if absolute {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{}:{location}", self.0.scheme.name())
        } else if location.starts_with('/') {
            format!("{}{location}", origin())
        } else if location.is_empty() || location.starts_with('?') {
            format!("{}{}{location}", origin(), self.0.path)
        } else {
            let folder = self.0.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let (path, query) = match location.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (location, None),
            };
            let mut text = format!("{}{}", origin(), without_dots(&format!("{folder}/{path}")));
            if let Some(query) = query {
                text.push('?');
                text.push_str(query);
            }
            text
        };
        let mut url: Url = text.parse()?;
        if url.0.userinfo.is_some() {
            Arc::make_mut(&mut url.0).userinfo = None;
        }
        Ok(url)
    }

    /// The user name and password of the URL, decoded.
    pub(crate) fn credentials(&self) -> Option<(String, String)> {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = match self.0.userinfo.as_deref()?.split_once(':') {
            Some((user, password)) => (user, password),
            None => (self.0.userinfo.as_deref()?, ""),
        };
        Some((decode(user), decode(password)))
    }

    /// The whole URL but for its user information, as it goes over the wire. May hold tokens: not for messages.
    pub(crate) fn wire(&self) -> String {
        let mut out = format!("{}://{}", self.0.scheme.name(), self.0.host);
        if let Some(port) = self.0.port {
            out.push_str(&format!(":{port}"));
        }
        out.push_str(&self.0.path);
        if let Some(query) = &self.0.query {
            out.push('?');
            out.push_str(query);
        }
        out
    }
}

/// True when a host, as URLs write it, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // Names below `localhost` are left out: not every resolver keeps them on this machine.
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// A path without its `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    out.pop();
                }
                if last {
                    out.push("");
                }
            }
            part => out.push(part),
        }
    }
    format!("/{}", out.join("/"))
}

impl FromStr for Url {
    type Err = HttpError;

    fn from_str(text: &str) -> Result<Url, HttpError> {
        let invalid = |reason: &str| HttpError::InvalidUrl { url: masked(text), reason: reason.to_owned() };
        if text.len() > MAX_LEN {
            return Err(invalid("it is too long"));
        }
        let uri: Uri = text.parse().map_err(|_| invalid("it is not a URL"))?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            _ => return Err(invalid("its scheme is neither http nor https")),
        };
        let authority = uri.authority().ok_or_else(|| invalid("it names no host"))?;
        let userinfo = authority.as_str().rsplit_once('@').map(|(userinfo, _)| userinfo.to_owned());
        if authority.host().is_empty() {
            return Err(invalid("it names no host"));
        }
        let bare = authority.host().strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.unwrap_or(authority.host()).contains(['[', ']']) {
            return Err(invalid("its host is neither a name nor an address"));
        }
        let said_port = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, rest)| rest);
        let said_port = said_port.strip_prefix(authority.host()).unwrap_or_default();
        if !said_port.is_empty() && said_port != ":" && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(invalid("its port is not a number between 1 and 65535"));
        }
        let path = if uri.path().is_empty() { "/" } else { uri.path() };
        Ok(Url(Arc::new(Parts {
            scheme,
            userinfo,
            host: authority.host().to_ascii_lowercase(),
            port: authority.port_u16(),
            path: path.to_owned(),
            query: uri.query().map(str::to_owned),
        })))
    }
}

/// A text that was to be a URL, without what may be secret in it.
fn masked(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest: String = rest.chars().filter(|c| !c.is_control()).take(200).collect();
    if scheme.is_empty() { rest } else { format!("{}://{rest}", scheme.chars().take(20).collect::<String>()) }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme.name(), self.0.host)?;
        if let Some(port) = self.0.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.0.path)?;
        for (number, parameter) in self.0.query.iter().flat_map(|query| query.split('&')).enumerate() {
            f.write_str(if number == 0 { "?" } else { "&" })?;
            match parameter.split_once('=') {
                Some((key, value)) if SHOWN.contains(&key) => {
                    write!(
                        f,
                        "{key}={}",
                        percent_decode_str(value).decode_utf8_lossy().replace(char::is_control, "")
                    )?;
                }
                Some((key, _)) => write!(f, "{key}=***")?,
                None => f.write_str("***")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn shows_nothing_secret() {
        let shown = url(
            "https://user:pa%40ss@Example.com:8443/v2/a?X-Amz-Signature=abc&scope=repository%3Aa%3Apull&tok",
        );
        for text in [shown.to_string(), format!("{shown:?}")] {
            assert_eq!(text, "https://example.com:8443/v2/a?X-Amz-Signature=***&scope=repository:a:pull&***");
        }
        assert_eq!(shown.credentials(), Some(("user".to_owned(), "pa@ss".to_owned())));
        assert!(!shown.wire().contains("user"));
        for bad in
            ["https://user:secret@exa mple/x?sig=secret", "ftp://user:secret@host/?secret", "//secret@x"]
        {
            let error = bad.parse::<Url>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn parses_hosts_and_ports() {
        assert_eq!(url("http://[::1]:5000").host(), "[::1]");
        assert!(url("http://[::1]:5000").is_loopback());
        assert!(url("http://127.9.9.9/").is_loopback());
        assert!(url("http://LOCALHOST/").is_loopback());
        assert!(!url("http://127.0.0.1.example.com/").is_loopback());
        assert!(!url("http://localhost.example.com/").is_loopback());
        assert_eq!(url("https://a").port(), 443);
        assert_eq!(url("https://a").path(), "/");
        assert!(url("https://a:443/x").same_origin(&url("https://A/y")));
        assert!(!url("https://a/x").same_origin(&url("http://a/x")));
        for bad in [
            "",
            "/v2/",
            "https://",
            "https:///x",
            "file:///etc/passwd",
            "https://a:0/",
            "https://a:99999/",
            "http://h[::1]:80",
        ] {
            assert!(bad.parse::<Url>().is_err(), "{bad}");
        }
    }

    // RFC 3986, section 5.4.1, where it concerns HTTP URLs without `;` parameters.
    #[test]
    fn joins_as_the_standard_says() {
        let base = url("http://a/b/c/d?q");
        for (location, joined) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("g#s", "http://a/b/c/g"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("https://user:pw@h/x?a=1", "https://h/x?a=1"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g?a:b", "http://a/b/c/g?a:b"),
        ] {
            assert_eq!(base.join(location).unwrap().wire(), joined, "{location}");
        }
        for bad in ["ftp://h/x", "javascript:alert(1)", "http://", "https://h:0/"] {
            assert!(base.join(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn adds_to_a_query() {
        let added =
            url("https://a/token?x=1").with_query(&[("service", "a b"), ("scope", "repository:a/b:pull")]);
        assert_eq!(added.wire(), "https://a/token?x=1&service=a%20b&scope=repository%3Aa%2Fb%3Apull");
    }

    #[test]
    fn survives_any_prefix_and_flip() {
        let whole = "https://user:pass@[::1]:8443/a/../b?x=%41&y=%zz#frag";
        let base = url("https://a/b");
        for len in 0..=whole.len() {
            let _ = whole[..len].parse::<Url>().map(|url| url.to_string());
            let _ = base.join(&whole[..len]).map(|url| url.to_string());
            for flip in [1u8, 0x20, 0x7f] {
                let mut bytes = whole.as_bytes().to_vec();
                if let Some(byte) = bytes.get_mut(len) {
                    *byte ^= flip;
                }
                let text = String::from_utf8_lossy(&bytes);
                let _ = text.parse::<Url>().map(|url| (url.to_string(), url.credentials()));
                let _ = base.join(&text);
            }
        }
    }
}
