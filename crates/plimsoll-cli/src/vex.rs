//! Where VEX documents come from: files, folders, VEX repositories on disk, and what is attached to images in
//! registries.
//!
//! A VEX repository is a folder as the "VEX Repository Specification" 0.1 lays it out: `index.json` maps package URLs
//! to documents, `vex-repository.json` beside it or a folder up describes it. Only the documents of packages that were
//! found are read.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use plimsoll_advisory::vex;
use plimsoll_policy::vex::{VexDocument, unwrap_attestation};
use plimsoll_registry::Artifact;
use plimsoll_types::{PackageUrl, TargetReport};
use serde::Deserialize;

use crate::args::Scan;
use crate::attachments::Origin;
use crate::exit::{self, usage};
use crate::judgement::read;
use crate::{db, registry};

/// The largest document.
const MAX_DOCUMENT: u64 = 64 << 20;
/// The largest index of a repository.
const MAX_INDEX: u64 = 256 << 20;
/// The most files of a folder, and how deep it may nest.
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 16;
/// The file that describes a repository.
const MANIFEST: &str = "vex-repository.json";
/// The file that says which documents it has.
const INDEX: &str = "index.json";

/// All VEX documents that a scan asks for. `references` holds, for each target from a registry, its reference.
pub(crate) fn documents(
    scan: &Scan,
    registry: &registry::Access,
    targets: &[TargetReport],
    origins: &[Origin],
) -> anyhow::Result<Vec<VexDocument>> {
    let mut documents = Vec::new();
    for source in &scan.judgement.vex {
        match source.as_str() {
            "oci" => attached(scan, registry, targets, origins, &mut documents)?,
            "repo" => {
                for folder in installed(scan)? {
                    repository(&folder, targets, &mut documents)?;
                }
            }
            path => from_path(Path::new(path), targets, &mut documents)?,
        }
    }
    Ok(documents)
}

fn from_path(path: &Path, targets: &[TargetReport], documents: &mut Vec<VexDocument>) -> anyhow::Result<()> {
    if !path.is_dir() {
        let bytes = read(path, MAX_DOCUMENT)?;
        let bytes = bytes.ok_or_else(|| usage(format!("cannot read {}: no such file", path.display())))?;
        documents.extend(document(&path.display().to_string(), &bytes, None)?);
        return Ok(());
    }
    if path.join(INDEX).is_file() || path.join(MANIFEST).is_file() {
        return repository(path, targets, documents);
    }
    let mut files = Vec::new();
    list(path, 0, &mut files)?;
    files.sort();
    for file in files {
        if let Some(bytes) = read(&file, MAX_DOCUMENT)? {
            documents.extend(document(&file.display().to_string(), &bytes, None)?);
        }
    }
    Ok(())
}

/// Lists the JSON files below a folder. Links are not followed: they may lead in circles.
fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if depth > MAX_DEPTH {
        return Err(usage(format!("{} nests too deep", folder.display())));
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let kind = entry.file_type().with_context(|| format!("cannot read {}", entry.path().display()))?;
        let path = entry.path();
        if kind.is_dir() {
            list(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            if files.len() >= MAX_FILES {
                return Err(usage(format!("{} has more than {MAX_FILES} documents", folder.display())));
            }
            files.push(path);
        }
    }
    Ok(())
}

/// The document in a file, which may be an attestation. `None` when that is about something else.
fn document(origin: &str, bytes: &[u8], target: Option<usize>) -> anyhow::Result<Option<VexDocument>> {
    let inner =
        unwrap_attestation(bytes).with_context(|| format!("cannot read the VEX document {origin}"))?;
    let Some(inner) = inner else { return Ok(None) };
    let document = vex::read(origin, &inner).context("cannot read a VEX document")?;
    Ok(Some(VexDocument { document, origin: origin.to_owned(), target }))
}

