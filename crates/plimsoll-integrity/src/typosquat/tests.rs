//! The names of packages that were published to be taken for others are those of public reports, which each list names.

use std::collections::HashSet;
use std::time::Instant;

use plimsoll_analysis::{Fact, FileFacts, SeenFile, View};
use plimsoll_types::{Finding, Location, Method, Status, Timestamp, Vulnerability};

use super::*;

static CLASS: Class = Class {
    code: "MAL-TYPO",
    title: "a name looks like that of a popular package or image",
    scanner: Scanner::Malware,
    method: Method::Dependency,
    severity: Severity::Low,
    cwes: &[1357],
    explanation: "",
    remedy: "",
    aliases: &[],
    in_deleted_files: false,
};

/// What npm told on 2 August 2017 of the user `hacktask`: `crossenv` and others, taken down the day before.
const NPM_2017: &[(&str, &str)] = &[
    ("crossenv", "cross-env"),
    ("cross-env.js", "cross-env"),
    ("d3.js", "d3"),
    ("jquery.js", "jquery"),
    ("mongose", "mongoose"),
    ("nodemailer.js", "nodemailer"),
    ("nodemailer-js", "nodemailer"),
    ("babelcli", "babel-cli"),
    ("gruntcli", "grunt-cli"),
    ("nodesass", "node-sass"),
    ("fabric-js", "fabric"),
    ("mssql.js", "mssql"),
    ("sqliter", "sqlite"),
    ("ffmepg", "ffmpeg"),
];

/// `electorn` and `lodashs` (Sonatype, October 2020), `discordi.js` and `jquey` (npm's advisories on malicious packages, which public
/// lists of such packages repeat), `types-node` (Sonatype, December 2024).
const NPM_LATER: &[(&str, &str)] = &[
    ("electorn", "electron"),
    ("lodashs", "lodash"),
    ("jquey", "jquery"),
    ("discordi.js", "discord.js"),
    ("types-node", "@types/node"),
];

/// `acqusition`, `setup-tools` (SK-CSIRT's advisory of September 2017, which also has `urllib`, told apart by a digit and so not
/// found), `urlib3`, `colourama`, `djanga` and `diango` (reports of 2017 and 2018), `python3-dateutil` and `jeIlyfish` (December 2019).
const PYPI: &[(&str, &str)] = &[
    ("acqusition", "acquisition"),
    ("setup-tools", "setuptools"),
    ("urlib3", "urllib3"),
    ("colourama", "colorama"),
    ("djanga", "django"),
    ("diango", "django"),
    ("python3-dateutil", "python-dateutil"),
    ("jeIlyfish", "jellyfish"),
    ("jeilyfish", "jellyfish"),
];

/// Slips that tests of such rules commonly use; no report of such a package is known here.
const SLIPS: &[(&str, &str, &str)] =
    &[("npm", "lodahs", "lodash"), ("npm", "jquerry", "jquery"), ("pypi", "reqeusts", "requests")];

/// `rustdecimal` (RUSTSEC-2022-0042), a gem's letters swapped (made up), and a domain put in the place of another
/// (reported in December 2025).
const OTHERS: &[(&str, &str, &str)] = &[
    ("cargo", "rustdecimal", "rust-decimal"),
    ("gem", "rest-cilent", "rest-client"),
    ("maven", "org.fasterxml.jackson.core:jackson-databind", "com.fasterxml.jackson.core:jackson-databind"),
];

#[test]
fn what_was_published_to_be_mistaken_is_found() {
    let npm = NPM_2017.iter().chain(NPM_LATER).map(|(name, of)| ("npm", *name, *of));
    let pypi = PYPI.iter().map(|(name, of)| ("pypi", *name, *of));
    for (ecosystem, name, of) in npm.chain(pypi).chain(OTHERS.iter().chain(SLIPS).copied()) {
        assert_eq!(look_alike(ecosystem, name).map(|(popular, _)| popular), Some(of), "{ecosystem} {name}");
    }
}

#[test]
fn each_likeness_is_told() {
    for (ecosystem, name, rule) in [
        ("npm", "expresss", "one-letter"),
        ("npm", "momnet", "one-letter"),
        ("npm", "socketio", "separators"),
        ("npm", "jquery.js", "suffix"),
        ("npm", "@bable/core", "namespace"),
        ("npm", "webpack-html-plugin", "word-order"),
        ("pypi", "dateutil-python", "word-order"),
        ("pypi", "c0lorama", "look-alike-letters"),
        ("pypi", "colorarna", "look-alike-letters"),
        ("pypi", "сolorama", "look-alike-letters"),
        ("maven", "com.gogle.guava:guava", "namespace"),
    ] {
        assert_eq!(look_alike(ecosystem, name).map(|(_, likeness)| likeness.rule()), Some(rule), "{name}");
    }
}

