//! The one way in which the tests of the formats hold an analyzer against a file.

use plimsoll_analysis::{Analyzer, Fact, File, Matcher, Output};

/// Asserts that `analyzer` wants the file at `path` and states exactly `expected` of its content, in order, one text a
/// fact as [`told`] writes it; and that it [`survives`].
pub(crate) fn check(analyzer: &'static dyn Analyzer, path: &str, bytes: &[u8], expected: &[&str]) {
    assert!(wants(analyzer, path), "{} does not want {path}", analyzer.id());
    assert_eq!(told(analyzer, path, bytes), expected, "{path}");
    survives(analyzer, path, bytes);
}

/// Shows the analyzer every beginning of the content, and the content with every byte changed: none may make it panic.
pub(crate) fn survives(analyzer: &dyn Analyzer, path: &str, bytes: &[u8]) {
    // All places in a small file, some 4,000 in a large one.
    let step = 1 + bytes.len() / 4_096;
    for end in (0..bytes.len()).step_by(step) {
        told(analyzer, path, &bytes[..end]);
    }
    let mut changed = bytes.to_vec();
    for at in (0..bytes.len()).step_by(step) {
        for mask in [0x01, 0x20, 0xff] {
            changed[at] ^= mask;
            told(analyzer, path, &changed);
            changed[at] ^= mask;
        }
    }
}

/// Whether the analyzer is offered the file at `path`.
pub(crate) fn wants(analyzer: &'static dyn Analyzer, path: &str) -> bool {
    Matcher::new(&[std::sync::Arc::new(analyzer)]).by_path(path.as_bytes()) != 0
}

/// What the analyzer states of a file: `name version`, then what else is known in brackets; problems and the error
/// last.
pub(crate) fn told(analyzer: &dyn Analyzer, path: &str, bytes: &[u8]) -> Vec<String> {
    let mut out = Output::default();
    let result = analyzer.analyze(&File::new(path.as_bytes(), 0o644, &bytes.to_vec()), &mut out);
    let mut told: Vec<String> = out.facts.iter().map(line).collect();
    told.extend(out.problems.into_iter().map(|problem| format!("problem: {}", problem.message)));
    told.extend(result.err().map(|error| format!("error: {error}")));
    told
}

/// One fact as [`told`] writes it.
pub(crate) fn line(fact: &Fact) -> String {
    match fact {
        Fact::Package(package) => {
            let mut line = format!("{} {}", package.name, package.version);
            for (key, value) in [
                ("arch", package.arch.clone()),
                ("source", format!("{} {}", package.source_name, package.source_version).trim().to_owned()),
                ("licenses", package.licenses.join("; ")),
                ("vendor", package.vendor.clone()),
                ("modularity", package.modularity.clone()),
                ("inside", package.inside.clone()),
                ("owned", package.owned.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
            ] {
                if !value.is_empty() {
                    line.push_str(&format!(" [{key}: {value}]"));
                }
            }
            line
        }
        Fact::Owned(owned) => {
            let paths: Vec<_> = owned.paths.iter().map(ToString::to_string).collect();
            format!("{}:{} owns {}", owned.name, owned.arch, paths.join(" "))
        }
        other => format!("{other:?}"),
    }
}
