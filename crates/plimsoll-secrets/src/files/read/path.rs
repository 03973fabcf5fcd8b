//! Questions about a file's path, which has no leading slash.

/// The last component.
pub(crate) fn name(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(path, |at| path.get(at + 1..).unwrap_or_default())
}

/// True when the last component is one of `names`.
pub(crate) fn named(path: &[u8], names: &[&str]) -> bool {
    let name = name(path);
    names.iter().any(|wanted| wanted.as_bytes() == name)
}

/// True when the path ends with the components `end`, such as `.aws/credentials`.
pub(crate) fn ends(path: &[u8], end: &str) -> bool {
    path.strip_suffix(end.as_bytes()).is_some_and(|before| before.is_empty() || before.ends_with(b"/"))
}

/// True when the path ends with one of `ends`.
pub(crate) fn ends_any(path: &[u8], all: &[&str]) -> bool {
    all.iter().any(|end| ends(path, end))
}

/// True when the last component ends with `suffix` and has more.
pub(crate) fn suffixed(path: &[u8], suffix: &str) -> bool {
    let name = name(path);
    name.len() > suffix.len() && name.ends_with(suffix.as_bytes())
}

/// True when the last component ends with one of `suffixes`.
pub(crate) fn suffixed_any(path: &[u8], suffixes: &[&str]) -> bool {
    suffixes.iter().any(|suffix| suffixed(path, suffix))
}

/// True when the path has the folder `folder`, such as `.ssh` or `etc/openvpn`, above its last component.
pub(crate) fn below(path: &[u8], folder: &str) -> bool {
    let has = |start: usize| {
        path.get(start..)
            .and_then(|rest| rest.strip_prefix(folder.as_bytes()))
            .is_some_and(|rest| rest.first() == Some(&b'/'))
    };
    has(0) || memchr::memchr_iter(b'/', path).any(|slash| has(slash + 1))
}

/// Folders that package managers fill.
const PACKAGED: &[&str] = &[
    "usr/share",
    "usr/lib",
    "usr/lib64",
    "site-packages",
    "dist-packages",
    "node_modules",
    "gems",
    "vendor",
    "pkg/mod",
    "registry/src",
    "third_party",
    "google-cloud-sdk",
];

/// Folders whose files show how something is done.
const SAMPLES: &[&str] = &[
    "doc",
    "docs",
    "example",
    "examples",
    "sample",
    "samples",
    "test",
    "tests",
    "testdata",
    "test-data",
    "test_data",
    "testing",
    "fixtures",
    "spec",
    "__tests__",
    "demo",
    "demos",
];

/// Names of files that are to be copied and filled in.
const SAMPLE_SUFFIXES: &[&str] = &[
    ".example",
    ".sample",
    ".dist",
    ".template",
    ".tmpl",
    ".tpl",
    "-example",
    "-sample",
    ".default",
    ".defaults",
];

/// Why the file is likely to be no more than a sample, where it is.
pub(crate) fn sample(path: &[u8]) -> Option<&'static str> {
    let name = name(path);
    let has = |word: &str| memchr::memmem::find(name, word.as_bytes()).is_some();
    if SAMPLE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix.as_bytes()))
        || has(".example.")
        || has(".sample.")
        || has("-sample.")
        || has("-example.")
    {
        return Some("The file's name says that it is a sample.");
    }
    if below(path, "usr/share/doc") || below(path, "usr/share/man") {
        return Some("The file is part of a package's documentation.");
    }
    let packaged = PACKAGED.iter().any(|folder| below(path, folder));
    (packaged && SAMPLES.iter().any(|folder| below(path, folder)))
        .then_some("The file lies among a package's tests or examples.")
}
