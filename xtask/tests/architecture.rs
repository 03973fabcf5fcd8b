//! The rules of the house that a compiler does not know: which crate may use which, where heavy dependencies live, and
//! what no file may hold. ARCHITECTURE.md explains the layers, CONTRIBUTING.md the rest.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The layers from the bottom, each from left to right: a crate may use what stands in a lower layer or to its left.
const LAYERS: &[(&str, &[&str])] = &[
    ("words", &["plimsoll-version", "plimsoll-types"]),
    (
        "bytes",
        &[
            "plimsoll-yaml",
            "plimsoll-archive",
            "plimsoll-image",
            "plimsoll-http",
            "plimsoll-registry",
            "plimsoll-cache",
        ],
    ),
    (
        "analysis",
        &[
            "plimsoll-rpmdb",
            "plimsoll-analysis",
            "plimsoll-catalog",
            "plimsoll-secrets",
            "plimsoll-malware",
            "plimsoll-misconfig",
            "plimsoll-integrity",
            "plimsoll-provenance",
        ],
    ),
    (
        "knowledge",
        &[
            "plimsoll-advisory",
            "plimsoll-db",
            "plimsoll-dbimport",
            "plimsoll-dbbuild",
            "plimsoll-dbupdate",
            "plimsoll-match",
        ],
    ),
    ("judgement", &["plimsoll-policy", "plimsoll-report", "plimsoll-compare", "plimsoll-query"]),
    ("assembly", &["plimsoll-scan"]),
    ("delivery", &["plimsoll-cli"]),
];

/// Crates that no shipped crate may use, except in its tests.
const DEVELOPMENT: &[&str] = &["plimsoll-test", "xtask"];

/// The highest layer that `plimsoll-test` may use: it serves the tests of every crate above.
const TEST_USES: &str = "bytes";

/// Crates without a workspace dependency at all: parsers that others may take by themselves.
const PURE: &[&str] = &["plimsoll-version", "plimsoll-rpmdb"];

/// Third-party crates that live in a few places, with the reason. `xtask` may use any of them but the last.
const CONFINED: &[(&[&str], &[&str], &str)] = &[
    (
        &["ureq", "rustls", "webpki-root-certs"],
        &["plimsoll-http"],
        "network access and TLS have one door, so that offline means no socket",
    ),
    (&["memmap2", "fst"], &["plimsoll-db"], "the index alone is read by mapping it"),
    (
        &["clap", "clap_complete", "clap_mangen", "indicatif", "terminal_size"],
        &["plimsoll-cli"],
        "libraries neither parse arguments nor print",
    ),
    (&["anyhow"], &["plimsoll-cli"], "libraries give typed errors that a caller can tell apart"),
    (
        &["serde-saphyr"],
        &["plimsoll-yaml"],
        "YAML is expensive to build and to trust: its limits stand in one place",
    ),
    (
        &["boreal"],
        &["plimsoll-malware"],
        "the engine of YARA rules stands behind one trait, so that another can take its place",
    ),
    (
        &["granit-parser"],
        &["plimsoll-misconfig"],
        "manifests need the line of each value, which no YAML value type keeps",
    ),
    (
        &["ring"],
        &["plimsoll-provenance", "plimsoll-test"],
        "signatures are verified in one place, with the library that TLS brings anyway, and made for tests",
    ),
    (&["cel"], &["plimsoll-policy"], "an interpreter is guarded in one place"),
    (
        &["quick-xml"],
        &["plimsoll-advisory", "plimsoll-catalog"],
        "XML is read in few places, which expand no entities and limit what nests",
    ),
    (
        &["rawzip"],
        &["plimsoll-archive", "plimsoll-catalog", "plimsoll-dbbuild"],
        "zip archives are read under the budgets of plimsoll-archive",
    ),
    (
        &["rusqlite"],
        &["plimsoll-dbimport"],
        "SQLite is a large C library that meets foreign files in one place",
    ),
    (
        &["datafusion", "futures", "tokio"],
        &["plimsoll-query"],
        "the query engine and the runtime that it wants are heavy; analysis and matching are synchronous, and threads come \
         from the caller",
    ),
    (&["jsonschema"], &["plimsoll-cli", "plimsoll-report"], "it serves tests of report formats only"),
];

/// Third-party crates that are not wanted anywhere, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("openssl-sys", "a build needs Rust and a C compiler only"),
    ("cmake", "a build needs Rust and a C compiler only"),
];

