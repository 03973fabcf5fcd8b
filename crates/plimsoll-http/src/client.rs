//! The client: redirects, time-outs, tries, and bodies as streams.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::{self, HeaderName, HeaderValue, Method};
use ureq::tls::{TlsConfig, TlsProvider};
use ureq::{Agent, Proxy};

use crate::{ClientConfig, HttpError, Scheme, Url, retry, roots};

/// The most redirects that are followed for one request.
const MAX_REDIRECTS: usize = 5;

/// The most of an error's body that is read for its text.
const MAX_EXCERPT: u64 = 8 * 1024;

/// Makes requests. A clone shares connections with the original, and all may be used from several threads.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: ClientConfig,
    /// Made with the first request, so that a run that fetches nothing reads no certificates.
    agents: Mutex<Option<Agents>>,
}

/// One agent each for the ways to a server, as the library has one proxy an agent.
#[derive(Clone)]
struct Agents {
    direct: Agent,
    http: Option<Agent>,
    https: Option<Agent>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that does what `config` allows. Certificates are read with the first request.
    ///
    /// # Errors
    ///
    /// When a proxy or the user agent cannot be used.
    pub fn new(config: ClientConfig) -> Result<Client, HttpError> {
        if HeaderValue::from_str(&config.user_agent).is_err() {
            let reason = "it has bytes that no header may have".to_owned();
            return Err(HttpError::Setting { name: "user agent", reason });
        }
        proxy("HTTP proxy", config.proxy.http.as_deref())?;
        proxy("HTTPS proxy", config.proxy.https.as_deref())?;
        Ok(Client { inner: Arc::new(Inner { config, agents: Mutex::new(None) }) })
    }

    /// What the client may do.
    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    /// A request for what is at `url`.
    pub fn get(&self, url: Url) -> Request<'_> {
        self.request(Method::GET, url, None)
    }

    /// A request for the headers only.
    pub fn head(&self, url: Url) -> Request<'_> {
        self.request(Method::HEAD, url, None)
    }

    /// A request that sends a form (`application/x-www-form-urlencoded`). Redirects of it are not followed.
    pub fn post_form(&self, url: Url, fields: &[(&str, &str)]) -> Request<'_> {
        let escape = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let body = fields
            .iter()
            .map(|(key, value)| format!("{}={}", escape(key), escape(value)))
            .collect::<Vec<_>>();
        self.request(Method::POST, url, Some(body.join("&").into_bytes()))
            .header("Content-Type", "application/x-www-form-urlencoded")
    }

    /// A request that begins something at `url`. Redirects of it are not followed.
    pub fn post(&self, url: Url, body: Vec<u8>) -> Request<'_> {
        self.request(Method::POST, url, Some(body))
    }

    /// A request that stores `body` at `url`. Redirects of it are not followed.
    pub fn put(&self, url: Url, body: Vec<u8>) -> Request<'_> {
        self.request(Method::PUT, url, Some(body))
    }

    fn request(&self, method: Method, url: Url, body: Option<Vec<u8>>) -> Request<'_> {
        Request { client: self, method, url, headers: Vec::new(), body, attempts: u32::MAX }
    }

    fn agents(&self) -> Result<Agents, HttpError> {
        let mut agents = self.inner.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agents) = &*agents {
            return Ok(agents.clone());
        }
        let made = self.make_agents()?;
        *agents = Some(made.clone());
        Ok(made)
    }

    fn make_agents(&self) -> Result<Agents, HttpError> {
        let config = &self.inner.config;
        let certificate = config.client_certificate.as_ref().map(roots::client_certificate).transpose()?;
        let mut tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .client_cert(certificate)
            .disable_verification(config.insecure);
        if !config.insecure {
            tls = tls.root_certs(roots::roots(config)?);
        }
        let tls = tls.build();
        let agent = |proxy: Option<Proxy>| {
            let settings = Agent::config_builder()
                .http_status_as_error(false)
                .tls_config(tls.clone())
                .proxy(proxy)
                .max_redirects(0)
                .user_agent(config.user_agent.as_str())
                // A layer is asked for as it is stored: its digest and size are those of the stored bytes.
                .accept_encoding("identity")
                .timeout_resolve(Some(config.timeouts.connect))
                .timeout_connect(Some(config.timeouts.connect))
                .timeout_recv_response(Some(config.timeouts.response))
                .timeout_per_read(Some(config.timeouts.idle))
                .timeout_per_write(Some(config.timeouts.idle))
                .max_idle_connections_per_host(8)
                .build();
            Agent::new_with_config(settings)
        };
        Ok(Agents {
            direct: agent(None),
            http: proxy("HTTP proxy", config.proxy.http.as_deref())?.map(|proxy| agent(Some(proxy))),
            https: proxy("HTTPS proxy", config.proxy.https.as_deref())?.map(|proxy| agent(Some(proxy))),
        })
    }
}