#[test]
fn popular_and_established_names_are_like_nothing() {
    let fine = [
        ("npm", "babel-core"),
        ("npm", "preact"),
        ("npm", "@types/react"),
        ("npm", "@acme/lodahs"),
        ("npm", "classnames"),
        ("npm", "classname"),
        ("npm", "JSONStream"),
        ("npm", "reqct"),
        ("npm", "@rsbuild/anything"),
        ("pypi", "python-dateutil"),
        ("pypi", "Python_DateUtil"),
        ("pypi", "grequests"),
        ("pypi", "requests3"),
        ("pypi", "boto2"),
        ("cargo", "rust_decimal"),
        ("cargo", "serde_json"),
        ("gem", "toml-rb"),
        ("maven", "com.google.guava:guava-testlib"),
        ("maven", "guava"),
        ("deb", "lodahs"),
    ];
    for (ecosystem, name) in fine {
        assert_eq!(look_alike(ecosystem, name), None, "{ecosystem} {name}");
    }
    for (ecosystem, names) in &LISTS {
        assert!(names.all().len() > 900, "{ecosystem}");
        assert!(names.all().iter().all(|name| look_alike(ecosystem, name).is_none()), "{ecosystem}");
    }
}

#[test]
fn lists_are_sorted_without_doubles_and_in_their_normal_form() {
    for (ecosystem, names) in &LISTS {
        assert!(names.all().is_sorted_by(|a, b| a < b), "{ecosystem}");
        assert!(names.all().len() < usize::from(u16::MAX), "{ecosystem}");
        for name in names.all() {
            assert!(name.len() <= 214 && !name.contains(' '), "{ecosystem} {name}");
            let normal = match *ecosystem {
                "pypi" => plimsoll_types::python_name(name) == *name,
                "cargo" => !name.contains('_'),
                "maven" => name.split(':').count() == 2,
                _ => true,
            };
            assert!(normal, "{ecosystem} {name}");
        }
    }
    for line in names::entries(FINE) {
        let (ecosystem, _) = line.split_once(' ').unwrap();
        assert!(LISTS.iter().any(|(of, _)| *of == ecosystem), "{line}");
    }
}

#[test]
fn no_bytes_make_it_fail() {
    let odd = "@babel/jеIly\u{200b}fish.-_:\u{ff41}rnvv\u{1f600}";
    for (ecosystem, _) in &LISTS {
        for end in (0..=odd.len()).filter(|end| odd.is_char_boundary(*end)) {
            let _ = look_alike(ecosystem, &odd[..end]);
            let _ = look_alike(ecosystem, &odd[end..]);
            let _ = images::resembles(&odd[..end]);
        }
        assert_eq!(look_alike(ecosystem, &"a".repeat(100_000)), None);
        assert_eq!(look_alike(ecosystem, &"-".repeat(200)), None);
        assert_eq!(look_alike(ecosystem, "@/:"), None);
    }
}

/// A thousand names take less than 2 ms when optimised; tests are not, and run beside others.
#[test]
fn a_thousand_names_take_no_time() {
    let names: Vec<String> = (0..1000).map(|number| format!("some-{number}-package")).collect();
    assert_eq!(look_alike("npm", "nothing-like-it"), None);
    let start = Instant::now();
    assert!(names.iter().all(|name| look_alike("npm", name).is_none()));
    assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
}

#[test]
fn images_are_held_against_the_official_ones() {
    for (reference, official) in [
        ("ngnix", "nginx"),
        ("ngnix:1.27", "nginx"),
        ("library/ubunutu", "ubuntu"),
        ("docker.io/library/postgress:16", "postgres"),
        ("library-nginx", "nginx"),
        ("registry.example:5000/wordpres@sha256:00", "wordpress"),
        ("eclipsetemurin", "eclipse-temurin"),
    ] {
        assert_eq!(images::resembles(reference), Some(official), "{reference}");
    }
    for reference in [
        "nginx",
        "nginx:1.27-alpine",
        "docker.io/library/nginx",
        "vibersastra/ubuntu",
        "acme/ngnix",
        "myapp",
        "./ngnix",
        "ngnix.tar",
        "/images/ngnix",
        "localhost:5000/redis",
        "",
        "@",
        ":",
        "library/",
    ] {
        assert_eq!(images::resembles(reference), None, "{reference}");
    }
}