/// The most lines of a source file.
const MAX_LINES: usize = 1_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A workspace crate as its manifest describes it.
struct Crate {
    name: String,
    /// Name and kind (`normal`, `dev`, `build`) of what it uses.
    uses: Vec<(String, String)>,
}

fn crates() -> Vec<Crate> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    let mut found: Vec<Crate> = packages
        .iter()
        .map(|package| {
            let uses = package["dependencies"].as_array().unwrap().iter().map(|dependency| {
                (text(&dependency["name"]), dependency["kind"].as_str().unwrap_or("normal").to_owned())
            });
            Crate { name: text(&package["name"]), uses: uses.collect() }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() > LAYERS.len(), "cargo metadata lists only {} crates", found.len());
    found
}

/// The place of each shipped crate: its layer's number and its place in the layer.
fn places() -> BTreeMap<&'static str, (usize, usize)> {
    let mut places = BTreeMap::new();
    for (layer, (_, names)) in LAYERS.iter().enumerate() {
        for (place, name) in names.iter().enumerate() {
            assert!(places.insert(*name, (layer, place)).is_none(), "{name} stands in the table twice");
        }
    }
    places
}

fn assert_none(faults: Vec<String>, rule: &str) {
    let mut text = String::new();
    for fault in &faults {
        writeln!(text, "  {fault}").unwrap();
    }
    assert!(faults.is_empty(), "{rule}\n{text}");
}

#[test]
fn every_crate_has_its_place() {
    let places = places();
    let crates = crates();
    let unknown = crates
        .iter()
        .filter(|c| !places.contains_key(c.name.as_str()) && !DEVELOPMENT.contains(&c.name.as_str()));
    assert_none(
        unknown.map(|c| c.name.clone()).collect(),
        "Crates that the table of layers does not know. Decide which layer a new crate belongs to, add it to LAYERS in \
         xtask/tests/architecture.rs and to the table in ARCHITECTURE.md:",
    );
    let gone = places.keys().chain(DEVELOPMENT).filter(|name| !crates.iter().any(|c| c.name == **name));
    assert_none(
        gone.map(|name| (*name).to_owned()).collect(),
        "Crates in the table of layers that the workspace does not have. Take them out of LAYERS in \
         xtask/tests/architecture.rs and of ARCHITECTURE.md:",
    );
}

#[test]
fn crates_depend_on_lower_layers_only() {
    let places = places();
    let test_limit = LAYERS.iter().position(|(name, _)| *name == TEST_USES).unwrap();
    let mut faults = Vec::new();
    for user in &crates() {
        for (used, kind) in &user.uses {
            let fault = match (places.get(user.name.as_str()), places.get(used.as_str())) {
                (Some(user), Some(used)) if used < user => None,
                (Some(user), Some(used)) if used.0 == user.0 => {
                    Some("it stands to the right in the same layer")
                }
                (Some(_), Some(_)) => Some("it stands in a higher layer"),
                (Some(_), None) if used == "plimsoll-test" && kind == "dev" => None,
                (_, None) if DEVELOPMENT.contains(&used.as_str()) && user.name != "xtask" => {
                    Some("it is for development only (plimsoll-test may be used as a dev-dependency)")
                }
                (None, Some(used)) if user.name == "plimsoll-test" && used.0 > test_limit => {
                    Some("plimsoll-test serves all tests and so may use the lowest layers only")
                }
                _ => None,
            };
            if let Some(reason) = fault {
                faults.push(format!("{} uses {used} ({kind}): {reason}", user.name));
            }
        }
    }
    assert_none(
        faults,
        "A crate may use crates of lower layers and, inside its layer, crates to its left, so that what is below never \
         learns of what is above and daily work rebuilds little. Move the code down, or pass in what is needed:",
    );
}

#[test]
fn pure_crates_stay_pure() {
    let crates = crates();
    let faults = crates.iter().filter(|c| PURE.contains(&c.name.as_str())).flat_map(|c| {
        let inside = c.uses.iter().filter(|(used, kind)| used.starts_with("plimsoll-") && kind == "normal");
        inside.map(|(used, _)| format!("{} uses {used}", c.name))
    });
    assert_none(
        faults.collect(),
        "These parsers know nothing of Plimsoll, so that they can be read, tested and fuzzed by themselves:",
    );
}

