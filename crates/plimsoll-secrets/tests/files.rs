//! Every kind of credential file against its fixtures in `tests/files/ID`. `cases` lists for each fixture the path that it has in the
//! image and what is found in it; a fixture without lines below it must give nothing. In the fixtures `§` stands inside of each
//! secret that was planted, and nowhere else: what is found must be what is marked. The loader drops it. Files that end in `.b64` are
//! base64 and are judged by their lines alone.
//!
//! Fixtures that the real tool made: `npm config set`, `git credential-store`, `htpasswd`, `ssh-keygen`, `puttygen`, `keytool`, `openssl`,
//! `wg genkey`, crypt(3). The others follow the tools' documentation, which each kind names.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plimsoll_secrets::Found;
use plimsoll_secrets::files::{FileKind, KINDS, kinds};

const MARK: &str = "§";

struct Fixture {
    kind: &'static FileKind,
    path: String,
    name: String,
    bytes: Vec<u8>,
    /// Where the marks stood, in `bytes`; `None` for a binary file.
    marks: Option<Vec<usize>>,
    expected: String,
}

fn folder(kind: &FileKind) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(kind.id)
}

fn load(path: &Path) -> (Vec<u8>, Option<Vec<usize>>) {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "b64") {
        let text: String = text.split_whitespace().collect();
        return (STANDARD.decode(text).unwrap(), None);
    }
    let mut bytes = Vec::new();
    let mut marks = Vec::new();
    for part in text.split(MARK) {
        if !bytes.is_empty() || !marks.is_empty() {
            marks.push(bytes.len());
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    (bytes, Some(marks))
}

fn fixtures() -> Vec<Fixture> {
    let mut fixtures: Vec<Fixture> = Vec::new();
    for kind in KINDS {
        let folder = folder(kind);
        let cases =
            fs::read_to_string(folder.join("cases")).unwrap_or_else(|_| panic!("{} has no cases", kind.id));
        for line in cases.lines() {
            if let Some(expected) = line.strip_prefix("    ") {
                let fixture = fixtures.last_mut().unwrap();
                writeln!(fixture.expected, "    {expected}").unwrap();
                continue;
            }
            let (path, name) = line.rsplit_once(' ').unwrap();
            let (bytes, marks) = load(&folder.join(name));
            let (path, name) = (path.to_owned(), name.to_owned());
            fixtures.push(Fixture { kind, path, name, bytes, marks, expected: String::new() });
        }
    }
    fixtures
}

fn find(kind: &FileKind, path: &str, bytes: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    (kind.find)(path.as_bytes(), bytes, &mut found);
    for found in &found {
        assert!(found.value.start <= found.value.end && found.value.end <= bytes.len(), "{found:?}");
        assert!(found.class.starts_with("SEC-") && !found.rule.is_empty(), "{found:?}");
        assert!(!found.message.is_empty(), "{found:?}");
        assert!(found.notes.iter().all(|note| note.ends_with('.')), "{found:?}");
    }
    found
}

/// A value as `cases` writes it.
fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value).replace('\n', "\\n");
    let text: Vec<char> = text.chars().collect();
    let part = |range: &[char]| range.iter().collect::<String>();
    match text.len() {
        0 => "(file)".to_owned(),
        1..=60 => format!("{}{MARK}{}", part(&text[..text.len().min(3)]), part(&text[text.len().min(3)..])),
        length => format!("{}{MARK}{}…{}", part(&text[..3]), part(&text[3..20]), part(&text[length - 16..])),
    }
}

fn lines(found: &[Found], bytes: &[u8]) -> String {
    let mut text = String::new();
    for found in found {
        let severity =
            found.severity.map_or_else(|| "-".to_owned(), |severity| format!("{severity:?}").to_lowercase());
        let confidence = format!("{:?}", found.confidence).to_lowercase();
        let (class, rule) = (found.class, &found.rule);
        let value = shown(&bytes[found.value.clone()]);
        writeln!(text, "    {class}/{rule} {severity} {confidence} | {} | {value}", found.message).unwrap();
    }
    text
}

#[test]
fn each_fixture_gives_what_it_holds() {
    let mut wrong = String::new();
    for fixture in fixtures() {
        let found = find(fixture.kind, &fixture.path, &fixture.bytes);
        for found in &found {
            let value = String::from_utf8_lossy(&fixture.bytes[found.value.clone()]);
            assert!(
                value.is_empty() || !found.message.contains(&*value),
                "the message tells the secret: {found:?}"
            );
        }
        let lines = lines(&found, &fixture.bytes);
        if lines != fixture.expected {
            writeln!(wrong, "{}: {} {}\n{lines}", fixture.kind.id, fixture.path, fixture.name).unwrap();
        }
    }
    assert!(wrong.is_empty(), "other findings than the cases say:\n{wrong}");
}

#[test]
fn what_is_found_is_what_was_planted() {
    for fixture in fixtures() {
        let found = find(fixture.kind, &fixture.path, &fixture.bytes);
        let Some(marks) = &fixture.marks else { continue };
        let at = format!("{} {}", fixture.kind.id, fixture.name);
        for found in &found {
            let value = String::from_utf8_lossy(&fixture.bytes[found.value.clone()]);
            let inside = marks.iter().any(|mark| found.value.start <= *mark && *mark < found.value.end);
            assert!(inside, "{at}: nobody planted {value:?} ({})", found.message);
        }
        for mark in marks {
            let inside = found.iter().any(|found| found.value.start <= *mark && *mark < found.value.end);
            let start = fixture.bytes[..*mark].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            let line = String::from_utf8_lossy(&fixture.bytes[start..(*mark + 20).min(fixture.bytes.len())]);
            assert!(inside, "{at}: not found: {line}");
        }
    }
}

