//! VEX on the way in: which products are the image and its packages, which statement counts, what becomes of findings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_advisory::vex::{self, Document};
use plimsoll_policy::vex::{VexDocument, unwrap_attestation};
use plimsoll_policy::waivers::{Form, Waivers};
use plimsoll_policy::{Judge, purl};
use plimsoll_types::{PackageUrl, Status, SuppressedBy, TargetReport};
use serde_json::{Value, json};

use crate::samples::{DIGEST, held, judged, shown};

fn document(text: &str) -> Document {
    vex::read("doc.json", text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// An OpenVEX document with these statements.
fn openvex(statements: Value) -> VexDocument {
    let text = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex-1",
        "author": "Example",
        "timestamp": "2026-07-01T00:00:00Z",
        "version": 1,
        "statements": statements,
    });
    VexDocument { document: document(&text.to_string()), origin: "doc.json".into(), target: None }
}

fn with(documents: Vec<VexDocument>) -> TargetReport {
    judged(&Judge { vex: documents, ..Judge::default() }).0
}

/// Which packages' findings of CVE-2023-39325 a statement about these products takes away.
fn taken(products: Value) -> Vec<usize> {
    let statement = json!([{
        "vulnerability": {"name": "CVE-2023-39325"},
        "products": products,
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    }]);
    let mut taken: Vec<usize> =
        with(vec![openvex(statement)]).suppressed.iter().map(|held| held.finding.package).collect();
    taken.sort_unstable();
    taken
}

#[test]
fn products_are_images_and_packages() {
    let image = format!("pkg:oci/web@{}", DIGEST.replace(':', "%3A"));
    let place = "repository_url=registry.example.org%2Fshop%2Fweb";
    let other = "pkg:oci/web@sha256%3A0505050505050505050505050505050505050505050505050505050505050505";
    for (product, expected) in [
        // The image as a whole, by digest, name, repository, tag, platform.
        (json!({"@id": image}), &[3, 4][..]),
        (json!({"@id": format!("{image}?{place}")}), &[3, 4]),
        (json!({"@id": format!("{image}?repository_url=registry.example.org%2Fshop")}), &[3, 4]),
        (json!({"@id": format!("pkg:oci/web?{place}&tag=1.4")}), &[3, 4]),
        (json!({"@id": format!("pkg:oci/web?{place}&tag=1.3")}), &[]),
        (json!({"@id": format!("{image}?arch=amd64")}), &[3, 4]),
        (json!({"@id": format!("{image}?arch=arm64")}), &[]),
        (json!({"@id": "pkg:oci/web"}), &[3, 4]),
        (json!({"@id": "pkg:oci/shop"}), &[]),
        (json!({"@id": other}), &[]),
        (json!({"@id": format!("{image}?repository_url=docker.io%2Fshop%2Fweb")}), &[]),
        (json!({"@id": "https://example.org/web", "hashes": {"sha-256": &DIGEST[7..]}}), &[3, 4]),
        // Parts of it, with a version or without.
        (json!({"@id": image, "subcomponents": [{"@id": "pkg:golang/golang.org/x/net@0.7.0"}]}), &[3, 4]),
        (json!({"@id": image, "subcomponents": [{"@id": "pkg:golang/golang.org/x/net"}]}), &[3, 4]),
        (json!({"@id": image, "subcomponents": [{"@id": "pkg:golang/golang.org/x/net@0.8.0"}]}), &[]),
        (json!({"@id": other, "subcomponents": [{"@id": "pkg:golang/golang.org/x/net"}]}), &[]),
        // The package itself.
        (json!({"@id": "pkg:golang/golang.org/x/net@0.7.0"}), &[3, 4]),
        (json!({"@id": "pkg:golang/golang.org/x/text"}), &[]),
        // A part of another package: of the program that lies in the same file, and of no other.
        (
            json!({"@id": "pkg:golang/example.org/shop/server", "subcomponents": [{"@id": "pkg:golang/golang.org/x/net"}]}),
            &[3],
        ),
        (
            json!({"@id": "pkg:golang/example.org/shop/server@2", "subcomponents": [{"@id": "pkg:golang/golang.org/x/net"}]}),
            &[],
        ),
        (json!({"@id": "not an identifier"}), &[]),
    ] {
        assert_eq!(taken(json!([product])), expected, "{product}");
    }
}

