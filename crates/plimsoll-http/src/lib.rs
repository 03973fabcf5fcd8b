//! HTTP/1.1 (RFC 9110, RFC 9112) and TLS for everything that Plimsoll fetches. No other crate opens a socket.
//!
//! What a [`Client`] may do is fixed when it is made: an offline client opens no socket at all, plain HTTP goes only to
//! this machine unless certificates are not checked either, and no redirect leads from HTTPS to HTTP or carries
//! credentials to another server.

mod client;
mod config;
mod error;
mod proxy;
mod retry;
mod roots;
mod unix;
mod url;

pub use client::{Body, Client, Request, Response, one_line};
pub use config::{ClientCertificate, ClientConfig, Timeouts};
pub use error::HttpError;
pub use proxy::ProxyConfig;
pub use retry::RetryPolicy;
pub use unix::{UnixClient, UnixError};
pub use url::{Scheme, Url};
