//! apk's checksums in its database of installed packages (apk-tools, "apk-v2(5)"): `F:` begins a directory, `R:` a file in it,
//! `a:UID:GID:MODE` its owner and mode, `Z:Q1BASE64` the SHA-1 of its content, or of its target for a symbolic link.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, SumKind, SumsFact};
use plimsoll_types::Scanner;

use super::relative;

/// The most bytes of paths that are taken from one file: a directory is named once for all its files.
const MAX_PATH_BYTES: usize = 256 << 20;

/// The checksums of all packages.
pub(crate) struct Sums;

impl Analyzer for Sums {
    fn id(&self) -> &'static str {
        "integrity/apk-sums"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: &["lib/apk/db/installed", "usr/lib/apk/db/installed"],
            max_size: 256 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let mut record = Record::new();
        let mut budget = MAX_PATH_BYTES;
        for line in bytes.lines() {
            let [letter, b':', value @ ..] = line else {
                // An empty line ends a record; what else there is, the package's own analyzer speaks of.
                if line.is_empty() {
                    record.finish(out);
                }
                continue;
            };
            match letter {
                b'P' => record.fact.name = value.to_str_lossy().into_owned(),
                b'V' => record.fact.version = value.to_str_lossy().into_owned(),
                b'A' => record.fact.arch = value.to_str_lossy().into_owned(),
                b'F' => {
                    record.directory = value.to_vec();
                    record.name = None;
                }
                b'R' => {
                    record.name = Some(value.to_vec());
                    record.flags = SumsFact::HAS_MODE;
                }
                b'a' if record.name.is_some() => {
                    let mode = value.rsplit(|&byte| byte == b':').next().unwrap_or_default();
                    let mode = mode.to_str().ok().and_then(|mode| u32::from_str_radix(mode, 8).ok());
                    if mode.unwrap_or(0) & 0o6000 != 0 {
                        record.flags |= SumsFact::SET_ID;
                    }
                }
                b'Z' => {
                    let cost = record.directory.len() + record.name.as_ref().map_or(0, Vec::len) + 1;
                    if cost <= budget {
                        budget -= cost;
                        record.sum(value);
                    }
                }
                _ => {}
            }
        }
        record.finish(out);
        Ok(())
    }
}

/// A record in the making.
struct Record {
    fact: SumsFact,
    directory: Vec<u8>,
    name: Option<Vec<u8>>,
    flags: u8,
}

impl Record {
    fn new() -> Record {
        let fact = SumsFact::new("apk", "", SumKind::Sha1);
        Record { fact, directory: Vec::new(), name: None, flags: 0 }
    }

    fn sum(&mut self, value: &[u8]) {
        let Some(name) = self.name.take() else { return };
        let Some(Ok(digest)) = value.strip_prefix(b"Q1").map(|text| STANDARD.decode(text)) else { return };
        let mut path = std::mem::take(&mut self.directory);
        let length = path.len();
        if length > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(&name);
        // apk itself protects what lies in /etc, except for the scripts that start services.
        let config = path.starts_with(b"etc/") && !path.starts_with(b"etc/init.d/");
        let flags = self.flags | if config { SumsFact::CONFIG } else { 0 };
        self.fact.push(relative(&path), &digest, flags);
        path.truncate(length);
        self.directory = path;
    }

    fn finish(&mut self, out: &mut Output) {
        let record = std::mem::replace(self, Record::new());
        if !record.fact.name.is_empty() && !record.fact.is_empty() {
            out.fact(plimsoll_analysis::Fact::Sums(record.fact));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expected::tests::told;

    // Records as Alpine 3.20 has them: an owner and a mode only where they are not the usual ones.
    #[test]
    fn reads_checksums() {
        let bytes = b"C:Q1abc=\nP:busybox-suid\nV:1.36.1-r29\nA:x86_64\nF:bin\nR:bbsuid\na:0:0:4111\n\
                      Z:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\nF:etc\nM:0:0:755\nR:securetty\n\
                      Z:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\nR:none\nR:bad\nZ:Q1!\nR:other\nZ:Q2AAAA\n\
                      F:etc/init.d\nR:x\na:0:0:755\nZ:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n\n\
                      P:b\nV:1\nF:\nR:top\nZ:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n";
        assert_eq!(
            told(&Sums, "lib/apk/db/installed", bytes),
            [
                "busybox-suid 1.36.1-r29 bin/bbsuid da39 sm",
                "busybox-suid 1.36.1-r29 etc/securetty da39 cm",
                "busybox-suid 1.36.1-r29 etc/init.d/x da39 m",
                "b 1 top da39 m",
            ]
        );
    }
}
