//! The corpus holds what it says, is the same on every machine, and cannot be taken for secrets where it lies.

use std::collections::BTreeSet;

use serde_json::json;

use super::evaluate::{Finding, Score, compare, findings, labelled};
use super::roots::{self, File};
use super::template::{self, Label, Role, Span};
use super::{TEMPLATES, corpus};

#[test]
fn there_is_enough_of_everything() {
    let files = corpus().unwrap();
    let mut total = Score::default();
    let (mut with_secrets, mut with_look_alikes) = (BTreeSet::new(), BTreeSet::new());
    let mut values = BTreeSet::new();
    // The first root alone has enough; the others have the same kinds with other values.
    for file in files.iter().filter(|file| file.root == 0) {
        let score = labelled(file);
        total.add(score);
        if score.secrets > 0 {
            with_secrets.insert(&file.kind);
        }
        if score.look_alikes > 0 {
            with_look_alikes.insert(&file.kind);
        }
        values.extend(
            file.labels.iter().filter(|label| label.role == Role::LookAlike).map(|label| &label.value),
        );
    }
    assert!(total.secrets >= 500, "{} secrets", total.secrets);
    assert!(with_secrets.len() >= 60, "{} kinds with secrets", with_secrets.len());
    assert!(total.look_alikes >= 500, "{} look-alikes", total.look_alikes);
    assert!(with_look_alikes.len() >= 60, "{} kinds with look-alikes", with_look_alikes.len());
    assert!(values.len() >= 450, "only {} look-alikes differ", values.len());
}

#[test]
fn the_same_templates_give_the_same_files() {
    let (first, second) = (corpus().unwrap(), corpus().unwrap());
    assert_eq!(first.len(), second.len());
    for (a, b) in first.iter().zip(&second) {
        assert_eq!((a.root, &a.path), (b.root, &b.path));
        assert_eq!(a.bytes, b.bytes, "{}", a.path);
    }
}

/// Random values differ between copies, or the copies would add nothing.
#[test]
fn copies_differ() {
    let files = corpus().unwrap();
    for file in files.iter().filter(|file| file.root > 0) {
        let first = files.iter().find(|other| other.root == 0 && other.path == file.path).unwrap();
        assert_ne!(first.bytes, file.bytes, "{}", file.path);
    }
}

/// A maker that no template uses makes nothing.
#[test]
fn every_maker_is_used() {
    let folder = crate::root().join(TEMPLATES);
    let texts: Vec<String> =
        template::files(&folder).unwrap().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let binary = ["github-pat", "stripe-secret", "aws-secret-key", "gitlab-pat", "uuid", "md5"];
    let mut idle = Vec::new();
    for maker in super::makers::names() {
        let used = texts.iter().any(|text| {
            let mut places =
                text.match_indices(maker).map(|(at, _)| (&text[..at], &text[at + maker.len()..]));
            places.any(|(before, after)| {
                before.ends_with([':', '-']) && (after.starts_with('⟧') || after.starts_with('#'))
            })
        });
        if !used && !binary.contains(&maker) {
            idle.push(maker);
        }
    }
    assert_eq!(idle, [""; 0]);
}

fn rendered(text: &str) -> anyhow::Result<template::Rendered> {
    template::parse(text)?[0].render("k", 0)
}

#[test]
fn templates_become_files() {
    let made = rendered("⟦file: etc/a⟧\nx ⟦s:=a§b⟧ ä⟦n:~one|one⟧\n⟦v:uuid#id⟧ ⟦o:uuid#id⟧\n\n").unwrap();
    let text = String::from_utf8(made.bytes).unwrap();
    let (first, second) = text.split_once('\n').unwrap();
    assert_eq!(first, "x ab äone");
    let (id, same) = second.trim_end().split_once(' ').unwrap();
    assert_eq!((id, id.len()), (same, 36));
    let roles: Vec<Role> = made.labels.iter().map(|label| label.role).collect();
    assert_eq!(roles, [Role::Secret, Role::LookAlike, Role::Optional]);
    let span = |line, column, end_column| Some(Span { line, end_line: line, column, end_column });
    let spans: Vec<Option<Span>> = made.labels.iter().map(|label| label.span).collect();
    assert_eq!(spans, [span(1, 3, 4), span(1, 7, 9), span(2, 38, 73)]);
}

