//! Why a request got no answer.

use std::io;
use std::path::PathBuf;

use crate::Url;

/// Why a request got no answer, or a client could not be made. Every message names the URL without what is secret in it.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The client is offline.
    #[error("{url} was not fetched: the network is switched off")]
    Offline {
        /// What was asked for.
        url: Url,
    },
    /// A text that is not a URL of HTTP.
    #[error("'{url}' cannot be used as a URL: {reason}")]
    InvalidUrl {
        /// The text, without what may be secret in it.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A header that cannot be sent.
    #[error("the header {name} for {url} has bytes that no header may have")]
    InvalidHeader {
        /// What was asked for.
        url: Url,
        /// The header's name.
        name: String,
    },
    /// Plain HTTP to another machine, which must be allowed first.
    #[error("{url} would be fetched without encryption")]
    PlainHttp {
        /// What was asked for.
        url: Url,
    },
    /// A redirect from HTTPS to HTTP.
    #[error("{from} leads to {to}, which is not encrypted")]
    Downgrade {
        /// Where the redirect came from.
        from: Url,
        /// Where it leads.
        to: Url,
    },
    /// A redirect that cannot be followed.
    #[error("{url} leads nowhere: {reason}")]
    Redirect {
        /// Where the redirect came from.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// The host's name is not known.
    #[error("the host of {url} is not known")]
    HostNotFound {
        /// What was asked for.
        url: Url,
    },
    /// The connection could not be made, or broke before the answer.
    #[error("cannot connect to {url}")]
    Connect {
        /// What was asked for.
        url: Url,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of {url} is not trusted: {reason}")]
    Certificate {
        /// What was asked for.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// TLS failed for another reason than the certificate.
    #[error("no encrypted connection to {url}: {reason}")]
    Tls {
        /// What was asked for.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// The proxy refuses or fails.
    #[error("the proxy does not lead to {url}: {reason}")]
    Proxy {
        /// What was asked for.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// Nothing came in time.
    #[error("{url} does not answer in time ({phase})")]
    Timeout {
        /// What was asked for.
        url: Url,
        /// What was waited for.
        phase: String,
    },
    /// The answer is not HTTP, or not in a form that is understood.
    #[error("the answer of {url} cannot be understood: {reason}")]
    Protocol {
        /// What was asked for.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// The answer is an error.
    #[error("{url} answers {status}{}", if detail.is_empty() { String::new() } else { format!(": {detail}") })]
    Status {
        /// What was asked for.
        url: Url,
        /// The status code.
        status: u16,
        /// What the server says of it; cut short.
        detail: String,
        /// After how many seconds it may be tried again, where the server says so.
        retry_after: Option<u64>,
    },
    /// The body is larger than its reader takes.
    #[error("{url} has more than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: Url,
        /// How many bytes are taken.
        limit: u64,
    },
    /// The body broke off.
    #[error("cannot read {url} to its end")]
    Read {
        /// What was asked for.
        url: Url,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A certificate or key file of the configuration cannot be used.
    #[error("cannot use the certificates of {}: {reason}", path.display())]
    Roots {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The configuration's proxy or user agent cannot be used.
    #[error("the setting '{name}' cannot be used: {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What is wrong; without its value, which may hold a password.
        reason: String,
    },
}

impl HttpError {
    /// True for what may go away by itself, so that it is tried again.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, HttpError::Connect { .. } | HttpError::Timeout { .. } | HttpError::Proxy { .. })
    }

    /// Tells what the client library met. `url` is what was asked for.
    pub(crate) fn from_library(error: ureq::Error, url: &Url) -> HttpError {
        let url = url.clone();
        match error {
            ureq::Error::Io(source) => HttpError::from_io(source, url),
            ureq::Error::Timeout(phase) => HttpError::Timeout { url, phase: phase.to_string() },
            ureq::Error::HostNotFound => HttpError::HostNotFound { url },
            ureq::Error::ConnectionFailed => {
                HttpError::Connect { url, source: io::ErrorKind::NotConnected.into() }
            }
            ureq::Error::Rustls(error) => HttpError::from_tls(&error, url),
            ureq::Error::Tls(reason) => HttpError::Tls { url, reason: reason.to_owned() },
            ureq::Error::TlsRequired => HttpError::Tls { url, reason: "it did not come about".to_owned() },
            ureq::Error::ConnectProxyFailed(reason) => HttpError::Proxy { url, reason },
            ureq::Error::InvalidProxyUrl => {
                HttpError::Proxy { url, reason: "its address cannot be used".to_owned() }
            }
            // Its text is the URL with all that is in it.
            ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => {
                HttpError::InvalidUrl { url: url.to_string(), reason: "it cannot be asked for".to_owned() }
            }
            ureq::Error::LargeResponseHeader(size, limit) => {
                HttpError::Protocol { url, reason: format!("{size} bytes of headers, {limit} are taken") }
            }
            ureq::Error::Protocol(error) => HttpError::Protocol { url, reason: error.to_string() },
            ureq::Error::Http(error) => HttpError::Protocol { url, reason: error.to_string() },
            other => HttpError::Protocol { url, reason: other.to_string() },
        }
    }

    fn from_io(source: io::Error, url: Url) -> HttpError {
        if let Some(error) = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return HttpError::from_tls(error, url);
        }
        match source.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                HttpError::Timeout { url, phase: "read".to_owned() }
            }
            // The standard library tells a failed name look-up by its text only; the resolver's own text follows.
            _ if source.to_string().starts_with("failed to lookup address information")
                && !source.to_string().contains("Temporary") =>
            {
                HttpError::HostNotFound { url }
            }
            _ => HttpError::Connect { url, source },
        }
    }

    fn from_tls(error: &rustls::Error, url: Url) -> HttpError {
        match error {
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
                HttpError::Certificate { url, reason: error.to_string() }
            }
            _ => HttpError::Tls { url, reason: error.to_string() },
        }
    }
}
