//! `LIC`: licences of packages by what they ask of those who pass the software on. The categories are those that other scanners
//! use, after Google's licence classifier: forbidden, restricted, reciprocal, notice, permissive, unencumbered, unknown.

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_types::classes::licenses;
use plimsoll_types::{Class, Detection, Package, Place, PlaceKind, Scanner, Severity};

/// Judges licences.
pub(crate) struct LicenseRules;

/// What a licence asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Nothing at all.
    Unencumbered,
    /// Hardly anything.
    Permissive,
    /// That notices are kept.
    Notice,
    /// That changes to the software itself are given back.
    Reciprocal,
    /// That what is built with it is given on under the same terms.
    Restricted,
    /// Things that most organisations do not allow: network use as distribution, no commercial use.
    Forbidden,
}

impl Category {
    /// All of them, the least first.
    pub const ALL: [Category; 6] = [
        Category::Unencumbered,
        Category::Permissive,
        Category::Notice,
        Category::Reciprocal,
        Category::Restricted,
        Category::Forbidden,
    ];

    /// The word, such as `restricted`.
    pub const fn word(self) -> &'static str {
        match self {
            Category::Unencumbered => "unencumbered",
            Category::Permissive => "permissive",
            Category::Notice => "notice",
            Category::Reciprocal => "reciprocal",
            Category::Restricted => "restricted",
            Category::Forbidden => "forbidden",
        }
    }
}

/// SPDX identifiers, without `-only`, `-or-later` and `+`, by the beginning that decides.
const BY_PREFIX: &[(&str, Category)] = &[
    ("AGPL", Category::Forbidden),
    ("BUSL", Category::Forbidden),
    ("CC-BY-NC", Category::Forbidden),
    ("COMMONS-CLAUSE", Category::Forbidden),
    ("ELASTIC", Category::Forbidden),
    ("SSPL", Category::Forbidden),
    ("WTFPL", Category::Forbidden),
    ("BCL", Category::Restricted),
    ("CC-BY-ND", Category::Restricted),
    ("CC-BY-SA", Category::Restricted),
    ("GPL", Category::Restricted),
    ("LGPL", Category::Restricted),
    ("NPL", Category::Restricted),
    ("OSL", Category::Restricted),
    ("QPL", Category::Restricted),
    ("SLEEPYCAT", Category::Restricted),
    ("APSL", Category::Reciprocal),
    ("CDDL", Category::Reciprocal),
    ("CPL", Category::Reciprocal),
    ("EPL", Category::Reciprocal),
    ("EUPL", Category::Reciprocal),
    ("FREEIMAGE", Category::Reciprocal),
    ("IPL", Category::Reciprocal),
    ("MPL", Category::Reciprocal),
    ("RUBY", Category::Reciprocal),
    ("0BSD", Category::Unencumbered),
    ("CC0", Category::Unencumbered),
    ("UNLICENSE", Category::Unencumbered),
    ("PUBLIC-DOMAIN", Category::Unencumbered),
    ("AFL", Category::Notice),
    ("APACHE", Category::Notice),
    ("ARTISTIC", Category::Notice),
    ("BLUEOAK", Category::Permissive),
    ("BSD", Category::Notice),
    ("BSL-1", Category::Notice),
    ("CC-BY", Category::Notice),
    ("CURL", Category::Notice),
    ("FTL", Category::Notice),
    ("HPND", Category::Notice),
    ("ISC", Category::Notice),
    ("LIBPNG", Category::Notice),
    ("MIT", Category::Notice),
    ("MS-PL", Category::Notice),
    ("NCSA", Category::Notice),
    ("OPENSSL", Category::Notice),
    ("PHP", Category::Notice),
    ("POSTGRESQL", Category::Notice),
    ("PSF", Category::Notice),
    ("PYTHON", Category::Notice),
    ("TCL", Category::Notice),
    ("UNICODE", Category::Notice),
    ("UPL", Category::Notice),
    ("W3C", Category::Notice),
    ("X11", Category::Notice),
    ("ZLIB", Category::Notice),
    ("ZPL", Category::Notice),
];

/// The category of one licence's identifier; `None` when it is not known.
pub fn category(id: &str) -> Option<Category> {
    let id = id.trim().to_ascii_uppercase().replace([' ', '_'], "-");
    // The longest beginning decides: `BSL-1` is Boost's, `BUSL` is not.
    BY_PREFIX
        .iter()
        .filter(|(prefix, _)| {
            id.strip_prefix(prefix).is_some_and(|rest| {
                rest.is_empty()
                    || prefix.ends_with(char::is_numeric)
                    || rest.starts_with(['-', '+', '.', ','])
            })
        })
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, category)| *category)
}