/// The folders of the installed repositories, sorted.
fn installed(scan: &Scan) -> anyhow::Result<Vec<PathBuf>> {
    let folder = db::cache_folder(scan.cache_dir.as_deref()).map(|folder| folder.join("vex"));
    let folder = folder.ok_or_else(|| usage("--vex repo needs a cache folder"))?;
    let mut found = Vec::new();
    if let Ok(entries) = std::fs::read_dir(&folder) {
        for entry in entries {
            let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
            if path.is_dir() {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        return Err(usage(format!("no VEX repository is installed in {}", folder.display())));
    }
    found.sort();
    Ok(found)
}

#[derive(Deserialize)]
struct RawIndex {
    packages: Vec<RawEntry>,
}

#[derive(Deserialize)]
struct RawEntry {
    id: String,
    location: String,
}

/// Reads of a repository the documents about what was found.
fn repository(
    folder: &Path,
    targets: &[TargetReport],
    documents: &mut Vec<VexDocument>,
) -> anyhow::Result<()> {
    // The index lies beside the manifest, or in the folder of the specification's version.
    let root = [folder.to_owned(), folder.join("0.1")].into_iter().find(|root| root.join(INDEX).is_file());
    let root = root.ok_or_else(|| usage(format!("{} has no {INDEX}", folder.display())))?;
    let path = root.join(INDEX);
    let bytes = read(&path, MAX_INDEX)?.unwrap_or_default();
    let index: RawIndex = serde_json::from_slice(&bytes)
        .map_err(|error| usage(format!("{} is no index of a VEX repository: {error}", path.display())))?;
    let known = Known::of(targets);
    let mut seen = BTreeSet::new();
    for entry in index.packages {
        if !known.has(&entry.id) || !seen.insert(entry.location.clone()) {
            continue;
        }
        let inside = Path::new(&entry.location).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            return Err(usage(format!("{}: '{}' leads out of it", path.display(), entry.location)));
        }
        let file = root.join(&entry.location);
        let bytes = read(&file, MAX_DOCUMENT)?.ok_or_else(|| {
            usage(format!("{} names {}, which is not there", path.display(), entry.location))
        })?;
        documents.extend(document(&file.display().to_string(), &bytes, None)?);
    }
    Ok(())
}

/// The packages and images that were found, as an index names them: without version and qualifiers.
struct Known {
    packages: BTreeSet<(String, String, String)>,
    images: BTreeSet<String>,
}

impl Known {
    fn of(targets: &[TargetReport]) -> Known {
        let packages = targets.iter().flat_map(|target| &target.packages);
        let tags = targets.iter().filter_map(|target| target.image.as_ref()).flat_map(|image| &image.tags);
        let names = tags.chain(targets.iter().map(|target| &target.name));
        let last = |name: &String| {
            let name = name.split('@').next().unwrap_or(name);
            let name = name.rsplit('/').next().unwrap_or(name);
            name.split(':').next().unwrap_or(name).to_ascii_lowercase()
        };
        Known {
            packages: packages.map(|package| key(&package.purl)).collect(),
            images: names.map(last).collect(),
        }
    }

    fn has(&self, id: &str) -> bool {
        let Ok(purl) = id.parse::<PackageUrl>() else { return false };
        match purl.kind.as_str() {
            // Which image it is exactly is for the judgement to say.
            "oci" | "docker" => self.images.contains(&purl.name.to_ascii_lowercase()),
            _ => self.packages.contains(&key(&purl)),
        }
    }
}

fn key(purl: &PackageUrl) -> (String, String, String) {
    (purl.kind.clone(), purl.namespace.to_ascii_lowercase(), purl.name.to_ascii_lowercase())
}

/// What is attached to the images in their registries.
fn attached(
    scan: &Scan,
    registry: &registry::Access,
    targets: &[TargetReport],
    origins: &[Origin],
    documents: &mut Vec<VexDocument>,
) -> anyhow::Result<()> {
    for (number, (target, origin)) in targets.iter().zip(origins).enumerate() {
        let Origin::Registry { reference, digests, .. } = origin else {
            if !scan.quiet {
                let text = format!("{}: --vex oci is for images from a registry", target.name);
                exit::message("note", &text);
            }
            continue;
        };
        for artifact in registry.attached(reference, digests, &may_be_vex)? {
            for bytes in contents(&artifact)? {
                let origin = format!("attached to the image ({})", artifact.digest);
                documents.extend(document(&origin, &bytes, Some(number))?);
            }
        }
    }
    Ok(())
}

/// Artifact types that may hold a VEX document. Signatures and pictures do not.
fn may_be_vex(artifact_type: &str) -> bool {
    let lower = artifact_type.to_ascii_lowercase();
    lower.is_empty()
        || ["vex", "csaf", "cyclonedx", "in-toto", "dsse", "bundle"].iter().any(|word| lower.contains(word))
}

/// The layers of an artifact that are JSON documents.
fn contents(artifact: &Artifact) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for layer in artifact.layers.iter().filter(|layer| layer.media_type.contains("json")) {
        if layer.size > MAX_DOCUMENT {
            anyhow::bail!(
                "{}: a document of {} bytes is over the limit of {MAX_DOCUMENT}",
                artifact.digest,
                layer.size
            );
        }
        let mut bytes = Vec::new();
        let reading = || format!("cannot read what is attached to the image ({})", artifact.digest);
        layer
            .open()
            .with_context(reading)?
            .take(MAX_DOCUMENT)
            .read_to_end(&mut bytes)
            .with_context(reading)?;
        all.push(bytes);
    }
    Ok(all)
}
