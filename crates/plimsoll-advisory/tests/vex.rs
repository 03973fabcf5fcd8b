//! VEX documents of the three forms. The fixtures are valid under the official schemas (OpenVEX 0.2.0, CSAF 2.0, CycloneDX
//! 1.6), as Python's jsonschema found; `openvex-0.0.1.json` has the form of the specification's first version.

// Helpers outside `#[test]` functions may fail the test too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use plimsoll_advisory::vex::{self, Document, Statement, VexStatus};

const FIXTURES: [&str; 4] = ["csaf.json", "cyclonedx.json", "openvex-0.0.1.json", "openvex.json"];

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vex").join(name)).unwrap()
}

fn read(name: &str) -> Document {
    vex::read(name, &fixture(name)).unwrap()
}

/// `vulnerability status: product[part part], …`.
fn line(statement: &Statement) -> String {
    let products = statement.products.iter().map(|product| match product.subcomponents.as_slice() {
        [] => product.id.clone(),
        parts => format!("{}[{}]", product.id, parts.join(" ")),
    });
    let products = products.collect::<Vec<_>>().join(", ");
    format!("{} {}: {products}", statement.vulnerability, statement.status.word())
}

fn lines(document: &Document) -> Vec<String> {
    document.statements.iter().map(line).collect()
}

const HASH: &str = "sha256:402fa523b96591d4450ace90e32d9f779fcfd938903e1c5bf9d3701860b8f856";

#[test]
fn openvex() {
    let document = read("openvex.json");
    assert_eq!(document.id, "https://openvex.dev/docs/example/vex-9fb3463de1b57");
    assert_eq!(document.author, "Wolfi J Inkinson");
    assert_eq!(document.timestamp.unwrap().to_string(), "2023-01-10T00:02:03Z");
    let parts = "[pkg:maven/log4j/log4j@1.2.17 pkg:maven/log4j/log4j@1.2.16]";
    assert_eq!(
        lines(&document),
        [
            format!(
                "CVE-2019-17571 not_affected: pkg:oci/app@sha256%3Ad2eb65b0?repository_url=ghcr.io/acme/app{parts}, \
                 cpe:2.3:a:acme:app:1.0:*:*:*:*:*:*:*{parts}, {HASH}{parts}"
            ),
            "CVE-2023-12345 fixed: pkg:apk/wolfi/git@2.39.0-r1?arch=armv7, pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64".to_owned(),
            "CVE-2023-23456 affected: pkg:npm/left-pad@1.3.0".to_owned(),
            "CVE-2023-34567 under_investigation: ".to_owned(),
        ]
    );
    let first = &document.statements[0];
    assert_eq!(first.aliases, ["GHSA-2qxp-v2mr-c7q3"]);
    assert_eq!(first.justification, "vulnerable_code_not_in_execute_path");
    assert_eq!(first.impact, "SocketServer is never started.");
    assert_eq!(first.timestamp.unwrap().to_string(), "2023-01-06T15:05:42Z");
    let third = &document.statements[2];
    assert_eq!((third.action.as_str(), third.impact.as_str()), ("Update to 1.4.0.", "Seen in production."));
    // A statement without a time of its own has the document's.
    assert_eq!(third.timestamp, document.timestamp);

    let old = read("openvex-0.0.1.json");
    assert_eq!(
        lines(&old),
        [
            "CVE-2009-4487 not_affected: pkg:deb/debian/curl@7.50.3-1?arch=i386[pkg:deb/debian/libcurl@7.50.3-1]"
        ]
    );
}

#[test]
fn csaf() {
    let document = read("csaf.json");
    assert_eq!((document.id.as_str(), document.author.as_str()), ("ACME-VEX-1", "Acme"));
    assert_eq!(document.timestamp.unwrap().to_string(), "2024-05-02T10:00:00Z");
    assert_eq!(
        lines(&document),
        [
            format!("CVE-2024-1111 not_affected: {HASH}, Acme Thing"),
            "CVE-2024-1111 affected: pkg:oci/app@sha256%3Ad2eb65b0[pkg:golang/acme.example/lib@v1.0.0], \
             cpe:2.3:a:acme:app:1.0:*:*:*:*:*:*:*[pkg:golang/acme.example/lib@v1.0.0]"
                .to_owned(),
            "CVE-2024-1111 under_investigation: pkg:oci/app@sha256%3Ad2eb65b0, cpe:2.3:a:acme:app:1.0:*:*:*:*:*:*:*"
                .to_owned(),
            "ACME-8 fixed: pkg:oci/app@sha256%3Ad2eb65b0, cpe:2.3:a:acme:app:1.0:*:*:*:*:*:*:*".to_owned(),
        ]
    );
    let [first, second, ..] = document.statements.as_slice() else { panic!() };
    assert_eq!(first.justification, "component_not_present");
    assert_eq!(first.impact, "The library is not built in.");
    assert_eq!(
        (first.aliases.as_slice(), second.action.as_str()),
        (["ACME-7".to_owned()].as_slice(), "No fix yet.")
    );
}

