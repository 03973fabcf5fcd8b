//! RPM's checksums in its database: FILEDIGESTS in the algorithm of FILEDIGESTALGO, FILEMODES, FILEFLAGS and FILESTATES (rpm,
//! `rpmtag.h` and `rpmfiles.h`).

use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, SumKind, SumsFact};
use plimsoll_rpmdb::DigestAlgorithm;
use plimsoll_types::Scanner;

use super::{hex, relative};

/// The checksums of all packages.
///
/// The catalog's analyzer `rpm/database` reads the same database for packages, and that there are two is meant: each one's facts
/// are cached under its own key. One analyzer for both would make every scan that looks for packages only state and keep digests
/// of tens of thousands of files, and what it had cached of a layer would be of no use once integrity is looked for. The price is
/// that a layer with a database, when it is first scanned for both, has it parsed twice.
pub(crate) struct Sums;

impl Analyzer for Sums {
    fn id(&self) -> &'static str {
        "integrity/rpm-sums"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: plimsoll_rpmdb::PATHS,
            companions: &[plimsoll_rpmdb::WRITE_AHEAD_LOG],
            max_size: 512 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        if file.size() == 0 {
            return Ok(());
        }
        let bytes = file.bytes()?;
        // What cannot be read of it, the packages' own analyzer speaks of.
        let Ok(database) = plimsoll_rpmdb::read(&bytes, file.companion(plimsoll_rpmdb::WRITE_AHEAD_LOG))
        else {
            return Ok(());
        };
        for package in &database.packages {
            let kind = match package.file_digest_algorithm {
                DigestAlgorithm::Md5 => SumKind::Md5,
                DigestAlgorithm::Sha1 => SumKind::Sha1,
                DigestAlgorithm::Sha256 => SumKind::Sha256,
                // No distribution uses the others.
                _ => continue,
            };
            let mut fact = SumsFact::new("rpm", &package.name, kind);
            fact.version = package.evr();
            fact.arch = package.arch.clone().unwrap_or_default();
            let mut digest = [0; 32];
            let Some(digest) = digest.get_mut(..kind.size()) else { continue };
            for entry in package.files() {
                if entry.is_ghost() || !entry.is_installed() {
                    continue;
                }
                // A link has its target in the database; what stands for it here is that target's digest.
                if let Some(link) = entry.link.filter(|_| entry.digest.is_none()) {
                    if entry.keeps_link() {
                        fact.push(relative(&entry.path()), &kind.of(link), SumsFact::LINK);
                    }
                    continue;
                }
                let Some(digits) = entry.digest.filter(|_| entry.keeps_digest()) else { continue };
                if !hex(digits, digest) {
                    continue;
                }
                let mut flags = if entry.is_config() { SumsFact::CONFIG } else { 0 };
                if let Some(mode) = entry.mode {
                    flags |= SumsFact::HAS_MODE;
                    if mode & 0o6000 != 0 {
                        flags |= SumsFact::SET_ID;
                    }
                }
                if entry.has_capabilities {
                    flags |= SumsFact::CAPABILITIES;
                }
                fact.push(relative(&entry.path()), digest, flags);
            }
            if !fact.is_empty() {
                out.fact(plimsoll_analysis::Fact::Sums(fact));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_analysis::Fact;

    // The digests that `rpm -qa --qf` shows (see plimsoll-rpmdb's tests). `anchorctl` is a link to `anchor`: its digest is what
    // `printf anchor | sha256sum` says.
    #[test]
    fn reads_checksums() {
        let bytes: &[u8] = include_bytes!("../../../plimsoll-rpmdb/tests/fixtures/Packages.db");
        let mut out = Output::default();
        let file = File::new(b"var/lib/rpm/Packages.db", 0o644, &bytes);
        assert!(Sums.analyze(&file, &mut out).is_ok());
        let lines: Vec<String> = out
            .facts
            .iter()
            .flat_map(|fact| match fact {
                Fact::Sums(fact) => fact
                    .entries()
                    .map(|(path, digest, flags)| {
                        format!(
                            "{} {} {:02x}{:02x} {flags}",
                            fact.name,
                            String::from_utf8_lossy(path),
                            digest[0],
                            digest[1]
                        )
                    })
                    .collect::<Vec<_>>(),
                _ => panic!("another fact"),
            })
            .collect();
        assert_eq!(
            lines,
            [
                "anchor etc/anchor/anchor.conf fe32 17",
                "anchor usr/bin/anchor a807 16",
                "anchor usr/bin/anchorctl 79bf 2",
                "anchor usr/share/doc/anchor/README 30a4 16",
                "anchor usr/share/doc/anchor/café a3a5 16",
                "anchor-libs usr/lib64/libanchor.so.1 a325 16",
            ]
        );
        for end in (0..bytes.len()).step_by(61) {
            let mut out = Output::default();
            let part = &bytes[..end];
            let file = File::new(b"var/lib/rpm/Packages.db", 0o644, &part);
            assert!(Sums.analyze(&file, &mut out).is_ok());
        }
    }
}
