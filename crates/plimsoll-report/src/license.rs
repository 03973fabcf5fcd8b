//! Declared licences as SPDX sees them: identifiers of the SPDX licence list and expressions (SPDX 2.3, annex D).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use spdx::{AdditionItem, Expression, LicenseItem, ParseMode};

/// The release of the SPDX licence list that identifiers are held against, as `major.minor`.
pub(crate) fn list_version() -> &'static str {
    let version = spdx::license_version();
    version.rsplit_once('.').map_or(version, |(short, _)| short)
}

/// Longer texts are not expressions but licence texts, and not worth parsing.
const LONGEST_EXPRESSION: usize = 2048;

/// Strict, but with identifiers that the list has since replaced: `GPL-2.0` is still what most packages say.
const MODE: ParseMode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };

/// What a package declares as one of its licences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum License {
    /// An identifier of the list, in the list's spelling.
    Id(&'static str),
    /// A valid expression, with the `LicenseRef-…` identifiers it uses.
    Expression {
        /// The expression, operators and identifiers in their canonical spelling.
        text: String,
        /// The whole `LicenseRef-…` identifiers in it.
        references: Vec<String>,
    },
    /// Anything else, as declared.
    Name(String),
}

impl License {
    /// Reads one declared licence; `None` when it says that nothing is known.
    pub(crate) fn read(declared: &str) -> Option<License> {
        let declared = declared.trim();
        if matches!(declared, "" | "NONE" | "NOASSERTION") {
            return None;
        }
        if declared.len() > LONGEST_EXPRESSION {
            return Some(License::Name(declared.to_owned()));
        }
        if let Some(id) = listed(declared) {
            return Some(License::Id(id));
        }
        Some(expression(&canonical(declared)).unwrap_or_else(|| License::Name(declared.to_owned())))
    }
}

fn expression(text: &str) -> Option<License> {
    let parsed = Expression::parse_mode(text, MODE).ok()?;
    let mut references = Vec::new();
    for part in parsed.requirements() {
        // References into other documents and exceptions of one's own mean nothing in the document written here.
        if matches!(part.req.addition, Some(AdditionItem::Other(_))) {
            return None;
        }
        match &part.req.license {
            LicenseItem::Other(reference) if reference.doc_ref.is_some() => return None,
            LicenseItem::Other(reference) => references.push(format!("LicenseRef-{}", reference.lic_ref)),
            LicenseItem::Spdx { id, .. } if id.name == "NOASSERTION" => return None,
            LicenseItem::Spdx { .. } => {}
        }
    }
    Some(License::Expression { text: text.to_owned(), references })
}

/// The list's spelling of an identifier in any case: SPDX matches identifiers without regard to case.
///
/// `GPL-2.0+` and its kin become `GPL-2.0-or-later`, as the list says of them, since not every reader of expressions
/// still takes the old form.
fn listed(id: &str) -> Option<&'static str> {
    static BY_LOWER_CASE: OnceLock<HashMap<String, &'static str>> = OnceLock::new();
    let ids = BY_LOWER_CASE.get_or_init(|| {
        let names = || spdx::identifiers::LICENSES.iter().map(|license| license.name);
        let exact: HashSet<&str> = names().collect();
        let today = |name: &'static str| {
            let later = name.strip_suffix('+').map(|base| format!("{base}-or-later"));
            later.and_then(|later| exact.get(later.as_str()).copied()).unwrap_or(name)
        };
        let known = names().filter(|name| *name != "NOASSERTION");
        known.map(|name| (name.to_ascii_lowercase(), today(name))).collect()
    });
    ids.get(&id.to_ascii_lowercase()).copied()
}

/// The expression with single blanks, and operators and identifiers in their canonical spelling.
fn canonical(declared: &str) -> String {
    let mut out = String::with_capacity(declared.len());
    let spaced = declared.replace('(', " ( ").replace(')', " ) ");
    for word in spaced.split_whitespace() {
        let word = match word {
            "and" | "And" => Cow::Borrowed("AND"),
            "or" | "Or" => Cow::Borrowed("OR"),
            "with" | "With" => Cow::Borrowed("WITH"),
            _ => canonical_id(word),
        };
        if !out.is_empty() && !out.ends_with('(') && word != ")" {
            out.push(' ');
        }
        out.push_str(&word);
    }
    out
}

