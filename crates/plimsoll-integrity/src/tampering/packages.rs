//! Files that differ from what their package installed (`TMP-PKGFILE`, `TMP-CONF`), and package databases that were edited
//! (`TMP-PKGDB`).
//!
//! The digests come from the package database that is there in the merged image, so what a later layer upgrades is held against
//! the new version. Missing files are not changed ones: slim images leave documentation and translations out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bstr::ByteSlice;
use plimsoll_analysis::{
    Content, DIVERSION, Fact, ImageContext, ImageRules, Live, NodeKind, SumKind, SumsFact,
};
use plimsoll_archive::path::{file_name, parent};
use plimsoll_types::classes::tampering;
use plimsoll_types::{Detection, Scanner, Severity};

use crate::expected::is_system_path;
use crate::shown::in_layer;

/// The most files that get a finding of their own; the others share one for each severity.
const MAX_SINGLE: usize = 50;

/// See the module.
pub(crate) struct PackageFiles;

impl ImageRules for PackageFiles {
    fn id(&self) -> &'static str {
        "integrity/package-files"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        if context.layers.iter().all(|layer| layer.evidence.sums.is_empty()) {
            return;
        }
        let found = compare(context);
        report(context, found, out);
        edited(context, out);
    }
}

/// A file that is not what its package brought.
struct Changed<'a> {
    fact: &'a SumsFact,
    /// The path that the database gives, and where that really is.
    listed: &'a [u8],
    path: Vec<u8>,
    live: Live<'a>,
    flags: u8,
    how: How,
}

enum How {
    /// Its content differs: what is expected and what was found.
    Content(Vec<u8>, Vec<u8>),
    /// It is a link now, to this.
    Link(Vec<u8>),
    /// It is something else that is no file.
    Kind,
}

/// What came of the comparison.
struct Comparison<'a> {
    changed: Vec<Changed<'a>>,
    /// Files that could not be compared, by layer.
    unknown: BTreeMap<usize, usize>,
}

/// Holds all files against the live databases.
fn compare<'a>(context: &ImageContext<'a>) -> Comparison<'a> {
    let files = context.files();
    let diversions: Vec<(String, String, String)> = context
        .attributes(DIVERSION)
        .filter_map(|(_, value)| {
            let mut lines = value.splitn(3, '\n').map(str::to_owned);
            Some((lines.next()?, lines.next()?, lines.next()?))
        })
        .collect();
    let mut diverted: HashMap<&[u8], (&str, &str)> = HashMap::new();
    for (from, to, by) in &diversions {
        diverted.insert(from.as_bytes(), (to, by));
    }
    let mut fine: HashSet<(usize, u32)> = HashSet::new();
    let mut changed: Vec<Changed<'a>> = Vec::new();
    let mut unknown: Vec<(Live<'a>, &'a SumsFact)> = Vec::new();
    for (fact, listed, digest, flags) in expected(context) {
        let moved = diverted.get(listed).filter(|(_, by)| fact.ecosystem == "deb" && *by != fact.name);
        let path = moved.map_or(listed, |(to, _)| to.as_bytes());
        let Some(real) = files.real(path) else { continue };
        let Some(live) = files.at(&real) else { continue };
        let key = (live.layer, live.node.id());
        let how = match judge(context, &real, live, fact.kind, digest, flags) {
            Judged::Fine => {
                fine.insert(key);
                continue;
            }
            Judged::Unknown => {
                unknown.push((live, fact));
                continue;
            }
            Judged::Changed(how) => how,
        };
        changed.push(Changed { fact, listed, path: real, live, flags, how });
    }
    // Several packages may list a path: what one of them brought is no change.
    changed.retain(|changed| !fine.contains(&(changed.live.layer, changed.live.node.id())));
    let lists = Lists::new(context, changed.iter().map(|changed| changed.fact));
    changed.retain(|changed| lists.still_owns(changed.fact, changed.listed));
    let mut seen = HashSet::new();
    changed.retain(|changed| seen.insert(changed.path.clone()));
    let mut counts = BTreeMap::new();
    for (live, _) in unknown {
        if !fine.contains(&(live.layer, live.node.id())) && is_system_path(live.path()) {
            *counts.entry(live.layer).or_default() += 1;
        }
    }
    Comparison { changed, unknown: counts }
}

/// Each file that a live database has a digest of.
fn expected<'a>(context: &ImageContext<'a>) -> impl Iterator<Item = (&'a SumsFact, &'a [u8], &'a [u8], u8)> {
    let facts = context.live().flat_map(|file| &file.facts.facts).filter_map(|fact| match fact {
        Fact::Sums(fact) => Some(fact),
        _ => None,
    });
    facts.flat_map(|fact| fact.entries().map(move |(path, digest, flags)| (fact, path, digest, flags)))
}