/// In YAML, the lines of a key are as far to the right as its first.
#[test]
fn lines_are_indented() {
    let made = rendered("⟦file: etc/a⟧\nkey: |\n    ⟦s:ec⟧\nend\n").unwrap();
    let text = String::from_utf8(made.bytes).unwrap();
    let body: Vec<&str> = text.lines().skip(1).take_while(|line| *line != "end").collect();
    assert!(body.len() > 3 && body.iter().all(|line| line.starts_with("    ")), "{text}");
    let span = made.labels[0].span.unwrap();
    assert_eq!((span.line, span.end_line as usize), (2, body.len() + 1));
}

#[test]
fn damaged_templates_are_refused() {
    for text in [
        "",
        "no file\n",
        "⟦file: etc/a | as=gold⟧\n",
        "⟦file: /etc/a⟧\n",
        "⟦file: ../a⟧\n",
        "⟦file: a | copies=x⟧\n",
        "⟦file: a | whole=x⟧\n",
        "⟦file: a⟧\n⟦s:uuid\n",
        "⟦file: a⟧\nuuid⟧\n",
        "⟦file: a⟧\n⟦s⟧\n",
        "⟦file: a⟧\n⟦s:no-such-maker⟧\n",
        "⟦file: a⟧\n⟦q:uuid⟧\n",
        "⟦file: a⟧\n⟦s:=⟧\n",
        "⟦file: a | whole=s⟧\n⟦s:uuid⟧\n",
        "⟦file: a | as=base64⟧\n***\n",
        // The marks `@@s:uuid@@`, `@@s:uuid` and `@@s:uuid@@` with too few points.
        "⟦file: a | as=base64⟧\nQEBzOnV1aWRAQA==\n",
        "⟦file: a | as=base64⟧\nQEBzOnV1aWQ=\n",
        "⟦file: a | as=base64⟧\nQEBzOnV1aWRAQC4uLi4u\n",
    ] {
        assert!(rendered(text).is_err(), "{text}");
    }
}

/// What a label says stands there, counted anew from the bytes.
#[test]
fn values_stand_where_the_labels_say() {
    let mut checked = 0;
    for file in corpus().unwrap() {
        let text = if let Some(units) = file.bytes.strip_prefix(b"\xff\xfe") {
            let units: Vec<u16> =
                units.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap().replace('\r', "")
        } else if file.labels.iter().any(|label| label.member.is_some()) {
            continue;
        } else if file.labels.iter().any(|label| label.span.is_none()) {
            for label in file.labels.iter().filter(|label| label.maker != "whole") {
                assert!(
                    file.bytes.windows(label.value.len()).any(|part| part == label.value.as_bytes()),
                    "{}: {} is not there",
                    file.path,
                    label.maker
                );
            }
            continue;
        } else {
            String::from_utf8(file.bytes.clone()).unwrap()
        };
        assert!(!text.contains(['⟦', '⟧', '§']), "{} has marks left", file.path);
        let lines: Vec<Vec<char>> = text.split('\n').map(|line| line.chars().collect()).collect();
        for label in &file.labels {
            let span = label.span.unwrap();
            let place = |line: u32| line as usize - 1;
            let mut part = Vec::new();
            for number in span.line..=span.end_line {
                let line = &lines[place(number)];
                let from = if number == span.line { place(span.column) } else { 0 };
                let to = if number == span.end_line { span.end_column as usize } else { line.len() };
                part.push(line[from..to].iter().collect::<String>());
            }
            assert_eq!(part.join("\n"), label.value, "{}: {}", file.path, label.maker);
            checked += 1;
        }
    }
    assert!(checked > 900, "only {checked} labels stand in text");
}

/// Archives hold their members as they are.
#[test]
fn archives_open() {
    use std::io::Read as _;
    let files = corpus().unwrap();
    let packed: Vec<&File> =
        files.iter().filter(|file| file.labels.iter().any(|label| label.member.is_some())).collect();
    assert!(packed.len() >= 4, "{} archives", packed.len());
    for file in packed {
        let mut texts = Vec::new();
        if file.path.ends_with("gz") {
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(&file.bytes[..]).read_to_end(&mut bytes).unwrap();
            texts.push(bytes);
        } else if file.path.ends_with(".tar") {
            texts.push(file.bytes.clone());
        } else {
            let archive = rawzip::ZipArchive::from_slice(&file.bytes).unwrap();
            for entry in archive.entries() {
                let entry = archive.get_entry(entry.unwrap().wayfinder()).unwrap();
                let mut bytes = Vec::new();
                flate2::read::DeflateDecoder::new(entry.data()).read_to_end(&mut bytes).unwrap();
                texts.push(bytes);
            }
        }
        for label in &file.labels {
            let value = label.value.as_bytes();
            let there = texts.iter().any(|text| text.windows(value.len()).any(|part| part == value));
            assert!(there, "{}: {} is not there", file.path, label.maker);
        }
    }
}

