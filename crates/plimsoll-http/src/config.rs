//! What a client may do and how patient it is.

use std::path::PathBuf;
use std::time::Duration;

use crate::{ProxyConfig, RetryPolicy};

/// How long a client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the name look-up, and again for the connection with its TLS handshake.
    pub connect: Duration,
    /// For the answer's headers, once the request is sent.
    pub response: Duration,
    /// For the next bytes of a body. A body may take as long as it likes while it moves.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(15),
            response: Duration::from_secs(60),
            idle: Duration::from_secs(30),
        }
    }
}

/// A certificate with which the client shows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and its chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// What a client may do. The environment's part comes from the caller: see [`ClientConfig::with_environment`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// Opens no socket: every request fails with [`HttpError::Offline`](crate::HttpError::Offline).
    pub offline: bool,
    /// Takes any certificate, and plain HTTP to any host.
    pub insecure: bool,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// PEM files of certificate authorities to trust besides the system's.
    pub ca_files: Vec<PathBuf>,
    /// The system's authorities in one PEM file, instead of those in the usual places (`SSL_CERT_FILE`).
    pub ssl_cert_file: Option<PathBuf>,
    /// Directories of PEM files, likewise (`SSL_CERT_DIR`).
    pub ssl_cert_dirs: Vec<PathBuf>,
    /// A certificate to show.
    pub client_certificate: Option<ClientCertificate>,
    /// The way through proxies.
    pub proxy: ProxyConfig,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often to try.
    pub retry: RetryPolicy,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            offline: false,
            insecure: false,
            user_agent: concat!("plimsoll/", env!("CARGO_PKG_VERSION")).to_owned(),
            ca_files: Vec::new(),
            ssl_cert_file: None,
            ssl_cert_dirs: Vec::new(),
            client_certificate: None,
            proxy: ProxyConfig::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
        }
    }
}

impl ClientConfig {
    /// Takes over what the environment says of certificates and proxies. `variable` looks a variable up.
    #[must_use]
    pub fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> ClientConfig {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        self.ssl_cert_file = variable("SSL_CERT_FILE").map(PathBuf::from);
        self.ssl_cert_dirs = variable("SSL_CERT_DIR")
            .map(|dirs| dirs.split(':').filter(|dir| !dir.is_empty()).map(PathBuf::from).collect())
            .unwrap_or_default();
        self.proxy = ProxyConfig::from_environment(variable);
        self
    }
}
