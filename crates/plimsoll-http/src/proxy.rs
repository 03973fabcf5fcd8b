//! Which proxy leads to a URL: the variables `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` with the meaning
//! that Go's `golang.org/x/net/http/httpproxy` gives them, as Docker and every tool around it does.

use std::fmt;
use std::net::IpAddr;

use crate::{Scheme, Url};

/// The way through proxies.
///
/// A proxy is `http://[user:password@]host:port`, `https://…`, `socks5://…`, `socks5h://…` or `host:port`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ProxyConfig {
    /// The proxy for plain HTTP.
    pub http: Option<String>,
    /// The proxy for HTTPS.
    pub https: Option<String>,
    /// The hosts that are reached directly, separated by commas: `host`, `.domain`, `*.domain`, an address, a network
    /// in CIDR notation, each with or without a port, or `*`.
    pub no_proxy: String,
}

impl fmt::Debug for ProxyConfig {
    // A proxy's URL can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConfig")
            .field("http", &self.http.as_ref().map(|_| "***"))
            .field("https", &self.https.as_ref().map(|_| "***"))
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

impl ProxyConfig {
    /// What the environment says. `variable` looks a variable up; names in lower case count where those in upper case
    /// are not set.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> ProxyConfig {
        let either = |name: &str| {
            variable(name)
                .or_else(|| variable(&name.to_ascii_lowercase()))
                .filter(|value| !value.trim().is_empty())
        };
        let all = either("ALL_PROXY");
        // In a CGI process HTTP_PROXY is a request's header (CVE-2016-5385).
        let http = if variable("REQUEST_METHOD").is_some() { None } else { either("HTTP_PROXY") };
        ProxyConfig {
            http: http.or_else(|| all.clone()),
            https: either("HTTPS_PROXY").or(all),
            no_proxy: either("NO_PROXY").unwrap_or_default(),
        }
    }

    /// The proxy for `url`; `None` when it is reached directly. This machine always is.
    pub fn for_url(&self, url: &Url) -> Option<&str> {
        let proxy = match url.scheme() {
            Scheme::Http => self.http.as_deref(),
            Scheme::Https => self.https.as_deref(),
        };
        proxy.filter(|_| {
            !url.is_loopback() && !self.no_proxy.split(',').any(|entry| excludes(entry.trim(), url))
        })
    }
}

/// Whether an entry of `NO_PROXY` means `url`.
fn excludes(entry: &str, url: &Url) -> bool {
    let entry = entry.to_ascii_lowercase();
    if entry.is_empty() {
        return false;
    }
    if entry == "*" {
        return true;
    }
    let bare =
        |text: &str| -> Option<IpAddr> { text.trim_start_matches('[').trim_end_matches(']').parse().ok() };
    let address = bare(url.host());
    if let Some((network, bits)) = entry.split_once('/') {
        return match (address, bare(network), bits.parse()) {
            (Some(address), Some(network), Ok(bits)) => in_network(address, network, bits),
            _ => false,
        };
    }
    // A bare IPv6 address has colons of its own.
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if bare(&entry).is_none() => match port.parse::<u16>() {
            Ok(port) => (host, Some(port)),
            Err(_) => return false,
        },
        _ => (entry.as_str(), None),
    };
    if port.is_some_and(|port| port != url.port()) {
        return false;
    }
    if let Some(excluded) = bare(host) {
        return address == Some(excluded);
    }
    let host = host.strip_prefix('*').unwrap_or(host);
    match host.strip_prefix('.') {
        Some(domain) => url.host().strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => url.host() == host || url.host().strip_suffix(host).is_some_and(|rest| rest.ends_with('.')),
    }
}

fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u128::from(address.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    let Some(host_bits) = u32::checked_sub(width, bits) else { return false };
    // A shift by all 128 bits is no shift for the machine; a network of no bits holds every address.
    host_bits == 128 || address >> host_bits == network >> host_bits
}

#[cfg(test)]
mod tests {
    use super::*;

    // The table of `TestUseProxy` in golang.org/x/net/http/httpproxy/proxy_test.go: true means through the proxy.
    #[test]
    fn excludes_what_go_excludes() {
        let no_proxy = "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, \
                        2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64";
        let config = ProxyConfig {
            http: Some("http://proxy:3128".into()),
            https: None,
            no_proxy: no_proxy.to_owned(),
        };
        for (host, through) in [
            ("localhost", false),
            ("127.0.0.1", false),
            ("127.0.0.2", false),
            ("[::1]", false),
            ("[::2]", true),
            ("192.168.1.1", false),
            ("192.168.1.2", true),
            ("192.168.1.3", false),
            ("192.168.1.4", true),
            ("10.0.0.2", false),
            ("[2001:db8::52:0:1]", false),
            ("[2001:db8::52:0:2]", true),
            ("[2001:db8::52:0:3]", false),
            ("[2002:db8:a::123]", false),
            ("[fe80::424b:c8be:1643:a1b6]", true),
            ("barbaz.net", true),
            ("www.barbaz.net", false),
            ("foobar.com", false),
            ("www.foobar.com", false),
            ("foofoobar.com", true),
            ("baz.com", true),
            ("localhost.net", true),
            ("local.localhost", true),
            ("barbarbaz.net", true),
            ("wildcard.io", true),
            ("nested.wildcard.io", false),
            ("awildcard.io", true),
        ] {
            let url: Url = format!("http://{host}/").parse().unwrap();
            assert_eq!(config.for_url(&url).is_some(), through, "{host}");
        }
        let all = ProxyConfig { https: Some("p:1".into()), no_proxy: "*".into(), ..ProxyConfig::default() };
        assert!(all.for_url(&"https://example.com/".parse().unwrap()).is_none());
    }

    #[test]
    fn reads_the_environment() {
        let from = |variables: &[(&str, &str)]| {
            ProxyConfig::from_environment(|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let both =
            from(&[("https_proxy", "http://u:secret@p:1"), ("NO_PROXY", "a"), ("ALL_PROXY", "socks5://s")]);
        assert_eq!(both.https.as_deref(), Some("http://u:secret@p:1"));
        assert_eq!(both.http.as_deref(), Some("socks5://s"));
        assert_eq!(both.no_proxy, "a");
        assert!(!format!("{both:?}").contains("secret"));
        assert_eq!(from(&[("HTTP_PROXY", "x"), ("REQUEST_METHOD", "GET")]), ProxyConfig::default());
    }

    #[test]
    fn odd_entries_do_no_harm() {
        let url: Url = "https://10.0.0.1:5000/".parse().unwrap();
        for entry in
            ["10.0.0.0/33", "10.0.0.0/-1", "::/0", "[", "]:", ":", "/", "*.", ".", "10.0.0.1:x", "999.1.1.1"]
        {
            assert!(!excludes(entry, &url), "{entry}");
        }
        assert!(excludes("0.0.0.0/0", &url));
        assert!(excludes("10.0.0.1:5000", &url));
        assert!(excludes("::/0", &"https://[2001:db8::1]/".parse().unwrap()));
    }
}
