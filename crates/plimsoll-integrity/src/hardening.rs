//! `BIN`: how programs were hardened when they were built. What is dangerous wherever it is (executable stacks, code that is
//! writable, search paths that anybody can fill) is a finding of the file; the rest counts for what the image exposes and is
//! summed up for what the image's own programs lack.

use plimsoll_analysis::{
    AnalyzeError, Analyzer, ByteSlice, File, ImageContext, ImageRules, Interest, Output, SeenFile,
};
use plimsoll_types::classes::binaries;
use plimsoll_types::{Class, Detection, Place, PlaceKind, Scanner, Severity};

use crate::elf::{self, Facts, Relro};

/// States how an ELF file was hardened.
pub(crate) struct Hardening;

/// The key under which it does.
const KEY: &str = "integrity/elf";

impl Analyzer for Hardening {
    fn id(&self) -> &'static str {
        "integrity/elf"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        Interest { magics: &[b"\x7fELF"], max_size: u64::MAX, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let Some(facts) = elf::read(file.content()) else { return Ok(()) };
        // What is only linked from, such as a kernel module's or a debugger's file, is not run.
        let debug = file.path().find(b"/debug/").is_some() || file.path().ends_with(b".debug");
        if debug {
            return Ok(());
        }
        if facts.exec_stack {
            out.detect(binaries::EXECSTACK, "the program asks for an executable stack").rule =
                "stack".to_owned();
        }
        if facts.writable_code {
            let fact = out.detect(binaries::EXECSTACK, "a segment is writable and executable");
            fact.rule = "segment".to_owned();
        }
        if facts.text_relocations {
            out.detect(binaries::TEXTREL, "code is changed when the program is loaded");
        }
        for path in facts.run_paths.iter().flat_map(|path| path.split(':')) {
            if let Some((severity, why)) = unsafe_run_path(path) {
                let fact =
                    out.detect(binaries::RPATH, format!("libraries are looked for in '{path}', {why}"));
                // A library takes the directory of whatever program loads it.
                let severity = if facts.program { severity } else { severity.min(Severity::Medium) };
                fact.severity = severity.word().to_owned();
                fact.evidence = facts.run_paths.join(":");
            }
        }
        if facts.program {
            out.attribute(KEY, encode(&facts));
        }
        Ok(())
    }
}

