//! `updateinfo.xml` of RPM repositories (the form of createrepo_c and libsolv) as Amazon, Rocky, AlmaLinux and Fedora
//! publish it. Who wrote an erratum is told by its identifier, its release by what says it most closely.
//!
//! - Only errata of type `security` are kept.
//! - Amazon: the number in the identifier (`ALAS2023-2024-500`), else the packages' `amzn2`. An erratum of an extra
//!   (`ALAS2GOLANG1.19-2023-001`, `ALAS2KERNEL-5.10-2022-001`) speaks of the line that the extra's name ends with:
//!   packages of the same name in the core repository are older and have errata of their own. Where the fixed version
//!   begins with that number, the range begins there too.
//! - Packages of a module are limited to the module that their collection names.
//! - An erratum lists its packages by architecture, and counts for those architectures.

use plimsoll_types::Status;

use super::errata::{self, MAX_PACKAGES, Packages};
use super::xml::{Element, Xml};
use super::{RefusalReason, Sink, SourceError, SourceSpec, text, utf8};
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// `updateinfo.xml`.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "updateinfo",
    title: "RPM updateinfo",
    description: "Errata in the repositories of Amazon Linux, Rocky Linux, AlmaLinux and Fedora.",
    recognises,
    parse,
};

/// The most links of one erratum.
const MAX_REFERENCES: usize = 10_000;

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    super::has_extension(path, &["xml"]) && has("<updates") && (has("<update ") || has("<update>"))
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let mut xml = Xml::new(path, utf8(path, bytes)?);
    match xml.child(0)? {
        Some(root) if root.name() == "updates" => {}
        _ => return Err(xml.error("the root element is not updates")),
    }
    while let Some(element) = xml.child(1)? {
        if element.name() != "update" {
            continue;
        }
        let update = update(&mut xml, &element)?;
        match convert(path, &update) {
            Ok(advisory) => out.keep(advisory),
            Err((reason, detail)) => out.refuse(path, &update.id, reason, &detail),
        }
    }
    Ok(())
}

/// An erratum as it stands in the file.
#[derive(Default)]
struct Update {
    kind: String,
    id: String,
    title: String,
    release: String,
    severity: String,
    summary: String,
    description: String,
    issued: String,
    updated: String,
    /// Type, identifier, title and address.
    references: Vec<[String; 4]>,
    collections: Vec<Collection>,
    /// True when one of the lists was longer than it may be.
    cut: bool,
}

#[derive(Default)]
struct Collection {
    name: String,
    module: String,
    packages: Vec<Package>,
}

struct Package {
    name: String,
    epoch: String,
    version: String,
    release: String,
    arch: String,
}