/// No scanner, and no forge that blocks pushes, may take the templates for the secrets of somebody.
#[test]
fn templates_hold_no_live_looking_secret() {
    let forms = [
        r"A(KIA|SIA|ROA|IDA)[A-Z2-7]{16}",
        r"gh[pousr]_[0-9A-Za-z]{20}",
        r"github_pat_[0-9A-Za-z_]{20}",
        r"gl(pat|dt|rt|ptt|cbt)-[0-9A-Za-z_-]{16}",
        r"(sk|rk|pk)_(live|test)_[0-9A-Za-z]{10}",
        r"xox[abeprs]-[0-9]",
        r"xapp-[0-9]",
        r"hooks\.slack\.com/services/T[0-9A-Z]",
        r"npm_[0-9A-Za-z]{30}",
        r"pypi-AgE",
        r"AIza[0-9A-Za-z_-]{30}",
        r"ya29\.[0-9A-Za-z_-]{20}",
        r"GOCSPX-[0-9A-Za-z]",
        r"eyJ[0-9A-Za-z_-]{10,}\.eyJ",
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        r"PuTTY-User-Key-File-",
        r"LS0tLS1CRUdJTi",
        r"SG\.[0-9A-Za-z_-]{20}",
        r"hvs\.[0-9A-Za-z_-]{20}",
        r"dop_v1_[0-9a-f]{10}",
        r"hf_[A-Za-z]{30}",
        r"sk-(ant|proj)-[0-9A-Za-z]",
        r"dckr_pat_[0-9A-Za-z]",
        r"glsa_[0-9A-Za-z]",
        r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}",
        r"LTAI[0-9A-Za-z]{12}",
        r"AccountKey=[0-9A-Za-z+/]{40}",
        r"\$(2[aby]|6|5|y|apr1)\$[0-9A-Za-z./$]{30}",
        r"AGE-SECRET-KEY-1[0-9A-Z]",
        r"-----BEGIN OPENSSH",
        r"MII[EJ][0-9A-Za-z+/]{40}",
        r"b3BlbnNzaC1rZXkt",
    ];
    let forms: Vec<regex::Regex> = forms.iter().map(|form| regex::Regex::new(form).unwrap()).collect();
    let folder = crate::root().join(TEMPLATES);
    let mut paths = template::files(&folder).unwrap();
    let keys = std::fs::read_dir(folder.join("keys")).unwrap();
    paths.extend(keys.map(|entry| entry.unwrap().path()));
    assert!(paths.len() > 100, "{} templates", paths.len());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        for form in &forms {
            let found = form.find(&text).map(|found| found.as_str());
            assert_eq!(found, None, "{} looks like holding a secret; put a § into it", path.display());
        }
    }
}

fn label(role: Role, secret: usize, line: u32, columns: (u32, u32)) -> Label {
    let span = Span { line, end_line: line, column: columns.0, end_column: columns.1 };
    let (maker, value) = ("password".to_owned(), "x".to_owned());
    Label { role, secret, maker, value, member: None, span: Some(span) }
}

fn file(labels: Vec<Label>) -> File {
    File { kind: "k".to_owned(), root: 0, path: "etc/app.conf".to_owned(), bytes: Vec::new(), labels }
}

fn at(path: &str, line: impl Into<Option<u32>>, column: impl Into<Option<u32>>) -> Finding {
    let (line, column) = (line.into(), column.into());
    Finding { path: path.to_owned(), rule: "r".to_owned(), line, end_line: line, column }
}

fn score(labels: Vec<Label>, findings: Vec<Finding>) -> (usize, usize, usize) {
    let total = compare(&[file(labels)], &[findings]).total();
    (total.found, total.missed(), total.wrong)
}

#[test]
fn findings_count_by_path_and_line() {
    let one = || vec![label(Role::Secret, 1, 3, (5, 12))];
    assert_eq!(score(one(), vec![]), (0, 1, 0));
    assert_eq!(score(one(), vec![at("etc/app.conf", 3, None)]), (1, 0, 0));
    assert_eq!(score(one(), vec![at("etc/app.conf", 2, None)]), (0, 1, 1));
    assert_eq!(score(one(), vec![at("etc/other.conf", 3, None)]), (0, 1, 1));
    // Two rules that see the same secret are no fault, and neither is a finding about the file.
    assert_eq!(score(one(), vec![at("etc/app.conf", 3, 1), at("etc/app.conf", 3, 5)]), (1, 0, 0));
    assert_eq!(score(one(), vec![at("etc/app.conf", None, None)]), (1, 0, 0));
    let range = Finding { end_line: Some(9), ..at("etc/app.conf", 1, 1) };
    assert_eq!(score(one(), vec![range]), (1, 0, 0));
}

