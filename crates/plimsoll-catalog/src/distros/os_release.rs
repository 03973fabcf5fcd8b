//! How an image says what distribution it is: `os-release` (os-release(5) of systemd) and the distributions' own
//! version files, which are more exact or are all that old releases have.

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, DistroFact, Fact, File, Interest, Output};

/// `etc/os-release`, or `usr/lib/os-release` where the former is missing.
pub(super) struct OsRelease;

impl Analyzer for OsRelease {
    fn id(&self) -> &'static str {
        "distro/os-release"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { paths: &["etc/os-release", "usr/lib/os-release"], max_size: 1 << 20, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let mut fact = DistroFact {
            rank: if file.path().starts_with(b"etc/") { 20 } else { 10 },
            ..DistroFact::default()
        };
        for line in bytes.to_str_lossy().lines() {
            let line = line.trim();
            let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
                continue;
            };
            let value = unquote(value);
            match key.trim_end() {
                "ID" => fact.id = value.to_ascii_lowercase(),
                "ID_LIKE" => {
                    fact.id_like = value.split_ascii_whitespace().map(str::to_ascii_lowercase).collect()
                }
                "NAME" => fact.name = value,
                "VERSION_ID" => fact.version = value,
                "VERSION_CODENAME" => fact.codename = value,
                "PRETTY_NAME" => fact.pretty_name = value,
                "VARIANT_ID" => fact.variant = value,
                "CPE_NAME" => fact.cpe = value,
                _ => {}
            }
        }
        if fact.id.is_empty() && fact.name.is_empty() && fact.pretty_name.is_empty() {
            return Err(AnalyzeError::malformed("the file names no distribution"));
        }
        if fact.id.is_empty() {
            // os-release(5): "If not set, a default of ID=linux may be used."
            fact.id = "linux".to_owned();
        }
        out.fact(Fact::Distro(fact));
        Ok(())
    }
}

/// Takes a shell-quoted value apart as os-release(5) allows it: double or single quotes, backslash escapes.
fn unquote(value: &str) -> String {
    let value = value.trim();
    let mut out = String::with_capacity(value.len());
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            ('\\', None | Some('"')) => out.extend(chars.next()),
            (c, _) => out.push(c),
        }
    }
    out
}

/// The distributions' own version files.
pub(super) struct VersionFiles;

/// File, the distribution it belongs to (empty: the text says), rank. A rank above os-release's means that its version
/// is the more exact one.
const FILES: &[(&str, &str, u8)] = &[
    ("etc/alpine-release", "alpine", 30),
    ("etc/debian_version", "debian", 30),
    ("etc/almalinux-release", "almalinux", 5),
    ("etc/rocky-release", "rocky", 5),
    ("etc/oracle-release", "ol", 5),
    ("etc/centos-release", "centos", 4),
    ("etc/fedora-release", "fedora", 4),
    ("etc/redhat-release", "", 3),
    ("etc/system-release", "", 2),
    ("usr/lib/redhat-release", "", 2),
    ("usr/lib/system-release", "", 2),
];

impl Analyzer for VersionFiles {
    fn id(&self) -> &'static str {
        "distro/version-files"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        const PATHS: [&str; FILES.len()] = {
            let mut paths = [""; FILES.len()];
            let mut i = 0;
            while i < FILES.len() {
                paths[i] = FILES[i].0;
                i += 1;
            }
            paths
        };
        Interest { paths: &PATHS, max_size: 1 << 20, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let text = bytes.to_str_lossy();
        let line = text.lines().next().unwrap_or("").trim();
        let Some((_, id, rank)) = FILES.iter().find(|(path, _, _)| file.path() == path) else {
            return Ok(());
        };
        let fact = match *id {
            "alpine" => DistroFact {
                id: "alpine".into(),
                version: line.into(),
                name: "Alpine Linux".into(),
                ..DistroFact::default()
            },
            // `12.5`, or `trixie/sid` before a release. Derivatives keep Debian's file, so it never says who they are.
            "debian" if line.starts_with(|c: char| c.is_ascii_digit()) => {
                DistroFact { id: "debian".into(), version: line.into(), ..DistroFact::default() }
            }
            "debian" => DistroFact {
                id: "debian".into(),
                codename: line.split('/').next().unwrap_or("").into(),
                ..DistroFact::default()
            },
            _ => match release_line(line) {
                Some(fact) => fact,
                None => return Ok(()),
            },
        };
        out.fact(Fact::Distro(DistroFact { rank: *rank, ..fact }));
        Ok(())
    }
}

/// Reads `CentOS Linux release 7.9.2009 (Core)` and its like.
fn release_line(line: &str) -> Option<DistroFact> {
    let (name, rest) = line.split_once(" release ")?;
    let lower = name.to_ascii_lowercase();
    let id = [
        ("almalinux", "almalinux"),
        ("rocky", "rocky"),
        ("oracle", "ol"),
        ("centos", "centos"),
        ("fedora", "fedora"),
        ("red hat", "rhel"),
        ("amazon linux", "amzn"),
    ]
    .iter()
    .find(|(word, _)| lower.starts_with(word))
    .map(|(_, id)| (*id).to_owned())?;
    let version = rest.split_ascii_whitespace().next().unwrap_or("").to_owned();
    Some(DistroFact {
        id,
        name: name.to_owned(),
        version,
        pretty_name: line.to_owned(),
        ..DistroFact::default()
    })
}