enum Judged {
    Fine,
    /// No digest of the kind was made of it.
    Unknown,
    Changed(How),
}

fn judge(
    context: &ImageContext<'_>,
    path: &[u8],
    live: Live<'_>,
    kind: SumKind,
    digest: &[u8],
    flags: u8,
) -> Judged {
    if flags & SumsFact::LINK != 0 {
        return match live.node.kind {
            NodeKind::Symlink if kind.of(live.link()) == digest => Judged::Fine,
            NodeKind::Symlink => Judged::Changed(How::Link(live.link().to_vec())),
            _ => Judged::Changed(How::Kind),
        };
    }
    let (layer, node) = match live.node.kind {
        NodeKind::File => (live.layer, live.node),
        NodeKind::Symlink | NodeKind::HardLink => {
            // apk gives the digest of a link's target for it.
            if live.node.kind == NodeKind::Symlink && kind.of(live.link()) == digest {
                return Judged::Fine;
            }
            match context.view.resolve(path) {
                Ok(Some(found)) if found.kind() == NodeKind::File && found.node.is_some() => {
                    match found.node {
                        Some(node) => (found.layer, node),
                        None => return Judged::Unknown,
                    }
                }
                _ if live.node.kind == NodeKind::HardLink => return Judged::Unknown,
                _ => return Judged::Changed(How::Link(live.link().to_vec())),
            }
        }
        NodeKind::Directory | NodeKind::Special => return Judged::Changed(How::Kind),
    };
    let sums = context.layers.get(layer).map(|layer| &layer.evidence.sums);
    match sums.and_then(|sums| sums.get(node, kind)) {
        Some(found) if found == digest => Judged::Fine,
        _ if live.node.kind == NodeKind::Symlink => Judged::Changed(How::Link(live.link().to_vec())),
        Some(found) => Judged::Changed(How::Content(digest.to_vec(), found.to_vec())),
        None => Judged::Unknown,
    }
}

/// dpkg's lists of files: a package that takes over a file of another takes it out of the other's list, not out of its checksums.
struct Lists<'a> {
    lists: HashMap<(&'a str, &'a str), HashSet<&'a [u8]>>,
}

impl<'a> Lists<'a> {
    fn new<'b>(context: &ImageContext<'a>, wanted: impl Iterator<Item = &'b SumsFact>) -> Lists<'a> {
        let wanted: BTreeSet<&str> =
            wanted.filter(|fact| fact.ecosystem == "deb").map(|fact| fact.name.as_str()).collect();
        let mut lists: HashMap<_, HashSet<&[u8]>> = HashMap::new();
        for fact in context.live().flat_map(|file| &file.facts.facts) {
            if let Fact::Owned(owned) = fact
                && owned.ecosystem == "deb"
                && wanted.contains(owned.name.as_str())
            {
                let list = lists.entry((owned.name.as_str(), owned.arch.as_str())).or_default();
                list.extend(owned.paths.iter().map(|path| &path[..]));
            }
        }
        Lists { lists }
    }

    fn still_owns(&self, fact: &SumsFact, listed: &[u8]) -> bool {
        // Configuration files come from another file than checksums; they are the package's own.
        let Some(list) = self.lists.get(&(fact.name.as_str(), fact.arch.as_str())) else { return true };
        list.contains(listed)
    }
}

/// How bad it is that a file of a package is another one.
fn weight(live: &Live<'_>, path: &[u8]) -> Severity {
    let name = file_name(path);
    let directory = parent(path);
    let has = |part: &[u8]| memchr::memmem::find(path, part).is_some();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending.as_bytes()));
    let programs = matches!(
        directory,
        b"bin" | b"sbin" | b"usr/bin" | b"usr/sbin" | b"usr/libexec" | b"usr/games" | b"etc/init.d"
    );
    let library = ends(&[".so", ".ko"]) || has(b".so.") || has(b".ko.");
    let guards =
        has(b"/security/") || has(b"/pam.d/") || has(b"/ld.so") || has(b"etc/ssh/") || has(b"etc/sudoers");
    if programs || library || guards || live.node.content == Content::Elf || live.is_executable() {
        Severity::High
    } else if live.node.content == Content::Script
        || ends(&[
            ".py", ".pl", ".pm", ".rb", ".js", ".mjs", ".cjs", ".php", ".sh", ".lua", ".jar", ".crt", ".pem",
        ])
    {
        Severity::Medium
    } else {
        Severity::Low
    }
}

