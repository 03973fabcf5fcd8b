//! The register of finding classes: one file a family.

pub mod binaries;
pub mod configuration;
pub mod licenses;
pub mod lifecycle;
pub mod malware;
pub mod permissions;
pub mod provenance;
pub mod runtime;
pub mod secrets;
pub mod tampering;
pub mod vulnerabilities;

use crate::Class;

/// The families: their prefix, what they are about, and their classes.
pub const FAMILIES: &[(&str, &str, &[&Class])] = &[
    ("VUL", "known vulnerabilities in packages", vulnerabilities::CLASSES),
    ("SEC", "secrets in files, configuration and history", secrets::CLASSES),
    ("CFG", "configuration of the image, accounts and software sources", configuration::CLASSES),
    ("PRM", "permissions of files", permissions::CLASSES),
    ("RUN", "how containers are to be run", runtime::CLASSES),
    ("MAL", "malicious and unwanted software", malware::CLASSES),
    ("TMP", "content that is not what it should be", tampering::CLASSES),
    ("BIN", "how programs were hardened", binaries::CLASSES),
    ("EOL", "age and end of life", lifecycle::CLASSES),
    ("PRV", "where the image comes from", provenance::CLASSES),
    ("LIC", "licences of packages", licenses::CLASSES),
];

/// All classes.
pub fn classes() -> impl Iterator<Item = &'static Class> {
    FAMILIES.iter().flat_map(|(_, _, classes)| classes.iter().copied())
}

/// The class with this code or alias, in any case of letters. Numbers may be written with fewer zeros and without hyphens, and with
/// `AVD-` before them, as users know them from elsewhere: `DS002`, `AVD-DS-0002`.
pub fn class(code: &str) -> Option<&'static Class> {
    let wanted = canonical(
        code.get(..4).filter(|head| head.eq_ignore_ascii_case("AVD-")).map_or(code, |_| &code[4..]),
    );
    classes()
        .find(|class| class.code.eq_ignore_ascii_case(code))
        .or_else(|| classes().find(|class| class.aliases.iter().any(|alias| canonical(alias) == wanted)))
}

/// A code without hyphens and without the zeros before its numbers, in capitals.
fn canonical(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut after_digit = false;
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        let leading_zero = c == '0' && !after_digit && rest.peek().is_some_and(char::is_ascii_digit);
        if c == '-' || leading_zero {
            continue;
        }
        after_digit = c.is_ascii_digit();
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn classes_are_found_by_the_names_that_users_know() {
        for name in
            ["CFG-ROOT", "cfg-root", "CIS-DI-0001", "DS002", "AVD-DS-0002", "DS-0002", "dl3002", "CIS-4.1"]
        {
            assert_eq!(class(name).map(|class| class.code), Some("CFG-ROOT"), "{name}");
        }
        for name in ["KSV-0017", "KSV017", "CKV_K8S_16", "ckv_k8s_16"] {
            assert_eq!(class(name).map(|class| class.code), Some("RUN-PRIV"), "{name}");
        }
        assert_eq!(class("CKV_K8S_160"), None);
        assert_eq!(class("CIS-4.100"), None);
        assert_eq!(class(""), None);
    }

    #[test]
    fn codes_and_aliases_are_unique_and_everything_is_explained() {
        let mut seen = BTreeSet::new();
        for (prefix, _, classes) in FAMILIES {
            for class in *classes {
                assert!(class.code.starts_with(&format!("{prefix}-")), "{}", class.code);
                assert!(
                    class.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-'),
                    "{}",
                    class.code
                );
                for name in std::iter::once(&class.code).chain(class.aliases) {
                    assert!(seen.insert(name.to_ascii_lowercase()), "{name} stands twice");
                }
                assert!(!class.title.is_empty() && !class.title.ends_with('.'), "{}", class.code);
                for text in [class.explanation, class.remedy] {
                    assert!(text.len() > 40 && text.ends_with('.'), "{}", class.code);
                }
                assert!(class.cwes.is_sorted(), "{}", class.code);
            }
        }
    }
}