#[test]
fn each_secret_of_a_line_needs_its_own_finding() {
    let two = || vec![label(Role::Secret, 1, 1, (5, 9)), label(Role::Secret, 2, 1, (20, 29))];
    assert_eq!(score(two(), vec![at("etc/app.conf", 1, 1)]), (1, 1, 0));
    assert_eq!(score(two(), vec![at("etc/app.conf", 1, 1), at("etc/app.conf", 1, 15)]), (2, 0, 0));
    assert_eq!(score(two(), vec![at("etc/app.conf", 1, 5), at("etc/app.conf", 1, 6)]), (1, 1, 0));
    // One that may be either goes where it is needed.
    assert_eq!(score(two(), vec![at("etc/app.conf", 1, 1), at("etc/app.conf", 1, 5)]), (2, 0, 0));
    // The same secret twice is found once.
    let same = vec![label(Role::Secret, 1, 1, (5, 9)), label(Role::Secret, 1, 4, (5, 9))];
    assert_eq!(score(same, vec![at("etc/app.conf", 4, 5)]), (1, 0, 0));
}

#[test]
fn look_alikes_and_optional_values() {
    let mixed = || {
        vec![
            label(Role::Secret, 1, 1, (5, 9)),
            label(Role::LookAlike, 2, 1, (20, 29)),
            label(Role::LookAlike, 3, 2, (1, 9)),
            label(Role::Optional, 4, 3, (1, 9)),
        ]
    };
    assert_eq!(score(mixed(), vec![at("etc/app.conf", 1, 22)]), (0, 1, 1));
    assert_eq!(score(mixed(), vec![at("etc/app.conf", 1, 5), at("etc/app.conf", 2, 1)]), (1, 0, 1));
    assert_eq!(score(mixed(), vec![at("etc/app.conf", 3, 1)]), (0, 1, 0));
}

#[test]
fn archives_are_found_by_member() {
    let mut inside = label(Role::Secret, 1, 2, (1, 9));
    inside.member = Some("a/.npmrc".to_owned());
    assert_eq!(score(vec![inside.clone()], vec![at("etc/app.conf!/a/.npmrc", 2, 1)]), (1, 0, 0));
    assert_eq!(score(vec![inside.clone()], vec![at("etc/app.conf!/a/.npmrc", 3, 1)]), (0, 1, 1));
    assert_eq!(score(vec![inside.clone()], vec![at("etc/app.conf!/b/.npmrc", 2, 1)]), (0, 1, 1));
    assert_eq!(score(vec![inside], vec![at("etc/app.conf", None, None)]), (1, 0, 0));
}

#[test]
fn reports_are_read() {
    let report = json!({"targets": [{"detections": [
        {"class": "SEC-0001", "rule": "", "severity": "HIGH",
         "place": {"kind": "file", "name": "srv/a", "layer": null, "line": 3, "endLine": 4, "column": 7}},
        {"class": "SEC-0002", "rule": "jwt", "severity": "NEGLIGIBLE", "place": {"kind": "file", "name": "srv/b"}},
    ]}, {}]});
    let found = findings(&report);
    assert_eq!(found.len(), 1);
    let first = &found[0];
    assert_eq!((&*first.path, &*first.rule), ("srv/a", "SEC-0001"));
    assert_eq!((first.line, first.end_line, first.column), (Some(3), Some(4), Some(7)));
}

/// Fifty findings of which each could be any secret's do not take for ever, and roots are apart.
#[test]
fn roots_are_apart() {
    let labels: Vec<Label> = (0..50).map(|n| label(Role::Secret, n, 1, (1, 2))).collect();
    let mut second = file(labels.clone());
    second.root = 1;
    let findings: Vec<Finding> = (0..50).map(|_| at("etc/app.conf", 1, 40)).collect();
    let total = compare(&[file(labels), second], &[findings, vec![]]).total();
    assert_eq!((total.found, total.missed(), total.wrong), (50, 50, 0));
    assert_eq!(roots::name(1), "root-2");
}
