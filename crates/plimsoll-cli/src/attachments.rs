//! What is attached to scanned images in their registries and layouts: signatures and attestations, listed and held against
//! the user's keys.

use std::collections::BTreeMap;

use anyhow::Context;
use plimsoll_image::sources::LayoutArtifacts;
use plimsoll_image::{Image, MAX_ATTACHED};
use plimsoll_provenance::{AttachedLayer, Attachment, Kind, PublicKey, Statement, Verdict, is_read};
use plimsoll_types::classes::provenance;
use plimsoll_types::{Attached, Digest, Scanner, TargetReport};

use crate::args::{Scan, Scanners};
use crate::exit::{self, usage};
use crate::{judgement, registry};

/// The largest statement that is fetched; bills of materials are listed and not fetched.
const MAX_STATEMENT: u64 = 16 << 20;
/// The most bytes of statements about one image.
const MAX_STATEMENTS: u64 = 128 << 20;
/// The largest file of keys.
const MAX_KEYS: u64 = 1 << 20;

/// Where a result is from, as far as it says what can be attached to it.
pub(crate) enum Origin {
    /// No image: a directory or a file.
    Files,
    /// A form of image that has no place for attachments.
    DockerSave,
    /// A layout, with what is attached to the image in it.
    Layout(anyhow::Result<Vec<Statement>>),
    /// A registry, which is to be asked.
    Registry {
        /// The reference.
        reference: String,
        /// The digest of the manifest, and those of the indexes through which it was found.
        digests: Vec<Digest>,
        /// The manifests with attestations in the index.
        attestations: Vec<Digest>,
    },
}

/// The keys that signatures are held against.
pub(crate) fn keys(scan: &Scan) -> anyhow::Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for path in &scan.verify_key {
        let name = path.display().to_string();
        let bytes = judgement::read(path, MAX_KEYS)?
            .ok_or_else(|| usage(format!("cannot read {name}: no such file")))?;
        let text = String::from_utf8_lossy(&bytes);
        keys.extend(PublicKey::read(&name, &text).map_err(|error| usage(error.to_string()))?);
    }
    Ok(keys)
}

fn looked_for(scan: &Scan) -> bool {
    Scanners::of(&scan.scanners).contains(&Scanner::Integrity)
}

/// Where `image` is from. What is attached to it in its layout is read, and the layout let go.
pub(crate) fn origin(scan: &Scan, keys: &[PublicKey], image: &mut Image, reference: Option<&str>) -> Origin {
    let attached = image.attached.take();
    match (reference, attached) {
        (Some(reference), _) => Origin::Registry {
            reference: reference.to_owned(),
            digests: image.metadata.manifest.iter().chain(&image.indexes).cloned().collect(),
            attestations: std::mem::take(&mut image.attestations),
        },
        (None, None) => Origin::DockerSave,
        (None, Some(_)) if !looked_for(scan) => Origin::Layout(Ok(Vec::new())),
        (None, Some(layout)) => Origin::Layout(in_layout(&layout, keys)),
    }
}

/// Asks the registries for what is attached to the images from there, and adds what is to be said of it and of what lies in
/// layouts.
pub(crate) fn add(
    scan: &Scan,
    registry: &registry::Access,
    keys: &[PublicKey],
    targets: &mut [TargetReport],
    origins: Vec<Origin>,
) -> anyhow::Result<()> {
    if !looked_for(scan) {
        return Ok(());
    }
    for (target, origin) in targets.iter_mut().zip(origins) {
        // Only in a registry does everybody expect signatures. A layout without any is how images are mostly copied.
        let (found, expected) = match origin {
            Origin::Files => continue,
            Origin::DockerSave => {
                if !keys.is_empty() {
                    target.detections.push(plimsoll_provenance::no_place("a docker save archive"));
                    sort(target);
                }
                continue;
            }
            Origin::Layout(found) => (found, !keys.is_empty()),
            Origin::Registry { reference, digests, attestations } => {
                (in_registry(registry, &reference, &digests, &attestations, keys), true)
            }
        };
        match found {
            Ok(statements) => tell(target, statements, keys, expected),
            // Whoever wants signatures verified must know that they were not; to others it is a note.
            Err(error) if !keys.is_empty() => return Err(error),
            Err(error) => {
                if !scan.quiet {
                    let text = format!("{}: {}", target.name, exit::chain(&error));
                    exit::message("note", &format!("what is attached to the image is not known: {text}"));
                }
            }
        }
    }
    Ok(())
}

