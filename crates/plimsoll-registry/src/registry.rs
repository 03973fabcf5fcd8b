//! From a reference to images: manifests, indexes and configurations by the OCI distribution specification v1.1.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_archive::Hasher;
use plimsoll_http::Client;
use plimsoll_image::{
    Config, Descriptor, Image, ImageError, Layer, Manifest, ManifestKind, PlatformChoice, classify, media,
};
use plimsoll_types::{Algorithm, Digest};

use crate::artifact::Artifact;
use crate::blob::RegistryBlob;
use crate::credentials::{AuthFile, Login, Secret, Sources};
use crate::place::{Host, Place, Verb};
use crate::{Reference, RegistryError};

/// The most bytes of a manifest, index or configuration, as for images on disk.
pub(crate) const MAX_DOCUMENT: u64 = 8 << 20;

/// How deep indexes may lie in indexes.
const MAX_DEPTH: usize = 4;

/// The most images that are opened for one reference, and the most bytes that their configurations may have together:
/// they are kept for as long as the images are.
const MAX_IMAGES: usize = 256;
const MAX_CONFIGS: u64 = 64 << 20;

/// What to ask registries with.
#[derive(Debug, Clone)]
pub struct RegistryConfig {
    /// User names and passwords that the user gave.
    pub logins: Vec<Login>,
    /// A token that the user gave for the reference's own registry; sent as it is.
    pub token: Option<Secret>,
    /// Files of credentials in the order in which they are looked into, such as `~/.docker/config.json` and
    /// `$XDG_RUNTIME_DIR/containers/auth.json`.
    pub auth_files: Vec<AuthFile>,
    /// Where credential helpers are, as `PATH` writes it; without it none is run.
    pub helper_path: Option<OsString>,
    /// How long a credential helper may take.
    pub helper_timeout: Duration,
    /// Mirrors by registry (`docker.io`): hosts, with a path where it has one, that are asked first and in order.
    pub mirrors: BTreeMap<String, Vec<String>>,
}

impl Default for RegistryConfig {
    fn default() -> RegistryConfig {
        RegistryConfig {
            logins: Vec::new(),
            token: None,
            auth_files: Vec::new(),
            helper_path: None,
            helper_timeout: Duration::from_secs(30),
            mirrors: BTreeMap::new(),
        }
    }
}

impl RegistryConfig {
    pub(crate) fn sources(&self) -> Sources<'_> {
        Sources {
            logins: &self.logins,
            files: &self.auth_files,
            helper_path: self.helper_path.as_ref(),
            helper_timeout: self.helper_timeout,
        }
    }
}

/// What a repository's requests are shared by: host, repository, and whether it is the reference's own.
type PlaceKey = (String, String, bool);

/// Opens images in registries. Connections, tokens and what was found out about hosts are kept for the next image.
pub struct Registry {
    client: Client,
    config: Arc<RegistryConfig>,
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
    places: Mutex<BTreeMap<PlaceKey, Arc<Place>>>,
}

/// A manifest or an index as it was fetched and verified.
pub(crate) struct Fetched {
    pub(crate) bytes: Vec<u8>,
    media_type: String,
    pub(crate) digest: Digest,
}

impl Registry {
    /// Asks registries through `client`.
    ///
    /// # Errors
    ///
    /// When a mirror's address is none.
    pub fn new(client: Client, config: RegistryConfig) -> Result<Registry, RegistryError> {
        for (registry, mirror) in
            config.mirrors.iter().flat_map(|(registry, all)| all.iter().map(move |m| (registry, m)))
        {
            let (host, path) = split_mirror(mirror);
            // A reference's grammar is that of a mirror's host and path too.
            if format!("{host}/{path}x").parse::<Reference>().is_err() {
                let mirror = mirror.rsplit_once('@').map_or(mirror.as_str(), |(_, mirror)| mirror).to_owned();
                return Err(RegistryError::Mirror { registry: registry.clone(), mirror });
            }
        }
        Ok(Registry { client, config: Arc::new(config), hosts: Mutex::default(), places: Mutex::default() })
    }

    /// The images of a reference for the platforms asked for. `machine` is the architecture of the machine at hand, as
    /// OCI spells it. No layer is read yet.
    ///
    /// # Errors
    ///
    /// When the registry does not give what is needed, something has another digest than promised, or there is no image
    /// for the platform.
    pub fn open(
        &self,
        reference: &Reference,
        choice: &PlatformChoice,
        machine: &str,
    ) -> Result<Vec<Image>, RegistryError> {
        self.at_each_place(reference, |place| open_at(place, reference, choice, machine))
    }

