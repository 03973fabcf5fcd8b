//! Recognises programs by their executables' names and content, and a Java runtime by its `release` file. CPE names are
//! formatted strings (NIST IR 7695).

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_archive::path::file_name;

use super::pattern;
use super::programs::{PROGRAMS, Program};

/// The largest `release` file that is read; real ones have two kilobytes.
const MAX_RELEASE: u64 = 64 << 10;

const ELF: &[u8] = b"\x7fELF";

/// The file in a Java runtime's folder that names its version.
const RELEASE: &str = "release";

pub(super) struct Classifier;

impl Analyzer for Classifier {
    fn id(&self) -> &'static str {
        "binary/classifier"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { names: &[RELEASE], magics: &[ELF], wants, max_size: 1 << 30, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let mut head = [0; 4];
        let read = file.content().read_at(&mut head, 0)?;
        if head.get(..read) != Some(ELF) {
            return if file.name() == RELEASE && file.size() <= MAX_RELEASE {
                java(file, out)
            } else {
                Ok(())
            };
        }
        for program in programs(file.name()) {
            if let Some(version) = pattern::version(file.content(), file.name(), program.evidence)? {
                out.package(fact(program.name, &version, program.cpes));
                break;
            }
        }
        Ok(())
    }
}

fn programs(name: &[u8]) -> impl Iterator<Item = &'static Program> {
    PROGRAMS.iter().filter(move |program| program.files.iter().any(|file| file.fits(name)))
}

fn wants(path: &[u8]) -> bool {
    let name = file_name(path);
    name == RELEASE.as_bytes() || programs(name).next().is_some()
}

/// `JAVA_VERSION="17.0.8"` among lines of the same form (JEP 223).
fn java(file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
    let bytes = file.bytes()?;
    let value = bytes.lines().find_map(|line| line.strip_prefix(b"JAVA_VERSION="));
    let value = value.map(|value| value.trim_ascii().trim_with(|c| c == '"'));
    let version = |value: &&[u8]| {
        value.first().is_some_and(u8::is_ascii_digit)
            && value.len() <= 40
            && value
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+'))
    };
    if let Some(value) = value.filter(version) {
        out.package(fact("java", &value.to_str_lossy(), &["oracle:openjdk"]));
    }
    Ok(())
}

fn fact(name: &str, version: &str, cpes: &[&str]) -> PackageFact {
    PackageFact {
        ecosystem: "binary".into(),
        name: name.into(),
        version: version.into(),
        cpes: cpes.iter().map(|cpe| format!("cpe:2.3:a:{cpe}:{}:*:*:*:*:*:*:*", quoted(version))).collect(),
        ..PackageFact::default()
    }
}

/// A version as a part of a CPE name: all but letters, digits, dots, dashes and underscores has a backslash in front.
fn quoted(version: &str) -> String {
    let mut out = String::with_capacity(version.len());
    for c in version.chars() {
        if !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_analysis::Fact;

    fn analyze(path: &[u8], bytes: &[u8]) -> Option<(String, String, Vec<String>)> {
        let bytes = bytes.to_vec();
        let mut out = Output::default();
        Classifier.analyze(&File::new(path, 0o755, &bytes), &mut out).unwrap();
        assert!(out.facts.len() <= 1);
        match out.facts.pop()? {
            Fact::Package(package) => Some((package.name, package.version, package.cpes)),
            other => panic!("{other:?}"),
        }
    }

    /// Lines of `tests/fixtures/binary/classifier/snippets.txt`: path, program, version, text with escapes.
    fn snippets() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
        let lines = include_str!("../../../tests/fixtures/binary/classifier/snippets.txt").lines();
        lines
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| {
                let mut parts = line.splitn(4, '\t');
                let mut part = || parts.next().unwrap();
                let (path, name, version) = (part(), part(), part());
                (path, name, version, part().replace("\\0", "\0").into_bytes())
            })
            .collect()
    }

    #[test]
    fn every_program_is_recognised() {
        let mut seen = std::collections::BTreeSet::new();
        for (path, name, version, text) in snippets() {
            let bytes = [ELF, &[0; 60], &text, &[0; 60]].concat();
            let found = analyze(path.as_bytes(), &bytes).map(|(name, version, _)| (name, version));
            assert_eq!(found, Some((name.to_owned(), version.to_owned())), "{path}");
            assert!(wants(path.as_bytes()), "{path}");
            seen.insert(name);
            // Not an executable, not by that name, not without the text.
            assert_eq!(analyze(path.as_bytes(), &text), None, "{path}");
            assert_eq!(analyze(b"usr/bin/another", &bytes), None, "{path}");
            assert_eq!(analyze(path.as_bytes(), &bytes[..64]), None, "{path}");
            for end in 0..bytes.len() {
                analyze(path.as_bytes(), &bytes[..end]);
            }
        }
        let all: Vec<&str> = PROGRAMS.iter().map(|program| program.name).collect();
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), all, "every program has a snippet");
    }

    #[test]
    fn names_decide_first() {
        for path in
            ["usr/lib/libzstd.so.1", "usr/bin/nodemon", "usr/bin/python", "usr/bin/python3-config", "libz.a"]
        {
            assert!(!wants(path.as_bytes()), "{path}");
        }
        for path in
            ["lib/libz.so", "libz.so.1.2.13", "usr/lib/libruby-3.1.so.3.1", "usr/bin/php8.2", "jre/release"]
        {
            assert!(wants(path.as_bytes()), "{path}");
        }
    }

    // Expected: what `java -version` says of the runtimes that hold these files.
    #[test]
    fn a_java_runtime_is_known_by_its_release_file() {
        let release =
            b"IMPLEMENTOR=\"Debian\"\nJAVA_RUNTIME_VERSION=\"17.0.8+7-Debian\"\nJAVA_VERSION=\"17.0.8\"\n";
        let (name, version, cpes) = analyze(b"usr/lib/jvm/java-17-openjdk-amd64/release", release).unwrap();
        assert_eq!((name.as_str(), version.as_str()), ("java", "17.0.8"));
        assert_eq!(cpes, ["cpe:2.3:a:oracle:openjdk:17.0.8:*:*:*:*:*:*:*"]);
        let (_, version, cpes) = analyze(b"jre/release", b"JAVA_VERSION=\"1.8.0_382+b1\"").unwrap();
        assert_eq!(version, "1.8.0_382+b1");
        assert_eq!(cpes, [r"cpe:2.3:a:oracle:openjdk:1.8.0_382\+b1:*:*:*:*:*:*:*"]);
        for other in [&b"NAME=x\n"[..], b"JAVA_VERSION=", b"JAVA_VERSION=\"a b\"", b""] {
            assert_eq!(analyze(b"jre/release", other), None);
        }
        assert_eq!(analyze(b"jre/other", release), None);
    }

    /// Real programs: `PLIMSOLL_TEST_PROGRAMS` names a folder of unpacked Debian packages.
    #[test]
    fn real_programs_are_recognised() {
        let Some(root) = std::env::var_os("PLIMSOLL_TEST_PROGRAMS").map(std::path::PathBuf::from) else {
            println!("skipped: PLIMSOLL_TEST_PROGRAMS is not set");
            return;
        };
        let mut checked = 0;
        for (path, name, version, _) in snippets() {
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            let found = analyze(path.as_bytes(), &bytes).map(|(name, version, _)| (name, version));
            assert_eq!(found, Some((name.to_owned(), version.to_owned())), "{path}");
            checked += 1;
        }
        assert!(checked > 0, "no program in {}", root.display());
        println!("{checked} programs");
    }
}
