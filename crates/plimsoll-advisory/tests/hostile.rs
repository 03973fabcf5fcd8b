//! Files that ask for much time or memory: each source answers soon, and says what it refused.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use plimsoll_advisory::sources::{self, RefusalReason, Sink};

/// Far above what any of these takes, also on a busy machine without optimisation.
const SOON: Duration = Duration::from_secs(60);

/// Reads a file, which the source `id` must take.
fn read(id: &str, path: &str, text: &str) -> Sink {
    let mut sink = Sink::new();
    let start = Instant::now();
    let found = sources::read(path, text.as_bytes(), &mut sink);
    assert_eq!(found.map(|source| source.id), Some(id), "{path}");
    assert!(start.elapsed() < SOON, "{id}: {path} takes {:?}", start.elapsed());
    sink
}

/// The only refusal: its reason and what it says of it.
#[track_caller]
fn refused(sink: &Sink) -> (RefusalReason, &str) {
    let [one] = sink.refusals() else { panic!("{:?}", sink.refusals()) };
    (one.reason, one.detail.as_str())
}

fn list(count: usize, item: &dyn Fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0..count {
        let separator = if number == 0 { "" } else { "," };
        write!(text, "{separator}{}", item(number)).unwrap();
    }
    text
}

fn nvd(members: &str) -> String {
    format!(
        r#"{{"id": "CVE-2024-0001", "sourceIdentifier": "x", "lastModified": "2024-01-01T00:00:00", {members}}}"#
    )
}

