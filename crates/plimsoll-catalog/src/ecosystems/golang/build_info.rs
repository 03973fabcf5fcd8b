//! The build information that the Go linker puts into every executable (Go's `debug/buildinfo` and
//! `runtime/debug.ParseBuildInfo`): the Go version and the modules that were linked.

use bstr::ByteSlice;
use memchr::memmem;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_types::ProblemCode;

use crate::ecosystems::object_file::{MAGICS, ObjectFile, Region, SectionName, u32_at, u64_at};

const MAGIC: &[u8] = b"\xff Go buildinf:";

/// The blob begins on such a boundary.
const ALIGN: usize = 16;

/// The fixed part of the blob: magic, pointer size, flags, and two pointers or room for them.
const HEADER: u64 = 32;

/// The longest text that is taken. A program with a thousand modules has some 100 KB.
const MAX_TEXT: u64 = 4 << 20;

/// The most modules that are stated of one file.
const MAX_MODULES: usize = 20_000;

/// How much data is searched in a file that does not name its sections. The linker puts the blob near the beginning.
const MAX_SEARCH: u64 = 64 << 20;

const SECTION: SectionName = SectionName { elf: ".go.buildinfo", pe: "", mach_o: "__go_buildinfo" };

pub(super) struct BuildInfo;

impl Analyzer for BuildInfo {
    fn id(&self) -> &'static str {
        "golang/build-info"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { magics: MAGICS, max_size: 16 << 30, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let Some(object) = ObjectFile::open(file.content())? else { return Ok(()) };
        let (blob, named) = match object.section(SECTION)? {
            Some(section) => (find(&object, section)?, true),
            None if object.names_its_sections() => (None, false),
            None => match object.writable_data()? {
                Some(data) => (find(&object, data)?, false),
                None => (None, false),
            },
        };
        let Some(blob) = blob else {
            return if named {
                Err(AnalyzeError::malformed("the section .go.buildinfo holds no build information"))
            } else {
                Ok(())
            };
        };
        let Some((version, modules)) = read_texts(&object, blob)? else {
            return Err(AnalyzeError::malformed("the Go build information is cut short or damaged"));
        };
        state(&version.to_str_lossy(), &without_marks(&modules).to_str_lossy(), out);
        Ok(())
    }
}

/// Where in the file the blob begins, searched for in a region.
fn find(object: &ObjectFile<'_>, region: Region) -> Result<Option<u64>, AnalyzeError> {
    const CHUNK: u64 = 1 << 20;
    let end = region.size.min(MAX_SEARCH);
    let mut at = 0;
    while at < end {
        let Some(offset) = region.offset.checked_add(at) else { break };
        let bytes = object.read(offset, CHUNK.min(end - at), CHUNK)?;
        let found = memmem::find_iter(&bytes, MAGIC).find(|found| found % ALIGN == 0);
        if let Some(found) = found {
            return Ok(Some(offset + found as u64));
        }
        if bytes.is_empty() {
            break;
        }
        // A chunk is a multiple of the alignment, so the magic, which is shorter, never lies across two.
        at += CHUNK;
    }
    Ok(None)
}

/// The Go version and the module information.
type Texts = (Vec<u8>, Vec<u8>);