fn in_registry(
    registry: &registry::Access,
    reference: &str,
    digests: &[Digest],
    attestations: &[Digest],
    keys: &[PublicKey],
) -> anyhow::Result<Vec<Statement>> {
    let mut artifacts = registry.attached(reference, digests, &|_| true)?;
    if artifacts.len().saturating_add(attestations.len()) > MAX_ATTACHED {
        anyhow::bail!("{reference}: more than {MAX_ATTACHED} artifacts are attached");
    }
    artifacts.extend(registry.artifacts(reference, attestations)?);
    let mut reading = Reading::default();
    for artifact in &artifacts {
        let mut layers = Vec::new();
        for layer in &artifact.layers {
            let mut bytes = Vec::new();
            if layer.size <= MAX_STATEMENT && is_read(&layer.media_type, &layer.annotations) {
                let what = || format!("cannot read what is attached to the image ({})", artifact.digest);
                bytes = layer.read(MAX_STATEMENT).with_context(what)?;
                reading.count(bytes.len())?;
            }
            layers.push(layer_of(&layer.media_type, &layer.annotations, bytes));
        }
        reading.add(&artifact.digest, &artifact.artifact_type, layers);
    }
    Ok(plimsoll_provenance::statements(digests, &reading.attachments, keys))
}

fn in_layout(layout: &LayoutArtifacts, keys: &[PublicKey]) -> anyhow::Result<Vec<Statement>> {
    let mut reading = Reading::default();
    for (digest, artifact) in layout.artifacts()? {
        let mut layers = Vec::new();
        for layer in &artifact.layers {
            let mut bytes = Vec::new();
            if layer.size <= LayoutArtifacts::MAX_READ && is_read(&layer.media_type, &layer.annotations) {
                let what = || format!("cannot read what is attached to the image ({digest})");
                bytes = layout.read(layer).with_context(what)?;
                reading.count(bytes.len())?;
            }
            layers.push(layer_of(&layer.media_type, &layer.annotations, bytes));
        }
        reading.add(&digest, &artifact.artifact_type, layers);
    }
    Ok(plimsoll_provenance::statements(layout.digests(), &reading.attachments, keys))
}

/// What was read of what is attached to an image.
#[derive(Default)]
struct Reading {
    attachments: Vec<Attachment>,
    bytes: u64,
}

impl Reading {
    fn count(&mut self, bytes: usize) -> anyhow::Result<()> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes > MAX_STATEMENTS {
            anyhow::bail!("more than {MAX_STATEMENTS} bytes of statements are attached to the image");
        }
        Ok(())
    }

    fn add(&mut self, digest: &Digest, artifact_type: &str, layers: Vec<AttachedLayer>) {
        let (name, artifact_type) = (digest.to_string(), artifact_type.to_owned());
        self.attachments.push(Attachment { name, artifact_type, layers });
    }
}

fn layer_of(media_type: &str, annotations: &BTreeMap<String, String>, bytes: Vec<u8>) -> AttachedLayer {
    AttachedLayer { media_type: media_type.to_owned(), annotations: annotations.clone(), bytes }
}

/// Adds `statements` and what is to be said of them to a result; that there is none only where one is `expected`.
fn tell(target: &mut TargetReport, statements: Vec<Statement>, keys: &[PublicKey], expected: bool) {
    let mut found = plimsoll_provenance::judge(&statements, !keys.is_empty());
    found.retain(|found| expected || found.class.code == provenance::SIGNATURE.code);
    target.detections.extend(found);
    sort(target);
    target.attached = statements.into_iter().map(attached).collect();
}

fn sort(target: &mut TargetReport) {
    target.detections.sort_by_key(|found| std::cmp::Reverse(found.severity));
}

fn attached(statement: Statement) -> Attached {
    let (kind, predicate) = match statement.kind {
        Kind::Signature => ("signature".to_owned(), String::new()),
        Kind::Attestation(predicate) => ("attestation".to_owned(), predicate),
        Kind::Other(kind) => (kind, String::new()),
    };
    let (verified, note) = match statement.verdict {
        Verdict::Verified(key) => (Some(true), key),
        Verdict::NotChecked => (None, String::new()),
        Verdict::NotSigned { of_another } => (None, plimsoll_provenance::not_signed(of_another).to_owned()),
        Verdict::Failed(why) => (Some(false), why.to_owned()),
    };
    Attached { name: statement.name, kind, predicate, builder: statement.builder, verified, note }
}
