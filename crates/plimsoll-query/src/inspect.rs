//! What an engine says of containers, images and itself: the output of `docker inspect`, `docker info` and `podman inspect`, and
//! the same objects of the Engine API (Docker Engine API v1.4x: ContainerInspect, ImageInspect, SystemInfo).
//!
//! Engines differ in what they leave out or write as null, so every member is optional; what an object is, is told by its members.

mod container;

use std::collections::BTreeMap;

use plimsoll_types::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::tables::{HostRow, ImageRow, LayerRow, Tables, UserRow};

pub use container::{DEFAULT_CAPABILITIES, capabilities, is_root};
pub(crate) use container::{capability, seccomp};

/// The most bytes that are read.
pub const MAX_BYTES: u64 = 256 << 20;

/// The most objects that are read.
const MAX_OBJECTS: usize = 100_000;

/// Why inspect output cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It is not JSON, or a member is not what it should be.
    #[error("not the output of docker inspect: {0}")]
    Json(#[from] serde_json::Error),
    /// An object is neither a container nor an image nor an engine's information.
    #[error("object {0} is no container, no image and no engine's information")]
    Unknown(usize),
    /// There are too many objects.
    #[error("more than {MAX_OBJECTS} objects")]
    TooMany,
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
}

/// Where objects come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A file with this name.
    File(&'a str),
    /// A live engine.
    Engine,
}

impl Origin<'_> {
    fn source(self) -> String {
        match self {
            Origin::File(_) => "inspect".to_owned(),
            Origin::Engine => "engine".to_owned(),
        }
    }

    fn file(self) -> Option<String> {
        match self {
            Origin::File(name) => Some(name.to_owned()),
            Origin::Engine => None,
        }
    }
}

/// Adds what `bytes` describe to `tables`: one object, an array of them, or several values one after the other, as
/// `docker inspect --format '{{json .}}'` prints them.
///
/// # Errors
///
/// When the bytes are no such output. Nothing is added then.
pub fn read(bytes: &[u8], origin: Origin<'_>, tables: &mut Tables) -> Result<(), InspectError> {
    let mut objects = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        match value? {
            Value::Array(values) => objects.extend(values),
            value => objects.push(value),
        }
        if objects.len() > MAX_OBJECTS {
            return Err(InspectError::TooMany);
        }
    }
    if objects.is_empty() && bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(InspectError::Empty);
    }
    let mut found = Tables::default();
    for (number, object) in objects.into_iter().enumerate() {
        let has = |name: &str| object.get(name).is_some();
        if has("HostConfig") || (has("State") && has("Config")) {
            container::add(serde_json::from_value(object)?, origin, &mut found);
        } else if has("RootFS") || has("RepoTags") {
            add_image(serde_json::from_value(object)?, origin, &mut found);
        } else if has("ServerVersion") || has("SecurityOptions") {
            add_host(serde_json::from_value(object)?, &mut found);
        } else {
            return Err(InspectError::Unknown(number.saturating_add(1)));
        }
    }
    tables.containers.append(&mut found.containers);
    tables.mounts.append(&mut found.mounts);
    tables.ports.append(&mut found.ports);
    tables.images.append(&mut found.images);
    tables.layers.append(&mut found.layers);
    tables.hosts.append(&mut found.hosts);
    tables.users.append(&mut found.users);
    Ok(())
}

/// Null is as good as nothing.
fn nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(input: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(input)?.unwrap_or_default())
}