/// Files that decide who may do what, and so are worth a word when they are not as they came. Not the accounts: every image that
/// adds one changes them, base images do so themselves, and other rules look at what is in them.
fn guards_access(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"etc/") else { return false };
    const FOLDERS: [&str; 8] =
        ["sudoers.d/", "pam.d/", "security/", "ssh/", "ld.so.conf.d/", "cron.d/", "profile.d/", "polkit-1/"];
    const FILES: [&str; 10] = [
        "sudoers",
        "pam.conf",
        "ld.so.conf",
        "nsswitch.conf",
        "login.defs",
        "crontab",
        "securetty",
        "hosts.allow",
        "doas.conf",
        "host.conf",
    ];
    FOLDERS.iter().any(|folder| rest.starts_with(folder.as_bytes()))
        || FILES.iter().any(|file| rest == file.as_bytes())
}

/// Whether a layer changes the database of an ecosystem.
pub(crate) fn changes_database(context: &ImageContext<'_>, layer: usize, ecosystem: &str) -> bool {
    let Some(index) = context.view.layers().get(layer) else { return true };
    let folders: &[&str] = match ecosystem {
        "deb" => &["var/lib/dpkg"],
        "apk" => &["lib/apk/db", "usr/lib/apk/db"],
        _ => &["usr/lib/sysimage/rpm", "usr/share/rpm", "var/lib/rpm"],
    };
    folders.iter().any(|folder| index.below(folder.as_bytes()).any(|node| node.kind != NodeKind::Directory))
}

fn report(context: &ImageContext<'_>, found: Comparison<'_>, out: &mut Vec<Detection>) {
    let (configuration, mut changed): (Vec<_>, Vec<_>) =
        found.changed.into_iter().partition(|changed| changed.flags & SumsFact::CONFIG != 0);
    for changed in configuration.iter().filter(|changed| guards_access(&changed.path)) {
        configuration_changed(context, changed, out);
    }
    take_upgraded(context, &mut changed, out);
    let bytecode = |changed: &Changed<'_>| changed.path.ends_with(b".pyc") || changed.path.ends_with(b".pyo");
    let (compiled, changed): (Vec<_>, Vec<_>) = changed.into_iter().partition(bytecode);
    group(context, &compiled, Severity::Low, "bytecode", "compiled Python files", out);

    let mut weighed: Vec<(Severity, bool, &Changed<'_>)> = changed
        .iter()
        .map(|changed| {
            let alone = context.image.is_some()
                && !changes_database(context, changed.live.layer, &changed.fact.ecosystem);
            match weight(&changed.live, &changed.path) {
                Severity::High if alone => (Severity::Critical, alone, changed),
                weight => (weight, alone, changed),
            }
        })
        .collect();
    weighed.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.path.cmp(&b.2.path)));
    let (single, rest) = weighed.split_at(weighed.len().min(MAX_SINGLE));
    for (severity, alone, changed) in single {
        let mut detection = detection(context, changed);
        detection.severity = *severity;
        if *alone {
            detection
                .notes
                .push("The layer changes no package database, so no package manager did this.".to_owned());
        }
        out.push(detection);
    }
    for severity in Severity::ALL {
        let same: Vec<&Changed<'_>> =
            rest.iter().filter(|(other, ..)| *other == severity).map(|(_, _, changed)| *changed).collect();
        group(context, &same, severity, "more", "more files of packages", out);
    }
    for (layer, count) in found.unknown {
        let message = format!(
            "{count} files of packages{} could not be compared with what their packages installed",
            in_layer(context, layer)
        );
        let place = plimsoll_types::Place {
            kind: plimsoll_types::PlaceKind::Image,
            layer: context.layer(layer),
            ..plimsoll_types::Place::default()
        };
        out.push(Detection {
            rule: "not-compared".to_owned(),
            severity: Severity::Low,
            notes: vec!["Its paths speak of another package manager than the image's.".to_owned()],
            ..Detection::new(tampering::PKGFILE, place, message)
        });
    }
}