#[test]
fn statuses_take_away_or_are_noted() {
    let statement = |id: &str, status: &str, key: &str, text: &str| json!({"vulnerability": {"name": id}, "products": [{"@id": "pkg:oci/web"}], "status": status, key: text});
    let target = with(vec![openvex(json!([
        statement("GHSA-r9hx-vwmv-q579", "fixed", "status_notes", "x"),
        statement("CVE-2023-5363", "not_affected", "impact_statement", "that cipher is not used"),
        statement("CVE-2023-3817", "under_investigation", "status_notes", "x"),
        statement("CVE-2023-39325", "affected", "action_statement", "update to 0.17.0"),
    ]))]);
    assert_eq!(
        held(&target),
        [
            "CVE-2022-40897 1: vex_fixed, doc.json (https://example.org/vex-1), x",
            "CVE-2023-5363 0: vex_not_affected, doc.json (https://example.org/vex-1), that cipher is not used",
        ]
    );
    assert!(target.suppressed[0].finding.risk.is_some());
    // "Will not fix" is a word about the fix, which "under investigation" does not take back.
    let note = |id: &str| {
        let finding = target.findings.iter().find(|finding| finding.vulnerability.id == id).unwrap();
        (finding.status, finding.reasons[0].note.clone())
    };
    assert_eq!(
        note("CVE-2023-3817"),
        (Status::WillNotFix, "VEX doc.json (https://example.org/vex-1): under_investigation".into())
    );
    assert_eq!(
        note("CVE-2023-39325"),
        (Status::Fixed, "VEX doc.json (https://example.org/vex-1): affected, update to 0.17.0".into())
    );
}

#[test]
fn the_later_statement_counts() {
    let statement = |time: &str, status: &str| {
        json!({
            "vulnerability": {"name": "CVE-2023-3817"},
            "products": [{"@id": "pkg:deb/debian/libssl3"}],
            "status": status,
            "timestamp": time,
            "impact_statement": "x",
            "action_statement": "y",
        })
    };
    let gone = |statements: Value| with(vec![openvex(statements)]).suppressed.len();
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    assert_eq!(gone(json!([statement(early, "not_affected"), statement(late, "affected")])), 0);
    assert_eq!(gone(json!([statement(late, "affected"), statement(early, "not_affected")])), 0);
    assert_eq!(gone(json!([statement(early, "affected"), statement(late, "not_affected")])), 1);
    // Of two at the same time the one read last.
    assert_eq!(gone(json!([statement(late, "affected"), statement(late, "not_affected")])), 1);
    // Also across documents.
    let documents =
        vec![openvex(json!([statement(late, "affected")])), openvex(json!([statement(early, "fixed")]))];
    assert_eq!(with(documents).suppressed.len(), 0);
}

#[test]
fn a_document_attached_to_an_image_speaks_of_that_one() {
    let mut attached = openvex(json!([{
        "vulnerability": {"name": "CVE-2023-3817"},
        "status": "not_affected",
        "justification": "component_not_present",
    }]));
    assert_eq!(with(vec![attached.clone()]).suppressed.len(), 0, "without a product it speaks of nothing");
    attached.target = Some(0);
    let target = with(vec![attached.clone()]);
    assert_eq!(target.suppressed[0].by, SuppressedBy::VexNotAffected);
    assert_eq!(target.suppressed[0].reason, "component_not_present");
    attached.target = Some(1);
    assert_eq!(with(vec![attached]).suppressed.len(), 0);
}

