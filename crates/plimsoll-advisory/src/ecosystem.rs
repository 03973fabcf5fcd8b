//! The ecosystem names of vendors that file advisories by product, folded to what an image can tell of itself.
//!
//! Red Hat files by product and repository (`Red Hat:enterprise_linux:9::appstream`), SUSE by product, module and phase of
//! support (`SUSE:Linux Enterprise Module for Basesystem 15 SP5`, `… 15 SP5-LTSS`). An image says which release it is, so
//! facts are filed by release: `Red Hat:enterprise_linux:9` with the product's CPE beside it, and `SUSE:Linux Enterprise
//! Server 15 SP5`. What a distribution's `advisory_ecosystem` gives in `plimsoll-catalog` is what this must give.

/// The lines of RHEL whose CPEs Red Hat writes with the part `o` for the system itself.
const RHEL: &[&str] = &[
    "enterprise_linux",
    "enterprise_linux_eus",
    "rhel_aus",
    "rhel_e4s",
    "rhel_els",
    "rhel_eus",
    "rhel_eus_long_life",
    "rhel_mission_critical",
    "rhel_tus",
];

/// An ecosystem as facts are filed under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The ecosystem.
    pub ecosystem: String,
    /// The CPE (URI form of CPE 2.2) of the product that the name stands for; Red Hat only.
    pub cpe: Option<String>,
}

/// Folds an ecosystem's name as OSV spells it. Names of other vendors come back as they are.
pub fn fold_ecosystem(name: &str) -> Folded {
    let plain = || Folded { ecosystem: name.to_owned(), cpe: None };
    if let Some(product) = name.strip_prefix("Red Hat:") {
        let parts: Vec<&str> = product.split(':').collect();
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let system = RHEL.contains(&part(0))
            && matches!(part(3), "" | "baseos" | "client" | "computenode" | "server" | "workstation");
        let cpe = format!("cpe:/{}:redhat:{product}", if system { "o" } else { "a" });
        return match redhat_ecosystem(&cpe) {
            Some(ecosystem) => Folded { ecosystem, cpe: Some(cpe) },
            None => plain(),
        };
    }
    if let Some(product) = name.strip_prefix("SUSE:") {
        return Folded { ecosystem: suse_ecosystem(&format!("SUSE {product}")), cpe: None };
    }
    if let Some(product) = name.strip_prefix("openSUSE:") {
        return Folded { ecosystem: suse_ecosystem(&format!("openSUSE {product}")), cpe: None };
    }
    plain()
}

/// The ecosystem of a Red Hat product, from its CPE: `cpe:/o:redhat:enterprise_linux:9::baseos` is
/// `Red Hat:enterprise_linux:9`. `None` when it is no CPE of Red Hat's.
///
/// The main line of RHEL is one ecosystem a major version, also where the CPE names the minor one, as it does from RHEL 10
/// on. Lines that stay at a minor version (EUS, AUS, E4S, TUS, ELS) and other products keep their version as it is.
pub(crate) fn redhat_ecosystem(cpe: &str) -> Option<String> {
    let mut parts = cpe.strip_prefix("cpe:/")?.split(':');
    let (_, vendor) = (parts.next()?, parts.next()?);
    let product = parts.next()?;
    if vendor != "redhat" || product.is_empty() {
        return None;
    }
    let version = parts.next().unwrap_or_default();
    let version = match product {
        "enterprise_linux" => version.split('.').next().unwrap_or_default(),
        _ => version,
    };
    Some(match version {
        "" => format!("Red Hat:{product}"),
        _ => format!("Red Hat:{product}:{version}"),
    })
}

