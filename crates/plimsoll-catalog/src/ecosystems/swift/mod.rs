//! Swift packages, named by the address of their repository: `github.com/apple/swift-nio`.

use plimsoll_types::EcosystemSpec;

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "swift",
        title: "Swift packages",
        purl_type: "swift",
        advisory_names: &["SwiftURL"],
        versions: schemes::SEMVER,
        normalize_name,
        os: false,
    },
    analyzers: &[],
};

/// The address without its scheme, user and `.git`, in lower case, as Swift's package manager makes it canonical:
/// `https://github.com/Apple/swift-nio.git` and `git@github.com:apple/swift-nio` are the same package.
fn normalize_name(name: &str) -> String {
    let name = name.trim_end_matches('/');
    let name = name.strip_suffix(".git").unwrap_or(name);
    let (has_scheme, name) = match name.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, name),
    };
    let (authority, path) = name.split_once('/').unwrap_or((name, ""));
    let (has_user, authority) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    // `git@HOST:OWNER/NAME` is ssh's short form; with a scheme, a colon is a port's.
    let authority =
        if has_user && !has_scheme { authority.replacen(':', "/", 1) } else { authority.to_owned() };
    let separator = if path.is_empty() { "" } else { "/" };
    format!("{authority}{separator}{path}").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    // Expected: the examples in the tests of SwiftPM's CanonicalPackageLocation.
    #[test]
    fn names_are_normalised() {
        for (name, expected) in [
            ("https://github.com/mona/LinkedList", "github.com/mona/linkedlist"),
            ("https://github.com/mona/LinkedList.git", "github.com/mona/linkedlist"),
            ("https://github.com/mona/LinkedList/", "github.com/mona/linkedlist"),
            ("github.com/mona/LinkedList", "github.com/mona/linkedlist"),
            ("git@github.com:mona/LinkedList.git", "github.com/mona/linkedlist"),
            ("ssh://mona@example.com/LinkedList.git", "example.com/linkedlist"),
            ("", ""),
        ] {
            assert_eq!(super::normalize_name(name), expected);
        }
    }
}