/// The category of an SPDX expression: of licences that may be chosen between the mildest, of those that hold together the
/// strictest.
pub fn category_of(expression: &str) -> Option<Category> {
    let words: Vec<String> =
        expression.replace(['(', ')'], " ").split_whitespace().map(str::to_owned).collect();
    let mut any: Option<Category> = None;
    for choice in words.split(|word| word.eq_ignore_ascii_case("OR")) {
        let mut all: Option<Category> = None;
        let mut skip = false;
        let mut unknown = false;
        for word in choice {
            if word.eq_ignore_ascii_case("AND") {
                continue;
            }
            // An exception only takes something off.
            if word.eq_ignore_ascii_case("WITH") {
                skip = true;
                continue;
            }
            if std::mem::take(&mut skip) {
                continue;
            }
            match category(word) {
                Some(found) => all = all.max(Some(found)),
                None => unknown = true,
            }
        }
        if let Some(all) = all.filter(|_| !unknown || any.is_none()) {
            any = Some(any.map_or(all, |any| any.min(all)));
        }
    }
    any
}

impl ImageRules for LicenseRules {
    fn id(&self) -> &'static str {
        "provenance/licenses"
    }

    fn scanner(&self) -> Scanner {
        Scanner::License
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        let settings = Settings::of(context.settings);
        for (number, package) in context.packages.iter().enumerate() {
            out.extend(settings.judge(number, package));
        }
    }
}

/// What is allowed: `license/CATEGORY` is a list of identifiers that are of this category whatever they usually are, and
/// `license/ignored` one of those that are nobody's business.
struct Settings<'a> {
    own: Vec<(Category, Vec<&'a str>)>,
    ignored: Vec<&'a str>,
}

impl<'a> Settings<'a> {
    fn of(settings: &'a [(String, String)]) -> Settings<'a> {
        let list = |name: &str| -> Vec<&'a str> {
            let found = settings.iter().filter(|(key, _)| key.strip_prefix("license/") == Some(name));
            found.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|id| !id.is_empty()).collect()
        };
        Settings {
            own: Category::ALL.into_iter().map(|category| (category, list(category.word()))).collect(),
            ignored: list("ignored"),
        }
    }

    fn judge(&self, number: usize, package: &Package) -> Option<Detection> {
        let named = |ids: &[&str], licence: &str| ids.iter().any(|id| id.eq_ignore_ascii_case(licence));
        let mut worst: Option<(Category, &str, bool)> = None;
        for licence in &package.licenses {
            if named(&self.ignored, licence) {
                continue;
            }
            let own = self.own.iter().find(|(_, ids)| named(ids, licence)).map(|(category, _)| *category);
            let Some(found) = own.or_else(|| category_of(licence)) else { continue };
            if worst.is_none_or(|(category, ..)| found > category) {
                worst = Some((found, licence, own.is_some()));
            }
        }
        let (category, licence, own) = worst?;
        let (class, severity): (&'static Class, Severity) = match category {
            Category::Forbidden => (licenses::FORBIDDEN, licenses::FORBIDDEN.severity),
            // A distribution is under such licences as a whole and says so: that is told, and no alarm.
            Category::Restricted if package.ecosystem.os && !own => return None,
            Category::Restricted => (licenses::RESTRICTED, licenses::RESTRICTED.severity),
            Category::Reciprocal if own => (licenses::RESTRICTED, Severity::Low),
            _ => return None,
        };
        let location = package.locations.first();
        let place = Place {
            kind: PlaceKind::Package,
            name: package.name.clone(),
            layer: location.and_then(|location| location.layer),
            ..Place::default()
        };
        let message =
            format!("{} {} is under {licence}, which is {}", package.name, package.version, category.word());
        let mut found = Detection::new(class, place, message);
        found.rule = category.word().to_owned();
        found.severity = severity;
        found.evidence = location.map_or_else(String::new, |location| location.path.clone());
        found.package = Some(number);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_as_strict_as_what_cannot_be_avoided() {
        for (expression, expected) in [
            ("MIT", Some(Category::Notice)),
            ("GPL-2.0-only", Some(Category::Restricted)),
            ("GPL-3.0+", Some(Category::Restricted)),
            ("AGPL-3.0-or-later", Some(Category::Forbidden)),
            ("MIT OR GPL-3.0-only", Some(Category::Notice)),
            ("(MIT OR Apache-2.0) AND LGPL-2.1-only", Some(Category::Notice)),
            ("Apache-2.0 AND LGPL-2.1-only", Some(Category::Restricted)),
            ("GPL-2.0-only WITH Classpath-exception-2.0", Some(Category::Restricted)),
            ("BSL-1.0", Some(Category::Notice)),
            ("BUSL-1.1", Some(Category::Forbidden)),
            ("CC-BY-NC-SA-4.0", Some(Category::Forbidden)),
            ("CC-BY-4.0", Some(Category::Notice)),
            ("MITNFA", None),
            ("something of our own", None),
            ("", None),
        ] {
            assert_eq!(category_of(expression), expected, "{expression}");
        }
    }
}