/// Reads the two texts; `None` when they are not all there.
fn read_texts(object: &ObjectFile<'_>, blob: u64) -> Result<Option<Texts>, AnalyzeError> {
    const INLINE: u8 = 2;
    const BIG_ENDIAN: u8 = 1;
    let header = object.read(blob, HEADER, HEADER)?;
    let (Some(&pointer_size), Some(&flags)) = (header.get(14), header.get(15)) else { return Ok(None) };
    if flags & INLINE != 0 {
        // Since Go 1.18: two strings with their lengths in front.
        let Some((version, next)) = inline_text(object, blob.saturating_add(HEADER))? else {
            return Ok(None);
        };
        let Some((modules, _)) = inline_text(object, next)? else { return Ok(None) };
        return Ok(Some((version, modules)));
    }
    // Before: the addresses of two Go strings, each an address and a length.
    let big = flags & BIG_ENDIAN != 0;
    let pointer = |bytes: &[u8], index: usize| match pointer_size {
        4 => u32_at(bytes, index * 4, big).map(u64::from),
        8 => u64_at(bytes, index * 8, big),
        _ => None,
    };
    let text = |address: u64| -> Result<Option<Vec<u8>>, AnalyzeError> {
        let width = u64::from(pointer_size) * 2;
        let Some(offset) = object.at_address(address, width)? else { return Ok(None) };
        let string = object.read(offset, width, width)?;
        let (Some(address), Some(len)) = (pointer(&string, 0), pointer(&string, 1)) else { return Ok(None) };
        if len > MAX_TEXT {
            return Ok(None);
        }
        let Some(offset) = object.at_address(address, len)? else { return Ok(None) };
        let bytes = object.read(offset, len, MAX_TEXT)?;
        Ok((bytes.len() as u64 == len).then_some(bytes))
    };
    let pointers = header.get(16..).unwrap_or_default();
    let (Some(version), Some(modules)) = (pointer(pointers, 0), pointer(pointers, 1)) else {
        return Ok(None);
    };
    let Some(version) = text(version)? else { return Ok(None) };
    // A program built without modules has no second string.
    Ok(Some((version, if modules == 0 { Vec::new() } else { text(modules)?.unwrap_or_default() })))
}

/// A string with its length in front as a varint, and where the bytes after it begin.
fn inline_text(object: &ObjectFile<'_>, at: u64) -> Result<Option<(Vec<u8>, u64)>, AnalyzeError> {
    let head = object.read(at, 10, 10)?;
    let mut len = 0_u64;
    let mut width = 0;
    for (i, byte) in head.iter().enumerate().take(9) {
        len |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            width = i as u64 + 1;
            break;
        }
    }
    let start = at.saturating_add(width);
    if width == 0 || len > MAX_TEXT || len > object.len().saturating_sub(start) {
        return Ok(None);
    }
    let bytes = object.read(start, len, MAX_TEXT)?;
    Ok((bytes.len() as u64 == len).then_some((bytes, start + len)))
}

/// A module of the list, possibly replaced by another.
#[derive(Default, Clone)]
struct Module<'t> {
    path: &'t str,
    version: &'t str,
    replaced_by: Option<(&'t str, &'t str)>,
}

