//! A repository at one host: the requests to it, with the scheme that the host speaks and the credentials that it wants.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_http::{Client, HttpError, Response, Scheme, Url, one_line};
use serde::Deserialize;

use crate::auth::{self, Asker, Challenge};
use crate::credentials::{self, Credentials, Found, Secret};
use crate::{RegistryConfig, RegistryError};

/// How often a request is made with other credentials: without any, with a token, and with a fresh token.
const MAX_ROUNDS: usize = 3;

/// A host and the scheme that it speaks, which is found out once.
pub(crate) struct Host {
    /// The registry as references write it.
    registry: String,
    /// The host that answers for it.
    host: String,
    scheme: Mutex<Option<Scheme>>,
}

impl Host {
    pub(crate) fn new(registry: &str, host: &str) -> Host {
        Host { registry: registry.to_owned(), host: host.to_owned(), scheme: Mutex::new(None) }
    }

    fn base(&self, scheme: Scheme) -> Result<Url, HttpError> {
        format!("{}://{}/v2/", scheme.name(), self.host).parse()
    }

    /// The scheme. HTTPS goes without saying; only this machine, and any host when certificates are not checked, may
    /// speak plain HTTP where HTTPS does not work, as Docker has it for insecure registries.
    fn scheme(&self, client: &Client) -> Result<Scheme, HttpError> {
        let https = self.base(Scheme::Https)?;
        if !client.config().insecure && !https.is_loopback() {
            return Ok(Scheme::Https);
        }
        // Others that want to know wait here instead of asking as well.
        let mut known = self.scheme.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scheme) = *known {
            return Ok(scheme);
        }
        let scheme = match client.get(https).once().send() {
            Ok(_) => Scheme::Https,
            Err(
                error @ (HttpError::Offline { .. }
                | HttpError::Certificate { .. }
                | HttpError::Roots { .. }
                | HttpError::Setting { .. }
                | HttpError::HostNotFound { .. }),
            ) => return Err(error),
            Err(_) => {
                client.get(self.base(Scheme::Http)?).send()?;
                Scheme::Http
            }
        };
        *known = Some(scheme);
        Ok(scheme)
    }
}

#[derive(Default)]
struct State {
    found: Option<Found>,
    authorization: Option<Secret>,
}

/// A repository at a host.
pub(crate) struct Place {
    client: Client,
    config: Arc<RegistryConfig>,
    host: Arc<Host>,
    repository: String,
    /// False at a mirror.
    own: bool,
    state: Mutex<State>,
}

/// Which request to make.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Head,
    Post,
    Put,
}

impl Verb {
    /// What a token must be good for.
    fn access(self) -> &'static str {
        match self {
            Verb::Get | Verb::Head => "pull",
            Verb::Post | Verb::Put => "pull,push",
        }
    }
}

/// A request to be made.
pub(crate) struct Call<'a> {
    pub verb: Verb,
    pub url: &'a Url,
    pub headers: &'a [(&'a str, &'a str)],
    /// Sent with `Post` and `Put` only.
    pub body: &'a [u8],
}

