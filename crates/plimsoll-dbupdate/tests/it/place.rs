//! A folder with an index, the sources of a test, and databases made of a few words.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_db::{End, Extras, FactRecord, Index, Interval, Record, WriteOptions};
use plimsoll_dbupdate::{
    Conversion, Convert, Form, Limits, Outcome, Request, Source, State, UpdateError, update,
};
use plimsoll_http::{Client, ClientConfig, RetryPolicy, Timeouts};
use plimsoll_registry::{Registry, RegistryConfig};
use plimsoll_test::registry::FakeRegistry;
use plimsoll_types::{Digest, Status, Timestamp};
use serde_json::json;

pub const LAYER: &str = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip";
pub const CONFIG: &str = "application/vnd.aquasec.trivy.config.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const NOW: &str = "2025-02-01T06:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn client() -> Client {
    let retry = RetryPolicy {
        attempts: 2,
        base: Duration::from_millis(1),
        max: Duration::from_secs(2),
        ..RetryPolicy::default()
    };
    let timeouts = Timeouts { idle: Duration::from_millis(500), ..Timeouts::default() };
    Client::new(ClientConfig { retry, timeouts, ..ClientConfig::default() }).unwrap()
}

/// A folder in which an index is kept.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub registry: Registry,
    pub client: Client,
    pub now: Timestamp,
    pub patience: Duration,
    pub limits: Limits,
    pub force: bool,
    pub automatic: bool,
    /// After how many bytes the caller loses patience.
    pub stop_after: u64,
}

impl Place {
    pub fn new() -> Place {
        Place {
            folder: tempfile::Builder::new().prefix("plimsoll-update-").tempdir().unwrap(),
            registry: Registry::new(client(), RegistryConfig::default()).unwrap(),
            client: client(),
            now: at(NOW),
            patience: Duration::from_secs(30),
            limits: Limits::default(),
            force: false,
            automatic: true,
            stop_after: u64::MAX,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn index(&self) -> PathBuf {
        self.path("db/advisories.index")
    }

    pub fn update(&self, sources: &[&str]) -> Result<Outcome, UpdateError> {
        self.update_with(sources, &mut convert)
    }

    pub fn update_with(&self, sources: &[&str], convert: Convert<'_>) -> Result<Outcome, UpdateError> {
        let sources: Vec<Source> = sources.iter().map(|source| source.parse().unwrap()).collect();
        let request = Request {
            index: &self.index(),
            sources: &sources,
            registry: &self.registry,
            client: &self.client,
            now: self.now,
            patience: self.patience,
            force: self.force,
            automatic: self.automatic,
            limits: self.limits,
            progress: &|bytes, _| {
                if bytes > self.stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        };
        update(&request, convert)
    }

    #[track_caller]
    pub fn updated(&self, sources: &[&str]) -> (State, plimsoll_dbupdate::Moved) {
        match self.update(sources).unwrap() {
            Outcome::Updated { state, moved } => (state, moved),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub fn failure(&self, sources: &[&str]) -> String {
        self.update(sources).unwrap_err().to_string()
    }

    pub fn state(&self) -> State {
        State::load(&self.index()).unwrap().unwrap()
    }

    /// The ids in the index in place.
    pub fn ids(&self) -> Vec<String> {
        ids(&Index::open(&self.index()).unwrap())
    }

    /// The names beside the index, without the lock and the folders that are kept.
    pub fn leftovers(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path("db"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| {
                !["advisories.index", "advisories.state.json", "update.lock", "partial", "chunks-v1"]
                    .contains(&name.as_str())
            })
            .collect();
        names.sort();
        names
    }

    pub fn partials(&self) -> Vec<u64> {
        let Ok(entries) = fs::read_dir(self.path("db/partial")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().metadata().unwrap().len()).collect()
    }
}

pub fn ids(index: &Index) -> Vec<String> {
    let mut ids = Vec::new();
    index
        .records(|record| -> Result<(), plimsoll_db::ReadError> {
            ids.push(record.id);
            Ok(())
        })
        .unwrap();
    ids
}

/// The bytes of something that stands for a trivy.db: the real magic number, then the ids that the converter of these
/// tests makes advisories of, then noise, so that a transfer can break off in the middle of it.
pub fn trivy_db(ids: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    bytes.extend_from_slice(&0xED0C_DAED_u32.to_le_bytes());
    bytes.extend_from_slice(ids.join(" ").as_bytes());
    bytes.push(b'\n');
    // xorshift64: what compresses well would not fill the buffers on the way.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..180_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

pub fn metadata(updated_at: &str) -> Vec<u8> {
    let next = Timestamp::from_seconds(at(updated_at).seconds() + 86_400).to_string();
    json!({"Version": 2, "NextUpdate": next, "UpdatedAt": updated_at, "DownloadedAt": "0001-01-01T00:00:00Z"})
        .to_string()
        .into_bytes()
}

pub fn tar_gz(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

/// The file that a trivy-db artifact holds.
pub fn db_tar_gz(ids: &[&str], updated_at: &str) -> Vec<u8> {
    tar_gz(&[("trivy.db", &trivy_db(ids)), ("metadata.json", &metadata(updated_at))])
}

/// Puts an artifact with one layer into a registry, and gives the layer's digest.
pub fn put(fake: &FakeRegistry, repository: &str, layer: &[u8]) -> Digest {
    let digest = fake.put_blob(layer);
    let config = fake.put_blob(b"{}");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": CONFIG,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config.to_string(), "size": 2},
        "layers": [{
            "mediaType": LAYER,
            "digest": digest.to_string(),
            "size": layer.len(),
            "annotations": {"org.opencontainers.image.title": "db.tar.gz"},
        }],
    });
    fake.put_manifest(repository, Some("2"), MANIFEST, manifest.to_string().as_bytes());
    digest
}

/// Makes an index of what [`trivy_db`] made; stands for the real converter.
pub fn convert(conversion: &Conversion<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    assert_eq!(conversion.form, Form::TrivyDb);
    let bytes = fs::read(conversion.database)?;
    let text = bytes.get(20..).unwrap().split(|byte| *byte == b'\n').next().unwrap();
    let text = String::from_utf8(text.to_vec())?;
    let built = conversion.metadata.map(|path| {
        plimsoll_dbupdate::Metadata::parse(&fs::read(path).unwrap()).unwrap().updated_at.unwrap()
    });
    let records = text.split(' ').filter(|id| !id.is_empty()).map(|id| record(id, "")).collect();
    fs::write(conversion.out, index_bytes(records, built))?;
    Ok(())
}

pub fn record(id: &str, title: &str) -> Record {
    let mut record = Record {
        id: id.to_owned(),
        source: "debian".to_owned(),
        facts: vec![FactRecord {
            ecosystem: "Debian:12".to_owned(),
            package: "zlib".to_owned(),
            status: Status::Fixed,
            intervals: vec![Interval { introduced: String::new(), end: End::Fixed("1:1.2".to_owned()) }],
            ..FactRecord::default()
        }],
        ..Record::default()
    };
    record.prose.title = title.to_owned();
    record
}

pub fn index_bytes(records: Vec<Record>, built: Option<Timestamp>) -> Vec<u8> {
    plimsoll_db::write(records, Extras::default(), &WriteOptions { built, digest: true }).unwrap()
}

/// The requests of a registry that ask for something below `part`.
pub fn asked(fake: &FakeRegistry, part: &str) -> Vec<String> {
    let requests = fake.requests().into_iter();
    let lines = requests.map(|request| format!("{} {}", request.method, request.target));
    lines.filter(|line| line.contains(part)).collect()
}

pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
