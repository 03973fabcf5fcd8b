//! The list of packages in distroless images of CBL-Mariner and Azure Linux, which have no rpm database:
//! `var/lib/rpmmanifest/container-manifest-2`, written with `rpm -qa --qf` and these fields, separated by tabs: NAME,
//! VERSION-RELEASE, INSTALLTIME, BUILDTIME, VENDOR, EPOCH, SIZE, ARCH, EPOCHNUM, SOURCERPM.

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_rpmdb::SourcePackage;

use crate::limits;

pub(super) struct Manifest;

impl Analyzer for Manifest {
    fn id(&self) -> &'static str {
        "rpm/manifest"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { paths: &["var/lib/rpmmanifest/container-manifest-2"], ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        for (number, line) in bytes.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let text = line.to_str_lossy();
            let mut fields = text.split('\t').map(|field| if field == "(none)" { "" } else { field });
            let mut next = || fields.next();
            let row = (next(), next(), next(), next(), next(), next(), next(), next(), next(), next());
            let (Some(name), Some(version), _, _, Some(vendor), _, _, Some(arch), Some(epoch), Some(source)) =
                row
            else {
                out.problem(format!("line {} has fewer than 10 fields", number + 1));
                continue;
            };
            let source = SourcePackage::parse(source);
            limits::state(
                PackageFact {
                    ecosystem: "rpm".to_owned(),
                    name: name.to_owned(),
                    version: match epoch {
                        "" | "0" => version.to_owned(),
                        epoch => format!("{epoch}:{version}"),
                    },
                    arch: arch.to_owned(),
                    source_name: source.map_or("", |source| source.name).to_owned(),
                    source_version: source.map_or("", |source| source.version_release).to_owned(),
                    vendor: vendor.to_owned(),
                    ..PackageFact::default()
                },
                out,
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;

    // Expected: Syft 1.18.1, but for the epoch, which it takes from the size.
    #[test]
    fn reads_manifests() {
        check(
            &Manifest,
            "var/lib/rpmmanifest/container-manifest-2",
            include_bytes!("../../../tests/fixtures/rpm/manifest/container-manifest-2"),
            &[
                "bash 5.1.8-1.cm2 [arch: x86_64] [source: bash 5.1.8-1.cm2] [vendor: Microsoft Corporation]",
                "filesystem 1.1-10.cm2 [arch: x86_64] [source: filesystem 1.1-10.cm2] [vendor: Microsoft Corporation]",
                "bind-utils 1:9.16.33-1.cm2 [arch: x86_64] [source: bind 9.16.33-1.cm2] [vendor: Microsoft Corporation]",
                "tzdata 2022a-1.cm2 [arch: noarch]",
                "problem: line 5 has fewer than 10 fields",
            ],
        );
    }
}