fn update(xml: &mut Xml<'_>, element: &Element<'_>) -> Result<Update, SourceError> {
    let mut update = Update { kind: element.attribute("type"), ..Update::default() };
    let mut packages = 0usize;
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        match child.name() {
            "id" => update.id = xml.text()?,
            "title" => update.title = text::one_line(&xml.text()?),
            "release" => update.release = xml.text()?,
            "severity" => update.severity = xml.text()?,
            "summary" => update.summary = xml.text()?,
            "description" => update.description = xml.text()?,
            // As an attribute, or by some writers as a text.
            "issued" => update.issued = date(xml, &child)?,
            "updated" => update.updated = date(xml, &child)?,
            "references" => {
                let depth = xml.depth();
                while let Some(child) = xml.child(depth)? {
                    if child.name() == "reference" && update.references.len() < MAX_REFERENCES {
                        update
                            .references
                            .push(["type", "id", "title", "href"].map(|name| child.attribute(name)));
                    } else if child.name() == "reference" {
                        update.cut = true;
                    }
                }
            }
            "pkglist" => {
                let depth = xml.depth();
                while let Some(child) = xml.child(depth)? {
                    if child.name() == "collection" {
                        let collection = collection(xml, &mut packages, &mut update.cut)?;
                        if !collection.packages.is_empty() {
                            update.collections.push(collection);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(update)
}

fn date(xml: &mut Xml<'_>, element: &Element<'_>) -> Result<String, SourceError> {
    match element.find("date") {
        Some(date) => Ok(date),
        None => xml.text(),
    }
}

fn collection(xml: &mut Xml<'_>, count: &mut usize, cut: &mut bool) -> Result<Collection, SourceError> {
    let mut collection = Collection::default();
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        match child.name() {
            "name" => collection.name = xml.text()?,
            "module" => {
                let (name, stream) = (child.attribute("name"), child.attribute("stream"));
                if text::is_name(&name) && text::is_name(&stream) {
                    collection.module = format!("{name}:{stream}");
                }
            }
            "package" => {
                *count = count.saturating_add(1);
                if *count > MAX_PACKAGES {
                    *cut = true;
                    continue;
                }
                collection.packages.push(Package {
                    name: child.attribute("name"),
                    epoch: child.attribute("epoch"),
                    version: child.attribute("version"),
                    release: child.attribute("release"),
                    arch: child.attribute("arch"),
                });
            }
            _ => {}
        }
    }
    Ok(collection)
}

/// Whose errata these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Publisher {
    Amazon,
    Rocky,
    Alma,
    Fedora,
}

impl Publisher {
    fn of(id: &str) -> Option<Publisher> {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| id.starts_with(prefix));
        if starts(&["ALAS"]) {
            Some(Publisher::Amazon)
        } else if starts(&["RLSA-", "RLBA-", "RLEA-", "RXSA-"]) {
            Some(Publisher::Rocky)
        } else if starts(&["ALSA-", "ALBA-", "ALEA-"]) {
            Some(Publisher::Alma)
        } else if starts(&["FEDORA-"]) && !id.starts_with("FEDORA-EPEL") {
            Some(Publisher::Fedora)
        } else {
            None
        }
    }

    fn source(self) -> &'static str {
        match self {
            Publisher::Amazon => "amazon",
            Publisher::Rocky => "rocky",
            Publisher::Alma => "almalinux",
            Publisher::Fedora => "fedora",
        }
    }
}

fn convert(path: &str, update: &Update) -> Result<Advisory, (RefusalReason, String)> {
    if !text::is_id(&update.id) {
        return Err((RefusalReason::Malformed, "no usable id".to_owned()));
    }
    if !update.kind.eq_ignore_ascii_case("security") {
        return Err((RefusalReason::NotSecurity, update.kind.clone()));
    }
    if update.cut {
        return Err((RefusalReason::TooLarge, format!("more than {MAX_PACKAGES} packages")));
    }
    let Some(publisher) = Publisher::of(&update.id) else {
        return Err((RefusalReason::UnknownRelease, "its publisher is not known".to_owned()));
    };
    let source = publisher.source();
    let published = errata::date(&update.issued);
    let mut packages = Packages::default();
    let (mut known_release, mut listed) = (false, false);
    for collection in &update.collections {
        for package in &collection.packages {
            if matches!(package.arch.as_str(), "src" | "nosrc") {
                continue;
            }
            listed = true;
            let version = errata::evr(&package.epoch, &package.version, &package.release);
            let (Some(version), true) = (version, text::is_name(&package.name)) else {
                let detail = format!("{} is no package with a version", package.name);
                return Err((RefusalReason::Malformed, detail));
            };
            let Some(ecosystem) = ecosystem(publisher, path, update, collection, package) else { continue };
            known_release = true;
            let modular = errata::is_modular(&package.release);
            packages.add(Affected {
                ecosystem,
                package: package.name.clone(),
                status: Status::Fixed,
                ranges: vec![range(publisher, &update.id, package, version)],
                arches: Some(package.arch.clone()).filter(|arch| !arch.is_empty()).into_iter().collect(),
                modularity: if modular { collection.module.clone() } else { String::new() },
                fix_date: published,
                ..Affected::default()
            });
        }
    }
    let mut advisory = Advisory {
        id: update.id.clone(),
        source: source.to_owned(),
        title: title(&update.title, &update.id),
        description: if update.description.is_empty() { &update.summary } else { &update.description }
            .clone(),
        published,
        modified: errata::date(&update.updated),
        affected: packages.into_list(),
        ..Advisory::default()
    };
    if advisory.affected.is_empty() {
        return Err(errata::nothing_affected(listed && !known_release));
    }
    let word =
        if update.severity.is_empty() { update.title.split(':').next() } else { Some(&*update.severity) };
    if let Some(severity) = word.and_then(errata::severity) {
        advisory.severities.push(SeverityStatement { source: source.to_owned(), severity });
    }
    let mut covers = Vec::new();
    for [kind, id, title, href] in &update.references {
        covers.extend(text::leading_cve(id));
        // Fedora names the bug and has the CVE in its title.
        if kind == "bugzilla" || kind == "cve" {
            covers.extend(errata::cves(title));
        }
        let kind = if kind == "self" { "advisory" } else { "web" };
        advisory.references.extend(text::reference(kind, href));
    }
    advisory.covers = text::unique(covers);
    Ok(advisory)
}

/// The ecosystem of a package; `None` when nothing says the release.
fn ecosystem(
    publisher: Publisher,
    path: &str,
    update: &Update,
    collection: &Collection,
    package: &Package,
) -> Option<String> {
    match publisher {
        Publisher::Amazon => amazon(&update.id, &update.title, &collection.name, &package.release)
            .map(|release| format!("Amazon Linux:{release}")),
        Publisher::Rocky => {
            let stated = [&update.release, &collection.name];
            let by_name = stated.iter().find_map(|text| number_after(text, "Rocky Linux "));
            let major = by_name.or_else(|| errata::el_major(&package.release)).or_else(|| of_path(path))?;
            // Kernels of the cloud group are builds of their own, with versions above those of the release.
            let group = if update.id.starts_with("RXSA-") { ":SIG Cloud" } else { "" };
            Some(format!("Rocky Linux:{major}{group}"))
        }
        Publisher::Alma => {
            let by_name = number_after(&collection.name, "almalinux-")
                .or_else(|| number_after(&update.release, "AlmaLinux "));
            let major = by_name.or_else(|| errata::el_major(&package.release)).or_else(|| of_path(path))?;
            Some(format!("AlmaLinux:{major}"))
        }
        Publisher::Fedora => {
            let stated = [&update.release, &collection.name];
            let by_name = stated.iter().find_map(|text| number_after(text, "Fedora "));
            let of_package = || package.release.rsplit_once(".fc").map(|(_, rest)| digits(rest));
            let release = by_name.or_else(of_package).filter(|release| !release.is_empty())?;
            Some(format!("Fedora:{release}"))
        }
    }
}

/// `2023`, `2` or `1`.
fn amazon<'a>(id: &'a str, title: &str, collection: &str, release: &'a str) -> Option<&'a str> {
    let number = digits(id.strip_prefix("ALAS")?);
    if !number.is_empty() {
        return Some(number).filter(|number| number.len() <= 4);
    }
    // Bare `ALAS-` is the first Amazon Linux, and was used for the second at first.
    if let Some((_, tag)) = release.rsplit_once(".amzn")
        && !digits(tag).is_empty()
    {
        return Some(digits(tag)).filter(|number| number.len() <= 4);
    }
    for text in [title, collection] {
        if text.contains("Amazon Linux AMI") {
            return Some("1");
        } else if text.contains("Amazon Linux 2023") {
            return Some("2023");
        } else if text.contains("Amazon Linux 2") {
            return Some("2");
        }
    }
    Some("1")
}

/// The affected range: what is before the fix, for an extra from its own version on.
fn range(publisher: Publisher, id: &str, package: &Package, fixed: String) -> Range {
    let from = match publisher {
        Publisher::Amazon => extra_line(id).filter(|line| {
            let rest = package.version.strip_prefix(line);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }),
        _ => None,
    };
    let from = match (from, fixed.split_once(':')) {
        (Some(line), Some((epoch, _))) => format!("{epoch}:{line}"),
        (Some(line), None) => line.to_owned(),
        (None, _) => "0".to_owned(),
    };
    Range { events: vec![Event::Introduced(from), Event::Fixed(fixed)] }
}

/// The version that the name of an extra ends with: `1.19` of `ALAS2GOLANG1.19-2023-001`, `5.10` of
/// `ALAS2KERNEL-5.10-2022-001`.
fn extra_line(id: &str) -> Option<&str> {
    let name = id.strip_prefix("ALAS")?.trim_start_matches(|c: char| c.is_ascii_digit());
    // What follows the name is the year and the number.
    let (rest, _) = name.rsplit_once('-')?;
    let (name, _) = rest.rsplit_once('-')?;
    let at = name.rfind(|c: char| !c.is_ascii_digit() && c != '.')?;
    let line = name.get(at..)?.trim_start_matches(|c: char| !c.is_ascii_digit());
    (!line.is_empty() && !line.ends_with('.')).then_some(line)
}

/// The major release in a repository's path: `9` of `pub/rocky/9.3/BaseOS/x86_64/os/repodata/updateinfo.xml`.
fn of_path(path: &str) -> Option<&str> {
    path.split('/').find_map(|part| {
        let major = part.split('.').next()?;
        let number = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (number && matches!(major.len(), 1..=2) && part.len() <= 5).then_some(major)
    })
}

/// `9` of `almalinux-9-for-x86_64-baseos-rpms` after `almalinux-`.
fn number_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let number = digits(text.trim().strip_prefix(name)?);
    (matches!(number.len(), 1..=2)).then_some(number)
}