fn proxy(name: &'static str, text: Option<&str>) -> Result<Option<Proxy>, HttpError> {
    text.map(|text| {
        let reason = "it is not a proxy's address, such as http://host:port".to_owned();
        Proxy::new(text.trim()).map_err(|_| HttpError::Setting { name, reason })
    })
    .transpose()
}

/// A request that is being put together.
pub struct Request<'a> {
    client: &'a Client,
    method: Method,
    url: Url,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    attempts: u32,
}

impl Request<'_> {
    /// Adds a header. `Authorization` goes to the URL's own server only, not to where that redirects.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds the `Authorization` header for a user name and password (RFC 7617).
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        self.header("Authorization", &value)
    }

    /// Tries once only.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.attempts = 1;
        self
    }

    /// Sends it, follows redirects, and tries again where that may help. The answer may have any status: see
    /// [`Response::success`].
    ///
    /// # Errors
    ///
    /// When no answer comes, or the client may not ask.
    pub fn send(self) -> Result<Response, HttpError> {
        let mut policy = self.client.inner.config.retry;
        policy.attempts = policy.attempts.min(self.attempts);
        let mut attempt = 0;
        loop {
            // From the beginning each time: the URL behind a redirect may be good for one use, or for seconds.
            let outcome = self.follow();
            let pause = match &outcome {
                Ok(response) if retry::is_transient(response.status) => {
                    policy.pause(attempt, response.retry_after())
                }
                Err(error) if error.is_transient() => policy.pause(attempt, None),
                _ => None,
            };
            let Some(pause) = pause else { return outcome };
            drop(outcome);
            std::thread::sleep(pause);
            attempt += 1;
        }
    }

    fn follow(&self) -> Result<Response, HttpError> {
        let mut url = self.url.clone();
        let mut own_server = true;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.exchange(&url, own_server)?;
            if !matches!(response.status, 301 | 302 | 303 | 307 | 308) || self.body.is_some() {
                return Ok(response);
            }
            let Some(location) = response.header("Location") else {
                return Err(HttpError::Redirect { url, reason: "it does not say where to".to_owned() });
            };
            let next = url.join(location).map_err(|error| {
                let reason = error.to_string();
                HttpError::Redirect { url: url.clone(), reason }
            })?;
            if url.scheme() == Scheme::Https && next.scheme() == Scheme::Http {
                return Err(HttpError::Downgrade { from: url, to: next });
            }
            // Once another server was asked, the credentials stay away even when that leads back.
            own_server = own_server && next.same_origin(&self.url);
            url = next;
        }
        Err(HttpError::Redirect {
            url: self.url.clone(),
            reason: format!("more than {MAX_REDIRECTS} redirects"),
        })
    }

    fn exchange(&self, url: &Url, own_server: bool) -> Result<Response, HttpError> {
        let config = &self.client.inner.config;
        if config.offline {
            return Err(HttpError::Offline { url: url.clone() });
        }
        if url.scheme() == Scheme::Http && !config.insecure && !url.is_loopback() {
            return Err(HttpError::PlainHttp { url: url.clone() });
        }
        let agents = self.client.agents()?;
        let agent = match (config.proxy.for_url(url), url.scheme()) {
            (None, _) => Some(&agents.direct),
            (Some(_), Scheme::Http) => agents.http.as_ref(),
            (Some(_), Scheme::Https) => agents.https.as_ref(),
        };
        let agent = agent.unwrap_or(&agents.direct);

        let mut request = http::Request::builder().method(self.method.clone()).uri(url.wire());
        let mut authorized = false;
        for (name, value) in &self.headers {
            let secret = name.eq_ignore_ascii_case("Authorization");
            if secret && !own_server {
                continue;
            }
            authorized |= secret;
            let invalid = || HttpError::InvalidHeader { url: url.clone(), name: name.clone() };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
            value.set_sensitive(secret);
            request = request.header(name, value);
        }
        if let Some((user, password)) = url.credentials().filter(|_| own_server && !authorized) {
            let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            request = request.header("Authorization", value);
        }
        let invalid =
            |_| HttpError::InvalidUrl { url: url.to_string(), reason: "it is not a URL".to_owned() };
        let answer = match &self.body {
            Some(body) => agent.run(request.body(body.as_slice()).map_err(invalid)?),
            None => agent.run(request.body(()).map_err(invalid)?),
        };
        let (parts, body) = answer.map_err(|error| HttpError::from_library(error, url))?.into_parts();
        let length = parts
            .headers
            .get("Content-Length")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.trim().parse().ok())
            .filter(|_| !parts.headers.contains_key("Transfer-Encoding"));
        let reader = body.into_with_config().limit(u64::MAX).reader();
        Ok(Response {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: Body { inner: Box::new(reader), url: url.clone(), length },
        })
    }
}

