//! The list of crates that cargo-auditable puts into an executable: zlib-compressed JSON in the section `.dep-v0`
//! (cargo-auditable, PARSING.md and the JSON schema of its repository).

use std::io::Read;

use flate2::read::ZlibDecoder;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_types::ProblemCode;
use serde::Deserialize;

use crate::ecosystems::object_file::{MAGICS, ObjectFile, SectionName};

/// The largest section that is read; real ones have a few kilobytes.
const MAX_SECTION: u64 = 8 << 20;

/// The most JSON that is taken, as the format's own readers do.
const MAX_JSON: u64 = 8 << 20;

/// The most crates that are stated of one file.
const MAX_CRATES: usize = 20_000;

const SECTION: SectionName = SectionName { elf: ".dep-v0", pe: ".dep-v0", mach_o: ".dep-v0" };

pub(super) struct Auditable;

#[derive(Deserialize)]
struct VersionInfo {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// `runtime` when missing; `build` for what took part in the build only.
    #[serde(default)]
    kind: Option<String>,
}

impl Analyzer for Auditable {
    fn id(&self) -> &'static str {
        "cargo/auditable"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { magics: MAGICS, max_size: 16 << 30, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let Some(object) = ObjectFile::open(file.content())? else { return Ok(()) };
        let Some(section) = object.section(SECTION)? else { return Ok(()) };
        let compressed = object.read(section.offset, section.size, MAX_SECTION)?;
        let mut json = Vec::new();
        ZlibDecoder::new(&compressed[..]).take(MAX_JSON + 1).read_to_end(&mut json).map_err(|error| {
            AnalyzeError::malformed(format!("the section .dep-v0 is not zlib data: {error}"))
        })?;
        if json.len() as u64 > MAX_JSON {
            return Err(AnalyzeError::malformed(format!(
                "the section .dep-v0 holds more than {MAX_JSON} bytes"
            )));
        }
        let info: VersionInfo = serde_json::from_slice(&json).map_err(|error| {
            AnalyzeError::malformed(format!("the section .dep-v0 is not a list of crates: {error}"))
        })?;
        for package in info.packages {
            // What took part in the build only is not in the executable.
            if package.kind.as_deref() == Some("build") || package.name.is_empty() {
                continue;
            }
            if out.facts.len() >= MAX_CRATES {
                let message = format!("more than {MAX_CRATES} crates; the others are not listed");
                out.problem_with(ProblemCode::LimitReached, message);
                break;
            }
            out.package(PackageFact {
                ecosystem: "cargo".to_owned(),
                name: package.name,
                version: package.version,
                ..PackageFact::default()
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_analysis::Fact;

    // The section was made by cargo-auditable 0.7.7; the small executables around it by hand.
    const ELF: &[u8] = include_bytes!("../../../tests/fixtures/cargo/auditable/demo-elf");
    const PE: &[u8] = include_bytes!("../../../tests/fixtures/cargo/auditable/demo.exe");
    const MACH_O: &[u8] = include_bytes!("../../../tests/fixtures/cargo/auditable/demo-macho");

    fn analyze(bytes: &[u8]) -> Result<Vec<(String, String)>, AnalyzeError> {
        let bytes = bytes.to_vec();
        let mut out = Output::default();
        Auditable.analyze(&File::new(b"usr/bin/demo", 0o755, &bytes), &mut out)?;
        let package = |fact| match fact {
            Fact::Package(package) => (package.name, package.version),
            other => panic!("{other:?}"),
        };
        Ok(out.facts.into_iter().map(package).collect())
    }

    #[test]
    fn finds_what_syft_finds_in_each_format() {
        for bytes in [ELF, PE, MACH_O] {
            let found = analyze(bytes).unwrap();
            let expected = [("demo", "0.1.0"), ("itoa", "1.0.19")];
            assert_eq!(found, expected.map(|(name, version)| (name.to_owned(), version.to_owned())));
        }
    }

    #[test]
    fn a_damaged_list_is_an_error() {
        let mut bytes = ELF.to_vec();
        let zlib =
            memchr::memmem::find(&bytes, b"\x78\xda").or_else(|| memchr::memmem::find(&bytes, b"\x78\x9c"));
        bytes[zlib.unwrap() + 5] ^= 0xff;
        assert!(analyze(&bytes).unwrap_err().to_string().contains(".dep-v0"));
    }

    #[test]
    fn no_prefix_and_no_flipped_byte_panics() {
        for bytes in [ELF, PE, MACH_O] {
            for len in 0..bytes.len() {
                let _ = analyze(&bytes[..len]);
            }
            let mut changed = bytes.to_vec();
            for i in 0..changed.len() {
                for flip in [0x01, 0x80, 0xff] {
                    changed[i] ^= flip;
                    let _ = analyze(&changed);
                    changed[i] ^= flip;
                }
            }
        }
    }
}