fn canonical_id(word: &str) -> Cow<'_, str> {
    if let Some(id) = listed(word) {
        return Cow::Borrowed(id);
    }
    match word.strip_suffix('+').and_then(listed) {
        Some(id) => Cow::Owned(format!("{id}+")),
        None => Cow::Borrowed(word),
    }
}

/// One expression for all of a package's licences: those that hold at the same time, joined with `AND`.
pub(crate) fn joined<'a>(expressions: impl IntoIterator<Item = &'a str>) -> String {
    let expressions: Vec<&str> = expressions.into_iter().collect();
    let [single] = expressions.as_slice() else {
        let parts = expressions.iter().map(|text| {
            if text.contains(" OR ") { Cow::Owned(format!("({text})")) } else { Cow::Borrowed(*text) }
        });
        return parts.collect::<Vec<_>>().join(" AND ");
    };
    (*single).to_owned()
}

/// Reads declared licences, each distinct text once: a thousand packages share a few dozen.
#[derive(Debug, Default)]
pub(crate) struct Licenses<'a>(HashMap<&'a str, Option<License>>);

impl<'a> Licenses<'a> {
    /// What `declared` means; `None` when it says that nothing is known.
    pub(crate) fn read(&mut self, declared: &'a str) -> Option<&License> {
        self.0.entry(declared).or_insert_with(|| License::read(declared)).as_ref()
    }

    /// The distinct licences of a package, in their order.
    pub(crate) fn of_package(&mut self, declared: &'a [String]) -> Vec<License> {
        let mut found: Vec<License> = Vec::new();
        for text in declared {
            // A package with hundreds of licences is an attack or a mistake; the comparison stays short.
            if let Some(license) = self.read(text)
                && (found.len() > 64 || !found.contains(license))
            {
                let license = license.clone();
                found.push(license);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expr(text: &str, references: &[&str]) -> Option<License> {
        let references = references.iter().map(|text| (*text).to_owned()).collect();
        Some(License::Expression { text: text.into(), references })
    }

    #[test]
    fn tells_identifiers_expressions_and_names_apart() {
        for (declared, id) in
            [("MIT", "MIT"), ("apache-2.0", "Apache-2.0"), (" GPL-2.0+ ", "GPL-2.0-or-later")]
        {
            assert_eq!(License::read(declared), Some(License::Id(id)));
        }
        for (declared, text) in [
            ("mit or Apache-2.0", "MIT OR Apache-2.0"),
            ("( MIT  AND\n bsd-3-clause )OR Zlib", "(MIT AND BSD-3-Clause) OR Zlib"),
            ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
            ("Apache-2.0+", "Apache-2.0+"),
            ("GPL-2.0+ AND lgpl-2.1+", "GPL-2.0-or-later AND LGPL-2.1-or-later"),
        ] {
            assert_eq!(License::read(declared), expr(text, &[]), "{declared}");
        }
        assert_eq!(
            License::read("LicenseRef-Fedora-Public-Domain AND MIT"),
            expr("LicenseRef-Fedora-Public-Domain AND MIT", &["LicenseRef-Fedora-Public-Domain"])
        );
        for name in
            ["GPLv2+ and BSD", "MIT License", "DocumentRef-a:LicenseRef-b", "MIT AND", "(MIT", "MIT/X11"]
        {
            assert_eq!(License::read(name), Some(License::Name(name.into())));
        }
        for nothing in ["", " ", "NONE", "NOASSERTION"] {
            assert_eq!(License::read(nothing), None);
        }
    }

    #[test]
    fn odd_texts_do_not_panic() {
        let words = [
            "MIT",
            "(",
            ")",
            "+",
            "AND",
            "OR",
            "WITH",
            "LicenseRef-",
            "DocumentRef-x:",
            "é",
            "GPL-2.0",
            "NOASSERTION",
        ];
        for a in words {
            for b in words {
                for c in words {
                    for d in words {
                        License::read(&format!("{a} {b} {c} {d}"));
                        License::read(&format!("{a}{b}{c}{d}"));
                    }
                }
            }
        }
        License::read(&"(".repeat(5000));
        License::read(&"(".repeat(2000));
    }

    #[test]
    fn joins_with_and() {
        assert_eq!(joined(["MIT"]), "MIT");
        assert_eq!(joined(["MIT OR Zlib"]), "MIT OR Zlib");
        assert_eq!(joined(["MIT OR Zlib", "ISC"]), "(MIT OR Zlib) AND ISC");
    }
}