/// The ecosystem of a SUSE product, from its full name: `SUSE Linux Enterprise Module for Basesystem 15 SP5` is
/// `SUSE:Linux Enterprise Server 15 SP5`.
///
/// Modules, extensions, the editions for SAP, desktops and HPC, and the phases LTSS and ESPOS are all of a service pack:
/// an image does not say to which of them its packages belong. Products that are no part of the system keep their names.
pub(crate) fn suse_ecosystem(name: &str) -> String {
    if let Some(product) = name.strip_prefix("openSUSE ") {
        let product = product.strip_suffix(" NonFree").unwrap_or(product).trim();
        return match product.strip_prefix("Tumbleweed") {
            Some("" | "-NonFree") => "openSUSE:Tumbleweed".to_owned(),
            _ => format!("openSUSE:{product}"),
        };
    }
    let product = name.strip_prefix("SUSE ").unwrap_or(name).trim();
    let words: Vec<&str> = product.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    if has("Micro")
        && has("Linux")
        && let Some(version) = words.iter().rev().find_map(|word| dotted(word))
    {
        let line = if has("Enterprise") { "Linux Enterprise Micro" } else { "Linux Micro" };
        return format!("SUSE:{line} {version}");
    }
    // Part of the system: everything called Linux Enterprise, and the add-ons that go without these words.
    let system = product.starts_with("Linux Enterprise")
        || product.starts_with("Package Hub")
        || product.starts_with("Real Time Module");
    if system && let Some(release) = release(&words) {
        return format!("SUSE:Linux Enterprise Server {release}");
    }
    format!("SUSE:{product}")
}

/// The release in a product's name: `15 SP5` of `… 15 SP5-LTSS`, `15` of `… 15-ESPOS`, `16.0`.
fn release(words: &[&str]) -> Option<String> {
    // From the end: `Module for Python 3 15 SP5` has a number in its name.
    let (at, major) = words.iter().enumerate().rev().find_map(|(at, word)| {
        let word = word.split('-').next().unwrap_or_default();
        let major: u32 = word.split('.').next().and_then(|major| major.parse().ok())?;
        let plain = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (plain && (9..100).contains(&major)).then_some((at, word))
    })?;
    let pack = words.get(at.saturating_add(1)).and_then(|word| word.split('-').next()).filter(|word| {
        word.strip_prefix("SP")
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    });
    Some(match pack {
        Some(pack) if pack != "SP0" => format!("{major} {pack}"),
        _ => major.to_owned(),
    })
}

