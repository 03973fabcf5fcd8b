//! Runs the command line in a folder of its own, and holds what it says against expected files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use plimsoll_test::images::{ImageText, Packing, docker_save};
use serde_json::Value;
use tempfile::TempDir;

use crate::samples::{demo_database, demo_digest};

/// The name of the demonstration database.
pub const DATABASE: &str = "demo.index";

/// A folder with nothing in it but what a test puts there.
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// A place with a folder `home` and the demonstration database, `demo.index`.
    pub fn new() -> Place {
        let place = Place::without_database();
        place.write(DATABASE, demo_database());
        place
    }

    pub fn without_database() -> Place {
        let place = Place { folder: tempfile::Builder::new().prefix("plimsoll-it-").tempdir().unwrap() };
        fs::create_dir(place.path("home")).unwrap();
        place
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Writes an image as a `docker save` archive.
    pub fn archive(&self, name: &str, image: ImageText) {
        docker_save(&[image]).unwrap().write_tar(&self.path(name), Packing::Plain).unwrap();
    }

    /// The names in a folder of this place, sorted, hidden ones too.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The command, with this place as the working directory and nothing of the environment of the tests. It fetches no
    /// advisory database by itself: tests open no connection to other machines.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .args(arguments)
            .current_dir(self.root())
            .env_clear()
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("home"))
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .env("PLIMSOLL_SKIP_DB_UPDATE", "1")
            .stdin(Stdio::null());
        // Tests of packages and advisories want those alone.
        let has = |word: &str| arguments.contains(&word);
        let others = ["--scanners", "--help", "-h", "--password", "--registry-token"];
        if has("scan") && arguments.len() > 1 && others.iter().all(|word| !has(word)) {
            command.env("PLIMSOLL_SCANNERS", "vuln");
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(self.command(arguments), b"")
    }

    /// Runs a command that reads `input`.
    pub fn run_with(&self, mut command: Command, input: &[u8]) -> Run {
        let arguments: Vec<String> =
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let mut child = command
            .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            if let Some(mut stdin) = stdin {
                // Who does not read its input to the end is none of this test's concern.
                scope.spawn(move || drop(stdin.write_all(input)));
            }
            child.wait_with_output().unwrap()
        });
        Run::new(self, &arguments, output)
    }
}

/// What a run did.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    arguments: String,
    folder: String,
}

impl Run {
    pub fn new(place: &Place, arguments: &[String], output: Output) -> Run {
        Run {
            code: output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}", output.status)),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            arguments: arguments.join(" "),
            folder: place.root().to_str().unwrap().to_owned(),
        }
    }

    /// Fails unless the run ended with this code.
    #[track_caller]
    pub fn code(self, expected: i32) -> Run {
        assert_eq!(self.code, expected, "plimsoll {}\n{}\n{}", self.arguments, self.stdout, self.stderr);
        self
    }

    /// Fails unless standard error holds each of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Run {
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "plimsoll {}\nno '{part}' in:\n{}",
                self.arguments,
                self.stderr
            );
        }
        self
    }

    /// Fails unless standard error is empty.
    #[track_caller]
    pub fn silent(self) -> Run {
        assert_eq!(self.stderr, "", "plimsoll {}", self.arguments);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("plimsoll {}: {error}\n{}", self.arguments, self.stdout))
    }

    /// Holds the command, its exit code and what it printed against the expected file.
    #[track_caller]
    pub fn matches(&self, name: &str) {
        let mut text =
            format!("{}\nexit code {}\n", format!("$ plimsoll {}", self.arguments).trim_end(), self.code);
        for (title, content) in [("standard output", &self.stdout), ("standard error", &self.stderr)] {
            if !content.is_empty() {
                text.push_str(&format!("--- {title}\n{content}"));
                if !content.ends_with('\n') {
                    text.push_str("\n(no newline at the end)\n");
                }
            }
        }
        snapshot(&format!("{name}.txt"), &self.plain(&text));
    }

    /// A text of this run without what differs from run to run and from version to version.
    pub fn plain(&self, text: &str) -> String {
        let text = text.replace(&self.folder, "FOLDER").replace(env!("CARGO_PKG_VERSION"), "VERSION");
        let text = text.replace(demo_digest(), "sha256:DATABASE");
        let text = cut(&text, "urn:uuid:", "UUID", |c| c.is_ascii_hexdigit() || c == '-');
        cut(&text, "spdx.org/spdxdocs/", "DOCUMENT", |c| c != '"')
    }
}

/// Replaces what follows `prefix` as long as `of` holds.
fn cut(text: &str, prefix: &str, replacement: &str, of: impl Fn(char) -> bool) -> String {
    let mut parts = text.split(prefix);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(prefix);
        out.push_str(replacement);
        out.push_str(part.trim_start_matches(&of));
    }
    out
}

/// Holds a text against the expected file.
#[track_caller]
pub fn snapshot(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("PLIMSOLL_UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, got).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != got {
        let first = expected.lines().zip(got.lines()).position(|(a, b)| a != b).map_or(0, |line| line + 1);
        panic!("{} differs in line {first}; got:\n{got}", path.display());
    }
}

/// The findings of all targets of a JSON report: `package version vulnerability`, sorted.
pub fn findings(report: &Value) -> Vec<String> {
    let mut found: Vec<String> = items(report, "findings")
        .map(|finding| {
            let text = |pointer: &str| finding.pointer(pointer).unwrap().as_str().unwrap();
            format!("{} {} {}", text("/package/name"), text("/package/version"), text("/vulnerability/id"))
        })
        .collect();
    found.sort();
    found
}

/// The packages of all targets of a JSON report: `ecosystem name version`, sorted.
pub fn packages(report: &Value) -> Vec<String> {
    let mut found: Vec<String> = items(report, "packages")
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap();
            format!("{} {} {}", text("ecosystem"), text("name"), text("version"))
        })
        .collect();
    found.sort();
    found
}

/// The problems of all targets of a JSON report: `code path: message`, in order.
pub fn problems(report: &Value) -> Vec<String> {
    items(report, "problems")
        .map(|problem| {
            let text = |key: &str| problem[key].as_str().unwrap_or_default();
            format!("{} {}: {}", text("code"), text("path"), text("message"))
        })
        .collect()
}

fn items<'a>(report: &'a Value, key: &'static str) -> impl Iterator<Item = &'a Value> {
    report["targets"].as_array().unwrap().iter().flat_map(move |target| target[key].as_array().unwrap())
}

/// The lines of a fixture, without comments.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}
