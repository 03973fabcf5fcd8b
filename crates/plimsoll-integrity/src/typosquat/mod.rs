//! `MAL-TYPO`: packages and images whose names look like those of popular ones, as names are chosen that are to be installed by
//! mistake.
//!
//! Near names are common and mostly innocent, so a name alone is never more than LOW. It is MEDIUM when something else speaks
//! against the package.

mod images;
mod names;

use std::collections::HashSet;
use std::sync::LazyLock;

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_types::{
    Class, Confidence, Detection, Package, Place, PlaceKind, Scanner, Severity, TargetKind, class,
};

use names::{Likeness, Names, World};

/// Looks for names that look like others.
pub(crate) struct TyposquatRules;

/// What states that a package runs something when it is installed: an attribute of its manifest.
const INSTALL_SCRIPT: &str = "malware/install-script";

const FINE: &str = include_str!("../../data/known-fine.txt");

/// Made when the first package of the ecosystem is looked at.
static LISTS: [(&str, LazyLock<Names>); 5] = [
    (
        "npm",
        LazyLock::new(|| Names::new(World::Npm, include_str!("../../data/popular/npm.txt"), FINE, "npm")),
    ),
    (
        "pypi",
        LazyLock::new(|| {
            Names::new(World::Python, include_str!("../../data/popular/pypi.txt"), FINE, "pypi")
        }),
    ),
    (
        "cargo",
        LazyLock::new(|| {
            Names::new(World::Crates, include_str!("../../data/popular/cargo.txt"), FINE, "cargo")
        }),
    ),
    (
        "gem",
        LazyLock::new(|| Names::new(World::Gems, include_str!("../../data/popular/gem.txt"), FINE, "gem")),
    ),
    (
        "maven",
        LazyLock::new(|| {
            Names::new(World::Maven, include_str!("../../data/popular/maven.txt"), FINE, "maven")
        }),
    ),
];

impl ImageRules for TyposquatRules {
    fn id(&self) -> &'static str {
        "malware/look-alikes"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Malware
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        if let Some(class) = class("MAL-TYPO") {
            check(class, context, out);
        }
    }
}

fn check(class: &'static Class, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    if context.kind == TargetKind::Image {
        out.extend(image(class, context.name));
    }
    // A package may be there many times; it is told of once.
    let mut seen: HashSet<(&str, &str)> = HashSet::new();
    for (number, package) in context.packages.iter().enumerate() {
        if !seen.insert((package.ecosystem.purl_type, &package.name)) {
            continue;
        }
        if let Some((popular, likeness)) = look_alike(package.ecosystem.purl_type, &package.name) {
            out.push(detection(class, context, number, package, popular, likeness));
        }
    }
}

/// The popular package of the ecosystem (by package-URL type) for which a name could be taken.
fn look_alike(ecosystem: &str, name: &str) -> Option<(&'static str, Likeness)> {
    LISTS.iter().find(|(of, _)| *of == ecosystem)?.1.resembles(name)
}

fn detection(
    class: &'static Class,
    context: &ImageContext<'_>,
    number: usize,
    package: &Package,
    popular: &str,
    likeness: Likeness,
) -> Detection {
    let place = Place {
        kind: PlaceKind::Package,
        name: package.name.clone(),
        layer: package.locations.first().and_then(|location| location.layer),
        ..Place::default()
    };
    let what = if popular.starts_with('@') && !popular.contains('/') { "scope" } else { "package" };
    let message =
        format!("the name differs from that of the popular {what} '{popular}' {}", likeness.words());
    let mut found = Detection::new(class, place, message);
    found.rule = likeness.rule().to_owned();
    found.package = Some(number);
    let signs = signs(context, package);
    if signs.is_empty() {
        found.severity = Severity::Low;
        found.confidence = Confidence::Low;
        found.notes.push("Nothing but the name speaks against the package.".to_owned());
    } else {
        found.severity = Severity::Medium;
        found.confidence = Confidence::Medium;
        found.notes = signs;
    }
    found
}

/// What beside its name speaks against a package, in sentences.
fn signs(context: &ImageContext<'_>, package: &Package) -> Vec<String> {
    let mut signs = Vec::new();
    let same = |other: usize| {
        context
            .packages
            .get(other)
            .is_some_and(|other| other.ecosystem == package.ecosystem && other.name == package.name)
    };
    let malicious = |id: &String| id.starts_with("MAL-");
    let advisory = context.findings.iter().filter(|finding| same(finding.package)).find_map(|finding| {
        std::iter::once(&finding.vulnerability.id)
            .chain(&finding.vulnerability.aliases)
            .find(|id| malicious(id))
    });
    if let Some(id) = advisory {
        signs.push(format!("The advisory {id} calls the package malicious."));
    }
    let folder = |path: &str| path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned());
    let folders: Vec<String> = package.locations.iter().map(|location| folder(&location.path)).collect();
    let runs = context.attributes(INSTALL_SCRIPT).any(|(file, _)| {
        let path = String::from_utf8_lossy(&file.facts.path);
        folders.contains(&folder(&path))
    });
    if runs {
        signs.push("The package runs a script when it is installed.".to_owned());
    }
    let early = package.version.starts_with("0.") || package.version == "0";
    if package.licenses.is_empty() && package.vendor.is_empty() && early {
        signs.push("It states neither licence nor author, and its version is below 1.".to_owned());
    }
    signs
}

fn image(class: &'static Class, name: &str) -> Option<Detection> {
    let official = images::resembles(name)?;
    let place = Place { kind: PlaceKind::Image, ..Place::default() };
    let mut found = Detection::new(
        class,
        place,
        format!("the image's name is like that of the official image '{official}'"),
    );
    found.rule = "image-name".to_owned();
    found.severity = Severity::Low;
    found.confidence = Confidence::Low;
    found.evidence = name.chars().filter(|c| !c.is_control()).take(200).collect();
    Some(found)
}

#[cfg(test)]
mod tests;
