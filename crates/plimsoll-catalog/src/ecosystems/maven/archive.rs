//! Java archives (JAR File Specification; Spring Boot's "The Executable Jar Format"): what a jar is, what was copied
//! into it, and the archives inside it.
//!
//! A jar is read at random: its central directory once, then the few small entries that say what it is. Classes are
//! never inflated.

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_archive::ReadAt;
use plimsoll_archive::zip::{Archive, Budget, Buffer, Member, ZipError};
use plimsoll_types::ProblemCode;
use sha1::{Digest as _, Sha1};

use super::file_name::FileName;
use super::identity::Evidence;
use super::manifest::{self, Manifest};
use super::pom::{self, Pom};

const SUFFIXES: &[&str] =
    &[".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".far", ".lpkg", ".rar"];

/// How deep archives may lie in archives.
const MAX_DEPTH: u32 = 5;

/// The most archives that are opened for one file: stored ones can share their bytes, so that a small file could hold
/// any number of them.
const MAX_ARCHIVES: u32 = 5_000;

/// The most entries that are looked at for one file, over all archives in it.
const MAX_ENTRIES: u64 = 4_000_000;

/// The most poms and the most nested archives that are taken of one archive.
const MAX_PARTS: usize = 5_000;

/// The longest name of an entry that is taken: names become part of what is stated.
const MAX_NAME: usize = 1_024;

/// The most packages that are stated of one file.
const MAX_PACKAGES: usize = 20_000;

/// The largest compressed archive that is inflated into memory; a stored one is read where it lies.
const MAX_NESTED: u64 = 256 << 20;

/// How much may be inflated for one file.
const MAX_INFLATED: u64 = 1 << 30;

/// How much is digested for one file: archives that are stored in one another are read again for each. A jar for which it does
/// not suffice is named as if nobody knew its digest.
const MAX_DIGESTED: u64 = 1 << 30;

pub(super) struct Archives;

impl Analyzer for Archives {
    fn id(&self) -> &'static str {
        "maven/archive"
    }

    fn version(&self) -> u32 {
        2
    }

    fn interest(&self) -> Interest {
        Interest { suffixes: SUFFIXES, max_size: 16 << 30, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        if file.content().is_empty() {
            return Ok(());
        }
        let mut walk = Walk {
            out,
            buffer: Buffer::new(),
            budget: Budget::new(MAX_INFLATED),
            archives: 0,
            entries: 0,
            undigested: MAX_DIGESTED,
        };
        match walk.archive(file.content(), &file.name().to_str_lossy(), "", 0) {
            Ok(()) => Ok(()),
            // Other formats share the rarer endings: RAR, Perl's and Nix' archives, Karaoke files.
            Err(ZipError::NotZip) if !is_zip(file.content())? && !is_java(file.name()) => Ok(()),
            Err(error) if error.is_limit() => {
                walk.out.problem_with(ProblemCode::LimitReached, error.to_string());
                Ok(())
            }
            Err(ZipError::Read(error)) => Err(error.into()),
            Err(error) => Err(AnalyzeError::malformed(error.to_string())),
        }
    }
}

fn is_zip(content: &dyn ReadAt) -> std::io::Result<bool> {
    let mut head = [0; 2];
    Ok(content.read_at(&mut head, 0)? == 2 && &head == b"PK")
}

fn is_java(name: &[u8]) -> bool {
    [".jar", ".war", ".ear"].iter().any(|suffix| has_suffix(name, suffix))
}

fn has_suffix(name: &[u8], suffix: &str) -> bool {
    let tail = name.len().checked_sub(suffix.len()).and_then(|at| name.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(suffix.as_bytes()))
}

/// What an entry's name makes of it.
#[derive(PartialEq)]
enum Part {
    Manifest,
    Properties,
    Xml,
    Nested,
    Other,
}

/// Nearly all names are classes, so their last byte already sorts most of them out.
fn part(name: &[u8]) -> Part {
    match name {
        [.., b'.', b'c', b'l', b'a', b's', b's'] | [.., b'/'] => Part::Other,
        [.., b's'] if is_component(name, b"pom.properties") => Part::Properties,
        [.., b'l'] if name.starts_with(b"META-INF/maven/") && is_component(name, b"pom.xml") => Part::Xml,
        [.., b'F' | b'f'] if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") => Part::Manifest,
        [.., b'r' | b'R' | b'i' | b'I' | b'g' | b'G']
            if SUFFIXES.iter().any(|suffix| has_suffix(name, suffix)) =>
        {
            Part::Nested
        }
        _ => Part::Other,
    }
}

/// True when the last component of `name` is `last`.
fn is_component(name: &[u8], last: &[u8]) -> bool {
    name.strip_suffix(last).is_some_and(|before| before.is_empty() || before.ends_with(b"/"))
}

/// The entries of an archive that say something.
#[derive(Default)]
struct Parts {
    manifest: Option<Member>,
    properties: Vec<(String, Member)>,
    xml: Vec<(String, Member)>,
    nested: Vec<(String, Member)>,
}

/// The way through an archive and those inside it.
struct Walk<'o> {
    out: &'o mut Output,
    buffer: Buffer,
    budget: Budget,
    archives: u32,
    entries: u64,
    /// How much may still be digested.
    undigested: u64,
}