#[test]
fn each_kind_has_fixtures_of_both_sorts() {
    let fixtures = fixtures();
    let mut ids = BTreeSet::new();
    for kind in KINDS {
        assert!(ids.insert(kind.id), "{} stands in the register twice", kind.id);
        assert!(!kind.title.is_empty() && kind.max_size > 0);
        let mine = || fixtures.iter().filter(|fixture| fixture.kind.id == kind.id);
        assert!(mine().any(|fixture| !fixture.expected.is_empty()), "{}: no fixture with secrets", kind.id);
        assert!(mine().any(|fixture| fixture.expected.is_empty()), "{}: no fixture without", kind.id);
        for file in fs::read_dir(folder(kind)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(
                name == "cases" || mine().any(|fixture| fixture.name == name),
                "{}: {name} is not used",
                kind.id
            );
        }
        for fixture in mine() {
            let of_kind =
                kinds(fixture.path.as_bytes(), fixture.bytes.len() as u64).any(|other| other.id == kind.id);
            assert!(of_kind, "{} is no {}", fixture.path, kind.id);
        }
    }
    assert!(KINDS.len() >= 35);
    // What the fuzz target chooses from.
    let listed = include_str!("files/paths");
    let used: BTreeSet<&str> = fixtures.iter().map(|fixture| fixture.path.as_str()).collect();
    assert_eq!(
        listed.lines().collect::<BTreeSet<_>>(),
        used,
        "tests/files/paths lists all paths of the cases"
    );
}

#[test]
fn kinds_stay_out_of_each_others_way() {
    // A path may be of several kinds, but the same secret is told once.
    for fixture in fixtures() {
        let all: Vec<Found> = kinds(fixture.path.as_bytes(), fixture.bytes.len() as u64)
            .flat_map(|kind| find(kind, &fixture.path, &fixture.bytes))
            .collect();
        let places: BTreeSet<_> = all.iter().map(|found| (found.value.start, found.value.end)).collect();
        assert_eq!(places.len(), all.len(), "{}: {all:#?}", fixture.path);
    }
}

#[test]
fn paths_of_other_files_are_no_kind() {
    for path in [
        "usr/bin/bash",
        "etc/ssh/ssh_config",
        "etc/ssh/sshd_config",
        "root/.ssh/authorized_keys",
        "root/.ssh/id_ed25519.pub",
        "etc/passwd.conf",
        "usr/bin/passwd",
        "usr/share/bash-completion/completions/passwd",
        "usr/lib/python3/dist-packages/django/conf/global_settings.py",
        "usr/lib/python3/dist-packages/rest_framework/settings.py",
        "app/node_modules/docker/configuration",
        "",
        "/",
    ] {
        let kinds: Vec<_> = kinds(path.as_bytes(), 10).map(|kind| kind.id).collect();
        assert!(kinds.is_empty(), "{path} is {kinds:?}");
    }
}

#[test]
fn every_prefix_is_read() {
    for fixture in fixtures() {
        let step = if fixture.bytes.len() > 3000 { 11 } else { 1 };
        for end in (0..fixture.bytes.len()).step_by(step) {
            find(fixture.kind, &fixture.path, &fixture.bytes[..end]);
        }
    }
}

#[test]
fn changed_bytes_are_read() {
    for fixture in fixtures() {
        let mut bytes = fixture.bytes.clone();
        let step = (bytes.len() / 80).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let kept = bytes[at];
            for byte in [0, b'\n', b'"', b'{', b':', b'=', b'<', b'-', 0xff, b'\\', b' '] {
                bytes[at] = byte;
                find(fixture.kind, &fixture.path, &bytes);
            }
            bytes[at] = kept;
        }
    }
}

#[test]
fn deep_and_long_files_end() {
    let shapes: [Vec<u8>; 9] = [
        vec![b'{'; 200_000],
        b"{\"a\":".repeat(50_000),
        b"<a>".repeat(60_000),
        b"- ".repeat(60_000),
        b"a:\n ".repeat(40_000),
        (0..600).flat_map(|n| [" ".repeat(n), "a:\n".to_owned()].concat().into_bytes()).collect(),
        b"https://a:bcdefghi@c ".repeat(8_000),
        b"-----BEGIN PRIVATE KEY-----".repeat(6_000),
        b"kind: Secret\n-----BEGIN OpenVPN Static key".repeat(4_000),
    ];
    for kind in KINDS {
        let fixture = fs::read_to_string(folder(kind).join("cases")).unwrap();
        let path = fixture.lines().next().and_then(|line| line.rsplit_once(' ')).unwrap().0.to_owned();
        for shape in &shapes {
            let start = std::time::Instant::now();
            find(kind, &path, shape);
            assert!(
                start.elapsed().as_secs() < 10,
                "{}: {:?}",
                kind.id,
                String::from_utf8_lossy(&shape[..20])
            );
        }
    }
}
