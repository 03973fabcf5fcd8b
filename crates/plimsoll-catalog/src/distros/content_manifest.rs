//! Red Hat's content manifests: from which repositories (content sets) the packages of a layer came. Each layer that Red
//! Hat's builders make brings a file (image build documentation, "Content manifests", "ICM").

use plimsoll_analysis::{AnalyzeError, Analyzer, Fact, File, Interest, Output};
use serde::Deserialize;

/// The most content sets that are taken from one file.
const MAX_SETS: usize = 4_096;
/// The longest name of one, in bytes.
const MAX_NAME: usize = 256;

pub(super) struct ContentManifest;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    content_sets: Vec<String>,
}

impl Analyzer for ContentManifest {
    fn id(&self) -> &'static str {
        "distro/content-manifest"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            children_of: &["root/buildinfo/content_manifests", "usr/share/buildinfo"],
            wants: |path| path.ends_with(b".json"),
            max_size: 64 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| AnalyzeError::malformed(error.to_string()))?;
        let mut sets = manifest.content_sets;
        sets.retain(|set| !set.is_empty() && set.len() <= MAX_NAME);
        sets.truncate(MAX_SETS);
        if !sets.is_empty() {
            out.fact(Fact::ContentSets(sets));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    #[test]
    fn reads_content_sets() {
        check(
            &ContentManifest,
            "root/buildinfo/content_manifests/ubi9-container-9.4-1123.json",
            include_bytes!("../../tests/fixtures/distro/content-manifest/ubi9.json"),
            &["ContentSets([\"rhel-9-for-x86_64-baseos-rpms\", \"rhel-9-for-x86_64-appstream-rpms\"])"],
        );
        check(&ContentManifest, "usr/share/buildinfo/content-sets.json", b"{}", &[]);
        assert!(!wants(&ContentManifest, "root/buildinfo/Dockerfile-ubi9-9.4"));
    }
}
