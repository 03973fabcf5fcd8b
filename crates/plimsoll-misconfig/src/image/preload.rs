//! CFG-PRELOAD: variables that make programs load code, and search paths that others can write to.

use plimsoll_types::classes::configuration::PRELOAD;
use plimsoll_types::{Detection, Severity};

use super::{Look, detection, env_place};
use crate::evidence;

/// Search paths: the variable, and how bad an entry is that is relative or empty (ld.so(8), execve(2), the manuals of each language).
const PATHS: &[(&str, Severity)] = &[
    ("PATH", Severity::Medium),
    ("LD_LIBRARY_PATH", Severity::Medium),
    ("PYTHONPATH", Severity::Low),
    ("PERL5LIB", Severity::Low),
    ("RUBYLIB", Severity::Low),
    ("NODE_PATH", Severity::Low),
    ("GEM_PATH", Severity::Low),
    ("CLASSPATH", Severity::Negligible),
];

/// Parts of the names of libraries that replace the memory allocator or count time, and are loaded on purpose.
const MEANT: &[&str] = &[
    "jemalloc",
    "tcmalloc",
    "mimalloc",
    "libsnmalloc",
    "hugetlbfs",
    "faketime",
    "nss_wrapper",
    "libgcompat",
    "stdbuf",
];

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    for (name, value) in look.env() {
        if value.trim().is_empty() {
            continue;
        }
        match name {
            "LD_PRELOAD" | "LD_AUDIT" => out.push(loaded(look, name, value)),
            "NODE_OPTIONS" | "RUBYOPT" | "PERL5OPT" | "BASH_ENV" | "ENV" | "PYTHONSTARTUP" => {
                out.extend(started(look, name, value));
            }
            _ => {
                if let Some((_, severity)) = PATHS.iter().find(|(known, _)| *known == name) {
                    out.extend(search_path(look, name, value, *severity));
                }
            }
        }
    }
}

/// What every program loads.
fn loaded(look: &Look<'_>, name: &str, value: &str) -> Detection {
    let shown = evidence::text(value);
    let message = format!("{name} makes every program load {shown}");
    let mut found = detection(PRELOAD, "library", env_place(name), message);
    found.evidence = format!("{name}={shown}");
    let libraries = || value.split([':', ' ']).filter(|library| !library.is_empty());
    let is_meant = |library: &str| MEANT.iter().any(|known| library.contains(known));
    let is_safe = |library: &str| {
        !library.contains('/') || library.starts_with('/') && !look.is_writable_by_all(directory(library))
    };
    if name == "LD_PRELOAD" && libraries().all(|library| is_meant(library) && is_safe(library)) {
        found.severity = Severity::Negligible;
        found.notes.push(
            "Libraries of this name replace the memory allocator or the like, and are loaded on purpose."
                .to_owned(),
        );
    } else if libraries().all(|library| is_safe(library) && owned(look, library)) {
        found.severity = Severity::Low;
        found.notes.push("A package of the operating system owns the library.".to_owned());
    }
    found
}

/// True when a package of the operating system owns the file.
fn owned(look: &Look<'_>, path: &str) -> bool {
    let Some(found) = look.find(path).filter(|_| path.starts_with('/')) else { return false };
    look.context.owner(&found.path).is_some()
}

/// A file that interpreters run at their start, where others can put it.
fn started(look: &Look<'_>, name: &str, value: &str) -> Option<Detection> {
    let mut words = value.split([' ', '=']);
    let word = words.find(|word| {
        let is_path = word.starts_with("./") || word.starts_with("../");
        is_path || word.starts_with('/') && look.is_writable_by_all(directory(word))
    })?;
    let message =
        format!("{name} makes programs run {}, which others may be able to replace", evidence::text(word));
    let mut found = detection(PRELOAD, "script", env_place(name), message);
    found.severity = Severity::Medium;
    found.evidence = evidence::text(&format!("{name}={value}"));
    Some(found)
}

/// Entries of a search path that others can write to.
fn search_path(look: &Look<'_>, name: &str, value: &str, relative: Severity) -> Option<Detection> {
    let entries = || value.split(':').take(1_000);
    // A variable of the build that was not expanded says nothing of the entry.
    let is_variable = |entry: &str| entry.contains('$') || entry.contains('%') || entry.starts_with('~');
    if let Some(entry) = entries().find(|entry| entry.starts_with('/') && look.is_writable_by_all(entry)) {
        let message = format!("everyone may write to {}, which is in {name}", evidence::text(entry));
        let mut found = detection(PRELOAD, "writable", env_place(name), message);
        found.evidence = evidence::text(&format!("{name}={value}"));
        return Some(found);
    }
    let entry = entries().find(|entry| !entry.starts_with('/') && !is_variable(entry))?;
    let message = match entry {
        "" => format!("{name} has an empty entry, which means the working directory"),
        _ => format!("{name} has the relative entry '{}'", evidence::text(entry)),
    };
    let mut found = detection(PRELOAD, "relative", env_place(name), message);
    found.severity = relative;
    found.evidence = evidence::text(&format!("{name}={value}"));
    Some(found)
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}
