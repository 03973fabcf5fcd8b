//! Challenges and tokens: RFC 9110 section 11.6.1, and the token protocols of the distribution project
//! (`docs/content/spec/auth/token.md` and `oauth.md`).

use plimsoll_http::{Client, HttpError, Response, Scheme, Url};
use serde::Deserialize;

use crate::credentials::{Credentials, Found, Secret};
use crate::{RegistryError, place};

/// What a registry wants for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password.
    Basic,
    /// A token.
    Bearer {
        /// The token service.
        realm: String,
        /// The registry's name there.
        service: Option<String>,
        /// What the token is to be good for.
        scope: Option<String>,
    },
}

/// The largest answer of a token service. Tokens of large organisations have tens of kilobytes.
const MAX_ANSWER: u64 = 1 << 20;

/// The most parameters and challenges that are read.
const MAX_PARAMETERS: usize = 64;

impl Challenge {
    /// The challenge to answer out of all `WWW-Authenticate` headers: a token where one is wanted, else a password.
    pub(crate) fn choose(headers: &[&str]) -> Option<Challenge> {
        let all: Vec<Challenge> = headers.iter().flat_map(|header| parse(header)).collect();
        all.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. })).or(all.first()).cloned()
    }
}

/// Reads `scheme key=value, key="value", scheme …`; what is not understood is passed over.
fn parse(header: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = header;
    for _ in 0..MAX_PARAMETERS {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            break;
        }
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match after.trim_start_matches([' ', '\t']).strip_prefix('=') {
            Some(value) if !word.is_empty() => {
                let (value, after) = parse_value(value.trim_start_matches([' ', '\t']));
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.push((word.to_ascii_lowercase(), value));
                }
                rest = after;
            }
            // A stray sign; without a step forward this would never end.
            Some(value) => rest = value,
            None => {
                found.push((word.to_ascii_lowercase(), Vec::new()));
                rest = after;
            }
        }
    }
    found
        .into_iter()
        .filter_map(|(scheme, parameters)| {
            let value = |name: &str| {
                let found = parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
                found.filter(|value| !value.is_empty())
            };
            match scheme.as_str() {
                "basic" => Some(Challenge::Basic),
                "bearer" => {
                    let realm = value("realm")?;
                    Some(Challenge::Bearer { realm, service: value("service"), scope: value("scope") })
                }
                _ => None,
            }
        })
        .collect()
}

/// A token or a quoted string, and what follows it.
fn parse_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(characters.next().map(|(_, character)| character)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[derive(Deserialize)]
struct RawToken {
    token: Option<String>,
    access_token: Option<String>,
}

/// What is needed to answer a challenge.
pub(crate) struct Asker<'a> {
    pub client: &'a Client,
    /// The registry as references write it.
    pub registry: &'a str,
    /// What was refused.
    pub url: &'a Url,
    /// What the token is to be good for where the challenge does not say it.
    pub scope: &'a str,
    pub found: &'a Found,
}