    /// The digest of the manifest or index that a reference means, without fetching it where the registry allows.
    ///
    /// # Errors
    ///
    /// When the registry does not know it.
    pub fn resolve(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        self.at_each_place(reference, |place| {
            let (path, what) = (format!("manifests/{}", reference.manifest_id()), reference.to_string());
            let accept = media::ACCEPT.join(", ");
            let response = place.request(Verb::Head, &path, &[("Accept", &accept)], &what)?;
            let said = response.header("Docker-Content-Digest").and_then(|digest| digest.parse().ok());
            match (said, reference.digest()) {
                (Some(actual), Some(expected)) if actual != *expected => Err(RegistryError::DigestMismatch {
                    what,
                    url: response.url().clone(),
                    expected: expected.clone(),
                    actual,
                }),
                (Some(digest), _) => Ok(digest),
                (None, _) => fetch(place, &reference.manifest_id(), reference.digest(), &what, &accept)
                    .map(|fetched| fetched.digest),
            }
        })
    }

    /// The artifact that a reference means: any manifest with layers.
    ///
    /// # Errors
    ///
    /// When the registry does not give it, or it is an index.
    pub fn artifact(&self, reference: &Reference) -> Result<Artifact, RegistryError> {
        self.at_each_place(reference, |place| {
            let what = reference.to_string();
            let accept = [media::OCI_MANIFEST, media::DOCKER_MANIFEST].join(", ");
            let fetched = fetch(place, &reference.manifest_id(), reference.digest(), &what, &accept)?;
            Artifact::parse(&fetched.bytes, fetched.digest, place, &what)
        })
    }

    /// Tries the mirrors and then the registry itself. The registry's own error is the one that counts.
    pub(crate) fn at_each_place<T>(
        &self,
        reference: &Reference,
        act: impl Fn(&Arc<Place>) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        for mirror in self.config.mirrors.get(reference.registry()).into_iter().flatten() {
            let (host, path) = split_mirror(mirror);
            match act(&self.place(host, &format!("{path}{}", reference.repository()), false)) {
                Err(error) if !error.is_final() => {}
                outcome => return outcome,
            }
        }
        act(&self.place(reference.registry(), reference.repository(), true))
    }

    /// The reference's own repository, which is never a mirror.
    pub(crate) fn own_place(&self, reference: &Reference) -> Arc<Place> {
        self.place(reference.registry(), reference.repository(), true)
    }

    fn place(&self, registry: &str, repository: &str, own: bool) -> Arc<Place> {
        let host = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Host::new(registry, Reference::api_host(registry)));
            Arc::clone(hosts.entry(registry.to_owned()).or_insert_with(new))
        };
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (registry.to_owned(), repository.to_owned(), own);
        let new = || {
            let config = Arc::clone(&self.config);
            Arc::new(Place::new(self.client.clone(), config, host, repository.to_owned(), own))
        };
        Arc::clone(places.entry(key).or_insert_with(new))
    }
}

/// A mirror's host and the path before repositories, which is empty or ends with a slash.
fn split_mirror(mirror: &str) -> (&str, String) {
    let bare = mirror.strip_prefix("https://").or_else(|| mirror.strip_prefix("http://")).unwrap_or(mirror);
    match bare.trim_end_matches('/').split_once('/') {
        Some((host, path)) => (host, format!("{path}/")),
        None => (bare.trim_end_matches('/'), String::new()),
    }
}

