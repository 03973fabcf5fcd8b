//! What a file's path says about what is in it: tests, documentation, and what came with a package.

use plimsoll_types::Severity;

use crate::rule::Rule;

/// Where a text is, and what follows from that.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The path from the image's root; inside an archive, the member's.
    pub(crate) path: Vec<u8>,
    /// A test, a fixture, an example.
    test: bool,
    /// Documentation.
    documentation: bool,
    /// It came with a package of a language or of the system.
    vendored: bool,
    /// A file of settings, where what stands behind a name is meant.
    pub(crate) settings: bool,
}

/// Words that a folder or file of tests or examples has in its name, between any signs.
const TEST_WORDS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testdata",
    "unittest",
    "unittests",
    "spec",
    "specs",
    "example",
    "examples",
    "sample",
    "samples",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "demo",
    "demos",
    "dummy",
    "e2e",
    "selftest",
    "testsuite",
    "testutil",
    "testutils",
    "regress",
    "regression",
    "tutorial",
    "tutorials",
];

/// The same for documentation.
const DOC_WORDS: &[&str] = &[
    "doc",
    "docs",
    "documentation",
    "readme",
    "changelog",
    "changes",
    "history",
    "news",
    "man",
    "help",
    "guide",
];

/// Folders below which packages put their files.
const VENDORED: &[&[u8]] = &[
    b"node_modules/",
    b"site-packages/",
    b"dist-packages/",
    b"vendor/",
    b"/gems/",
    b"go/pkg/mod/",
    b"/.cargo/registry/",
    b"/.m2/repository/",
    b"bower_components/",
    b"/perl5/",
    b"third_party/",
];

/// Folders of the system: what is below came with packages of the distribution.
const SYSTEM: &[&[u8]] = &[
    b"usr/share/",
    b"usr/lib/",
    b"usr/lib64/",
    b"usr/include/",
    b"usr/libexec/",
    b"usr/src/",
    b"lib/",
    b"usr/bin/",
    b"usr/sbin/",
    b"var/lib/dpkg/",
    b"var/lib/apt/",
    b"usr/local/lib/python",
    b"usr/local/lib/ruby/",
    b"usr/local/include/",
    b"opt/java/",
    b"usr/local/share/doc/",
    b"usr/local/share/man/",
    b"usr/local/go/",
];

impl Place {
    pub(crate) fn new(path: &[u8]) -> Place {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let vendored = SYSTEM.iter().any(|folder| path.starts_with(folder))
            || VENDORED.iter().any(|folder| memchr::memmem::find(path, folder).is_some());
        let (mut test, mut documentation) = (false, false);
        for part in path.split(|byte| *byte == b'/') {
            // Words inside a part: `foo_test.go`, `my.spec.ts`, `TestFoo.java` only at its beginning or end.
            for word in part.split(|byte| !byte.is_ascii_alphanumeric()) {
                test |= TEST_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
                documentation |= DOC_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
            }
        }
        let stem = name.rsplit_once_dot().0;
        test |= [&b"Test"[..], b"Tests", b"Spec", b"Example"].iter().any(|word| stem.ends_with(word));
        let ending = name.rsplit_once_dot().1;
        let is = |list: &[&str]| list.iter().any(|known| ending.eq_ignore_ascii_case(known.as_bytes()));
        documentation |= is(&["md", "rst", "adoc", "pod", "texi", "html", "htm", "ipynb"]);
        let settings = is(&[
            "env",
            "conf",
            "cfg",
            "cnf",
            "ini",
            "properties",
            "yml",
            "yaml",
            "toml",
            "json",
            "xml",
            "config",
            "tfvars",
        ]) || name.starts_with(b".")
            || memchr::memmem::find(name, b".env").is_some();
        Place {
            path: path.to_vec(),
            test,
            documentation,
            vendored,
            settings: settings && !test && !documentation,
        }
    }

    /// The same for a member of an archive at `outer`: what lies in a test's archive is a test's.
    pub(crate) fn within(mut self, outer: Option<&Place>) -> Place {
        if let Some(outer) = outer {
            self.test |= outer.test;
            self.documentation |= outer.documentation;
            self.settings &= !self.is_sample();
        }
        self
    }

    /// True where a name with a random value beside it is known to be noise: a package's own files, and documentation.
    pub(crate) fn noise(&self) -> bool {
        self.vendored || self.documentation && self.test
    }

    /// The severity that is the most for what a rule finds here, and why.
    pub(crate) fn lowers(&self, rule: &Rule) -> Option<(Severity, &'static str)> {
        let sample = self.test || self.documentation;
        match (sample, self.vendored) {
            (true, true) => Some((
                Severity::Negligible,
                "The path is that of a package's tests, examples or documentation, so this is most likely sample data.",
            )),
            (true, false) => Some((
                Severity::Low,
                "The path is that of a test, an example or documentation, so this may be sample data.",
            )),
            (false, true) if rule.class.code == "SEC-DBURL" => Some((
                Severity::Low,
                "The file came with a package, so the address may be an example in its source.",
            )),
            _ => None,
        }
    }

    /// True for tests, examples and documentation.
    pub(crate) fn is_sample(&self) -> bool {
        self.test || self.documentation
    }

    /// True for what came with a package.
    pub(crate) fn is_vendored(&self) -> bool {
        self.vendored
    }
}

/// Splitting a name at its last dot.
trait Dot {
    fn rsplit_once_dot(&self) -> (&[u8], &[u8]);
}

impl Dot for [u8] {
    fn rsplit_once_dot(&self) -> (&[u8], &[u8]) {
        match memchr::memrchr(b'.', self) {
            Some(dot) => (self.get(..dot).unwrap_or_default(), self.get(dot + 1..).unwrap_or_default()),
            None => (self, b""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        for (path, sample, vendored, settings) in [
            ("app/.env", false, false, true),
            ("app/config/database.yml", false, false, true),
            ("app/.env.example", true, false, false),
            ("srv/app/tests/test_login.py", true, false, false),
            ("usr/lib/python3/dist-packages/paramiko/tests/key.pem", true, true, false),
            ("app/node_modules/request/README.md", true, true, false),
            ("app/contest/latest.txt", false, false, false),
            ("src/testutil/registry.go", true, false, false),
            ("usr/share/doc/openssl/x", true, true, false),
            ("app/src/LoginTest.java", true, false, false),
            ("root/.npmrc", false, false, true),
        ] {
            let place = Place::new(path.as_bytes());
            assert_eq!(
                (place.is_sample(), place.is_vendored(), place.settings),
                (sample, vendored, settings),
                "{path}"
            );
        }
    }

    #[test]
    fn members_are_where_their_archive_is() {
        let archive = Place::new(b"app/testdata/backup.tar.gz");
        assert!(Place::new(b"etc/app.env").within(Some(&archive)).is_sample());
        assert!(!Place::new(b"etc/app.env").within(Some(&archive)).settings);
        assert!(!Place::new(b"etc/app.env").within(Some(&Place::new(b"srv/backup.tar.gz"))).is_sample());
        assert!(Place::new(b"etc/app.env").within(None).settings);
    }
}