/// A list of texts, or a text alone, which older engines write.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "RawWords")]
struct Words(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawWords {
    Many(Vec<String>),
    One(String),
    None(()),
}

impl From<RawWords> for Words {
    fn from(raw: RawWords) -> Words {
        Words(match raw {
            RawWords::Many(words) => words,
            RawWords::One(word) if word.is_empty() => Vec::new(),
            RawWords::One(word) => vec![word],
            RawWords::None(()) => Vec::new(),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    #[serde(deserialize_with = "nothing")]
    user: String,
    #[serde(deserialize_with = "nothing")]
    image: String,
    env: Words,
    cmd: Words,
    entrypoint: Words,
    #[serde(deserialize_with = "nothing")]
    labels: BTreeMap<String, Option<String>>,
    healthcheck: Option<Healthcheck>,
    #[serde(deserialize_with = "nothing")]
    exposed_ports: BTreeMap<String, Value>,
    #[serde(deserialize_with = "nothing")]
    volumes: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Healthcheck {
    test: Words,
}

impl Config {
    /// The names of the environment variables: the values may be secrets.
    fn env_names(&self) -> Vec<String> {
        self.env.0.iter().map(|entry| entry.split('=').next().unwrap_or_default().to_owned()).collect()
    }

    fn label_texts(&self) -> Vec<String> {
        let text = |(key, value): (&String, &Option<String>)| {
            format!("{key}={}", value.as_deref().unwrap_or_default())
        };
        self.labels.iter().map(text).collect()
    }

    /// True when there is a health check: `NONE` switches one off.
    fn healthcheck(&self) -> bool {
        self.healthcheck.as_ref().is_some_and(|check| {
            check.test.0.first().is_some_and(|first| !first.is_empty() && !first.eq_ignore_ascii_case("NONE"))
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawImage {
    #[serde(deserialize_with = "nothing")]
    id: String,
    repo_tags: Words,
    repo_digests: Words,
    #[serde(deserialize_with = "nothing")]
    created: Value,
    #[serde(deserialize_with = "nothing")]
    os: String,
    #[serde(deserialize_with = "nothing")]
    architecture: String,
    size: Option<i64>,
    #[serde(deserialize_with = "nothing")]
    config: Config,
    #[serde(rename = "RootFS", deserialize_with = "nothing")]
    root_fs: RootFs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RootFs {
    layers: Words,
}

/// A time as engines write it: RFC 3339, or seconds in lists; the zero time of Go is none.
fn time(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => text.parse().ok()?,
        Value::Number(number) => Timestamp::from_seconds(number.as_i64()?),
        _ => return None,
    };
    (time.seconds() > 0).then_some(time)
}

fn stated(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn add_image(raw: RawImage, origin: Origin<'_>, tables: &mut Tables) {
    let tags: Vec<String> = raw.repo_tags.0.into_iter().filter(|tag| tag != "<none>:<none>").collect();
    let digest = raw.repo_digests.0.first().and_then(|digest| digest.rsplit('@').next()).map(str::to_owned);
    let name = tags.first().or(raw.repo_digests.0.first()).unwrap_or(&raw.id).clone();
    let id = stated(raw.id);
    for (position, diff_id) in raw.root_fs.layers.0.iter().enumerate() {
        tables.layers.push(LayerRow {
            image_name: name.clone(),
            image_id: id.clone(),
            position: i64::try_from(position).unwrap_or(i64::MAX),
            diff_id: diff_id.clone(),
            ..LayerRow::default()
        });
    }
    tables.users.push(configured(&raw.config.user, &name, None));
    tables.images.push(ImageRow {
        source: origin.source(),
        kind: "image".to_owned(),
        digest,
        created: time(&raw.created),
        os: stated(raw.os),
        architecture: stated(raw.architecture),
        runs_as_root: Some(is_root(&raw.config.user)),
        command: [raw.config.entrypoint.0.clone(), raw.config.cmd.0.clone()].concat(),
        env_names: raw.config.env_names(),
        exposed_ports: raw.config.exposed_ports.keys().cloned().collect(),
        volumes: raw.config.volumes.keys().cloned().collect(),
        labels: raw.config.label_texts(),
        healthcheck: Some(raw.config.healthcheck()),
        run_as: Some(raw.config.user),
        layers: i64::try_from(raw.root_fs.layers.0.len()).ok(),
        size: raw.size,
        tags,
        id,
        name,
        ..ImageRow::default()
    });
}

/// The user of a configuration.
pub(crate) fn configured(user: &str, image_name: &str, container_name: Option<&str>) -> UserRow {
    let (who, group) = user.split_once(':').map_or((user, None), |(who, group)| (who, Some(group)));
    let number = who.trim_start_matches('+').parse::<i64>().ok();
    UserRow {
        image_name: image_name.to_owned(),
        container_name: container_name.map(str::to_owned),
        source: "configured".to_owned(),
        uid: number.or((who.is_empty() || who == "root").then_some(0)),
        name: match (number, who) {
            (Some(_), _) => None,
            (None, "") => Some("root".to_owned()),
            (None, name) => Some(name.to_owned()),
        },
        group_name: group.map(str::to_owned),
        root: Some(is_root(user)),
        ..UserRow::default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawHost {
    #[serde(deserialize_with = "nothing")]
    name: String,
    server_version: Option<String>,
    operating_system: Option<String>,
    kernel_version: Option<String>,
    #[serde(deserialize_with = "nothing")]
    swarm: Swarm,
    security_options: Words,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Swarm {
    local_node_state: Option<String>,
}

fn add_host(raw: RawHost, tables: &mut Tables) {
    let options = raw.security_options.0;
    // `name=seccomp,profile=builtin`; older engines wrote the bare name.
    let has = |wanted: &str| {
        Some(options.iter().any(|option| {
            let first = option.split(',').next().unwrap_or_default();
            first.strip_prefix("name=").unwrap_or(first) == wanted
        }))
    };
    tables.hosts.push(HostRow {
        name: raw.name,
        engine_version: raw.server_version,
        os: raw.operating_system,
        kernel: raw.kernel_version,
        swarm_state: raw.swarm.local_node_state.filter(|state| !state.is_empty()),
        apparmor: has("apparmor"),
        selinux: has("selinux"),
        no_new_privileges: has("no-new-privileges"),
        user_namespaces: has("userns"),
        security_options: options,
    });
}
