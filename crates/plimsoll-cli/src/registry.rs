//! The way to registries: what the command line, the configuration and the environment say of them.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Context;
use plimsoll_http::{Client, ClientConfig, RetryPolicy};
use plimsoll_image::{Image, PlatformChoice};
use plimsoll_registry::{
    Artifact, AuthFile, Login, Reference, Registry, RegistryConfig, RegistryError, Secret,
};
use plimsoll_types::Digest;

use crate::args::{Network, Scan};
use crate::config;
use crate::exit::usage;

/// The most bytes of a password on standard input.
const MAX_PASSWORD: u64 = 64 << 10;

/// What is known of how to reach registries. Certificates are loaded and connections made when the first image is asked
/// for, so that a scan of an archive does not pay for them.
pub(crate) struct Access {
    network: Network,
    password: Option<Secret>,
    registry: OnceLock<Registry>,
}

/// What a scan says of the way to registries.
pub(crate) fn network_of(scan: &Scan) -> Network {
    Network {
        offline: scan.offline,
        username: scan.username.clone(),
        password: scan.password.clone(),
        password_stdin: scan.password_stdin,
        registry_token: scan.registry_token.clone(),
        insecure: scan.insecure,
        cacert: scan.cacert.clone(),
        config: scan.config.clone(),
    }
}

impl Access {
    pub(crate) fn new(network: Network) -> anyhow::Result<Access> {
        let mut password = network.password.as_deref().map(Secret::new);
        if network.password_stdin {
            let mut text = String::new();
            let mut input = std::io::stdin().lock().take(MAX_PASSWORD);
            input.read_to_string(&mut text).context("cannot read the password from standard input")?;
            password = Some(Secret::new(text.trim_end_matches(['\r', '\n'])));
        }
        if network.username.is_some() && password.is_none() {
            return Err(usage("--username needs --password-stdin or --password"));
        }
        Ok(Access { network, password, registry: OnceLock::new() })
    }

    /// The images of a reference. No layer is read yet.
    pub(crate) fn open(
        &self,
        reference: &str,
        platform: &PlatformChoice,
        machine: &str,
    ) -> anyhow::Result<Vec<Image>> {
        let reference: Reference = reference.parse().map_err(|error| {
            usage(format!("'{reference}' is no file, no directory and no image reference: {error}"))
        })?;
        Ok(self.get()?.open(&reference, platform, machine)?)
    }

    /// What is attached in the repository of a reference to `digests`: an image's manifest, and the indexes through which
    /// it was found.
    pub(crate) fn attached(
        &self,
        reference: &str,
        digests: &[Digest],
        wanted: &dyn Fn(&str) -> bool,
    ) -> anyhow::Result<Vec<Artifact>> {
        let (reference, registry) = (parse(reference)?, self.get()?);
        let mut found: Vec<Artifact> = Vec::new();
        for digest in digests {
            for artifact in registry.attached(&reference, digest, wanted)? {
                if found.iter().all(|known| known.digest != artifact.digest) {
                    found.push(artifact);
                }
            }
        }
        Ok(found)
    }

    /// The artifacts with these digests in the repository of a reference, as far as it has them: mirrors often leave out
    /// what an index lists beside images.
    pub(crate) fn artifacts(&self, reference: &str, digests: &[Digest]) -> anyhow::Result<Vec<Artifact>> {
        let (reference, registry) = (parse(reference)?, self.get()?);
        let mut found = Vec::new();
        for digest in digests {
            match registry.artifact(&reference.with_digest(digest.clone())) {
                Ok(artifact) => found.push(artifact),
                Err(RegistryError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    fn get(&self) -> anyhow::Result<&Registry> {
        match self.registry.get() {
            Some(registry) => Ok(registry),
            None => {
                let made = self.registry()?;
                Ok(self.registry.get_or_init(|| made))
            }
        }
    }

    fn registry(&self) -> anyhow::Result<Registry> {
        self.registry_with(self.client(ClientConfig::default())?)
    }

    /// A client that does what the user allows, with the patience of `config`.
    pub(crate) fn client(&self, config: ClientConfig) -> anyhow::Result<Client> {
        let variable = |name: &str| std::env::var(name).ok();
        let client = ClientConfig {
            offline: self.network.offline,
            insecure: self.network.insecure,
            ca_files: self.network.cacert.iter().cloned().collect(),
            // Many runs that start at once should not all come back at once.
            retry: RetryPolicy { seed: u64::from(std::process::id()), ..config.retry },
            ..config
        };
        Ok(Client::new(client.with_environment(variable))?)
    }

    /// The way to registries with another client.
    pub(crate) fn registry_with(&self, client: Client) -> anyhow::Result<Registry> {
        let login = self.network.username.clone().zip(self.password.clone());
        let config = RegistryConfig {
            logins: login
                .map(|(user, password)| Login { registry: None, user, password })
                .into_iter()
                .collect(),
            token: self.network.registry_token.as_deref().map(Secret::new),
            auth_files: auth_files(),
            helper_path: std::env::var_os("PATH"),
            mirrors: config::read(self.network.config.as_deref())?.mirrors,
            ..RegistryConfig::default()
        };
        Ok(Registry::new(client, config)?)
    }
}

fn parse(reference: &str) -> anyhow::Result<Reference> {
    reference.parse().map_err(|error| usage(format!("'{reference}': {error}")))
}

/// Where Docker and Podman keep credentials.
fn auth_files() -> Vec<AuthFile> {
    let folder = |name: &str| -> Option<PathBuf> {
        std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
    };
    let docker = folder("DOCKER_CONFIG").or_else(|| Some(folder("HOME")?.join(".docker")));
    let podman = folder("XDG_RUNTIME_DIR").map(|dir| dir.join("containers"));
    let in_folder = |dir: Option<PathBuf>, name: &str| dir.map(|dir: PathBuf| dir.join(Path::new(name)));
    [folder("REGISTRY_AUTH_FILE"), in_folder(docker, "config.json"), in_folder(podman, "auth.json")]
        .into_iter()
        .flatten()
        .map(AuthFile::Path)
        .collect()
}