#[test]
fn links_and_criteria_of_nvd() {
    let links = list(150_000, &|n| format!(r#"{{"url": "https://example.org/{n}"}}"#));
    let sink = read("nvd", "a.json", &nvd(&format!(r#""references": [{links}]"#)));
    assert_eq!(sink.advisories[0].references.len(), 150_000);
    let criterion = |n: usize| {
        format!(
            r#"{{"vulnerable": true, "criteria": "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", "versionEndExcluding": "{n}"}}"#
        )
    };
    let nodes = |count| {
        nvd(&format!(r#""configurations": [{{"nodes": [{{"cpeMatch": [{}]}}]}}]"#, list(count, &criterion)))
    };
    let sink = read("nvd", "a.json", &nodes(50_000));
    assert_eq!(sink.advisories[0].affected[0].ranges.len(), 50_000);
    assert_eq!(refused(&read("nvd", "a.json", &nodes(50_001))).0, RefusalReason::TooLarge);
}

#[test]
fn links_and_products_of_the_cve_list() {
    let record = |members: &str| {
        format!(
            r#"{{"dataType": "CVE_RECORD", "cveMetadata": {{"cveId": "CVE-2024-0001", "state": "PUBLISHED"}},
                "containers": {{"cna": {{"providerMetadata": {{"shortName": "x"}}, {members}}}}}}}"#
        )
    };
    let links = list(150_000, &|n| format!(r#"{{"url": "https://example.org/{n}"}}"#));
    let sink = read("cve-list", "a.json", &record(&format!(r#""references": [{links}]"#)));
    assert_eq!(sink.advisories[0].references.len(), 150_000);
    let product = |n: usize| {
        format!(r#"{{"packageURL": "pkg:npm/p{n}", "versions": [{{"version": "1", "status": "affected"}}]}}"#)
    };
    let sink = read("cve-list", "a.json", &record(&format!(r#""affected": [{}]"#, list(100_000, &product))));
    assert_eq!(refused(&sink), (RefusalReason::TooLarge, "too many products"));
}

#[test]
fn weaknesses_and_ids_of_csaf() {
    let document = |tree: &str, vulnerabilities: &str| {
        format!(
            r#"{{"document": {{"category": "csaf_vex", "csaf_version": "2.0", "publisher": {{"name": "Red Hat, Inc.",
                "namespace": "https://www.redhat.com"}}, "tracking": {{"id": "CVE-2024-0001"}}}},
                "product_tree": {{{tree}}}, "vulnerabilities": [{vulnerabilities}]}}"#
        )
    };
    let weaknesses = list(150_000, &|n| format!(r#"{{"cwe": {{"id": "CWE-{n}"}}}}"#));
    let sink = read("redhat-csaf", "cve-2024-0001.json", &document("", &weaknesses));
    assert_eq!(refused(&sink).0, RefusalReason::NothingAffected);
    // A product with a name of a megabyte that hundreds of others refer to.
    let long = "x".repeat(1 << 20);
    let tree = format!(
        r#""full_product_names": [
            {{"product_id": "rhel", "product_identification_helper": {{"cpe": "cpe:/o:redhat:enterprise_linux:9"}}}},
            {{"product_id": "long-cpe", "product_identification_helper": {{"cpe": "cpe:/o:redhat:{long}"}}}},
            {{"product_id": "bash"}}, {{"product_id": "{long}"}}],
        "relationships": [{}]"#,
        list(3_000, &|n| {
            let (part, whole) = [("bash", "rhel"), ("bash", "long-cpe"), (long.as_str(), "rhel")][n.min(2)];
            let part = if n > 2 { "r2" } else { part };
            format!(
                r#"{{"full_product_name": {{"product_id": "r{n}"}}, "product_reference": "{part}",
                    "relates_to_product_reference": "{whole}"}}"#
            )
        })
    );
    let ids = list(3_000, &|n| format!("\"r{n}\""));
    let status = format!(r#"{{"cve": "CVE-2024-0001", "product_status": {{"known_affected": [{ids}]}}}}"#);
    let sink = read("redhat-csaf", "cve-2024-0001.json", &document(&tree, &status));
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!(advisory.affected.len(), 1);
    // More texts than any document has.
    let many = format!(r#"{{"cve": "", "product_status": {{"fixed": [{}""]}}}}"#, "\"\",".repeat(21_000_000));
    assert_eq!(refused(&read("redhat-csaf", "a.json", &document("", &many))).0, RefusalReason::TooLarge);
}

/// A document with one definition.
fn oval(mark: &str, metadata: &str, criteria: &str, items: &str) -> String {
    format!(
        "<oval_definitions><generator>{mark}</generator><definitions><definition id=\"oval:x.y:def:1\" class=\"vulnerability\">\
         <metadata>{metadata}</metadata><criteria operator=\"AND\">{criteria}</criteria></definition></definitions>{items}\
         </oval_definitions>"
    )
}

fn criterion(comment: &str) -> String {
    format!("<criterion test_ref=\"t\" comment=\"{comment}\"/>")
}

/// A test of many names at once.
fn items(names: usize, arch: &str) -> String {
    let mut values = String::new();
    for number in 0..names {
        write!(values, "<value>n{number}</value>").unwrap();
    }
    format!(
        "<tests><dpkginfo_test id=\"t\"><object object_ref=\"o\"/><state state_ref=\"s\"/></dpkginfo_test></tests>\
         <objects><dpkginfo_object id=\"o\"><name var_ref=\"v\"/></dpkginfo_object></objects>\
         <states><dpkginfo_state id=\"s\"><arch>{arch}</arch><evr operation=\"less than\">0:1-1</evr></dpkginfo_state></states>\
         <variables><constant_variable id=\"v\">{values}</constant_variable></variables>"
    )
}

#[test]
fn definitions_that_multiply() {
    // Names times releases, where the releases stand beside the logic.
    let platforms = "<affected>".to_owned()
        + &"<platform>SUSE Linux Enterprise Server 15 SP5</platform>".repeat(9_000)
        + "</affected><title>CVE-2024-0001</title>";
    let text = oval("Marcus Updateinfo to OVAL Converter", &platforms, &criterion("x"), &items(9_000, ""));
    assert_eq!(refused(&read("suse-oval", "a.xml", &text)).0, RefusalReason::TooLarge);
    // Architectures times criteria.
    let arches = (0..100_000).map(|n| format!("a{n}")).collect::<Vec<_>>().join("|");
    let title = "<title>CVE-2024-0001</title><affected><platform>SUSE Linux Enterprise Server 15 SP5</platform></affected>";
    let text = oval(
        "Marcus Updateinfo to OVAL Converter",
        title,
        &criterion("x").repeat(20_000),
        &items(1, &arches),
    );
    assert_eq!(refused(&read("suse-oval", "a.xml", &text)).0, RefusalReason::TooLarge);
    // Packages times products of Red Hat's, and a product with an endless name.
    let redhat = |cpes: &str| {
        format!(
            "<affected><platform>Red Hat Enterprise Linux 9</platform></affected>\
             <reference ref_id=\"CVE-2024-0001\"/><advisory><affected_cpe_list>{cpes}</affected_cpe_list></advisory>"
        )
    };
    let mark = "Red Hat OVAL Patch Definition Merger";
    let cpes = "<cpe>cpe:/a:redhat:enterprise_linux:9</cpe>".repeat(9_000);
    let text = oval(mark, &redhat(&cpes), &criterion("x"), &items(9_000, ""));
    assert_eq!(refused(&read("redhat-oval", "a.xml", &text)).0, RefusalReason::TooLarge);
    let long = format!("<cpe>cpe:/a:{}</cpe>", "x".repeat(1_000_000));
    let text = oval(mark, &redhat(&long), &criterion("x"), &items(9_000, ""));
    assert_eq!(refused(&read("redhat-oval", "a.xml", &text)).0, RefusalReason::Malformed);
    // A package's definition with many CVEs, each of which would be given the text of all.
    let mut metadata = String::from(
        "<title>Ubuntu 22.04 LTS</title><affected><platform>Ubuntu 22.04 LTS</platform></affected>",
    );
    write!(metadata, "<description>{}</description><advisory>", "x".repeat(1_000_000)).unwrap();
    let mut criteria = String::new();
    for number in 0..9_000 {
        write!(metadata, "<cve cvss_score=\"1\" priority=\"low\">CVE-2024-{number:05}</cve>").unwrap();
        criteria += &criterion(&format!(
            "(CVE-2024-{number:05}) nodejs package in jammy is affected and needs fixing."
        ));
    }
    metadata.push_str("</advisory>");
    let criteria = format!("<criteria operator=\"OR\">{criteria}</criteria>");
    let text = oval("Canonical CVE OVAL Generator", &metadata, &criteria, &items(1, ""));
    let sink = read("ubuntu-oval", "com.ubuntu.jammy.pkg.oval.xml", &text);
    assert_eq!((sink.kept(), sink.refused()), (9_000, 0), "{:?}", sink.refusals());
    assert_eq!(sink.advisories[0].severities.len(), 1);
}

#[test]
fn architectures_without_end() {
    let mut packages = String::new();
    for number in 0..100_000 {
        write!(packages, "<package name=\"a\" version=\"1\" release=\"1.amzn2\" arch=\"x{number}\"/>")
            .unwrap();
    }
    let text = format!(
        "<updates><update type=\"security\"><id>ALAS2-2024-1</id><pkglist><collection>{packages}</collection></pkglist></update></updates>"
    );
    let sink = read("updateinfo", "updateinfo.xml", &text);
    // Nobody has that many: the statement counts for all of them.
    assert!(sink.advisories[0].affected[0].arches.is_empty());
}

#[test]
fn yaml_is_bounded() {
    let start = "schema-version: 2\npackage: {name: x}\nadvisories:\n";
    let list = format!("{start}- {{id: CGA-1, aliases: [{}a]}}\n", "a,".repeat(1_500_000));
    assert_eq!(refused(&read("wolfi-advisories", "a.yaml", &list)).0, RefusalReason::NothingAffected);
    let long = format!("{start}{}", "# nothing\n".repeat(2_000_000));
    assert_eq!(refused(&read("wolfi-advisories", "a.yaml", &long)).0, RefusalReason::TooLarge);
}

#[test]
fn requirements_are_not_cut_short() {
    // What is left out of a requirement would make another one of it.
    let many = vec!["< 9"; 1_001].join(", ");
    let ruby = format!("gem: a\ntitle: b\ncve: 2024-0001\npatched_versions: ['{many}']\n");
    assert_eq!(refused(&read("ruby-advisory-db", "a.yml", &ruby)).0, RefusalReason::Malformed);
    let many = vec!["<9.0.0"; 1_001].join(" ");
    let node = format!(r#"{{"id": 1, "module_name": "a", "title": "b", "vulnerable_versions": "{many}"}}"#);
    assert_eq!(refused(&read("node-security-wg", "1.json", &node)).0, RefusalReason::Malformed);
    let many = vec!["'<9'"; 1_001].join(", ");
    let php = format!(
        "title: a\nreference: composer://a/b\ncve: CVE-2024-0001\nbranches: {{x: {{versions: [{many}]}}}}\n"
    );
    assert_eq!(refused(&read("php-security-advisories", "a.yaml", &php)).0, RefusalReason::Malformed);
}

/// One object with a list of as many values as fit, in the place of a record or of the whole document.
#[test]
fn small_values_in_large_numbers() {
    let many = "{},".repeat(1_100_000) + "{}";
    let texts = "\"\",".repeat(4_100_000) + "\"\"";
    for (id, path, text) in [
        ("arch", "all.json", format!(r#"[{{"name": "AVG-1", "issues": [], "packages": [{texts}]}}]"#)),
        (
            "debian-tracker",
            "d.json",
            format!(
                r#"{{"p": {{"CVE-2024-0001": {{"releases": {{}}, "status": 1, "urgency": [{many}]}}}}}}"#
            ),
        ),
        ("nvd", "n.json", nvd(&format!(r#""references": [{many}]"#))),
        (
            "cisa-kev",
            "k.json",
            format!(r#"{{"catalogVersion": "1", "vulnerabilities": [{{"cwes": [{texts}]}}]}}"#),
        ),
        (
            "endoflife",
            "debian.json",
            format!(r#"{{"schema_version": "1", "generated_at": "", "result": [{many}]}}"#),
        ),
        (
            "bodhi",
            "b.json",
            format!(r#"{{"updates": [{{"alias": "FEDORA-1", "date_submitted": "", "builds": [{many}]}}]}}"#),
        ),
        ("alma-errata", "a.json", format!(r#"[{{"updateinfo_id": "ALSA-1", "packages": [{many}]}}]"#)),
        (
            "node-security-wg",
            "1.json",
            format!(r#"{{"id": 1, "module_name": "a", "title": "", "references": [{texts}]}}"#),
        ),
        ("osv", "o.json", format!(r#"{{"id": "A-1", "schema_version": "1", "references": [{many}]}}"#)),
    ] {
        let sink = read(id, path, &text);
        assert_eq!(sink.kept(), 0, "{id}");
        assert_eq!(
            sink.refusals().last().map(|one| one.reason),
            Some(RefusalReason::TooLarge),
            "{id}: {:?}",
            sink.refusals()
        );
    }
}

/// Identifiers that no product may have, referred to over and over: leaving them out must not be free.
#[test]
fn vex_documents_that_multiply() {
    let bad = list(20_000, &|n| format!(r#"{{"alg": "pkg", "content": "\u0001{n}"}}"#));
    let affects = list(20_000, &|_| r#"{"ref": "c"}"#.to_owned());
    let cyclonedx = |hashes: &str, affects: &str| {
        format!(
            r#"{{"bomFormat": "CycloneDX", "components": [{{"bom-ref": "c", "hashes": [{hashes}]}}],
                "vulnerabilities": [{{"id": "CVE-2024-0001", "analysis": {{"state": "not_affected"}}, "affects": [{affects}]}}]}}"#
        )
    };
    let versions = list(20_000, &|n| format!(r#"{{"version": "{n}"}}"#));
    let pkg = list(20_000, &|n| format!(r#"{{"alg": "pkg", "content": "a/b{n}"}}"#));
    let parts = list(20_000, &|n| format!(r#""\u0001{n}""#));
    let products = list(20_000, &|n| format!(r#""pkg:a/b{n}""#));
    let ids = list(20_000, &|n| format!(r#"{{"text": "/{n}"}}"#));
    let flags = list(20_000, &|n| format!(r#"{{"label": "l{n}", "product_ids": ["p{n}"]}}"#));
    let stated = list(20_000, &|n| format!(r#""p{n}""#));
    for (name, text, reads) in [
        ("cyclonedx, hashes", cyclonedx(&bad, &affects), false),
        (
            "cyclonedx, versions",
            cyclonedx(&pkg, &format!(r#"{{"ref": "c", "versions": [{versions}]}}"#)),
            false,
        ),
        (
            "openvex",
            format!(
                r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{{"vulnerability": "CVE-2024-0001",
                    "status": "not_affected", "subcomponents": [{parts}], "products": [{products}]}}]}}"#
            ),
            false,
        ),
        (
            "csaf",
            format!(
                r#"{{"document": {{"csaf_version": "2.0"}}, "vulnerabilities": [{{"cve": "CVE-2024-0001", "ids": [{ids}],
                    "flags": [{flags}], "product_status": {{"known_not_affected": [{stated}]}}}}]}}"#
            ),
            true,
        ),
    ] {
        let start = Instant::now();
        let read = plimsoll_advisory::vex::read("v.json", text.as_bytes());
        assert!(start.elapsed() < SOON, "{name} takes {:?}", start.elapsed());
        assert_eq!(read.is_ok(), reads, "{name}: {:?}", read.err().map(|error| error.to_string()));
    }
}
