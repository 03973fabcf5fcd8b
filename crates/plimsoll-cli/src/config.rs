//! The configuration file, `plimsoll.yaml`: defaults for the flags of `scan` under their own names, and what has no
//! flag: `mirrors`, and a `policy` written out in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::exit::usage;

/// Flags and the values that they have unless the command line or the environment says otherwise.
pub(crate) type Defaults = BTreeMap<String, Vec<String>>;

/// The file that is read when it is there and no other is named.
const DEFAULT_FILE: &str = "plimsoll.yaml";

/// The largest file that is read.
const MAX_SIZE: u64 = 1 << 20;

/// A configuration file.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Config {
    /// Registries and the places that are asked first, each `HOST[:PORT][/PREFIX]`.
    #[serde(default)]
    pub(crate) mirrors: BTreeMap<String, Vec<String>>,
    /// The name of the policy file, or the policy itself.
    #[serde(default)]
    policy: Option<PolicyKey>,
    /// Everything else: flags.
    #[serde(flatten)]
    flags: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "policy is the name of a file, or the policy itself")]
enum PolicyKey {
    File(String),
    Inline(IgnoredAny),
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a flag has one value, or a list of them")]
enum Value {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Number(u64),
    Text(String),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Scalar::Bool(value) => value.to_string(),
            Scalar::Number(value) => value.to_string(),
            Scalar::Text(value) => value.clone(),
        }
    }
}

/// Reads the configuration file: `path`, or the one in the working directory when there is one.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Config> {
    let (path, required) = path.map_or((Path::new(DEFAULT_FILE), false), |path| (path, true));
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {
            return Ok(Config::default());
        }
        Err(error) => {
            return Err(usage(format!("cannot read the configuration {}: {error}", path.display())));
        }
    };
    if metadata.len() > MAX_SIZE {
        return Err(usage(format!("the configuration {} is larger than {MAX_SIZE} bytes", path.display())));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(format!("cannot read the configuration {}: {error}", path.display())))?;
    if text.trim().is_empty() {
        return Ok(Config::default());
    }
    plimsoll_yaml::parse(&text)
        .map_err(|error| usage(format!("the configuration {} is not valid: {error}", path.display())))
}

/// The configuration file, when a policy is written out in it.
pub(crate) fn with_policy(path: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    let inline = matches!(read(path)?.policy, Some(PolicyKey::Inline(_)));
    Ok(inline.then(|| path.unwrap_or(Path::new(DEFAULT_FILE)).to_owned()))
}

/// The flags that the configuration file sets. `known` are the flags that there are.
pub(crate) fn defaults(path: Option<&Path>, known: &[String]) -> anyhow::Result<Defaults> {
    let config = read(path)?;
    let mut defaults = Defaults::new();
    if let Some(PolicyKey::File(name)) = config.policy {
        defaults.insert("policy".to_owned(), vec![name]);
    }
    for (key, value) in config.flags {
        if !known.contains(&key) || key == "config" {
            return Err(usage(format!("the configuration has an unknown key '{key}'")));
        }
        let values = match value {
            Value::One(scalar) => vec![scalar.text()],
            Value::Many(scalars) => scalars.iter().map(Scalar::text).collect(),
        };
        defaults.insert(key, values);
    }
    Ok(defaults)
}
