//! How packages are exposed in an image: what it starts, what that needs, and what carries set-uid files.
//!
//! What is not seen here: programs that a start script calls, and what RPM packages need (their database is not read for
//! that).

use std::collections::{BTreeSet, HashMap, HashSet};

use plimsoll_analysis::{ByteSlice, Fact, NodeKind, PackageFact, View, join};
use plimsoll_image::Config;
use plimsoll_types::{Exposure, Package};

use crate::merge::Roots;

/// Where programs are looked for when the image does not say (execvp(3) and what runtimes set).
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How many words of the command are looked at.
const MAX_WORDS: usize = 64;

/// Programs that load packages of an ecosystem: the beginning of a program's name, and the ecosystem's id.
const RUNTIMES: &[(&str, &str)] = &[
    ("apache2", "composer"),
    ("bundle", "gem"),
    ("celery", "pypi"),
    ("dotnet", "nuget"),
    ("flask", "pypi"),
    ("gunicorn", "pypi"),
    ("httpd", "composer"),
    ("java", "maven"),
    ("node", "npm"),
    ("npm", "npm"),
    ("php", "composer"),
    ("puma", "gem"),
    ("python", "pypi"),
    ("rails", "gem"),
    ("ruby", "gem"),
    ("uvicorn", "pypi"),
    ("uwsgi", "pypi"),
    ("yarn", "npm"),
];

const SET_ID: u16 = 0o6000;

/// Marks the packages of an image. Without a configuration only set-uid files count.
pub(crate) fn mark<'f, I: Iterator<Item = &'f Fact>>(
    view: &View<'_>,
    config: Option<&Config>,
    facts: impl Fn() -> I,
    packages: &mut [Package],
) {
    let set_uid = set_uid_files(view);
    let started = config.map(|config| started(view, config)).unwrap_or_default();
    let mut marks: Vec<BTreeSet<Exposure>> = vec![BTreeSet::new(); packages.len()];

    // Packages of the operating system, by the files that they own.
    let mut by_name: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (place, package) in packages.iter().enumerate().filter(|(_, package)| package.ecosystem.os) {
        by_name.entry((package.ecosystem.id, package.name.as_str())).or_default().push(place);
    }
    let anything = !set_uid.is_empty() || !started.is_empty();
    if anything && !by_name.is_empty() {
        let mut roots = Roots { view, known: HashMap::new() };
        let mut entry: Vec<(&str, &str)> = Vec::new();
        for fact in facts() {
            let (ecosystem, name, paths) = match fact {
                Fact::Package(package) => (&package.ecosystem, &package.name, &package.owned),
                Fact::Owned(files) => (&files.ecosystem, &files.name, &files.paths),
                _ => continue,
            };
            let Some(places) = by_name.get(&(ecosystem.as_str(), name.as_str())) else { continue };
            for path in paths {
                let moved = roots.real(path);
                let path = moved.as_deref().unwrap_or(path);
                let mut add = |exposure| {
                    for place in places {
                        marks[*place].insert(exposure);
                    }
                };
                if set_uid.contains(path) {
                    add(Exposure::SetUid);
                }
                if started.contains(path) {
                    add(Exposure::EntryPoint);
                    entry.push((ecosystem, name));
                }
            }
        }
        let needed = closure(
            facts().filter_map(|fact| if let Fact::Package(p) = fact { Some(p) } else { None }),
            &entry,
        );
        for key in needed {
            for place in by_name.get(&key).into_iter().flatten() {
                if !marks[*place].contains(&Exposure::EntryPoint) {
                    marks[*place].insert(Exposure::EntryClosure);
                }
            }
        }
    }

    // Packages of languages: what is in a started file, and what a started runtime loads.
    let loaded: HashSet<&str> = started
        .iter()
        .filter_map(|path| {
            let program = path.rsplit_str("/").next().unwrap_or_default();
            let runtime = |(prefix, _): &&(&str, &str)| program.starts_with(prefix.as_bytes());
            RUNTIMES.iter().find(runtime).map(|(_, ecosystem)| *ecosystem)
        })
        .collect();
    for (package, marks) in packages.iter().zip(&mut marks).filter(|(package, _)| !package.ecosystem.os) {
        let inside = |location: &plimsoll_types::Location| {
            let (file, nested) =
                location.path.split_once("!/").map_or((&*location.path, false), |(file, _)| (file, true));
            started.contains(file.as_bytes()).then_some(nested)
        };
        match package.locations.iter().find_map(inside) {
            Some(false) => drop(marks.insert(Exposure::EntryPoint)),
            Some(true) => drop(marks.insert(Exposure::EntryClosure)),
            None if loaded.contains(package.ecosystem.id) => drop(marks.insert(Exposure::EntryClosure)),
            None => {}
        }
    }
    for (package, marks) in packages.iter_mut().zip(marks) {
        package.exposure = marks.into_iter().collect();
    }
}