#[test]
fn red_hats_own_vex() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/redhat-csaf/cve-2024-6923.json");
    let document = vex::read("cve-2024-6923.json", &std::fs::read(path).unwrap()).unwrap();
    assert_eq!(document.author, "Red Hat Product Security");
    assert_eq!(
        lines(&document)[0],
        "CVE-2024-6923 not_affected: cpe:/a:redhat:rhel_eus:8.4\
         [pkg:rpm/redhat/resteasy-javadoc?upstream=pki-deps:10.6/resteasy]"
    );
    assert_eq!(document.statements[0].justification, "vulnerable_code_not_present");
    let affected: Vec<_> =
        document.statements.iter().filter(|one| one.status == VexStatus::Affected).collect();
    assert_eq!(
        affected.iter().map(|one| one.action.as_str()).collect::<Vec<_>>(),
        ["", "Affected", "Will not fix"]
    );
}

#[test]
fn cyclonedx() {
    let document = read("cyclonedx.json");
    assert_eq!(document.id, "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79");
    assert_eq!(document.author, "Acme Product Security");
    assert_eq!(
        lines(&document),
        [
            "CVE-2020-25649 not_affected: pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.10.0, \
             cpe:2.3:a:acme:inner:1.0:*:*:*:*:*:*:*"
                .to_owned(),
            format!("CVE-2024-0001 affected: pkg:oci/app@sha256%3Ad2eb65b0, {HASH}, nameless"),
            "CVE-2024-0002 fixed: pkg:maven/org.acme/lib@1.0?type=jar, \
             urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#elsewhere"
                .to_owned(),
            "CVE-2024-0003 not_affected: pkg:npm/open@1.0?vcs_url=x, pkg:npm/open@2.0?vcs_url=x".to_owned(),
            // A range cannot be put into a package URL: what silences is left out, what warns is not.
            "CVE-2024-0004 not_affected: ".to_owned(),
            "CVE-2024-0005 under_investigation: pkg:npm/open?vcs_url=x".to_owned(),
        ]
    );
    let first = &document.statements[0];
    assert_eq!(first.aliases, ["GHSA-288c-cq4h-88gq"]);
    assert_eq!(
        (first.justification.as_str(), first.impact.as_str()),
        ("code_not_reachable", "The parser is not used.")
    );
    assert_eq!(first.action, "Upgrade to 2.10.5.1.");
    assert_eq!(first.timestamp.unwrap().to_string(), "2024-05-03T00:00:00Z");
    assert_eq!(document.statements[1].action, "will_not_fix, workaround_available");
    assert_eq!(document.statements[1].timestamp, document.timestamp);
}

#[test]
fn other_documents_are_refused() {
    for (text, message) in [
        ("", "cannot be read as JSON"),
        ("[]", "cannot be read as JSON"),
        ("{}", "neither an OpenVEX"),
        ("{\"@context\":\"https://schema.org\",\"statements\":[]}", "does not begin with"),
        (
            "{\"@context\":\"https://openvex.dev/ns\",\"statements\":[{\"vulnerability\":\"x\",\"status\":\"perhaps\"}]}",
            "JSON",
        ),
        ("{\"bomFormat\":\"SPDX\"}", "is not CycloneDX"),
        ("{\"document\":{\"csaf_version\":\"3.0\"}}", "'3.0' is not"),
        ("\u{feff}{}", "neither an OpenVEX"),
    ] {
        let error = vex::read("x.json", text.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
    assert!(vex::read("x.json", b"\xff").unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn small_files_that_stand_for_large_lists_are_refused() {
    // 3,000 products with 3,000 parts of 200 bytes each would take two gigabytes.
    let part = format!("\"pkg:generic/{}\"", "x".repeat(200));
    let text = format!(
        "{{\"@context\":\"https://openvex.dev/ns\",\"statements\":[{{\"vulnerability\":\"CVE-2024-1\",\
         \"status\":\"fixed\",\"products\":[{}],\"subcomponents\":[{}]}}]}}",
        vec!["\"pkg:generic/y\""; 3_000].join(","),
        vec![part.as_str(); 3_000].join(",")
    );
    assert!(vex::read("x.json", text.as_bytes()).unwrap_err().to_string().contains("more than the limit"));
    let statement = "{\"vulnerability\":\"CVE-2024-1\",\"status\":\"fixed\"}";
    let many = vec![statement; vex::MAX_STATEMENTS + 1].join(",");
    let text = format!("{{\"@context\":\"https://openvex.dev/ns\",\"statements\":[{many}]}}");
    assert!(vex::read("x.json", text.as_bytes()).unwrap_err().to_string().contains("statements"));
}

#[test]
fn every_prefix_and_flipped_bytes_do_not_panic() {
    for name in FIXTURES {
        let bytes = fixture(name);
        for end in 0..=bytes.len() {
            let _ = vex::read(name, &bytes[..end]);
        }
        for at in (0..bytes.len()).step_by(7) {
            for value in [b'{', b'"', b'[', b'\n', 0xff] {
                let mut broken = bytes.clone();
                broken[at] = value;
                let _ = vex::read(name, &broken);
            }
        }
    }
}
