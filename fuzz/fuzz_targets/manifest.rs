//! Manifests, indexes and configurations (image-spec v1.1, Docker image manifest v2 schema 2), and platforms.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_image::{ArtifactManifest, Config, ManifestKind, PlatformChoice, classify, media};

fuzz_target!(|data: &[u8]| {
    for media_type in std::iter::once("").chain(media::ACCEPT.iter().copied().take(2)) {
        match classify(data, media_type, "it") {
            Ok(ManifestKind::Index(index)) => {
                for choice in ["all", "linux/arm64", "linux/arm/v7", "amd64"] {
                    let choice = PlatformChoice::parse(choice).expect("a platform");
                    let _ = choice.select(&index, "amd64", "it");
                }
                for entry in index.manifests.iter().take(8) {
                    assert!(index.attestations_of(&entry.digest).len() <= index.manifests.len());
                }
                if let Ok(found) = PlatformChoice::Default.select(&index, "amd64", "it") {
                    assert!(!found.is_empty());
                }
            }
            Ok(ManifestKind::Manifest(_)) | Err(_) => {}
        }
    }
    let _ = ArtifactManifest::parse(data, "it");
    if let Ok(config) = Config::parse(data, "it") {
        assert!(config.created_by.is_empty() || config.created_by.len() == config.diff_ids.len());
        let _ = config.created_by(config.diff_ids.len());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = PlatformChoice::parse(text);
    }
});