fn digits(text: &str) -> &str {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..end).unwrap_or_default()
}

/// `lz4 security update` of `Moderate: lz4 security update`, and of Amazon's `Amazon Linux 2023 - ALAS2023-2024-500:
/// Important priority package update for x` what is after the identifier.
fn title(title: &str, id: &str) -> String {
    let rest = match title.split_once(id) {
        Some((_, rest)) => rest.trim_start_matches(':').trim(),
        None => title,
    };
    errata::title_and_word(rest).0.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazon_releases_and_extras() {
        for (id, release) in [
            ("ALAS2023-2024-500", Some("2023")),
            ("ALAS2023LIVEPATCH-2024-001", Some("2023")),
            ("ALAS2GOLANG1.19-2023-001", Some("2")),
            ("ALAS-2018-939", Some("2")),
            ("ALAS99999-1", None),
        ] {
            assert_eq!(amazon(id, "", "", "1.amzn2.0.2"), release, "{id}");
        }
        assert_eq!(amazon("ALAS-2014-1", "", "", "10.37.amzn1"), Some("1"));
        assert_eq!(amazon("ALAS-2014-1", "Amazon Linux AMI 2014.09 - x", "", "3.2"), Some("1"));
        for (id, line) in [
            ("ALAS2GOLANG1.19-2023-001", Some("1.19")),
            ("ALAS2KERNEL-5.10-2022-001", Some("5.10")),
            ("ALAS2POSTGRESQL14-2023-003", Some("14")),
            ("ALAS2NGINX1-2023-003", Some("1")),
            ("ALAS2FIREFOX-2023-001", None),
            ("ALAS2023-2024-500", None),
            ("ALAS-2014-1", None),
        ] {
            assert_eq!(extra_line(id), line, "{id}");
        }
    }

    #[test]
    fn titles_and_paths() {
        assert_eq!(title("Moderate: lz4 security update", "RLSA-2021:2575"), "lz4 security update");
        assert_eq!(
            title(
                "Amazon Linux 2023 - ALAS2023-2024-5: Important priority package update for x",
                "ALAS2023-2024-5"
            ),
            "Important priority package update for x"
        );
        assert_eq!(of_path("pub/rocky/9.3/BaseOS/x86_64/os/repodata/updateinfo.xml"), Some("9"));
        assert_eq!(of_path("updateinfo.xml"), None);
    }
}