/// The set-uid and set-gid files of the merged image.
fn set_uid_files(view: &View<'_>) -> HashSet<Vec<u8>> {
    let mut files = HashSet::new();
    for (layer, index) in view.layers().iter().enumerate() {
        for node in index.nodes() {
            if node.mode & SET_ID != 0
                && node.kind == NodeKind::File
                && view.is_alive(index.path(node), layer)
            {
                files.insert(index.path(node).to_vec());
            }
        }
    }
    files
}

/// The files that the image's command names: the program, and arguments that are files. Also those that links on the
/// way stand for.
pub(crate) fn started(view: &View<'_>, config: &Config) -> HashSet<Vec<u8>> {
    let path = config.env.iter().find_map(|entry| entry.strip_prefix("PATH=")).unwrap_or(PATH);
    let mut words: Vec<&str> = config.command.iter().map(String::as_str).collect();
    // `/bin/sh -c "exec nginx -g …"`, the form that a shell-form CMD takes: the words of the script count.
    if let [shell, "-c", script, ..] = words[..]
        && shell.ends_with("sh")
    {
        words = script.split_ascii_whitespace().filter(|word| *word != "exec").collect();
    }
    let mut files = HashSet::new();
    let mut add = |path: &[u8]| {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let Ok(Some(found)) = view.resolve(path) else { return false };
        if found.kind() != NodeKind::File {
            return false;
        }
        files.insert(path.to_vec());
        files.insert(found.path);
        true
    };
    for (number, word) in words.into_iter().take(MAX_WORDS).enumerate() {
        let word = word.trim_matches(['"', '\'', ';']);
        if word.starts_with('/') {
            add(word.as_bytes());
        } else if word.contains('/') || (number > 0 && word.contains('.')) {
            let directory = config.working_dir.trim_matches('/').as_bytes();
            let word = word.strip_prefix("./").unwrap_or(word).as_bytes();
            add(&if directory.is_empty() { word.to_vec() } else { [directory, b"/", word].concat() });
        } else if !word.is_empty() && !word.starts_with('-') {
            for directory in path.split(':') {
                if add(&join(directory.trim_matches('/').as_bytes(), word.as_bytes())) {
                    break;
                }
            }
        }
    }
    files
}

/// The packages that those of `entry` need, over any number of steps.
fn closure<'f>(
    packages: impl Iterator<Item = &'f PackageFact>,
    entry: &[(&'f str, &'f str)],
) -> HashSet<(&'f str, &'f str)> {
    let mut needs: HashMap<(&str, &str), &[String]> = HashMap::new();
    let mut providers: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for package in packages {
        let ecosystem = package.ecosystem.as_str();
        needs.insert((ecosystem, &package.name), &package.depends);
        for provided in &package.provides {
            providers.entry((ecosystem, provided)).or_default().push(&package.name);
        }
    }
    let mut found: HashSet<(&str, &str)> = entry.iter().copied().collect();
    let mut pending: Vec<(&str, &str)> = entry.to_vec();
    while let Some(key) = pending.pop() {
        for name in needs.get(&key).copied().unwrap_or_default() {
            let wanted = (key.0, name.as_str());
            let direct = needs.get_key_value(&wanted).map(|(key, _)| *key);
            let provided = providers.get(&wanted).into_iter().flatten().map(|name| (key.0, *name));
            for next in direct.into_iter().chain(provided) {
                if found.insert(next) {
                    pending.push(next);
                }
            }
        }
    }
    found
}