/// Fetches a manifest or an index and verifies its digest: the one asked for, or else the one that the registry says.
pub(crate) fn fetch(
    place: &Place,
    id: &str,
    expected: Option<&Digest>,
    what: &str,
    accept: &str,
) -> Result<Fetched, RegistryError> {
    let response = place.request(Verb::Get, &format!("manifests/{id}"), &[("Accept", accept)], what)?;
    let url = response.url().clone();
    let media_type = response.header("Content-Type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let said: Option<Digest> =
        response.header("Docker-Content-Digest").and_then(|digest| digest.parse().ok());
    let bytes = response.bytes(MAX_DOCUMENT)?;
    let mut digest = None;
    for promised in expected.into_iter().chain(&said) {
        let actual = digest_of(promised.algorithm(), &bytes);
        if actual != *promised {
            let (what, expected) = (format!("the manifest of {what}"), promised.clone());
            return Err(RegistryError::DigestMismatch { what, url, expected, actual });
        }
        digest.get_or_insert(actual);
    }
    let digest = digest.unwrap_or_else(|| digest_of(Algorithm::Sha256, &bytes));
    Ok(Fetched { bytes, media_type, digest })
}

pub(crate) fn digest_of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

/// A manifest or an index that is still to be opened.
#[derive(Default)]
struct Pending {
    /// The index's entry for it; `None` for what the reference means.
    entry: Option<Descriptor>,
    /// The indexes that led to it, the outermost first.
    indexes: Vec<Digest>,
    /// The manifests with attestations about it in the last of them.
    attestations: Vec<Digest>,
}

fn open_at(
    place: &Arc<Place>,
    reference: &Reference,
    choice: &PlatformChoice,
    machine: &str,
) -> Result<Vec<Image>, RegistryError> {
    let name = reference.to_string();
    let accept = media::ACCEPT.join(", ");
    // The reference itself, then entries of indexes, depth first so that images come in their order.
    let mut pending: Vec<Pending> = vec![Pending::default()];
    let mut images: Vec<Image> = Vec::new();
    let mut configs = 0;
    while let Some(Pending { entry, indexes, attestations }) = pending.pop() {
        let fetched = match &entry {
            None => fetch(place, &reference.manifest_id(), reference.digest(), &name, &accept)?,
            Some(entry) => fetch_entry(place, entry, &name, &accept)?,
        };
        let what = format!("manifest {}", fetched.digest);
        match classify(&fetched.bytes, &fetched.media_type, &what)? {
            ManifestKind::Manifest(manifest) => {
                let mut image = open_image(place, reference, manifest, fetched.digest)?;
                if let PlatformChoice::One(wanted) = choice
                    && !choice.accepts(&image.metadata.platform)
                {
                    let available = vec![image.metadata.platform];
                    return Err(ImageError::NoPlatform { name, wanted: wanted.clone(), available }.into());
                }
                configs += image.config.raw.len() as u64;
                if configs > MAX_CONFIGS {
                    return Err(RegistryError::TooLarge { what: name, limit: MAX_CONFIGS });
                }
                image.indexes = indexes;
                image.attestations = attestations;
                images.push(image);
            }
            ManifestKind::Index(index) => {
                if indexes.len() >= MAX_DEPTH {
                    return Err(RegistryError::Depth { what });
                }
                let chosen = choice.select(&index, machine, &name)?;
                if chosen.len() + pending.len() + images.len() > MAX_IMAGES {
                    let reason = format!("it has more than {MAX_IMAGES} images");
                    return Err(ImageError::Document { what, reason }.into());
                }
                let indexes = [indexes, vec![fetched.digest]].concat();
                pending.extend(chosen.into_iter().rev().map(|entry| Pending {
                    entry: Some(entry.clone()),
                    indexes: indexes.clone(),
                    attestations: index.attestations_of(&entry.digest),
                }));
            }
        }
    }
    Ok(images)
}

/// Fetches what an entry of an index stands for.
fn fetch_entry(
    place: &Place,
    entry: &Descriptor,
    name: &str,
    accept: &str,
) -> Result<Fetched, RegistryError> {
    let what = format!("{} of {name}", entry.digest);
    let mut fetched = fetch(place, &entry.digest.to_string(), Some(&entry.digest), &what, accept)?;
    check_size(entry, fetched.bytes.len() as u64)?;
    if !entry.media_type.is_empty() {
        fetched.media_type.clone_from(&entry.media_type);
    }
    Ok(fetched)
}

fn open_image(
    place: &Arc<Place>,
    reference: &Reference,
    manifest: Manifest,
    digest: Digest,
) -> Result<Image, RegistryError> {
    let config = fetch_config(place, &manifest.config)?;
    if config.diff_ids.len() != manifest.layers.len() {
        return Err(RegistryError::Layers {
            what: format!("manifest {digest} of {reference}"),
            layers: manifest.layers.len(),
            diff_ids: config.diff_ids.len(),
        });
    }
    let layers: Vec<Layer> = manifest
        .layers
        .into_iter()
        .zip(&config.diff_ids)
        .enumerate()
        .map(|(number, (descriptor, diff_id))| Layer {
            blob: Some(Box::new(RegistryBlob::new(
                Arc::clone(place),
                descriptor.digest.clone(),
                descriptor.size,
            ))),
            digest: Some(descriptor.digest),
            diff_id: diff_id.clone(),
            size: descriptor.size,
            created_by: config.created_by(number),
        })
        .collect();
    let tags = reference.familiar_tag().into_iter().collect();
    let image = Image::new(manifest.config.digest, Some(digest), tags, config, layers, None);
    Ok(image.annotated(&manifest.annotations))
}

fn fetch_config(place: &Arc<Place>, descriptor: &Descriptor) -> Result<Config, RegistryError> {
    let what = format!("configuration {}", descriptor.digest);
    let path = format!("blobs/{}", descriptor.digest);
    let response = place.request(Verb::Get, &path, &[], &what)?;
    let url = response.url().clone();
    let bytes = response.bytes(MAX_DOCUMENT)?;
    check_size(descriptor, bytes.len() as u64)?;
    let actual = digest_of(descriptor.digest.algorithm(), &bytes);
    if actual != descriptor.digest {
        return Err(RegistryError::DigestMismatch { what, url, expected: descriptor.digest.clone(), actual });
    }
    Ok(Config::parse(&bytes, &what)?)
}

fn check_size(descriptor: &Descriptor, actual: u64) -> Result<(), RegistryError> {
    if descriptor.size == actual || descriptor.size == 0 {
        return Ok(());
    }
    Err(RegistryError::Size { digest: descriptor.digest.clone(), expected: descriptor.size, actual })
}