/// An answer, whatever its status. Its body has not been read.
pub struct Response {
    status: u16,
    headers: http::HeaderMap,
    body: Body,
}

impl fmt::Debug for Response {
    // Headers can hold tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} {})", self.status, self.body.url)
    }
}

impl Response {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Where the answer comes from, after redirects.
    pub fn url(&self) -> &Url {
        &self.body.url
    }

    /// The first header of that name, where it is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers of that name that are plain text.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// After how many seconds the server wants to be asked again.
    pub fn retry_after(&self) -> Option<u64> {
        retry::retry_after(self.header("Retry-After")?, self.header("Date"))
    }

    /// The number of bytes of the body, where the headers say it.
    pub fn length(&self) -> Option<u64> {
        self.body.length
    }

    /// The answer when its status is one of success (2xx).
    ///
    /// # Errors
    ///
    /// [`HttpError::Status`] when it is not.
    pub fn success(self) -> Result<Response, HttpError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let (url, status, retry_after) = (self.url().clone(), self.status, self.retry_after());
        Err(HttpError::Status { url, status, detail: one_line(&self.excerpt()), retry_after })
    }

    /// The beginning of the body, at most 8 KiB, for what it may say of an error.
    pub fn excerpt(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // What came before it broke off is good enough for a message.
        let _ = self.body.take(MAX_EXCERPT).read_to_end(&mut bytes);
        bytes
    }

    /// The whole body, when it has no more than `limit` bytes.
    ///
    /// # Errors
    ///
    /// When it is larger or breaks off.
    pub fn bytes(self, limit: u64) -> Result<Vec<u8>, HttpError> {
        let url = self.body.url.clone();
        if self.length().is_some_and(|length| length > limit) {
            return Err(HttpError::TooLarge { url, limit });
        }
        let mut bytes = Vec::new();
        match self.body.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > limit => Err(HttpError::TooLarge { url, limit }),
            Ok(_) => Ok(bytes),
            Err(source) => Err(HttpError::Read { url, source }),
        }
    }

    /// The body as a stream from the socket.
    pub fn into_body(self) -> Body {
        self.body
    }
}

/// A text from outside as one line for a message: at most 200 characters, no control characters, empty for HTML.
pub fn one_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    if text.starts_with('<') {
        return String::new();
    }
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(200)
        .collect()
}

/// A body as it comes from the socket. One that ends before its length is an error (`UnexpectedEof`), never a short
/// result; one that stops moving is an error too (`TimedOut`).
pub struct Body {
    inner: Box<dyn Read + Send>,
    url: Url,
    length: Option<u64>,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({})", self.url)
    }
}

impl Body {
    /// The number of bytes, where the headers say it.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Where it comes from.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf).map_err(|error| {
            if error.kind() == io::ErrorKind::WouldBlock {
                return io::ErrorKind::TimedOut.into();
            }
            let library = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
            match library {
                Some(ureq::Error::Timeout(_)) => io::ErrorKind::TimedOut.into(),
                Some(ureq::Error::Protocol(_)) => {
                    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
                }
                _ => error,
            }
        })
    }
}
