//! CFG-TLSENV: variables that switch off the checking of certificates.

use plimsoll_types::Detection;
use plimsoll_types::classes::configuration::TLSENV;

use super::{Look, detection, env_place};
use crate::evidence;

/// When a variable switches the checking off.
enum When {
    /// Its value is one of these.
    Is(&'static [&'static str]),
    /// It is set to anything.
    Set,
    /// Its value holds one of these.
    Holds(&'static [&'static str]),
}

/// From the documentation of each program: Node.js (`NODE_TLS_REJECT_UNAUTHORIZED`), git, Python 2.7.12 and 3.4 (`PYTHONHTTPSVERIFY`),
/// npm, pip, Go, Cargo, Terraform, Vault, Ansible, Deno, Docker, Elixir's Hex.
const VARIABLES: &[(&str, When)] = &[
    ("NODE_TLS_REJECT_UNAUTHORIZED", When::Is(&["0"])),
    ("NODE_OPTIONS", When::Holds(&["--tls-reject-unauthorized=0"])),
    ("GIT_SSL_NO_VERIFY", When::Set),
    ("PYTHONHTTPSVERIFY", When::Is(&["0"])),
    ("CURL_INSECURE", When::Set),
    ("CURL_SSL_VERIFY", When::Is(&["0", "false"])),
    ("REQUESTS_VERIFY", When::Is(&["0", "false"])),
    ("PIP_TRUSTED_HOST", When::Set),
    ("UV_INSECURE_HOST", When::Set),
    ("NPM_CONFIG_STRICT_SSL", When::Is(&["false", "0"])),
    ("YARN_ENABLE_STRICT_SSL", When::Is(&["false", "0"])),
    ("YARN_STRICT_SSL", When::Is(&["false", "0"])),
    ("CONDA_SSL_VERIFY", When::Is(&["false", "0", "no"])),
    ("BUNDLE_SSL_VERIFY_MODE", When::Is(&["0"])),
    ("CARGO_HTTP_CHECK_REVOKE", When::Is(&["false"])),
    ("GOINSECURE", When::Set),
    ("GOFLAGS", When::Holds(&["-insecure"])),
    ("GONOSUMCHECK", When::Is(&["1"])),
    ("GOSUMDB", When::Is(&["off"])),
    ("VAULT_SKIP_VERIFY", When::Is(&["1", "true", "t"])),
    ("CONSUL_HTTP_SSL_VERIFY", When::Is(&["0", "false"])),
    ("NOMAD_SKIP_VERIFY", When::Is(&["1", "true"])),
    ("ANSIBLE_HOST_KEY_CHECKING", When::Is(&["false", "0", "no"])),
    ("ANSIBLE_GALAXY_IGNORE", When::Is(&["true", "1", "yes"])),
    ("DENO_TLS_CA_STORE", When::Is(&["none"])),
    ("HEX_UNSAFE_HTTPS", When::Is(&["1", "true"])),
    ("HEX_UNSAFE_REGISTRY", When::Is(&["1", "true"])),
    ("PERL_LWP_SSL_VERIFY_HOSTNAME", When::Is(&["0"])),
    ("HTTPS_VERIFY", When::Is(&["0", "false"])),
    ("AWS_CA_BUNDLE_DISABLE", When::Set),
    ("MAVEN_OPTS", When::Holds(&["maven.wagon.http.ssl.insecure=true"])),
    ("JAVA_TOOL_OPTIONS", When::Holds(&["maven.wagon.http.ssl.insecure=true"])),
];

/// True when `name=value` switches off the checking of certificates or of what is fetched.
pub(crate) fn switches_off(name: &str, value: &str) -> bool {
    let Some((_, when)) = VARIABLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        return false;
    };
    let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    if value.is_empty() || value.starts_with('$') {
        return false;
    }
    match when {
        When::Is(values) => values.contains(&value.as_str()),
        // What git takes for false (git-config, "boolean").
        When::Set => !matches!(value.as_str(), "0" | "false" | "no" | "off"),
        When::Holds(parts) => parts.iter().any(|part| value.contains(part)),
    }
}

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    for (name, value) in look.env().filter(|(name, value)| switches_off(name, value)) {
        let message =
            format!("{name} switches off the checking of certificates for all that runs in the container");
        let mut found = detection(TLSENV, "", env_place(name), message);
        found.evidence = evidence::text(&format!("{name}={value}"));
        out.push(found);
    }
}