/// A version with a point, such as `5.4`.
fn dotted(word: &str) -> Option<&str> {
    let word = word.split('-').next().unwrap_or_default();
    let (major, minor) = word.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(major) && digits(minor)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_releases() {
        // The left side is as OSV's feeds of Red Hat and SUSE spell them; the CPEs are as Red Hat's CSAF documents have them.
        for (name, ecosystem, cpe) in [
            (
                "Red Hat:enterprise_linux:9::appstream",
                "Red Hat:enterprise_linux:9",
                "cpe:/a:redhat:enterprise_linux:9::appstream",
            ),
            (
                "Red Hat:enterprise_linux:9::baseos",
                "Red Hat:enterprise_linux:9",
                "cpe:/o:redhat:enterprise_linux:9::baseos",
            ),
            (
                "Red Hat:enterprise_linux:7::server",
                "Red Hat:enterprise_linux:7",
                "cpe:/o:redhat:enterprise_linux:7::server",
            ),
            (
                "Red Hat:enterprise_linux:10.0",
                "Red Hat:enterprise_linux:10",
                "cpe:/o:redhat:enterprise_linux:10.0",
            ),
            (
                "Red Hat:enterprise_linux_eus:10.2",
                "Red Hat:enterprise_linux_eus:10.2",
                "cpe:/o:redhat:enterprise_linux_eus:10.2",
            ),
            ("Red Hat:rhel_eus:9.2::baseos", "Red Hat:rhel_eus:9.2", "cpe:/o:redhat:rhel_eus:9.2::baseos"),
            ("Red Hat:rhel_eus:9.2::crb", "Red Hat:rhel_eus:9.2", "cpe:/a:redhat:rhel_eus:9.2::crb"),
            ("Red Hat:rhel_els:6", "Red Hat:rhel_els:6", "cpe:/o:redhat:rhel_els:6"),
            ("Red Hat:openshift:4.16::el9", "Red Hat:openshift:4.16", "cpe:/a:redhat:openshift:4.16::el9"),
            (
                "Red Hat:jboss_core_services:1",
                "Red Hat:jboss_core_services:1",
                "cpe:/a:redhat:jboss_core_services:1",
            ),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:Linux Enterprise Server 15 SP5", ""),
            ("SUSE:Linux Enterprise Module for Python 3 15 SP5", "SUSE:Linux Enterprise Server 15 SP5", ""),
            ("SUSE:Linux Enterprise Server 15 SP5-LTSS", "SUSE:Linux Enterprise Server 15 SP5", ""),
            ("SUSE:Linux Enterprise Server 15-LTSS", "SUSE:Linux Enterprise Server 15", ""),
            ("SUSE:Linux Enterprise Server 11 SP4 LTSS", "SUSE:Linux Enterprise Server 11 SP4", ""),
            (
                "SUSE:Linux Enterprise Server LTSS Extended Security 12 SP5",
                "SUSE:Linux Enterprise Server 12 SP5",
                "",
            ),
            (
                "SUSE:Linux Enterprise Server for SAP Applications 15 SP4",
                "SUSE:Linux Enterprise Server 15 SP4",
                "",
            ),
            (
                "SUSE:Linux Enterprise High Performance Computing 15 SP4-ESPOS",
                "SUSE:Linux Enterprise Server 15 SP4",
                "",
            ),
            ("SUSE:Linux Enterprise Desktop 15 SP5", "SUSE:Linux Enterprise Server 15 SP5", ""),
            (
                "SUSE:Linux Enterprise Software Development Kit 12 SP5",
                "SUSE:Linux Enterprise Server 12 SP5",
                "",
            ),
            ("SUSE:Linux Enterprise Server 16.0", "SUSE:Linux Enterprise Server 16.0", ""),
            ("SUSE:Package Hub 15 SP5", "SUSE:Linux Enterprise Server 15 SP5", ""),
            ("SUSE:Linux Enterprise Micro 5.4", "SUSE:Linux Enterprise Micro 5.4", ""),
            ("SUSE:Linux Enterprise Micro for Rancher 5.4", "SUSE:Linux Enterprise Micro 5.4", ""),
            ("SUSE:Linux Micro 6.0", "SUSE:Linux Micro 6.0", ""),
            ("SUSE:Linux Micro Extras 6.1", "SUSE:Linux Micro 6.1", ""),
            ("SUSE:Manager Server 4.3", "SUSE:Manager Server 4.3", ""),
            ("openSUSE:Leap 15.6", "openSUSE:Leap 15.6", ""),
            ("openSUSE:Leap 15.2 NonFree", "openSUSE:Leap 15.2", ""),
            ("openSUSE:Leap Micro 5.3", "openSUSE:Leap Micro 5.3", ""),
            ("openSUSE:Tumbleweed", "openSUSE:Tumbleweed", ""),
            (
                "Red Hat:enterprise_linux:8::appstream",
                "Red Hat:enterprise_linux:8",
                "cpe:/a:redhat:enterprise_linux:8::appstream",
            ),
            ("Red Hat:rhel_eus:8.6::baseos", "Red Hat:rhel_eus:8.6", "cpe:/o:redhat:rhel_eus:8.6::baseos"),
            ("SUSE:Linux Enterprise Server 15 SP3-LTSS", "SUSE:Linux Enterprise Server 15 SP3", ""),
            (
                "SUSE:Linux Enterprise Server for SAP Applications 12 SP5",
                "SUSE:Linux Enterprise Server 12 SP5",
                "",
            ),
            ("SUSE:Linux Enterprise Module for Web and Scripting 12", "SUSE:Linux Enterprise Server 12", ""),
            ("SUSE:Linux Enterprise Micro 5.3", "SUSE:Linux Enterprise Micro 5.3", ""),
            ("SUSE:Linux Enterprise Live Patching", "SUSE:Linux Enterprise Live Patching", ""),
            ("Ubuntu:Pro:18.04:LTS", "Ubuntu:Pro:18.04:LTS", ""),
            ("Debian:12", "Debian:12", ""),
            ("Red Hat", "Red Hat", ""),
            ("Red Hat:", "Red Hat:", ""),
            ("SUSE:", "SUSE:", ""),
            ("", "", ""),
        ] {
            let folded = fold_ecosystem(name);
            assert_eq!(
                (folded.ecosystem.as_str(), folded.cpe.as_deref().unwrap_or_default()),
                (ecosystem, cpe),
                "{name}"
            );
            // Folding is done once.
            assert_eq!(fold_ecosystem(ecosystem).ecosystem, ecosystem);
        }
    }
}