impl Asker<'_> {
    /// The `Authorization` header that answers `challenge`; `None` when there is nothing to answer it with.
    pub(crate) fn answer(&self, challenge: &Challenge) -> Result<Option<Secret>, RegistryError> {
        match (challenge, &self.found.credentials) {
            (Challenge::Basic, Some(Credentials::Basic(user, password))) => {
                Ok(Some(place::basic_header(user, password)))
            }
            (Challenge::Basic, _) => Ok(None),
            (Challenge::Bearer { .. }, Some(Credentials::Bearer(token))) => Ok(Some(bearer(token.expose()))),
            (Challenge::Bearer { realm, service, scope }, _) => {
                let scope = scope.as_deref().unwrap_or(self.scope);
                self.token(realm, service.as_deref(), scope).map(Some)
            }
        }
    }

    fn token(&self, realm: &str, service: Option<&str>, scope: &str) -> Result<Secret, RegistryError> {
        let protocol = |reason: String| RegistryError::Protocol { url: self.url.clone(), reason };
        let url: Url = realm.parse().map_err(|error: HttpError| protocol(error.to_string()))?;
        if self.url.scheme() == Scheme::Https && url.scheme() == Scheme::Http {
            return Err(protocol(format!("its token service {url} is not encrypted")));
        }
        let mut fields: Vec<(&str, &str)> = Vec::new();
        fields.extend(service.map(|service| ("service", service)));
        fields.push(("scope", scope));
        let response = match &self.found.credentials {
            Some(Credentials::Identity(token)) => {
                fields.extend([
                    ("grant_type", "refresh_token"),
                    ("client_id", "plimsoll"),
                    ("refresh_token", token.expose()),
                ]);
                self.client.post_form(url.clone(), &fields).send()?
            }
            Some(Credentials::Basic(user, password)) => {
                let header = place::basic_header(user, password);
                let request = self.client.get(url.clone().with_query(&fields));
                request.header("Authorization", header.expose()).send()?
            }
            _ => self.client.get(url.clone().with_query(&fields)).send()?,
        };
        if matches!(response.status(), 400 | 401 | 403) {
            return Err(place::refused(response, self.registry, self.found));
        }
        let response = place::check(response, "the token")?;
        read_token(response)
    }
}

fn read_token(response: Response) -> Result<Secret, RegistryError> {
    let url = response.url().clone();
    let bytes = response.bytes(MAX_ANSWER)?;
    // The parser's message can quote the document, which is a token.
    let raw: RawToken = serde_json::from_slice(&bytes).map_err(|_| RegistryError::Protocol {
        url: url.clone(),
        reason: "the token service's answer is not valid".to_owned(),
    })?;
    match raw.token.into_iter().chain(raw.access_token).find(|token| !token.is_empty()) {
        Some(token) => Ok(bearer(&token)),
        None => {
            let reason = "the token service's answer has no token".to_owned();
            Err(RegistryError::Protocol { url, reason })
        }
    }
}

/// The `Authorization` header for a token.
pub(crate) fn bearer(token: &str) -> Secret {
    Secret::new(format!("Bearer {token}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    // The first is that of the distribution project's token specification, the others are what registries send.
    #[test]
    fn reads_challenges() {
        for (header, expected) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push""#,
                bearer(
                    "https://auth.docker.io/token",
                    Some("registry.docker.io"),
                    Some("repository:samalba/my-app:pull,push"),
                ),
            ),
            (r#"bearer Realm = "https://x/a\"b" , service=y"#, bearer("https://x/a\"b", Some("y"), None)),
            (r#"Basic realm="Registry Realm""#, Challenge::Basic),
            ("BASIC", Challenge::Basic),
            (
                r#"Negotiate, Basic realm="x", Bearer realm="https://t/",service="""#,
                bearer("https://t/", None, None),
            ),
            (r#"Negotiate abc==, Basic realm="x, y""#, Challenge::Basic),
        ] {
            assert_eq!(Challenge::choose(&[header]), Some(expected), "{header}");
        }
        let two = [r#"Basic realm="x""#, r#"Bearer realm="https://t/""#];
        assert_eq!(Challenge::choose(&two), Some(bearer("https://t/", None, None)));
        for nothing in ["", "Bearer", "Digest realm=\"x\"", "=", "==,=", "Bearer service=\"x\"", "\""] {
            assert_eq!(Challenge::choose(&[nothing]), None, "{nothing}");
        }
        assert_eq!(Challenge::choose(&[]), None);
    }

    #[test]
    fn survives_any_prefix_and_flip() {
        let whole = "Negotiate, Bearer realm=\"https://a\\\"b/\u{fc}\",service=x, scope=\"repository:a:pull\", Basic realm=";
        for (len, _) in whole.char_indices() {
            let _ = Challenge::choose(&[&whole[..len]]);
            for flip in [1u8, 4, 0x1f] {
                let mut bytes = whole.as_bytes().to_vec();
                bytes[len] ^= flip;
                let _ = Challenge::choose(&[&String::from_utf8_lossy(&bytes)]);
            }
        }
        let long = "a=,".repeat(100_000);
        assert_eq!(Challenge::choose(&[&long]), None);
    }
}