impl<'t> Module<'t> {
    fn parse(line: &'t str) -> Module<'t> {
        let (path, version) = path_and_version(line);
        Module { path, version, replaced_by: None }
    }

    /// Name and version of what was linked.
    fn linked(&self) -> (&'t str, &'t str) {
        match self.replaced_by {
            // Replaced by a directory: nobody can know what is in it, so it keeps its name and has no version.
            Some((path, _)) if path.starts_with(['.', '/']) => (self.path, ""),
            Some(replacement) => replacement,
            None => (self.path, self.version),
        }
    }
}

fn path_and_version(line: &str) -> (&str, &str) {
    let mut fields = line.split('\t');
    (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
}

/// States the packages of a binary.
fn state(version: &str, text: &str, out: &mut Output) {
    let go_version = go_version(version);
    let mut main_package = "";
    let mut main: Option<Module<'_>> = None;
    let mut dependencies: Vec<Module<'_>> = Vec::new();
    let mut ldflags = String::new();
    for line in text.lines() {
        match line.split_once('\t') {
            Some(("path", path)) => main_package = path,
            Some(("mod", module)) => main = Some(Module::parse(module)),
            Some(("dep", module)) if dependencies.len() < MAX_MODULES => {
                dependencies.push(Module::parse(module));
            }
            Some(("dep", _)) => {
                let message = format!("more than {MAX_MODULES} modules; the others are not listed");
                out.problem_with(ProblemCode::LimitReached, message);
                break;
            }
            Some(("=>", module)) => {
                let replacement = Some(path_and_version(module));
                if let Some(replaced) = dependencies.last_mut().or(main.as_mut()) {
                    replaced.replaced_by = replacement;
                }
            }
            Some(("build", setting)) => {
                if let Some(value) = setting.strip_prefix("-ldflags=") {
                    ldflags = unquote(value);
                }
            }
            _ => {}
        }
    }
    let mut package = |name: &str, version: &str| {
        if !name.is_empty() {
            out.package(PackageFact {
                ecosystem: "golang".to_owned(),
                name: name.to_owned(),
                version: version.to_owned(),
                ..PackageFact::default()
            });
        }
    };
    if !go_version.is_empty() {
        package("stdlib", go_version);
        // Advisories about Go's own commands are filed under this name.
        if main.is_none() && main_package.starts_with("cmd/") {
            package("toolchain", go_version);
        }
    }
    if let Some(main) = &main {
        let (name, version) = main.linked();
        let version = if version == "(devel)" { "" } else { version };
        // Without a tag at hand the go command makes up a version that is older than any release.
        let unknown = version.is_empty() || version.starts_with("v0.0.0-");
        match version_of_ldflags(&ldflags, main.path) {
            Some(version) if unknown => package(name, &version),
            _ => package(name, version),
        }
    }
    for dependency in &dependencies {
        let (name, version) = dependency.linked();
        package(name, if version == "(devel)" { "" } else { version });
    }
}

/// The module information stands between two 16-byte marks, by which tools find it in memory.
fn without_marks(text: &[u8]) -> &[u8] {
    const MARK: usize = 16;
    let inner = text.len().checked_sub(MARK).and_then(|end| text.get(MARK..end)).unwrap_or_default();
    if inner.ends_with(b"\n") { inner } else { b"" }
}

/// `1.20.1` of `go1.20.1`, `go1.20.1 X:boringcrypto` or `devel go1.22-0123456789 Tue …`.
fn go_version(text: &str) -> &str {
    text.split_ascii_whitespace()
        .find_map(|word| {
            word.strip_prefix("go").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
        .unwrap_or_default()
}

/// A value of the build settings, which is quoted as in Go source when it holds anything unusual.
fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.trim_matches('`').to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('t' | 'n') => out.push(' '),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// The version that the linker was told to put into a variable: `-X main.version=v1.2.3`. A variable of the main
/// package or module counts first; others only when all of them agree.
fn version_of_ldflags(ldflags: &str, module: &str) -> Option<String> {
    let mut others: Vec<String> = Vec::new();
    for word in ldflags.split([' ', '\t', '\n', '"', '\'']) {
        let word = word.strip_prefix("-X=").or_else(|| word.strip_prefix("--X=")).unwrap_or(word);
        let Some((variable, value)) = word.split_once('=') else { continue };
        let Some((package, variable)) = variable.rsplit_once('.') else { continue };
        if !names_a_version(variable) {
            continue;
        }
        let Some(version) = semantic(value) else { continue };
        if package == "main" || (!module.is_empty() && package.starts_with(module)) {
            return Some(version);
        }
        if !others.contains(&version) {
            others.push(version);
        }
    }
    if others.len() == 1 { others.pop() } else { None }
}

/// `version`, `GitVersion`, `buildVer`, `Tag` and the like.
fn names_a_version(variable: &str) -> bool {
    let lower = variable.to_ascii_lowercase();
    let rest = lower.strip_prefix("git").unwrap_or(&lower);
    let rest = rest.strip_prefix("build").unwrap_or(rest);
    matches!(rest, "version" | "ver" | "tag")
}

/// The semantic version in a value such as `1.2.3`, `v1.2.3-rc.1` or `releases/v1.2.3`, with its `v`.
fn semantic(value: &str) -> Option<String> {
    let value = value.rsplit('/').next().unwrap_or(value);
    let bare = value.strip_prefix('v').unwrap_or(value);
    let core = bare.split(['-', '+']).next().unwrap_or(bare);
    let mut parts = 0;
    for part in core.split('.') {
        parts += 1;
        if part.is_empty() || part.len() > 18 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    (parts == 3 && bare.chars().all(plain)).then(|| format!("v{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_analysis::Fact;

    // Made by hand; `go version -m` reads them all and says what is expected here.
    const INLINE: &[u8] = include_bytes!("../../../tests/fixtures/golang/build-info/inline-elf");
    const POINTERS: &[u8] = include_bytes!("../../../tests/fixtures/golang/build-info/pointers-elf");
    const DEVEL: &[u8] = include_bytes!("../../../tests/fixtures/golang/build-info/devel-elf");
    const PE: &[u8] = include_bytes!("../../../tests/fixtures/golang/build-info/app.exe");
    const MACH_O: &[u8] = include_bytes!("../../../tests/fixtures/golang/build-info/app-macho");
    const NOT_GO: &[u8] = include_bytes!("../../../tests/fixtures/golang/build-info/not-go-elf");

    fn packages(out: Output) -> Vec<(String, String)> {
        let package = |fact| match fact {
            Fact::Package(package) => (package.name, package.version),
            other => panic!("{other:?}"),
        };
        out.facts.into_iter().map(package).collect()
    }

    fn analyze(bytes: &[u8]) -> Result<Vec<(String, String)>, AnalyzeError> {
        let bytes = bytes.to_vec();
        let mut out = Output::default();
        BuildInfo.analyze(&File::new(b"usr/bin/app", 0o755, &bytes), &mut out)?;
        Ok(packages(out))
    }

    fn owned(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
    }

    #[test]
    fn reads_each_format() {
        for (bytes, go) in [(INLINE, "1.20.1"), (POINTERS, "1.16.15"), (PE, "1.20.1"), (MACH_O, "1.20.1")] {
            let expected = [
                ("stdlib", go),
                ("example.com/app", "v1.4.0"),
                ("github.com/pkg/errors", "v0.9.1"),
                ("golang.org/x/text", "v0.3.8"),
                ("example.com/local", ""),
            ];
            assert_eq!(analyze(bytes).unwrap(), owned(&expected));
        }
        assert_eq!(analyze(NOT_GO).unwrap(), []);
    }

    #[test]
    fn without_section_headers_the_data_is_searched() {
        let mut bytes = INLINE.to_vec();
        bytes[40..48].fill(0);
        bytes[58..64].fill(0);
        assert_eq!(analyze(&bytes).unwrap()[0].0, "stdlib");
    }

    #[test]
    fn an_untagged_build_takes_its_version_from_the_linker_flags() {
        // Syft says the same.
        assert_eq!(analyze(DEVEL).unwrap(), owned(&[("stdlib", "1.19.8"), ("example.com/dev", "v2.5.1")]));
    }

    #[test]
    fn linker_flags_are_believed_only_where_they_are_plain() {
        for (flags, expected) in [
            ("-X main.version=v1.2.3", Some("v1.2.3")),
            ("-X=main.Version=1.2.3-rc.1", Some("v1.2.3-rc.1")),
            ("-X 'example.com/app/internal.gitVersion=v1.2.3+k3s1'", Some("v1.2.3+k3s1")),
            ("-X k8s.io/component-base/version.gitVersion=v1.27.3", Some("v1.27.3")),
            ("-X a.b/c.version=v1.0.0 -X d.e/f.version=v2.0.0", None),
            ("-X main.version=main", None),
            ("-X main.commit=1.2.3", None),
            ("-s -w", None),
        ] {
            assert_eq!(version_of_ldflags(flags, "example.com/app").as_deref(), expected, "{flags}");
        }
    }

    #[test]
    fn go_versions_come_in_several_forms() {
        for (text, expected) in [
            ("go1.20.1", "1.20.1"),
            ("go1.21rc2", "1.21rc2"),
            ("go1.19.8 X:boringcrypto", "1.19.8"),
            ("devel go1.22-0123456789 Tue Jan 2 03:04:05 2024 +0000", "1.22-0123456789"),
            ("devel +0123456789", ""),
        ] {
            assert_eq!(go_version(text), expected);
        }
    }

    #[test]
    fn commands_of_go_itself_are_its_toolchain() {
        let mut out = Output::default();
        state("go1.19.8", "path\tcmd/vet\nbuild\t-compiler=gc\n", &mut out);
        assert_eq!(packages(out), owned(&[("stdlib", "1.19.8"), ("toolchain", "1.19.8")]));
    }

    #[test]
    fn no_prefix_and_no_flipped_byte_panics() {
        for bytes in [INLINE, POINTERS, DEVEL, PE, MACH_O, NOT_GO] {
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