impl Walk<'_> {
    /// Looks at one archive. `inside` is its place in the file: empty for the file itself.
    fn archive(
        &mut self,
        content: &dyn ReadAt,
        name: &str,
        inside: &str,
        depth: u32,
    ) -> Result<(), ZipError> {
        let archive = Archive::open(content, &mut self.buffer)?;
        let parts = self.parts(&archive, inside)?;
        self.identify(content, &archive, &parts, name, inside)?;
        for (path, member) in &parts.nested {
            let place = format!("{inside}!/{path}");
            if let Err(error) = self.nested(&archive, member, path, &place, depth + 1) {
                self.fault(&place, &error);
            }
        }
        Ok(())
    }

    fn nested(
        &mut self,
        archive: &Archive<'_>,
        member: &Member,
        path: &str,
        place: &str,
        depth: u32,
    ) -> Result<(), ZipError> {
        if member.size() == 0 {
            return Ok(());
        }
        if depth > MAX_DEPTH || self.archives >= MAX_ARCHIVES {
            let what = if depth > MAX_DEPTH { "too deep inside archives" } else { "one archive too many" };
            self.out.problem_with(ProblemCode::LimitReached, format!("{place}: {what}, not analysed"));
            return Ok(());
        }
        self.archives += 1;
        let name = path.rsplit('/').next().unwrap_or(path);
        let held;
        let window;
        let content: &dyn ReadAt = match archive.window(member)? {
            Some(stored) => {
                window = stored;
                &window
            }
            None => {
                held = archive.read(member, MAX_NESTED, &mut self.budget)?;
                &held
            }
        };
        match self.archive(content, name, place, depth) {
            Err(ZipError::NotZip)
                if !is_zip(content).map_err(ZipError::Read)? && !is_java(name.as_bytes()) =>
            {
                Ok(())
            }
            other => other,
        }
    }

    fn fault(&mut self, place: &str, error: &ZipError) {
        let code = if error.is_limit() { ProblemCode::LimitReached } else { ProblemCode::UnreadableFile };
        self.out.problem_with(code, format!("{}: {error}", place.trim_start_matches("!/")));
    }

    /// The entries that say something, in one pass over the central directory.
    fn parts(&mut self, archive: &Archive<'_>, inside: &str) -> Result<Parts, ZipError> {
        let mut parts = Parts::default();
        let mut left_out = 0_u32;
        let mut entries = archive.entries(&mut self.buffer);
        while let Some(entry) = entries.next()? {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(ZipError::TooManyEntries);
            }
            let list = match part(entry.name) {
                Part::Other => continue,
                Part::Manifest => {
                    parts.manifest.get_or_insert(entry.member);
                    continue;
                }
                Part::Properties => &mut parts.properties,
                Part::Xml => &mut parts.xml,
                Part::Nested => &mut parts.nested,
            };
            if list.len() < MAX_PARTS && entry.name.len() <= MAX_NAME {
                list.push((entry.name.to_str_lossy().into_owned(), entry.member));
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            let message =
                format!("{inside}: too many parts or too long names; {left_out} parts were not analysed");
            self.out.problem_with(ProblemCode::LimitReached, message.trim_start_matches(": "));
        }
        Ok(parts)
    }

    /// States what the archive is and what was copied into it.
    fn identify(
        &mut self,
        content: &dyn ReadAt,
        archive: &Archive<'_>,
        parts: &Parts,
        name: &str,
        inside: &str,
    ) -> Result<(), ZipError> {
        let mut faults: Vec<(String, ZipError)> = Vec::new();
        let manifest = match parts.manifest {
            Some(member) => match archive.read_start(&member, manifest::MAX_READ, &mut self.budget) {
                Ok(bytes) => Manifest::parse(&bytes),
                Err(error) => {
                    faults.push(("META-INF/MANIFEST.MF".to_owned(), error));
                    Manifest::default()
                }
            },
            None => Manifest::default(),
        };
        // An agent's instrumentation module has the name of the library that it instruments, and none of its code.
        if !manifest.get("weave-classes").is_empty() {
            return Ok(());
        }
        let poms = self.poms(archive, parts, &mut faults);
        let file = FileName::parse(name);
        let evidence = Evidence { file, manifest: &manifest, poms: &poms };
        let own = evidence.own_pom();
        let mut jar = match own.and_then(|i| poms.get(i)) {
            Some(pom) => pom.clone(),
            None => {
                let mut entries_left = MAX_ENTRIES.saturating_sub(self.entries);
                let buffer = &mut self.buffer;
                evidence.without_pom(|directory| has_directory(archive, buffer, directory, &mut entries_left))
            }
        };
        let certain = own.is_some() && !jar.group.is_empty() && !jar.version.is_empty();
        if jar.version.is_empty() {
            jar.version = evidence.version();
        }
        if jar.licenses.is_empty() {
            jar.licenses = manifest.licenses();
        }
        if jar.licenses.is_empty() && own.is_some() {
            jar.licenses = self.licenses(archive, parts, &jar);
        }
        let own_name = jar.name();
        // A zip that neither says that it is a jar nor has a version is nothing that could be named.
        if own.is_some() || parts.manifest.is_some() || !jar.version.is_empty() {
            let sha1 = if certain { String::new() } else { self.sha1(content).map_err(ZipError::Read)? };
            self.package(PackageFact {
                vendor: manifest.vendor().to_owned(),
                uncertain: !certain,
                sha1,
                ..fact(jar, inside)
            });
        }
        for (i, pom) in poms.into_iter().enumerate() {
            if Some(i) != own && !pom.version.is_empty() && pom.name() != own_name {
                self.package(fact(pom, inside));
            }
        }
        for (part, error) in faults {
            self.fault(&format!("{inside}!/{part}"), &error);
        }
        Ok(())
    }

    /// The SHA-1 of an archive in hexadecimal digits; empty when it is too large.
    fn sha1(&mut self, content: &dyn ReadAt) -> std::io::Result<String> {
        let Some(left) = self.undigested.checked_sub(content.len()) else { return Ok(String::new()) };
        self.undigested = left;
        let mut sha1 = Sha1::new();
        if let Some(bytes) = content.as_slice() {
            sha1.update(bytes);
        } else {
            let mut piece = vec![0; 64 << 10];
            let mut at = 0;
            while at < content.len() {
                let read = content.read_at(&mut piece, at)?;
                if read == 0 {
                    // Shorter than it was: the digest would be that of something else.
                    return Ok(String::new());
                }
                sha1.update(piece.get(..read).unwrap_or_default());
                at = at.saturating_add(read as u64);
            }
        }
        Ok(sha1.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The coordinates that Maven left in the archive, each once.
    fn poms(
        &mut self,
        archive: &Archive<'_>,
        parts: &Parts,
        faults: &mut Vec<(String, ZipError)>,
    ) -> Vec<Pom> {
        let mut poms: Vec<Pom> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let directory =
            |path: &str| path.rsplit_once('/').map_or(String::new(), |(directory, _)| directory.to_owned());
        let xml: std::collections::HashMap<String, Member> =
            parts.xml.iter().map(|(path, member)| (directory(path), *member)).collect();
        let mut with_properties = std::collections::HashSet::new();
        let mut keep = |pom: Pom| {
            if !pom.artifact.is_empty() && seen.insert((pom.name(), pom.version.clone())) {
                poms.push(pom);
            }
        };
        for (path, member) in &parts.properties {
            let place = directory(path);
            match archive.read(member, pom::MAX_PROPERTIES, &mut self.budget) {
                Ok(bytes) => {
                    let mut found = Pom::from_properties(&bytes).or(Pom::of_directory(&place));
                    if found.version.is_empty()
                        && let Some(member) = xml.get(&place)
                        && let Ok(bytes) = archive.read(member, pom::MAX_XML, &mut self.budget)
                    {
                        found = found.or(Pom::from_xml(&bytes).unwrap_or_default());
                    }
                    keep(found);
                    with_properties.insert(place);
                }
                Err(error) => faults.push((path.clone(), error)),
            }
        }
        for (path, member) in &parts.xml {
            let place = directory(path);
            if with_properties.contains(&place) {
                continue;
            }
            match archive.read(member, pom::MAX_XML, &mut self.budget) {
                Ok(bytes) => match Pom::from_xml(&bytes) {
                    Ok(found) => keep(found.or(Pom::of_directory(&place))),
                    Err(error) => faults.push((path.clone(), ZipError::DamagedData(error.to_lowercase()))),
                },
                Err(error) => faults.push((path.clone(), error)),
            }
        }
        poms
    }

    /// The licences in the jar's own `pom.xml`.
    fn licenses(&mut self, archive: &Archive<'_>, parts: &Parts, jar: &Pom) -> Vec<String> {
        let path = format!("META-INF/maven/{}/{}/pom.xml", jar.group, jar.artifact);
        let Some((_, member)) = parts.xml.iter().find(|(known, _)| *known == path) else { return Vec::new() };
        let Ok(bytes) = archive.read(member, pom::MAX_XML, &mut self.budget) else { return Vec::new() };
        Pom::from_xml(&bytes).map(|pom| pom.licenses).unwrap_or_default()
    }

    fn package(&mut self, package: PackageFact) {
        if self.out.facts.len() >= MAX_PACKAGES {
            let message = format!("more than {MAX_PACKAGES} packages; the others are not listed");
            self.out.problem_with(ProblemCode::LimitReached, message);
            return;
        }
        self.out.package(package);
    }
}

/// What coordinates state.
fn fact(pom: Pom, inside: &str) -> PackageFact {
    PackageFact {
        ecosystem: "maven".to_owned(),
        name: pom.name(),
        version: pom.version,
        licenses: pom.licenses,
        inside: inside.to_owned(),
        ..PackageFact::default()
    }
}

/// True when an entry lies below `directory`.
fn has_directory(archive: &Archive<'_>, buffer: &mut Buffer, directory: &str, left: &mut u64) -> bool {
    let mut entries = archive.entries(buffer);
    while let Ok(Some(entry)) = entries.next() {
        if entry.name.starts_with(directory.as_bytes()) {
            return true;
        }
        match left.checked_sub(1) {
            Some(rest) => *left = rest,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_analysis::Fact;

    macro_rules! fixture {
        ($name:literal) => {
            ($name, include_bytes!(concat!("../../../tests/fixtures/maven/archive/", $name)))
        };
    }

    const ALL: [(&str, &[u8]); 6] = [
        fixture!("demo-1.2.jar"),
        fixture!("shaded-2.0.jar"),
        fixture!("gson-2.2.4.jar"),
        fixture!("app.jar"),
        fixture!("shop-4.0.war"),
        fixture!("git.hpi"),
    ];

    fn analyze(name: &str, bytes: &[u8]) -> (Result<(), AnalyzeError>, Output) {
        let bytes = bytes.to_vec();
        let mut out = Output::default();
        let result = Archives.analyze(&File::new(format!("opt/{name}").as_bytes(), 0o644, &bytes), &mut out);
        (result, out)
    }

    fn packages(name: &str) -> Vec<(String, String, String)> {
        let (_, bytes) = ALL.into_iter().find(|(known, _)| *known == name).unwrap();
        let (result, out) = analyze(name, bytes);
        result.unwrap();
        let package = |fact| match fact {
            Fact::Package(package) => (package.name, package.version, package.inside),
            other => panic!("{other:?}"),
        };
        out.facts.into_iter().map(package).collect()
    }

    fn owned(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
    }

    // Artifacts and versions are what Syft 1.18 says of the same files; see the remarks for what it says otherwise.
    #[test]
    fn a_jar_of_maven_is_itself_once() {
        assert_eq!(packages("demo-1.2.jar"), owned(&[("org.example:demo", "1.2", "")]));
        let (_, out) = analyze("demo-1.2.jar", ALL[0].1);
        let Fact::Package(package) = &out.facts[0] else { panic!() };
        assert_eq!((&package.licenses[..], &*package.vendor), (&["MIT".to_owned()][..], "Example"));
    }

    #[test]
    fn what_was_shaded_into_a_jar_is_stated_too() {
        // Syft leaves out what has a pom.xml only.
        let expected = [
            ("org.example:shaded", "2.0", ""),
            ("com.google.guava:guava", "30.1-jre", ""),
            ("org.other.parent:inherits", "7", ""),
        ];
        assert_eq!(packages("shaded-2.0.jar"), owned(&expected));
    }

    #[test]
    fn a_well_known_jar_without_a_pom_has_its_published_group() {
        // Syft takes the symbolic name for the group.
        assert_eq!(packages("gson-2.2.4.jar"), owned(&[("com.google.code.gson:gson", "2.2.4", "")]));
    }

    #[test]
    fn archives_in_archives_are_found_stored_and_compressed() {
        let expected = [
            ("com.acme:service", "0.1", ""),
            ("org.example:demo", "1.2", "!/BOOT-INF/lib/demo-1.2.jar"),
            ("org.example:inner", "3", "!/BOOT-INF/lib/inner-3.jar"),
            ("com.google.code.gson:gson", "2.2.4", "!/BOOT-INF/lib/inner-3.jar!/lib/gson-2.2.4.jar"),
        ];
        // Syft states the renamed jar twice, as `app` and as what was copied into it.
        assert_eq!(packages("app.jar"), owned(&expected));
        let expected = [
            ("org.jenkins-ci.plugins:git", "4.11.3", ""),
            ("org.example:inner", "3", "!/WEB-INF/lib/inner-3.jar"),
            ("com.google.code.gson:gson", "2.2.4", "!/WEB-INF/lib/inner-3.jar!/lib/gson-2.2.4.jar"),
        ];
        assert_eq!(packages("git.hpi"), owned(&expected));
    }

    #[test]
    fn a_group_that_nothing_states_is_not_made_up_and_a_broken_part_is_a_problem() {
        let expected = [("shop", "4.0", ""), ("org.example:demo", "1.2", "!/WEB-INF/lib/demo-1.2.jar")];
        assert_eq!(packages("shop-4.0.war"), owned(&expected));
        let (_, out) = analyze("shop-4.0.war", ALL[4].1);
        // The song is no zip archive, and its ending is no sign that it should be one.
        assert_eq!(out.problems.len(), 1);
        assert!(out.problems[0].message.starts_with("WEB-INF/lib/broken-1.0.jar: not a zip archive"));
    }

    #[test]
    fn a_jar_that_is_no_zip_is_an_error_and_a_rar_is_not() {
        assert!(analyze("a.jar", b"hello").0.is_err());
        assert!(analyze("a.rar", b"Rar!\x1a\x07\x00").0.is_ok());
        assert!(analyze("a.rar", b"PK\x03\x04").0.is_err());
        assert!(analyze("empty.jar", b"").0.is_ok());
    }

    // The digests are what sha1sum says of the files.
    #[test]
    fn a_jar_whose_name_is_not_its_own_has_its_digest() {
        let stated = |name: &str| -> Vec<(String, bool, String)> {
            let (_, bytes) = ALL.into_iter().find(|(known, _)| *known == name).unwrap();
            let facts = analyze(name, bytes).1.facts.into_iter();
            let package = |fact| match fact {
                Fact::Package(package) => (package.name, package.uncertain, package.sha1),
                other => panic!("{other:?}"),
            };
            facts.map(package).collect()
        };
        let certain = |name: &str| (name.to_owned(), false, String::new());
        let gson = (
            "com.google.code.gson:gson".to_owned(),
            true,
            "bf736ed5b450b7924bf2a67d0626201ad06a64fc".to_owned(),
        );
        assert_eq!(stated("gson-2.2.4.jar"), std::slice::from_ref(&gson));
        let expected =
            [certain("com.acme:service"), certain("org.example:demo"), certain("org.example:inner"), gson];
        assert_eq!(stated("app.jar"), expected);
        let shop = ("shop".to_owned(), true, "3dd88d70a1e4bfd318bb965d824deebcabcf3eaf".to_owned());
        assert_eq!(stated("shop-4.0.war"), [shop, certain("org.example:demo")]);
        // A file of which nothing lies in memory is read piece by piece.
        struct Pieces(&'static [u8]);
        impl ReadAt for Pieces {
            fn len(&self) -> u64 {
                self.0.len() as u64
            }
            fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
                let len = buf.len().min(7);
                self.0.read_at(&mut buf[..len], offset)
            }
        }
        let mut out = Output::default();
        let mut walk = Walk {
            out: &mut out,
            buffer: Buffer::new(),
            budget: Budget::new(0),
            archives: 0,
            entries: 0,
            undigested: ALL[2].1.len() as u64,
        };
        assert_eq!(walk.sha1(&Pieces(ALL[2].1)).unwrap(), "bf736ed5b450b7924bf2a67d0626201ad06a64fc");
        // No more than is allowed.
        assert_eq!(walk.sha1(&Pieces(ALL[2].1)).unwrap(), "");
    }

    /// A zip archive with one stored entry.
    fn stored(name: &str, data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap().to_le_bytes();
        let name_len = u16::try_from(name.len()).unwrap().to_le_bytes();
        let sizes = [&[0; 4][..], &len, &len, &name_len, &[0, 0]].concat();
        let mut out = [b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0", &sizes[..], name.as_bytes(), data].concat();
        let directory = u32::try_from(out.len()).unwrap();
        out.extend(
            [b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0", &sizes[..], &[0; 14], name.as_bytes()].concat(),
        );
        let size = u32::try_from(out.len()).unwrap() - directory;
        let end =
            [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &size.to_le_bytes(), &directory.to_le_bytes(), &[0, 0]];
        out.extend(end.concat());
        out
    }

    #[test]
    fn depth_is_limited() {
        let mut bytes = ALL[0].1.to_vec();
        for level in 0..7 {
            bytes = stored(&format!("level-{level}.jar"), &bytes);
        }
        let (result, out) = analyze("deep.jar", &bytes);
        result.unwrap();
        assert_eq!(out.problems.len(), 1, "{:?}", out.problems);
        assert_eq!(out.problems[0].code, ProblemCode::LimitReached.code());
        assert!(out.problems[0].message.ends_with("too deep inside archives, not analysed"));
    }

    #[test]
    fn no_prefix_and_no_flipped_byte_panics() {
        for (name, bytes) in ALL {
            for len in 0..bytes.len() {
                let _ = analyze(name, &bytes[..len]);
            }
            let mut changed = bytes.to_vec();
            for i in 0..changed.len() {
                for flip in [0x01, 0xff] {
                    changed[i] ^= flip;
                    let _ = analyze(name, &changed);
                    changed[i] ^= flip;
                }
            }
        }
    }
}
