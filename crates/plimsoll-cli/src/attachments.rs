//! What is attached to scanned images in their registries: signatures and attestations, listed and held against the user's keys.

use std::io::Read;

use anyhow::Context;
use plimsoll_provenance::{AttachedLayer, Attachment, Kind, PublicKey, Statement, Verdict};
use plimsoll_registry::Artifact;
use plimsoll_types::{Attached, Digest, Scanner, TargetReport};

use crate::args::{Scan, Scanners};
use crate::exit::{self, usage};
use crate::{judgement, registry};

/// The largest statement that is fetched; bills of materials are listed and not fetched.
const MAX_STATEMENT: u64 = 16 << 20;
/// The largest file of keys.
const MAX_KEYS: u64 = 1 << 20;

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

/// Asks the registries for what is attached to the images from there, and adds what is to be said of it.
pub(crate) fn add(
    scan: &Scan,
    registry: &registry::Access,
    keys: &[PublicKey],
    targets: &mut [TargetReport],
    references: &[Option<String>],
) -> anyhow::Result<()> {
    if !Scanners::of(&scan.scanners).contains(&Scanner::Integrity) {
        return Ok(());
    }
    for (target, reference) in targets.iter_mut().zip(references) {
        let manifest = target.image.as_ref().and_then(|image| image.manifest.clone());
        let (Some(reference), Some(manifest)) = (reference, manifest) else { continue };
        match attachments(registry, reference, &manifest) {
            Ok(found) => tell(target, &[manifest], &found, keys),
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

fn attachments(
    registry: &registry::Access,
    reference: &str,
    manifest: &Digest,
) -> anyhow::Result<Vec<Attachment>> {
    let artifacts = registry.attached(reference, manifest, &|_| true)?;
    artifacts.iter().map(attachment).collect()
}

fn attachment(artifact: &Artifact) -> anyhow::Result<Attachment> {
    let mut layers = Vec::new();
    for layer in &artifact.layers {
        let lower = layer.media_type.to_ascii_lowercase();
        let statement =
            ["simplesigning", "dsse", "in-toto", "sigstore.bundle"].iter().any(|word| lower.contains(word));
        let mut bytes = Vec::new();
        if statement && layer.size <= MAX_STATEMENT {
            let reading = || format!("cannot read what is attached to the image ({})", artifact.digest);
            let mut stream = layer.open().with_context(reading)?.take(MAX_STATEMENT);
            stream.read_to_end(&mut bytes).with_context(reading)?;
        }
        let annotations = layer.annotations.clone();
        layers.push(AttachedLayer { media_type: layer.media_type.clone(), annotations, bytes });
    }
    Ok(Attachment {
        name: artifact.digest.to_string(),
        artifact_type: artifact.artifact_type.clone(),
        layers,
    })
}

fn tell(target: &mut TargetReport, digests: &[Digest], attachments: &[Attachment], keys: &[PublicKey]) {
    let statements = plimsoll_provenance::statements(digests, attachments, keys);
    target.detections.extend(plimsoll_provenance::judge(&statements, !keys.is_empty()));
    target.detections.sort_by_key(|found| std::cmp::Reverse(found.severity));
    target.attached = statements.into_iter().map(attached).collect();
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
        Verdict::Failed(why) => (Some(false), why.to_owned()),
    };
    Attached { name: statement.name, kind, predicate, builder: statement.builder, verified, note }
}
