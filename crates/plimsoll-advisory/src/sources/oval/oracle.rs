//! Oracle Linux (`com.oracle.elsa-all.xml`, one file a year, one an erratum).
//!
//! A definition is an erratum; each of its packages stands under a release and an architecture of the machine, and
//! under a module where it is of one.
//!
//! Ksplice builds (`2.34-60.0.3.ksplice1.el9`) and builds with a FIPS validation (`3.0.7-18.el9_2_fips`) are version
//! lines of their own: their versions (with a higher epoch often) are above those of ordinary builds of any age. Their
//! fixes are filed apart, under `Oracle Linux:9:Ksplice` and `Oracle Linux:9:FIPS`, so that they are never held against
//! an ordinary build.

use plimsoll_types::Status;

use super::criteria::Claim;
use super::document::Definition;
use super::{Publisher, RefusalReason, Refused, Sink, SourceError, errata, nothing, text};
use crate::sources::SourceSpec;
use crate::{Advisory, Affected};

/// Oracle Linux.
pub(in crate::sources) const SPEC: SourceSpec = SourceSpec {
    id: "oracle-oval",
    title: "Oracle Linux OVAL",
    description: "Oracle's security errata for Oracle Linux, with architectures and modules.",
    recognises: |path, head| {
        super::is_oval(path, head, &["oval:com.oracle.elsa:"], &["Oracle Errata System"])
    },
    parse,
};

/// The id of the source, as OSV's records of the same publisher have it.
const SOURCE: &str = "oracle";

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    super::parse(path, bytes, out, &Publisher { convert, opaque: |_| false })
}

fn convert(_: &str, definition: &Definition, claims: &[Claim<'_>]) -> Result<Vec<Advisory>, Refused> {
    let Some(id) = super::erratum_id(definition, &["ELSA-", "ELBA-", "ELEA-"]) else {
        return Err((RefusalReason::Malformed, "no ELSA identifier".to_owned()));
    };
    let covers = super::cves(definition);
    if covers.is_empty() && !id.starts_with("ELSA-") {
        return Err((RefusalReason::NotSecurity, String::new()));
    }
    let mut advisory = super::advisory(SOURCE, &id, definition, covers);
    advisory.title = title(&definition.title, &id);
    let of_definition: Vec<&str> = definition.platforms.iter().map(String::as_str).collect();
    let (mut known_release, mut packages) = (claims.is_empty(), errata::Packages::default());
    for claim in claims.iter().filter(|claim| !claim.negated && !claim.bounds.is_empty()) {
        let stated = &claim.conditions.platforms;
        let platforms = if stated.is_empty() { &of_definition } else { stated };
        let arches: Vec<String> = claim
            .conditions
            .arches
            .iter()
            .flat_map(|arch| package_arches(arch))
            .map(|arch| (*arch).to_owned())
            .collect();
        for release in platforms.iter().filter_map(|platform| release(platform)) {
            known_release = true;
            let Some(range) = claim.range() else { continue };
            let flavour = claim.bounds.iter().find_map(|(_, version)| flavour(version)).unwrap_or_default();
            for name in claim.names.iter().filter(|name| text::is_name(name)) {
                packages.add(Affected {
                    ecosystem: format!("Oracle Linux:{release}{flavour}"),
                    package: name.clone(),
                    status: Status::Fixed,
                    ranges: vec![range.clone()],
                    arches: arches.clone(),
                    modularity: claim.conditions.modules.first().copied().unwrap_or_default().to_owned(),
                    fix_date: advisory.published,
                    ..Affected::default()
                });
            }
        }
    }
    advisory.affected = packages.into_list();
    if advisory.affected.is_empty() {
        return Err(nothing(known_release, "no package with a version"));
    }
    Ok(vec![advisory])
}

/// `9` of `Oracle Linux 9`.
fn release(platform: &str) -> Option<&str> {
    let release = platform.trim().strip_prefix("Oracle Linux ")?.trim();
    (matches!(release.len(), 1..=2) && release.bytes().all(|byte| byte.is_ascii_digit())).then_some(release)
}

/// What is appended to the ecosystem of a special build.
fn flavour(version: &str) -> Option<&'static str> {
    let version = version.to_ascii_lowercase();
    if version.contains(".ksplice") {
        Some(":Ksplice")
    } else if version.ends_with("_fips") || version.contains("_fips.") {
        Some(":FIPS")
    } else {
        None
    }
}

/// The architectures of packages that a machine of an architecture takes: 64-bit Intel machines also 32-bit packages.
fn package_arches(machine: &str) -> &'static [&'static str] {
    match machine {
        "x86_64" => &["x86_64", "i386", "i586", "i686"],
        "i386" | "i686" => &["i386", "i486", "i586", "i686"],
        "aarch64" => &["aarch64"],
        "ia64" => &["ia64"],
        _ => &[],
    }
}

/// `bind security update` of `ELSA-2007-0057:  Moderate: bind security update  (MODERATE)`.
fn title(title: &str, id: &str) -> String {
    let rest = title.strip_prefix(id).map_or(title, |rest| rest.trim_start_matches(':').trim());
    let rest = match rest.rsplit_once(" (") {
        Some((before, word)) if errata::severity(word.trim_end_matches(')')).is_some() => before.trim(),
        _ => rest,
    };
    errata::title_and_word(rest).0.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flavours_and_titles() {
        assert_eq!(flavour("2:2.17-325.0.1.ksplice1.el7_9"), Some(":Ksplice"));
        assert_eq!(flavour("10:3.6.16-4.0.1.el8_fips"), Some(":FIPS"));
        assert_eq!(flavour("0:2.34-60.el9"), None);
        assert_eq!(
            title("ELSA-2007-0057: Moderate: bind security update (MODERATE)", "ELSA-2007-0057"),
            "bind security update"
        );
        assert_eq!(title("ELSA-1: bind (32-bit)", "ELSA-1"), "bind (32-bit)");
        assert_eq!((release("Oracle Linux 10"), release("Oracle Linux VM")), (Some("10"), None));
    }
}