fn package(ecosystem: &str, name: &str, version: &str, path: &str) -> Package {
    let spec = plimsoll_catalog::ecosystems::ECOSYSTEMS
        .iter()
        .map(|ecosystem| ecosystem.spec)
        .find(|spec| spec.purl_type == ecosystem)
        .unwrap();
    Package {
        ecosystem: spec,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: String::new(),
        source: None,
        licenses: vec!["MIT".to_owned()],
        vendor: String::new(),
        modularity: String::new(),
        locations: vec![Location { path: path.to_owned(), layer: Some(2) }],
        purl: format!("pkg:{ecosystem}/{name}@{version}").parse().unwrap(),
        contains: Vec::new(),
        found_by: String::new(),
        cpes: Vec::new(),
        exposure: Vec::new(),
        confidence: Confidence::High,
    }
}

fn checked(name: &str, packages: &[Package], findings: &[Finding], files: &[SeenFile<'_>]) -> Vec<Detection> {
    let view = View::new(Vec::new());
    let context = ImageContext {
        name,
        kind: TargetKind::Image,
        image: None,
        view: &view,
        layers: &[],
        files,
        packages,
        findings,
        started: &HashSet::new(),
        distro: None,
        lifecycle: None,
        now: Timestamp::from_seconds(1_700_000_000),
        settings: &[],
        derived: Default::default(),
    };
    let mut out = Vec::new();
    check(&CLASS, &context, &mut out);
    out
}

#[test]
fn a_name_alone_is_low_and_told_once() {
    let packages = [
        package("npm", "lodash", "4.17.21", "app/node_modules/lodash/package.json"),
        package("npm", "lodahs", "1.0.0", "app/node_modules/lodahs/package.json"),
        package("npm", "lodahs", "1.0.1", "app/node_modules/a/node_modules/lodahs/package.json"),
    ];
    let found = checked("acme/shop", &packages, &[], &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id(), "MAL-TYPO/one-letter");
    assert_eq!((found[0].severity, found[0].confidence), (Severity::Low, Confidence::Low));
    assert_eq!(found[0].package, Some(1));
    assert_eq!(found[0].place.to_string(), "package lodahs");
    assert_eq!(found[0].message, "the name differs from that of the popular package 'lodash' by one letter");
}

#[test]
fn another_sign_makes_it_medium() {
    let package = package("npm", "lodahs", "1.0.0", "app/node_modules/lodahs/package.json");
    let medium = |found: &[Detection], note: &str| {
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::Medium, Confidence::Medium));
        assert_eq!(found[0].notes, [note]);
    };

    let young = Package { version: "0.0.1".to_owned(), licenses: Vec::new(), ..package.clone() };
    medium(
        &checked("shop", &[young], &[], &[]),
        "It states neither licence nor author, and its version is below 1.",
    );

    let finding = Finding {
        vulnerability: Vulnerability { id: "MAL-2025-1".to_owned(), ..Vulnerability::default() },
        package: 0,
        status: Status::Affected,
        fixed_versions: Vec::new(),
        reasons: Vec::new(),
        confidence: Confidence::High,
        fix_available: None,
        risk: None,
    };
    medium(
        &checked("shop", std::slice::from_ref(&package), &[finding], &[]),
        "The advisory MAL-2025-1 calls the package malicious.",
    );

    let facts = |path: &str| FileFacts {
        path: path.into(),
        analyzer: "malware/scripts".to_owned(),
        facts: vec![Fact::Attribute(INSTALL_SCRIPT.to_owned(), "postinstall".to_owned())],
        problems: Vec::new(),
    };
    let (own, other) =
        (facts("app/node_modules/lodahs/package.json"), facts("app/node_modules/esbuild/package.json"));
    let seen = |facts| [SeenFile { layer: 2, hidden_by: None, facts }];
    let packages = [package];
    medium(&checked("shop", &packages, &[], &seen(&own)), "The package runs a script when it is installed.");
    assert_eq!(checked("shop", &packages, &[], &seen(&other))[0].severity, Severity::Low);
}

#[test]
fn the_image_itself_is_told_of() {
    let found = checked("ngnix:latest", &[], &[], &[]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].severity, found[0].place.kind), (Severity::Low, PlaceKind::Image));
    assert_eq!(found[0].message, "the image's name is like that of the official image 'nginx'");
    assert_eq!(checked("nginx:latest", &[], &[], &[]), []);
}
