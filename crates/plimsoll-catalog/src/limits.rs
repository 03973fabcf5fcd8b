//! Limits on what one file may say of packages: hostile metadata must not be able to fill the memory or the report.

use plimsoll_analysis::{Output, PackageFact};
use plimsoll_types::ProblemCode;

/// The most dependencies that are taken of one package.
pub(crate) const MAX_DEPENDENCIES: usize = 4_096;

/// The most packages that one file may name. The largest distributions have some 100,000 packages altogether.
const MAX_PACKAGES: usize = 200_000;

/// The longest name or version in bytes. A longer one is refused: cut short, it would be another package's.
const MAX_IDENTITY: usize = 1_024;

/// The longest descriptive text (a licence, a vendor) in bytes. What lies beyond is cut off.
const MAX_TEXT: usize = 512;

/// The most licences of one package.
const MAX_LICENSES: usize = 64;

/// States a package after a look at its sizes. A package without a name is refused; one without a version is stated,
/// because it is there, and reported, because nothing can be matched with it.
pub(crate) fn state(mut package: PackageFact, out: &mut Output) {
    if out.facts.len() >= MAX_PACKAGES {
        let code = ProblemCode::LimitReached.code();
        if out.problems.iter().all(|problem| problem.code != code) {
            out.problem_with(
                ProblemCode::LimitReached,
                format!("more than {MAX_PACKAGES} packages in this file; the others are not listed"),
            );
        }
        return;
    }
    for (what, text) in [
        ("name", &package.name),
        ("version", &package.version),
        ("architecture", &package.arch),
        ("source package's name", &package.source_name),
        ("source package's version", &package.source_version),
        ("modularity label", &package.modularity),
    ] {
        if text.len() > MAX_IDENTITY {
            let begin = shortened(&package.name, 60);
            out.problem(format!("the {what} of the package '{begin}' is longer than {MAX_IDENTITY} bytes"));
            return;
        }
    }
    if package.name.is_empty() {
        out.problem(format!("a package without a name (version '{}')", package.version));
        return;
    }
    if package.version.is_empty() {
        out.problem(format!("the package '{}' has no version", package.name));
    }
    shorten(&mut package.vendor);
    package.licenses.retain(|license| !license.is_empty());
    package.licenses.truncate(MAX_LICENSES);
    package.licenses.iter_mut().for_each(shorten);
    out.package(package);
}

/// The first `limit` bytes of `text` or a little less, on a character's border.
pub(crate) fn shortened(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}

fn shorten(text: &mut String) {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> PackageFact {
        PackageFact { name: name.to_owned(), version: version.to_owned(), ..PackageFact::default() }
    }

    #[test]
    fn long_names_are_refused_and_long_texts_cut() {
        let mut out = Output::default();
        state(package(&"n".repeat(MAX_IDENTITY + 1), "1"), &mut out);
        state(package("n", &"1".repeat(MAX_IDENTITY + 1)), &mut out);
        state(package("", "1"), &mut out);
        assert_eq!((out.facts.len(), out.problems.len()), (0, 3));

        let mut wordy = package("n", "1");
        wordy.vendor = "é".repeat(MAX_TEXT);
        wordy.licenses = vec!["MIT".to_owned(); MAX_LICENSES + 1];
        state(wordy, &mut out);
        let [plimsoll_analysis::Fact::Package(stated)] = &out.facts[..] else { panic!("{:?}", out.facts) };
        assert_eq!(stated.vendor.len(), MAX_TEXT);
        assert_eq!(stated.licenses.len(), MAX_LICENSES);
    }

    #[test]
    fn too_many_packages_are_one_problem() {
        let mut out = Output::default();
        for _ in 0..MAX_PACKAGES + 3 {
            state(package("n", "1"), &mut out);
        }
        assert_eq!(out.facts.len(), MAX_PACKAGES);
        assert_eq!(out.problems.len(), 1);
        assert_eq!(out.problems[0].code, ProblemCode::LimitReached.code());
    }
}