impl Place {
    pub(crate) fn new(
        client: Client,
        config: Arc<RegistryConfig>,
        host: Arc<Host>,
        repository: String,
        own: bool,
    ) -> Place {
        let authorization = config.token.as_ref().filter(|_| own).map(|token| auth::bearer(token.expose()));
        let state = Mutex::new(State { found: None, authorization });
        Place { client, config, host, repository, own, state }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a request for `/v2/<repository>/<path>` and signs in where the registry wants it. The answer is one of
    /// success; `what` names the thing in errors.
    pub(crate) fn request(
        &self,
        verb: Verb,
        path: &str,
        headers: &[(&str, &str)],
        what: &str,
    ) -> Result<Response, RegistryError> {
        let url = self.url(path)?;
        self.exchange(&Call { verb, url: &url, headers, body: &[] }, what)
    }

    fn base(&self) -> Result<Url, HttpError> {
        self.host.base(self.host.scheme(&self.client)?)
    }

    /// The URL of `/v2/<repository>/<path>`.
    pub(crate) fn url(&self, path: &str) -> Result<Url, HttpError> {
        self.base()?.join(&format!("/v2/{}/{path}", self.repository))
    }

    /// Makes a request as [`Place::request`] does, to any URL. Credentials go to the repository's own host only.
    pub(crate) fn exchange(&self, call: &Call<'_>, what: &str) -> Result<Response, RegistryError> {
        let base = self.base()?;
        if !call.url.same_origin(&base) {
            return check(self.send(call, None)?, what);
        }
        let mut authorization = self.state().authorization.clone();
        for _ in 1..MAX_ROUNDS {
            let response = self.send(call, authorization.as_ref())?;
            // Object storage has its own reasons for a refusal.
            let challenge = match response.status() {
                _ if !response.url().same_origin(call.url) => None,
                401 => Challenge::choose(&response.headers("WWW-Authenticate")),
                // Where strangers may look around, what they may not see is forbidden or missing, and nothing says
                // how to sign in.
                403 | 404 if authorization.is_none() && self.has_credentials() => {
                    let ping = self.client.get(base.clone()).send()?;
                    Challenge::choose(&ping.headers("WWW-Authenticate"))
                }
                _ => None,
            };
            let Some(challenge) = challenge else { return self.check(response, what) };
            let fresh = self.authorize(&challenge, call, authorization.as_ref())?;
            if fresh.is_none() || fresh == authorization {
                return self.check(response, what);
            }
            authorization = fresh;
        }
        let response = self.send(call, authorization.as_ref())?;
        self.check(response, what)
    }

    fn send(&self, call: &Call<'_>, authorization: Option<&Secret>) -> Result<Response, HttpError> {
        let url = call.url.clone();
        let mut request = match call.verb {
            Verb::Get => self.client.get(url),
            Verb::Head => self.client.head(url),
            Verb::Post => self.client.post(url, call.body.to_vec()),
            Verb::Put => self.client.put(url, call.body.to_vec()),
        };
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization.expose());
        }
        request.send()
    }

    /// The `Authorization` header to try next, after `refused` was: one that another thread has got in the meantime,
    /// or a new one. `None` when there is none.
    fn authorize(
        &self,
        challenge: &Challenge,
        call: &Call<'_>,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, RegistryError> {
        let mut state = self.state();
        if state.authorization.as_ref() != refused {
            return Ok(state.authorization.clone());
        }
        let found = state.found.get_or_insert_with(|| self.find());
        let scope = format!("repository:{}:{}", self.repository, call.verb.access());
        let (registry, url) = (&self.host.registry, call.url);
        let answer = Asker { client: &self.client, registry, url, scope: &scope, found }.answer(challenge)?;
        if answer.is_some() {
            state.authorization.clone_from(&answer);
        }
        Ok(answer)
    }

    fn has_credentials(&self) -> bool {
        self.state().found.get_or_insert_with(|| self.find()).credentials.is_some()
    }

    fn find(&self) -> Found {
        match &self.config.token {
            Some(token) if self.own => Found {
                credentials: Some(Credentials::Bearer(token.clone())),
                source: "the token given".to_owned(),
                notes: Vec::new(),
            },
            _ => {
                let sources = self.config.sources();
                credentials::find(&sources, &self.host.registry, &self.repository, self.own)
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, response: Response, what: &str) -> Result<Response, RegistryError> {
        if matches!(response.status(), 401 | 403) {
            let found = self.state().found.clone().unwrap_or_else(|| self.find());
            return Err(refused(response, &self.host.registry, &found));
        }
        check(response, what)
    }
}

/// The `Authorization` header for a user name and password (RFC 7617).
pub(crate) fn basic_header(user: &str, password: &Secret) -> Secret {
    Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose()))))
}

/// The error that a refusal is.
pub(crate) fn refused(response: Response, registry: &str, found: &Found) -> RegistryError {
    RegistryError::Unauthorized {
        registry: registry.to_owned(),
        url: response.url().clone(),
        status: response.status(),
        detail: detail(response),
        credentials: found.describe(),
        anonymous: found.credentials.is_none(),
    }
}

/// The answer when it is one of success.
pub(crate) fn check(response: Response, what: &str) -> Result<Response, RegistryError> {
    let (status, url) = (response.status(), response.url().clone());
    match status {
        200..300 => Ok(response),
        404 => Err(RegistryError::NotFound { what: what.to_owned(), url, detail: detail(response) }),
        429 => {
            let retry_after = response.retry_after();
            Err(RegistryError::TooManyRequests { url, detail: detail(response), retry_after })
        }
        _ => Err(RegistryError::Status { url, status, detail: detail(response) }),
    }
}

#[derive(Deserialize)]
struct RawErrors {
    errors: Vec<RawError>,
}

#[derive(Deserialize)]
struct RawError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// What a registry says of an error (distribution-spec, "Error Codes"), or the beginning of what it sent instead.
fn detail(response: Response) -> String {
    let bytes = response.excerpt();
    let Ok(raw) = serde_json::from_slice::<RawErrors>(&bytes) else { return one_line(&bytes) };
    let first = raw.errors.into_iter().next();
    first.map_or(String::new(), |error| {
        one_line(if error.message.is_empty() { &error.code } else { &error.message }.as_bytes())
    })
}