/// Red Hat's documents name a platform by CPE and its parts by package URL.
#[test]
fn platforms_are_named_by_cpe() {
    let statement = |product: &str, part: &str| {
        let parts = if part.is_empty() { json!([]) } else { json!([{"@id": part}]) };
        vec![openvex(json!([{
            "vulnerability": {"name": "CVE-2023-3817"},
            "products": [{"@id": product, "identifiers": {"cpe22": product}, "subcomponents": parts}],
            "status": "not_affected",
            "impact_statement": "x",
        }]))]
    };
    let gone = |product: &str, part: &str| {
        let mut report = crate::samples::report();
        report.targets[0].distro.as_mut().unwrap().cpe = "cpe:/o:redhat:enterprise_linux:8.4:ga".into();
        report.targets[0].packages[1].cpes = vec!["cpe:2.3:a:python:setuptools:58.1.0:*:*:*:*:*:*:*".into()];
        report.targets[0].findings[2].vulnerability.aliases.push("CVE-2023-3817".into());
        Judge { vex: statement(product, part), ..Judge::default() }
            .judge(&mut report, crate::samples::time(crate::samples::NOW));
        let mut gone: Vec<usize> =
            report.targets[0].suppressed.iter().map(|held| held.finding.package).collect();
        gone.sort_unstable();
        gone
    };
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:8", "pkg:deb/debian/libssl3"), [0]);
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:9", "pkg:deb/debian/libssl3"), [0; 0]);
    // The source package, of which vendors often speak alone.
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:8", "pkg:deb/debian/openssl?arch=source"), [0]);
    assert_eq!(
        gone("cpe:/o:redhat:enterprise_linux:8", "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=source"),
        [0]
    );
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:8", "pkg:deb/debian/openssl@1?arch=source"), [0; 0]);
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:8", "pkg:deb/debian/openssl"), [0; 0]);
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:8.4", "pkg:deb/debian/libssl3"), [0]);
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:80", "pkg:deb/debian/libssl3"), [0; 0]);
    // A platform alone would speak of all that is in it.
    assert_eq!(gone("cpe:/o:redhat:enterprise_linux:8", ""), [0; 0]);
    assert_eq!(gone("cpe:2.3:a:python:setuptools:*:*:*:*:*:*:*:*", ""), [1]);
    assert_eq!(gone("cpe:/a:python:setuptools:58.1.0", ""), [1]);
    assert_eq!(gone("cpe:/a:python:setuptools:58.2", ""), [0; 0]);
    assert_eq!(gone("cpe:/a", ""), [0; 0]);
}

#[test]
fn grypes_rules_may_ask_what_vex_says() {
    let vex = vec![openvex(json!([{
        "vulnerability": {"name": "CVE-2023-39325"},
        "products": [{"@id": "pkg:oci/web"}],
        "status": "under_investigation",
    }]))];
    let mut waivers = Waivers::default();
    waivers.read(Form::Grype, "g", b"ignore:\n  - vex-status: under_investigation\n").unwrap();
    let (target, _) = judged(&Judge { vex, waivers, ..Judge::default() });
    assert_eq!(shown(&target), ["CVE-2022-40897 1", "CVE-2023-3817 0", "CVE-2023-5363 0"]);
}

#[test]
fn attestations_are_unwrapped() {
    let predicate = json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "statements": []});
    let statement = |kind: &str| json!({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": kind, "subject": [], "predicate": predicate});
    let envelope = |statement: &Value| {
        json!({
            "payloadType": "application/vnd.in-toto+json",
            "payload": STANDARD.encode(statement.to_string()),
            "signatures": [{"keyid": "", "sig": "MEUCIQ=="}],
        })
    };
    let bundle = |envelope: &Value| json!({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {}, "dsseEnvelope": envelope});
    let openvex = statement("https://openvex.dev/ns/v0.2.0");
    for value in [&predicate, &openvex, &envelope(&openvex), &bundle(&envelope(&openvex))] {
        let inner = unwrap_attestation(value.to_string().as_bytes()).unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&inner).unwrap(), predicate);
    }
    for kind in ["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"] {
        assert_eq!(unwrap_attestation(envelope(&statement(kind)).to_string().as_bytes()).unwrap(), None);
    }
    let text = bundle(&envelope(&openvex)).to_string();
    for end in 0..text.len() {
        assert!(unwrap_attestation(&text.as_bytes()[..end]).is_err());
    }
    let cut = json!({"payloadType": "application/vnd.in-toto+json", "payload": "e30*"});
    assert!(unwrap_attestation(cut.to_string().as_bytes()).is_err());
}

#[test]
fn package_urls_cover_packages() {
    for (wanted, package, covered) in [
        ("pkg:pypi/Zope_Interface", "pkg:pypi/zope-interface@1", true),
        ("pkg:npm/Lodash", "pkg:npm/lodash@1", false),
        ("pkg:rpm/redhat/curl@1:7.0-1", "pkg:rpm/redhat/curl@7.0-1?epoch=1", true),
        ("pkg:rpm/redhat/curl@2:7.0-1", "pkg:rpm/redhat/curl@7.0-1?epoch=1", false),
        ("pkg:rpm/redhat/curl@0:7.0-1", "pkg:rpm/redhat/curl@7.0-1", true),
        ("pkg:deb/debian/curl?arch=source", "pkg:deb/debian/curl@1?arch=amd64", false),
        ("pkg:deb/ubuntu/curl", "pkg:deb/debian/curl@1", false),
    ] {
        let parse = |text: &str| text.parse::<PackageUrl>().unwrap();
        assert_eq!(purl::covers(&parse(wanted), &parse(package)), covered, "{wanted}");
    }
}