#[test]
fn heavy_dependencies_are_confined() {
    let mut faults = Vec::new();
    for user in &crates() {
        for (used, kind) in &user.uses {
            if let Some((_, reason)) = BANNED.iter().find(|(name, _)| name == used) {
                faults.push(format!("{} uses {used}, which is not wanted: {reason}", user.name));
            }
            let confined = CONFINED.iter().find(|(names, ..)| names.contains(&used.as_str()));
            let Some((_, homes, reason)) = confined else { continue };
            if !homes.contains(&user.name.as_str()) && user.name != "xtask" {
                let homes = homes.join(", ");
                faults
                    .push(format!("{} uses {used} ({kind}), which belongs to {homes}: {reason}", user.name));
            }
        }
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for (name, reason) in BANNED {
        if lock.contains(&format!("name = \"{name}\"\n")) {
            faults.push(format!("Cargo.lock holds {name} (`cargo tree --invert {name}` says why): {reason}"));
        }
    }
    assert_none(
        faults,
        "Heavy third-party crates live behind one boundary each, so that daily work does not rebuild them and a fault in \
         one has one place. Use the crate that owns it, or change CONFINED in xtask/tests/architecture.rs with the reason:",
    );
}

/// The files of the repository, new ones included, without what it ignores. `None` where there is no repository, such as
/// in a source archive.
fn files() -> Option<Vec<PathBuf>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let mut files: Vec<PathBuf> = listed
        .stdout
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| PathBuf::from(String::from_utf8_lossy(path).into_owned()))
        .filter(|path| root().join(path).is_file())
        .collect();
    files.sort();
    files.dedup();
    assert!(files.iter().any(|path| path.ends_with("architecture.rs")), "the list of files lacks this one");
    Some(files)
}

/// All `.rs` files below `folder`.
fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                sources(&path, out);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "xtask", "fuzz"] {
        sources(&root().join(folder), &mut found);
    }
    found.sort();
    assert!(found.len() > 50, "only {} sources were found", found.len());
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn every_source_says_what_it_is() {
    let silent = all_sources().into_iter().filter(|path| {
        let first = fs::read_to_string(path).unwrap().lines().next().unwrap_or_default().to_owned();
        first.strip_prefix("//!").is_none_or(|text| text.trim().is_empty())
    });
    assert_none(
        silent.map(|path| shown(&path)).collect(),
        "A source file begins with a `//!` line that says what it is and which specification it follows, so that a reader \
         can check it against that. These do not:",
    );
}

#[test]
fn sources_have_one_topic() {
    let long = all_sources().into_iter().filter_map(|path| {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        (lines > MAX_LINES).then(|| format!("{}: {lines} lines", shown(&path)))
    });
    assert_none(
        long.collect(),
        "Past 1,000 lines a file has a second topic. Find it and give it a file of its own:",
    );
}

/// What no file may hold. Put together here, so that this file does not hold it either.
fn traces() -> Vec<(String, &'static str)> {
    let path = |name: &str| format!("/{name}/");
    let host = |labels: &[&str]| labels.join(".");
    let machine = "a path of one machine";
    let download = "a host that packages are downloaded from";
    vec![
        (path("work"), machine),
        (path("root"), machine),
        (host(&["index", "crates", "io"]), download),
        (host(&["static", "crates", "io"]), download),
        (host(&["registry", "npmjs", "org"]), download),
        (host(&["registry", "yarnpkg", "com"]), download),
        (host(&["files", "pythonhosted", "org"]), download),
        (host(&["pypi", "org/simple"]), download),
        (host(&["proxy", "golang", "org"]), download),
        (host(&["sum", "golang", "org"]), download),
        (host(&["repo1", "maven", "org"]), download),
        (host(&["repo", "maven", "apache", "org"]), download),
        (host(&["repo", "packagist", "org"]), download),
        (host(&["api", "nuget", "org"]), download),
        (host(&["rubygems", "org/gems"]), download),
    ]
}

#[test]
fn no_file_holds_traces_of_a_machine() {
    let Some(files) = files() else {
        println!("skipped: this is no git repository");
        return;
    };
    let traces = traces();
    let mut faults = Vec::new();
    for path in files {
        // The lock file names where each crate came from.
        if path.file_name().is_some_and(|name| name == "Cargo.lock") {
            continue;
        }
        let bytes = fs::read(root().join(&path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            for (trace, what) in &traces {
                if line.contains(trace.as_str()) {
                    faults.push(format!("{}:{}: {trace} is {what}", path.display(), number + 1));
                }
            }
        }
    }
    assert_none(
        faults,
        "A checkout works anywhere: no file names a folder of the machine it was written on or the host that a dependency \
         came from (image paths are written without the leading slash):",
    );
}
