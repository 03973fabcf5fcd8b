//! dpkg's checksums: `info/NAME[:ARCH].md5sums` (deb-md5sums(5)), the same beside the packages of distroless images in
//! `status.d`, the field `Conffiles` of `status`, and who diverted which file (dpkg-divert(1), `var/lib/dpkg/diversions`).

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, DIVERSION, File, Interest, Output, SumKind, SumsFact};
use plimsoll_types::Scanner;

use super::{hex, relative};

/// The most diversions that are read.
const MAX_DIVERSIONS: usize = 10_000;

/// The checksums of one package.
pub(crate) struct Md5Sums;

impl Analyzer for Md5Sums {
    fn id(&self) -> &'static str {
        "integrity/dpkg-sums"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        Interest {
            children_of: &["var/lib/dpkg/info", "var/lib/dpkg/status.d"],
            wants: |path| path.ends_with(b".md5sums"),
            max_size: 64 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let stem = file.name().strip_suffix(b".md5sums").unwrap_or_default();
        let (name, arch) = stem.split_once_str(":").unwrap_or((stem, b""));
        let mut fact = SumsFact::new("deb", &name.to_str_lossy(), SumKind::Md5);
        fact.arch = arch.to_str_lossy().into_owned();
        let bytes = file.bytes()?;
        let mut bad = 0;
        let mut digest = [0; 16];
        for line in bytes.lines().filter(|line| !line.trim_ascii().is_empty()) {
            match sum(line, &mut digest) {
                Some(path) => fact.push(path, &digest, 0),
                None => bad += 1,
            }
        }
        if bad > 0 {
            out.problem(format!("{bad} lines are no checksums"));
        }
        out.fact(plimsoll_analysis::Fact::Sums(fact));
        Ok(())
    }
}

/// Reads `DIGEST  PATH`, as md5sum(1) writes it; a `*` before the path says that it was read as binary.
fn sum<'a>(line: &'a [u8], digest: &mut [u8; 16]) -> Option<&'a [u8]> {
    let (digits, rest) = line.split_at_checked(32)?;
    let path = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    let path = relative(path);
    (hex(digits, digest) && !path.is_empty()).then_some(path)
}

/// The configuration files of all packages.
pub(crate) struct Conffiles;

impl Analyzer for Conffiles {
    fn id(&self) -> &'static str {
        "integrity/dpkg-conffiles"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        Interest { paths: &["var/lib/dpkg/status"], max_size: 256 << 20, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let mut fact = SumsFact::new("deb", "", SumKind::Md5);
        let mut inside = false;
        let mut installed = true;
        let mut finish = |fact: &mut SumsFact, installed: bool| {
            let fact = std::mem::replace(fact, SumsFact::new("deb", "", SumKind::Md5));
            if installed && !fact.name.is_empty() && !fact.is_empty() {
                out.fact(plimsoll_analysis::Fact::Sums(fact));
            }
        };
        let mut digest = [0; 16];
        for line in bytes.lines() {
            if line.trim_ascii().is_empty() {
                finish(&mut fact, installed);
                (inside, installed) = (false, true);
            } else if let Some(line) = line.strip_prefix(b" ") {
                // ` /etc/path DIGEST [obsolete]`; the path has no spaces.
                let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
                let (path, digits) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                if inside && words.next().is_none() && hex(digits, &mut digest) {
                    fact.push(relative(path), &digest, SumsFact::CONFIG);
                }
            } else if let Some((key, value)) = line.split_once_str(":") {
                let value = value.trim_ascii().to_str_lossy();
                inside = key.eq_ignore_ascii_case(b"conffiles");
                match key.to_ascii_lowercase().as_slice() {
                    b"package" => fact.name = value.into_owned(),
                    b"version" => fact.version = value.into_owned(),
                    b"architecture" => fact.arch = value.into_owned(),
                    b"status" => installed = value.ends_with(" installed"),
                    _ => {}
                }
            }
        }
        finish(&mut fact, installed);
        Ok(())
    }
}

/// Which files one package moved aside for its own.
pub(crate) struct Diversions;

impl Analyzer for Diversions {
    fn id(&self) -> &'static str {
        "integrity/dpkg-diversions"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        // Not by its path alone: that it cannot be reached says nothing that the list of packages does not say.
        Interest {
            children_of: &["var/lib/dpkg"],
            wants: |path| path.ends_with(b"/diversions"),
            max_size: 16 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let lines: Vec<&[u8]> = bytes.lines().collect();
        let (groups, rest) = lines.as_chunks::<3>();
        for [from, to, by] in groups.iter().take(MAX_DIVERSIONS) {
            let [from, to] = [from, to].map(|path| relative(path).to_str_lossy());
            out.attribute(DIVERSION, format!("{from}\n{to}\n{}", by.to_str_lossy()));
        }
        if !rest.is_empty() {
            out.problem("the list of diversions ends in the middle of one");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expected::tests::told;

    // The forms that dh_md5sums, md5sum and old packages write.
    #[test]
    fn reads_checksums() {
        let bytes = b"0cc175b9c0f1b6a831c399e269772661  usr/bin/a b\n\
                      d41d8cd98f00b204e9800998ecf8427e *./bin/c\n\
                      d41d8cd98f00b204e9800998ecf8427  bin/short\n\nnonsense\n";
        assert_eq!(
            told(&Md5Sums, "var/lib/dpkg/info/libc6:amd64.md5sums", bytes),
            ["libc6  usr/bin/a b 0cc1 ", "libc6  bin/c d41d ", "2 lines are no checksums"]
        );
    }

    // As `dpkg-query --showformat '${Conffiles}'` shows them; a package that is gone keeps its configuration only.
    #[test]
    fn reads_configuration_files() {
        let bytes = b"Package: a\nStatus: install ok installed\nVersion: 1-2\nConffiles:\n \
                      /etc/a.conf b9a771b420047cfaa3543e66c78f44f6\n \
                      /etc/old 313082b0fdcceb592c76c3c9f2df9916 obsolete\n \
                      /etc/new newconffile\nDescription: x\n /etc/no b9a771b420047cfaa3543e66c78f44f6\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nConffiles:\n \
                      /etc/gone b9a771b420047cfaa3543e66c78f44f6\n\n\
                      Package: b\nVersion: 3\nConffiles:\n /etc/b b9a771b420047cfaa3543e66c78f44f6";
        assert_eq!(
            told(&Conffiles, "var/lib/dpkg/status", bytes),
            ["a 1-2 etc/a.conf b9a7 c", "b 3 etc/b b9a7 c"]
        );
    }

    // As `dpkg-divert --list` shows it: a package's diversion, and a local one.
    #[test]
    fn reads_diversions() {
        let bytes = b"/usr/bin/a\n/usr/bin/a.real\nb\n/bin/sh\n/bin/sh.distrib\n:\n/bin/cut\n";
        assert_eq!(
            told(&Diversions, "var/lib/dpkg/diversions", bytes),
            [
                r#"integrity/diversion "usr/bin/a\nusr/bin/a.real\nb""#,
                r#"integrity/diversion "bin/sh\nbin/sh.distrib\n:""#,
                "the list of diversions ends in the middle of one",
            ]
        );
    }
}