/// The name of a package with its version, where it is known.
fn named(context: &ImageContext<'_>, fact: &SumsFact) -> (String, Option<usize>) {
    let number = context.package(&fact.ecosystem, &fact.name, &fact.arch);
    let version = match number.and_then(|number| context.packages.get(number)) {
        Some(package) => package.version.as_str(),
        None => fact.version.as_str(),
    };
    (format!("{} {version}", fact.name).trim_end().to_owned(), number)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn detection(context: &ImageContext<'_>, changed: &Changed<'_>) -> Detection {
    let (package, number) = named(context, changed.fact);
    let path = changed.path.to_str_lossy();
    let layer = in_layer(context, changed.live.layer);
    let (message, evidence) = match &changed.how {
        How::Content(expected, found) => (
            format!("/{path} is not what {package} installed: it was changed{layer}"),
            format!(
                "{} {} expected, {} found",
                changed.fact.kind.name(),
                hexadecimal(expected),
                hexadecimal(found)
            ),
        ),
        How::Link(target) => (
            format!("/{path} of {package} was replaced with a link to something else{layer}"),
            format!("-> {}", target.to_str_lossy()),
        ),
        How::Kind => (
            format!("/{path} of {package} was replaced with something that is no file{layer}"),
            String::new(),
        ),
    };
    let mut place = context.place(&changed.live);
    place.name = path.into_owned();
    Detection { evidence, package: number, ..Detection::new(tampering::PKGFILE, place, message) }
}

fn configuration_changed(context: &ImageContext<'_>, changed: &Changed<'_>, out: &mut Vec<Detection>) {
    let (package, number) = named(context, changed.fact);
    let path = changed.path.to_str_lossy();
    let message = format!(
        "/{path} is not as {package} brought it: it was changed{}",
        in_layer(context, changed.live.layer)
    );
    let mut found = Detection::new(tampering::CONF, context.place(&changed.live), message);
    found.place.name = path.clone().into_owned();
    found.package = number;
    if let How::Content(expected, seen) = &changed.how {
        let kind = changed.fact.kind.name();
        found.evidence = format!("{kind} {} expected, {} found", hexadecimal(expected), hexadecimal(seen));
    }
    out.push(found);
}

/// One finding for many files.
fn group<'a>(
    context: &ImageContext<'_>,
    changed: &[impl std::borrow::Borrow<Changed<'a>>],
    severity: Severity,
    rule: &str,
    what: &str,
    out: &mut Vec<Detection>,
) {
    let Some(first) = changed.first().map(std::borrow::Borrow::borrow) else { return };
    let layers: BTreeSet<usize> = changed.iter().map(|changed| changed.borrow().live.layer).collect();
    let layers: String =
        layers.into_iter().map(|layer| in_layer(context, layer)).collect::<Vec<_>>().join(",");
    let mut found = detection(context, first);
    found.rule = rule.to_owned();
    found.severity = severity;
    found.message = format!("{} {what} are not what the packages installed, changed{layers}", changed.len());
    found.evidence = changed
        .iter()
        .take(20)
        .map(|changed| format!("/{}", changed.borrow().path.to_str_lossy()))
        .collect::<Vec<_>>()
        .join(", ");
    found.package = None;
    out.push(found);
}

/// Takes out what a language's own package manager upgraded over the system's: the tree says another version of itself than the
/// package of the operating system has.
fn take_upgraded(context: &ImageContext<'_>, changed: &mut Vec<Changed<'_>>, out: &mut Vec<Detection>) {
    let mut trees: BTreeMap<(String, Vec<u8>), Vec<usize>> = BTreeMap::new();
    for (number, changed) in changed.iter().enumerate() {
        if let Some(root) = language_tree(&changed.path) {
            let package = (changed.fact.name.clone(), root.to_vec());
            trees.entry(package).or_default().push(number);
        }
    }
    if trees.is_empty() {
        return;
    }
    let mut versions: HashMap<(&[u8], String), &str> = HashMap::new();
    for file in context.live() {
        for fact in &file.facts.facts {
            if let Fact::Package(package) = fact
                && matches!(package.ecosystem.as_str(), "npm" | "pypi" | "gem")
                && let Some(root) = language_tree(&file.facts.path)
            {
                versions
                    .insert((parent(root), package.name.to_lowercase().replace('_', "-")), &package.version);
            }
        }
    }
    let mut gone = HashSet::new();
    for ((_, root), numbers) in &trees {
        let Some(first) = numbers.first().and_then(|number| changed.get(*number)) else { continue };
        let (package, number) = named(context, first.fact);
        let name = file_name(root).to_str_lossy().to_lowercase().replace('_', "-");
        // `NAME-1.0.dist-info` belongs to NAME.
        let name = name.split("-").take_while(|part| !part.starts_with(|c: char| c.is_ascii_digit()));
        let name = name.collect::<Vec<_>>().join("-");
        let Some(version) = versions.get(&(parent(root), name)) else { continue };
        if version.is_empty() || package.contains(*version) {
            continue;
        }
        gone.extend(numbers.iter().copied());
        let root_text = root.to_str_lossy();
        let message = format!(
            "/{root_text} holds version {version}, installed over {package} without the package manager{}: {} files differ",
            in_layer(context, first.live.layer),
            numbers.len()
        );
        let mut found = Detection::new(tampering::PKGFILE, context.place(&first.live), message);
        found.place.name = root_text.into_owned();
        found.rule = "upgraded".to_owned();
        found.severity = Severity::Low;
        found.package = number;
        out.push(found);
    }
    let mut at = 0;
    changed.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

/// The directory of the language package that a file lies in: `.../node_modules/npm`, `.../site-packages/pip`.
fn language_tree(path: &[u8]) -> Option<&[u8]> {
    const HOLDERS: [&[u8]; 5] =
        [b"/node_modules/", b"/nodejs/", b"/site-packages/", b"/dist-packages/", b"/gems/"];
    HOLDERS.iter().find_map(|holder| {
        let at = memchr::memmem::find(path, holder)? + holder.len();
        let rest = path.get(at..)?;
        let mut end = memchr::memchr(b'/', rest)?;
        if rest.starts_with(b"@") {
            end = end + 1 + memchr::memchr(b'/', rest.get(end + 1..)?)?;
        }
        path.get(..at + end)
    })
}

/// A layer, an architecture and the version that the layer's database gives a package of it.
type Versioned<'a> = (usize, &'a str, &'a str);
/// Ecosystem, name, architecture and database of a package.
type Listed<'a> = (&'a str, &'a str, &'a str, &'a [u8]);

/// Finds packages whose digests were changed while their version was not.
fn edited(context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    // The version that a layer's own database gives a package, by ecosystem, name and architecture.
    let mut versions: HashMap<(&str, &str), Vec<Versioned<'_>>> = HashMap::new();
    let mut sums: BTreeMap<Listed<'_>, Vec<(usize, &SumsFact)>> = BTreeMap::new();
    for file in context.files {
        for fact in &file.facts.facts {
            match fact {
                Fact::Package(package) if matches!(package.ecosystem.as_str(), "deb" | "apk" | "rpm") => {
                    versions.entry((&package.ecosystem, &package.name)).or_default().push((
                        file.layer,
                        &package.arch,
                        &package.version,
                    ));
                }
                Fact::Sums(fact) => sums
                    .entry((&fact.ecosystem, &fact.name, &fact.arch, &file.facts.path))
                    .or_default()
                    .push((file.layer, fact)),
                _ => {}
            }
        }
    }
    let version = |fact: &SumsFact, layer: usize| -> Option<String> {
        if !fact.version.is_empty() {
            return Some(fact.version.clone());
        }
        versions
            .get(&(fact.ecosystem.as_str(), fact.name.as_str()))?
            .iter()
            .filter(|(at, arch, _)| *at <= layer && (fact.arch.is_empty() || fact.arch == *arch))
            .max_by_key(|(at, ..)| *at)
            .map(|(_, _, version)| (*version).to_owned())
    };
    for ((_, name, _, path), lists) in sums {
        for pair in lists.windows(2) {
            let [(lower, old), (upper, new)] = pair else { continue };
            let Some(known) =
                version(old, *lower).filter(|known| version(new, *upper).as_ref() == Some(known))
            else {
                continue;
            };
            let difference = different(old, new);
            let Some((example, _)) = difference.first() else { continue };
            let message = format!(
                "the digests of {name} {known} were changed{} while its version was not: {} of its files, such as /{}",
                in_layer(context, *upper),
                difference.len(),
                example.to_str_lossy()
            );
            let place = plimsoll_types::Place {
                kind: plimsoll_types::PlaceKind::File,
                name: path.to_str_lossy().into_owned(),
                layer: context.layer(*upper),
                ..plimsoll_types::Place::default()
            };
            out.push(Detection {
                package: context.package(&new.ecosystem, &new.name, &new.arch),
                ..Detection::new(tampering::PKGDB, place, message)
            });
        }
    }
}

/// The files whose digest is another, or that have none any more.
fn different<'a>(old: &'a SumsFact, new: &'a SumsFact) -> Vec<(&'a [u8], u8)> {
    let now: HashMap<&[u8], &[u8]> = new.entries().map(|(path, digest, _)| (path, digest)).collect();
    let changed = old.entries().filter(|(path, digest, flags)| {
        flags & SumsFact::CONFIG == 0 && now.get(path).is_none_or(|found| found != digest)
    });
    changed.map(|(path, _, flags)| (path, flags)).collect()
}