/// Why libraries must not be looked for in a directory; `None` where they may.
fn unsafe_run_path(path: &str) -> Option<(Severity, &'static str)> {
    let below = |roots: &[&str]| {
        roots
            .iter()
            .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    if path.is_empty() || path == "." {
        Some((Severity::High, "which is the directory that the program is started in"))
    } else if below(&["/tmp", "/var/tmp", "/dev/shm"]) {
        Some((Severity::High, "where everybody can put files"))
    } else if !path.starts_with('/') && !path.starts_with("$ORIGIN") && !path.starts_with("${ORIGIN}") {
        Some((Severity::High, "a relative path"))
    } else if below(&["/home", "/build", "/builds", "/root", "/mnt", "/workspace", "/buildroot"]) {
        Some((Severity::Low, "a directory of the machine that it was built on"))
    } else {
        None
    }
}

/// The facts that rules over the image need, in a few letters.
fn encode(facts: &Facts) -> String {
    let mut text = String::new();
    let relro = match facts.relro {
        Relro::None => 'n',
        Relro::Partial => 'p',
        Relro::Full => 'f',
    };
    text.push(relro);
    for (set, letter) in [
        (facts.pie, 'P'),
        (facts.is_static, 'S'),
        (facts.canary, 'C'),
        (facts.fortifiable, 'i'),
        (facts.fortified, 'F'),
        (facts.symbols, 's'),
        (facts.glibc, 'g'),
        // Neither has the C compiler's stack protector, by design.
        (facts.language == "go", 'G'),
        (facts.language == "rust", 'R'),
    ] {
        if set {
            text.push(letter);
        }
    }
    text
}

/// What a program lacks, by the facts' letters.
fn lacks(letters: &str) -> Vec<(&'static Class, &'static str)> {
    let has = |letter: char| letters.contains(letter);
    let mut missing = Vec::new();
    let c = !has('G') && !has('R');
    if !has('P') && !has('S') {
        missing.push((binaries::NOPIE, "is loaded at a fixed address"));
    }
    if has('n') && !has('S') && !has('G') {
        missing.push((binaries::RELRO, "leaves its relocations writable"));
    }
    if c && has('s') && !has('S') && !has('C') {
        missing.push((binaries::CANARY, "has no stack protector"));
    }
    // musl has no checked functions of its own.
    if c && has('s') && has('g') && has('i') && !has('F') {
        missing.push((binaries::FORTIFY, "calls none of the checked functions where it could"));
    }
    missing
}

/// Judges programs by what they lack and by how exposed they are.
pub(crate) struct HardeningRules;

impl ImageRules for HardeningRules {
    fn id(&self) -> &'static str {
        "integrity/hardening"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        let mut sums: Vec<(&'static Class, usize, Vec<String>)> = Vec::new();
        let mut programs = 0usize;
        for (file, letters) in context.attributes(KEY) {
            let path = &file.facts.path;
            let set_id = context
                .view
                .lookup(path)
                .and_then(|found| found.node)
                .is_some_and(|node| node.mode & 0o6000 != 0);
            let started = context.started.contains(&path[..]);
            if set_id || started {
                let how = if set_id { "is set-uid or set-gid" } else { "is what the image starts" };
                for (class, what) in lacks(letters) {
                    out.push(exposed(context, file, class, &format!("the program, which {how}, {what}")));
                }
            } else if context.owner(path).is_none() {
                programs += 1;
                for (class, _) in lacks(letters) {
                    let name = path.to_str_lossy().into_owned();
                    match sums.iter_mut().find(|(known, ..)| known.code == class.code) {
                        Some((_, count, names)) => {
                            *count += 1;
                            if names.len() < 3 {
                                names.push(name);
                            }
                        }
                        None => sums.push((class, 1, vec![name])),
                    }
                }
            }
        }
        for (class, count, names) in sums {
            let place = Place { kind: PlaceKind::Image, ..Place::default() };
            let message = format!(
                "{count} of {programs} programs that are of no package: {}{}",
                names.join(", "),
                if count > names.len() { ", …" } else { "" }
            );
            let mut found = Detection::new(class, place, message);
            found.rule = "summary".to_owned();
            found.severity = Severity::Negligible;
            out.push(found);
        }
    }
}

fn exposed(
    context: &ImageContext<'_>,
    file: &SeenFile<'_>,
    class: &'static Class,
    message: &str,
) -> Detection {
    let place = Place {
        kind: PlaceKind::File,
        name: file.facts.path.to_str_lossy().into_owned(),
        layer: context.layer(file.layer),
        ..Place::default()
    };
    let mut found = Detection::new(class, place, message);
    // A fixed address is what makes an exploit of such a program reliable; the others are one hurdle less.
    found.severity = if class.code == binaries::NOPIE.code { Severity::Medium } else { Severity::Low };
    found.rule = "exposed".to_owned();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_paths_that_others_can_fill_are_told_from_private_ones() {
        let severity = |path| unsafe_run_path(path).map(|(severity, _)| severity);
        for path in ["", ".", "lib", "../lib", "/tmp", "/tmp/build/lib", "/dev/shm/x"] {
            assert_eq!(severity(path), Some(Severity::High), "{path}");
        }
        for path in ["/home/user/lib", "/builds/project/lib"] {
            assert_eq!(severity(path), Some(Severity::Low), "{path}");
        }
        for path in ["$ORIGIN", "$ORIGIN/../lib", "${ORIGIN}", "/usr/lib/private", "/opt/app/lib", "/tmpfoo"]
        {
            assert_eq!(severity(path), None, "{path}");
        }
    }

    #[test]
    fn what_a_program_lacks_depends_on_its_language() {
        let codes = |letters| lacks(letters).into_iter().map(|(class, _)| class.code).collect::<Vec<_>>();
        assert!(codes("fPCiFsg").is_empty());
        assert_eq!(codes("nisg"), ["BIN-NOPIE", "BIN-RELRO", "BIN-CANARY", "BIN-FORTIFY"]);
        assert!(codes("fPsgR").is_empty(), "Rust has neither by design");
        assert!(codes("nSG").is_empty(), "a static Go program");
        // musl, and a program that calls nothing of the kind.
        assert!(codes("fPCis").is_empty());
        assert!(codes("fPCsg").is_empty());
    }
}
