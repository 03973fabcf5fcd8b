//! The parsers of OVAL definitions and of errata of RPM distributions, against short files in the published forms.

// Helpers outside `#[test]` functions may fail the test too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use plimsoll_advisory::sources::{self, RefusalReason, Sink};
use plimsoll_advisory::{Advisory, Affected, Event};
use plimsoll_types::Severity;

fn read(source: &str, file: &str) -> Sink {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(source).join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut sink = Sink::new();
    let found = sources::read(file, &bytes, &mut sink).unwrap();
    assert_eq!(found.id, source);
    assert_eq!(sink.read(), sink.kept() + sink.refused());
    sink
}

/// `ecosystem/package status range [architectures] (module)`.
fn line(affected: &Affected) -> String {
    let mut line = format!("{}/{} {}", affected.ecosystem, affected.package, affected.status.word());
    for event in affected.ranges.iter().flat_map(|range| &range.events) {
        match event {
            Event::Introduced(version) => write!(line, " >={version}").unwrap(),
            Event::Fixed(version) => write!(line, " <{version}").unwrap(),
            Event::LastAffected(version) => write!(line, " <={version}").unwrap(),
            Event::Limit(version) => write!(line, " limit {version}").unwrap(),
        }
    }
    if !affected.arches.is_empty() {
        write!(line, " [{}]", affected.arches.join(" ")).unwrap();
    }
    if !affected.modularity.is_empty() {
        write!(line, " ({})", affected.modularity).unwrap();
    }
    line
}

fn lines(advisory: &Advisory) -> Vec<String> {
    advisory.affected.iter().map(line).collect()
}

fn refusals(sink: &Sink) -> Vec<(&str, RefusalReason)> {
    sink.refusals().iter().map(|refusal| (refusal.record.as_str(), refusal.reason)).collect()
}

fn of_id<'a>(sink: &'a Sink, id: &str) -> &'a Advisory {
    sink.advisories.iter().find(|advisory| advisory.id == id).unwrap()
}

#[test]
fn oracle_oval() {
    let sink = read("oracle-oval", "com.oracle.elsa-2024.xml");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("ELSA-2024-1234", "oracle"));
    assert_eq!(advisory.title, "libexample security update");
    assert_eq!(advisory.covers, ["CVE-2024-11111"]);
    assert_eq!(advisory.severities[0].severity, Severity::High);
    assert_eq!(advisory.cvss[0].vector, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H");
    assert_eq!(advisory.published.unwrap().to_string(), "2024-03-05T00:00:00Z");
    assert!(advisory.description.ends_with("& friends"), "{}", advisory.description);
    assert_eq!(advisory.references[0].url, "https://linux.oracle.com/errata/ELSA-2024-1234.html");
    // What is built for Ksplice or with a FIPS validation is a version line of its own; "earlier than 0" is nothing.
    assert_eq!(
        lines(advisory),
        [
            "Oracle Linux:8/libexample fixed >=0 <1.2-3.el8 [aarch64 x86_64 i386 i586 i686]",
            "Oracle Linux:8/nodejs fixed >=0 <1:18.19.1-1.module+el8.9.0+90200 [x86_64 i386 i586 i686] (nodejs:18)",
            "Oracle Linux:9:Ksplice/libexample fixed >=0 <2:1.2-3.ksplice1.el9",
            "Oracle Linux:9:FIPS/libexample fixed >=0 <10:1.2-3.el9_fips",
        ]
    );
    assert_eq!(refusals(&sink), [("oval:com.oracle.elsa:def:20241235", RefusalReason::Malformed)]);
    assert_eq!(sink.refusals()[0].detail, "the test oval:com.oracle.elsa:tst:99 is not in the file");
}

#[test]
fn azure_oval() {
    let sink = read("azure-oval", "azurelinux-3.0-oval.xml");
    let found: Vec<_> =
        sink.advisories.iter().map(|one| format!("{}: {}", one.id, lines(one).join(", "))).collect();
    assert_eq!(
        found,
        [
            "CVE-2024-0001: Azure Linux:3/libalpha fixed >=0 <1.0-2.azl3",
            "CVE-2024-0002: Azure Linux:3/beta fixed >=0 <2.0-1.azl3",
            "CVE-2024-0003: Azure Linux:3/gamma affected >=0 <=3.1-4.azl3",
            "CVE-2024-0004: Azure Linux:3/delta not_affected >=0",
        ]
    );
    assert_eq!(sink.advisories[0].affected[0].severity, Some(Severity::High));
    assert_eq!(sink.advisories[0].published.unwrap().to_string(), "2024-07-23T22:05:39Z");
    // The title only names the package again, and must not stand over findings in others.
    assert_eq!(
        (sink.advisories[0].title.as_str(), sink.advisories[0].description.as_str()),
        ("", "An example.")
    );

    // Without the release in the name it is taken from the versions.
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure-oval/azurelinux-3.0-oval.xml");
    let text = std::fs::read_to_string(path).unwrap();
    let mut sink = Sink::new();
    sources::read("feed.xml", text.replace(".azl3", ".cm2").as_bytes(), &mut sink);
    assert_eq!(sink.advisories[0].affected[0].ecosystem, "Azure Linux:2");
    let mut sink = Sink::new();
    sources::read("feed.xml", text.replace(".azl3", "").as_bytes(), &mut sink);
    assert_eq!(sink.refused_by_reason(), &BTreeMap::from([(RefusalReason::UnknownRelease, 4)]));
}

#[test]
fn ubuntu_oval_of_cves() {
    let sink = read("ubuntu-oval", "com.ubuntu.focal.cve.oval.xml");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("CVE-2024-0001", "ubuntu"));
    assert_eq!(advisory.description, "An example with <brackets>.");
    assert_eq!(advisory.published.unwrap().to_string(), "2024-01-09T18:15:00Z");
    assert!(advisory.affected.iter().all(|one| one.severity == Some(Severity::High)));
    assert_eq!(
        lines(advisory),
        [
            "Ubuntu:20.04:LTS/alpha fixed >=0 <1.0-1ubuntu0.2",
            "Ubuntu:20.04:LTS/beta affected >=0",
            "Ubuntu:20.04:LTS/gamma under_investigation >=0",
            "Ubuntu:20.04:LTS/delta fix_deferred >=0",
            "Ubuntu:20.04:LTS/epsilon end_of_life >=0",
            "Ubuntu:20.04:LTS/zeta will_not_fix >=0",
            "Ubuntu:20.04:LTS/eta affected >=0 limit 2:5.0-1ubuntu3",
            "Ubuntu:Pro:20.04:LTS/theta fixed >=0 <6.0-1ubuntu0.1~esm1",
            "Ubuntu:20.04:LTS/iota not_affected >=0",
            "Ubuntu:20.04:LTS/linux fixed >=0 <5.4.0-170.188",
        ]
    );
    assert_eq!(
        refusals(&sink),
        [
            ("oval:com.ubuntu.focal:def:100", RefusalReason::Informational),
            ("oval:com.ubuntu.focal:def:202400020000000", RefusalReason::NothingAffected),
        ]
    );
}

#[test]
fn ubuntu_oval_of_packages_and_notices() {
    let sink = read("ubuntu-oval", "com.ubuntu.jammy.pkg.oval.xml");
    let found: Vec<_> = sink
        .advisories
        .iter()
        .map(|one| format!("{} {:?} {}", one.id, one.severities[0].severity, lines(one).join(", ")))
        .collect();
    assert_eq!(
        found,
        [
            "CVE-2023-0001 Low Ubuntu:22.04:LTS/alpha affected >=0",
            "CVE-2023-0002 Medium Ubuntu:22.04:LTS/alpha fixed >=0 <2.0-1ubuntu0.1",
        ]
    );
    assert_eq!((sink.advisories[0].cvss.len(), sink.advisories[1].cvss.len()), (1, 0));

    let sink = read("ubuntu-oval", "com.ubuntu.mantic.usn.oval.xml");
    let [notice] = &sink.advisories[..] else { panic!() };
    assert_eq!((notice.id.as_str(), notice.title.as_str()), ("USN-6600-1", "Example vulnerabilities"));
    assert_eq!(notice.covers, ["CVE-2024-1111", "CVE-2024-2222"]);
    assert_eq!(
        lines(notice),
        [
            "Ubuntu:23.10/bind9 fixed >=0 <1:9.18.18-0ubuntu2.1",
            "Ubuntu:23.10/bind9-host fixed >=0 <1:9.18.18-0ubuntu2.1",
        ]
    );
}

#[test]
fn redhat_oval() {
    let sink = read("redhat-oval", "rhel-9-including-unpatched.oval.xml");
    let [erratum, unfixed, unaffected] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((erratum.id.as_str(), erratum.source.as_str()), ("RHSA-2024:0010", "redhat"));
    assert_eq!(erratum.title, "nodejs:18 and zlib security update");
    assert_eq!((erratum.covers.len(), erratum.cwes.join(" ")), (1, "CWE-20 CWE-400".to_owned()));
    assert_eq!(
        lines(erratum),
        [
            "Red Hat:enterprise_linux:9/zlib fixed >=0 <1.2.11-41.el9 [aarch64 ppc64le s390x x86_64]",
            "Red Hat:enterprise_linux:9/nodejs fixed >=0 <1:18.19.0-1.module+el9.3.0+21000 (nodejs:18)",
        ]
    );
    assert_eq!(
        erratum.affected[0].cpes,
        ["cpe:/a:redhat:enterprise_linux:9::appstream", "cpe:/o:redhat:enterprise_linux:9::baseos"]
    );
    assert_eq!(erratum.affected[0].fix_date.unwrap().to_string(), "2024-01-02T00:00:00Z");
    assert_eq!((unfixed.id.as_str(), unfixed.title.as_str()), ("CVE-2024-1002", "zlib: example"));
    assert_eq!(
        lines(unfixed),
        [
            "Red Hat:enterprise_linux:9/zlib will_not_fix >=0",
            "Red Hat:enterprise_linux:9/nodejs under_investigation >=0 (nodejs:18)",
        ]
    );
    assert_eq!((unaffected.id.as_str(), unaffected.title.as_str()), ("CVE-2024-1003", "zlib: example"));
    assert_eq!(lines(unaffected), ["Red Hat:enterprise_linux:9/zlib not_affected >=0"]);
    assert_eq!(refusals(&sink), [("oval:com.redhat.rhba:def:20240011", RefusalReason::NotSecurity)]);
}

#[test]
fn suse_oval() {
    let sink = read("suse-oval", "suse.linux.enterprise.server.15-affected.xml");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("CVE-2024-0001", "suse"));
    let vectors: Vec<_> = advisory.cvss.iter().map(|cvss| cvss.source.as_str()).collect();
    assert_eq!(vectors, ["suse", "nvd"]);
    assert_eq!(
        lines(advisory),
        [
            "SUSE:Linux Enterprise Server 15 SP5/libxml2-2 fixed >=0 <2.10.3-150500.5.14.1 \
             [aarch64 ppc64le s390x x86_64]",
            "SUSE:Linux Enterprise Micro 5.5/libxml2-2 fixed >=0 <2.10.3-150500.5.14.1 \
             [aarch64 ppc64le s390x x86_64]",
            "SUSE:Linux Enterprise Server 15 SP5/libxml2-tools affected >=0",
            "SUSE:Linux Enterprise Micro 5.5/libxml2-tools affected >=0",
            "SUSE:Linux Enterprise Server 15 SP5/python3-libxml2 not_affected >=0",
            "SUSE:Linux Enterprise Micro 5.5/python3-libxml2 not_affected >=0",
        ]
    );
}

/// An OVAL document with the given criteria and items.
fn oval(criteria: &str, items: &str) -> String {
    format!(
        "<oval_definitions><definitions><definition class=\"patch\" id=\"oval:com.oracle.elsa:def:1\"><metadata>\
         <title>ELSA-2024-1: x</title><affected><platform>Oracle Linux 9</platform></affected></metadata>\
         {criteria}</definition></definitions>{items}</oval_definitions>"
    )
}

#[test]
fn hostile_oval() {
    let items = "<tests><rpminfo_test id=\"t\"><object object_ref=\"o\"/><state state_ref=\"s\"/></rpminfo_test></tests>\
                 <objects><rpminfo_object id=\"o\"><name>a</name></rpminfo_object></objects>\
                 <states><rpminfo_state id=\"s\"><evr operation=\"less than\">1-1</evr></rpminfo_state></states>";
    let leaf = "<criterion test_ref=\"t\" comment=\"a is earlier than 1-1\"/>";
    let nested = |depth: usize| {
        oval(&format!("{}{leaf}{}", "<criteria>".repeat(depth), "</criteria>".repeat(depth)), items)
    };
    let names: String = (0..2_000).map(|i| format!("<value>n{i}</value>")).collect();
    let product = oval(
        &format!("<criteria operator=\"OR\">{}</criteria>", leaf.repeat(1_000)),
        &format!(
            "{}<variables><constant_variable id=\"v\">{names}</constant_variable></variables>",
            items.replace("<name>a</name>", "<name var_ref=\"v\"/>")
        ),
    );
    let wide = oval(&format!("<criteria>{}</criteria>", leaf.repeat(200_001)), items);
    let platforms = format!(
        "<criteria>{}{leaf}</criteria>",
        "<criterion test_ref=\"u\" comment=\"Oracle Linux 9 is installed\"/>".repeat(2_000)
    );
    let platforms = oval(&platforms, &items.replace("<tests>", "<tests><uname_test id=\"u\"/>"));
    // Entities are not expanded, and a definition that extends itself is not followed.
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>{}",
        oval("<criteria><criterion test_ref=\"t\" comment=\"&b;\"/></criteria>", items)
            .replace("ELSA-2024-1: x", "ELSA-2024-1: x &b;")
    );
    let cycle = oval(
        "<criteria operator=\"OR\"><extend_definition definition_ref=\"oval:com.oracle.elsa:def:1\"/></criteria>",
        items,
    );
    use RefusalReason::*;
    for (name, text, kept, reason) in [
        ("as deep as allowed", nested(32), 1, None),
        ("too deep", nested(33), 0, Some(TooLarge)),
        ("deeper than XML may be", nested(100_000), 0, Some(Malformed)),
        ("too many criteria", wide, 0, Some(TooLarge)),
        ("names times tests", product, 0, Some(TooLarge)),
        ("too many releases together", platforms, 0, Some(TooLarge)),
        ("entities", bomb, 1, None),
        ("a cycle", cycle, 0, Some(NothingAffected)),
        (
            "no state",
            oval(&format!("<criteria>{leaf}</criteria>"), &items.replace("id=\"s\"", "id=\"x\"")),
            0,
            Some(Malformed),
        ),
        (
            "no object",
            oval(&format!("<criteria>{leaf}</criteria>"), &items.replace("id=\"o\"", "id=\"x\"")),
            0,
            Some(Malformed),
        ),
        (
            "no variable",
            oval(
                &format!("<criteria>{leaf}</criteria>"),
                &items.replace("<name>a</name>", "<name var_ref=\"v\"/>"),
            ),
            0,
            Some(Malformed),
        ),
        ("no criteria", oval("", items), 0, Some(NothingAffected)),
        ("not closed", oval("<criteria>", items), 0, Some(Malformed)),
        (
            "another root",
            "<x><oval_definitions id=\"oval:com.oracle.elsa:\"/></x>".to_owned(),
            0,
            Some(Malformed),
        ),
    ] {
        let mut sink = Sink::new();
        let start = std::time::Instant::now();
        assert!(sources::read("x.xml", text.as_bytes(), &mut sink).is_some(), "{name}: not recognised");
        let reasons: Vec<_> = sink.refused_by_reason().keys().copied().collect();
        assert_eq!((sink.kept(), reasons), (kept, Vec::from_iter(reason)), "{name}: {:?}", sink.refusals());
        assert!(start.elapsed().as_secs() < 10, "{name} takes {:?}", start.elapsed());
    }
}

#[test]
fn criteria_are_combined() {
    let items = "<tests>\
        <rpminfo_test id=\"t1\"><object object_ref=\"o\"/><state state_ref=\"s1\"/></rpminfo_test>\
        <rpminfo_test id=\"t2\"><object object_ref=\"o\"/><state state_ref=\"s2\"/></rpminfo_test>\
        <rpminfo_test id=\"t3\"><object object_ref=\"p\"/></rpminfo_test>\
        <rpminfo_test id=\"t4\" check_existence=\"none_exist\"><object object_ref=\"p\"/></rpminfo_test></tests>\
        <objects><rpminfo_object id=\"o\"><name>a</name></rpminfo_object>\
        <rpminfo_object id=\"p\"><name>b</name></rpminfo_object></objects>\
        <states><rpminfo_state id=\"s1\"><evr operation=\"greater than or equal\">0:2-1</evr></rpminfo_state>\
        <rpminfo_state id=\"s2\"><evr operation=\"less than\" var_ref=\"v\"/></rpminfo_state></states>\
        <variables><constant_variable id=\"v\"><value>0:3-1</value></constant_variable></variables>";
    // "At least 2-1" and "earlier than 3-1" of the same package, beside another package that is (not) installed.
    let criteria = "<criteria><criterion test_ref=\"t1\"/><criterion test_ref=\"t2\"/><criterion test_ref=\"t3\"/>\
                    <criterion test_ref=\"t4\"/></criteria>";
    let mut sink = Sink::new();
    sources::read("x.xml", oval(criteria, items).as_bytes(), &mut sink);
    assert_eq!(lines(of_id(&sink, "ELSA-2024-1")), ["Oracle Linux:9/a fixed >=2-1 <3-1"]);
}

#[test]
fn updateinfo_of_amazon() {
    let sink = read("updateinfo", "amazon.xml");
    let [openssh, golang, kernel] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((openssh.id.as_str(), openssh.source.as_str()), ("ALAS2023-2024-500", "amazon"));
    assert_eq!(openssh.title, "Important priority package update for openssh");
    assert_eq!(openssh.covers, ["CVE-2024-6387"]);
    assert_eq!(openssh.severities[0].severity, Severity::High);
    assert_eq!(openssh.published.unwrap().to_string(), "2024-07-01T20:41:00Z");
    assert_eq!(
        lines(openssh),
        ["Amazon Linux:2023/openssh-server fixed >=0 <8.7p1-12.amzn2023.0.3 [x86_64 aarch64]"]
    );
    // An extra's erratum speaks of the extra's line.
    assert_eq!(
        lines(golang),
        [
            "Amazon Linux:2/golang fixed >=1.19 <1.19.10-1.amzn2.0.2 [x86_64]",
            "Amazon Linux:2/golang-tools fixed >=0 <2:0.4-1.amzn2",
        ]
    );
    assert_eq!(lines(kernel), ["Amazon Linux:2/kernel-doc fixed >=0 <4.9.76-112.amzn2"]);
    assert_eq!(
        refusals(&sink),
        [
            ("ALAS2023-2024-501", RefusalReason::NotSecurity),
            ("XYZ-2024-1", RefusalReason::UnknownRelease),
            ("ALAS2023-2024-502", RefusalReason::Malformed),
            ("ALAS2023-2024-503", RefusalReason::NothingAffected),
        ]
    );
}

#[test]
fn updateinfo_of_others() {
    let sink = read("updateinfo", "enterprise.xml");
    let [rocky, cloud, alma, fedora] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((rocky.source.as_str(), rocky.title.as_str()), ("rocky", "ruby:2.5 security update"));
    assert_eq!((rocky.covers.len(), rocky.references.len()), (1, 2));
    assert_eq!(rocky.description, "An update is available for rubygem-bson.");
    assert_eq!(
        lines(rocky),
        [
            "Rocky Linux:8/rubygem-abrt fixed >=0 <0.3.0-4.module+el8.5.0+738+032c9c02 (ruby:2.5)",
            "Rocky Linux:8/plain fixed >=0 <1:1.0-4.el8 [x86_64]",
        ]
    );
    assert_eq!(
        lines(cloud),
        ["Rocky Linux:8:SIG Cloud/kernel fixed >=0 <4.18.0-425.10.1.el8_7.cloud [x86_64]"]
    );
    assert_eq!(cloud.severities[0].severity, Severity::High);
    assert_eq!(alma.source, "almalinux");
    assert_eq!(lines(alma), ["AlmaLinux:9/libsndfile fixed >=0 <1.0.31-8.el9 [x86_64]"]);
    assert_eq!((fedora.source.as_str(), fedora.severities.len()), ("fedora", 0));
    assert_eq!(fedora.covers, ["CVE-2024-2004"]);
    assert_eq!(lines(fedora), ["Fedora:40/libcurl fixed >=0 <8.6.0-8.fc40 [x86_64]"]);
    assert_eq!(refusals(&sink), [("FEDORA-EPEL-2024-1", RefusalReason::UnknownRelease)]);
}

#[test]
fn almalinux_errata() {
    let sink = read("alma-errata", "errata.full.json");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!(
        (advisory.id.as_str(), advisory.title.as_str()),
        ("ALSA-2024:0001", "nodejs:18 security update")
    );
    assert_eq!(
        (advisory.source.as_str(), advisory.covers.join(" ")),
        ("almalinux", "CVE-2024-0011".to_owned())
    );
    assert_eq!(advisory.severities[0].severity, Severity::High);
    assert_eq!(advisory.published.unwrap().to_string(), "2024-01-02T00:00:00Z");
    assert_eq!(
        lines(advisory),
        [
            "AlmaLinux:8/nodejs fixed >=0 <1:18.19.0-1.module_el8.9.0+3700+c42cb7a8 [x86_64] (nodejs:18)",
            "AlmaLinux:8/npm fixed >=0 <1:10.2.3-1.18.19.0.1.module_el8.9.0+3700+c42cb7a8 [x86_64 aarch64] (nodejs:18)",
            "AlmaLinux:8/nodejs-docs fixed >=0 <1:18.19.0-1.el8",
        ]
    );
    assert_eq!(
        refusals(&sink),
        [
            ("ALBA-2024:0002", RefusalReason::NotSecurity),
            ("ALSA-2024:0003", RefusalReason::UnknownRelease),
            ("record 4", RefusalReason::Malformed),
        ]
    );
    let sink = read("alma-errata", "errata.json");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!(advisory.modified.unwrap().to_string(), "2021-08-24T11:33:15Z");
    assert_eq!(
        lines(advisory),
        ["AlmaLinux:8/libexample fixed >=0 <1.0.28-10.module_el8.4.0+1 [i686 x86_64] (libexample:2)"]
    );
}

#[test]
fn rocky_apollo() {
    let sink = read("rocky-apollo", "page.json");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("RLSA-2025:21816", "rocky"));
    assert_eq!(advisory.title, "delve and golang security update");
    assert_eq!(
        (advisory.covers.join(" "), advisory.cwes.join(" ")),
        ("CVE-2025-58183".into(), "CWE-770".into())
    );
    assert_eq!((advisory.cvss.len(), advisory.references.len()), (1, 2));
    assert_eq!(advisory.published.unwrap().to_string(), "2025-11-27T09:11:22Z");
    assert_eq!(
        lines(advisory),
        [
            "Rocky Linux:10/delve fixed >=0 <1.25.2-1.el10_1 [aarch64 x86_64]",
            "Rocky Linux:10/golang-docs fixed >=0 <1.25.3-1.el10_1",
            "Rocky Linux:8/nodejs fixed >=0 <1:18.19.0-1.module+el8.9.0+1 [x86_64] (nodejs:18)",
            "Rocky Linux:9:SIG Cloud/kernel fixed >=0 <5.14.0-687.36.1.el9_8.cloud.1.0 [x86_64]",
        ]
    );
    assert_eq!(
        refusals(&sink),
        [
            ("RLBA-2025:1", RefusalReason::NotSecurity),
            ("RLSA-2025:2", RefusalReason::Malformed),
            ("RLSA-2025:3", RefusalReason::UnknownRelease),
        ]
    );
    let sink = read("rocky-apollo", "RLSA-2021-4364.json");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((advisory.covers.join(" "), advisory.cvss.len()), ("CVE-2021-3487".to_owned(), 0));
    assert_eq!(advisory.severities[0].severity, Severity::Medium);
    assert_eq!(lines(advisory), ["Rocky Linux:8/gfs2-utils fixed >=0 <3.2.0-11.el8 [aarch64 x86_64]"]);
}

#[test]
fn fedora_bodhi() {
    let sink = read("bodhi", "page-1.json");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!(
        (advisory.id.as_str(), advisory.title.as_str()),
        ("FEDORA-2024-aaaaaaaaaa", "curl-8.6.0-8.fc40")
    );
    assert_eq!(advisory.covers, ["CVE-2024-2004", "CVE-2024-2379"]);
    assert_eq!(advisory.severities[0].severity, Severity::Critical);
    assert_eq!(
        lines(advisory),
        ["Fedora:40/curl fixed >=0 <8.6.0-8.fc40 [src]", "Fedora:40/bind fixed >=0 <32:9.18.24-1.fc40 [src]"]
    );
    assert_eq!(advisory.affected[0].fix_date.unwrap().to_string(), "2024-04-01T01:02:03Z");
    assert_eq!(
        refusals(&sink),
        [
            ("FEDORA-2024-bbbbbbbbbb", RefusalReason::NotSecurity),
            ("FEDORA-2024-cccccccccc", RefusalReason::NothingAffected),
            ("FEDORA-EPEL-2024-dddddddddd", RefusalReason::UnknownRelease),
            ("FEDORA-2024-eeeeeeeeee", RefusalReason::Malformed),
        ]
    );
    let sink = read("bodhi", "FEDORA-2024-ffffffffff.json");
    let [advisory] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((advisory.covers.join(" "), advisory.severities.len()), ("CVE-2024-3094".to_owned(), 0));
    assert_eq!(lines(advisory), ["Fedora:39/xz fixed >=0 <5.4.6-3.fc39 [src]"]);
}

#[test]
fn photon_os() {
    let sink = read("photon", "cve_data_photon5.0.json");
    let found: Vec<_> = sink
        .advisories
        .iter()
        .map(|one| format!("{} {:?} {}", one.id, one.affected[0].severity, lines(one).join(", ")))
        .collect();
    assert_eq!(
        found,
        [
            "CVE-2019-3828 Some(Critical) Photon OS:5.0/ansible fixed >=0 <2.7.6-2.ph5",
            "CVE-2023-0001 Some(Medium) Photon OS:5.0/linux affected >=0",
            "CVE-2023-0002 None Photon OS:5.0/curl not_affected >=0",
        ]
    );
    assert_eq!(
        refusals(&sink),
        [
            ("UNK-1", RefusalReason::Malformed),
            ("CVE-2023-0003", RefusalReason::NothingAffected),
            ("CVE-2023-0004", RefusalReason::Malformed),
            ("record 7", RefusalReason::Malformed),
        ]
    );
    let mut sink = Sink::new();
    sources::read(
        "photon.json",
        br#"[{"cve_id":"CVE-2023-1","pkg":"a","aff_ver":"","res_ver":"1-1"}]"#,
        &mut sink,
    );
    assert_eq!(sink.refused_by_reason(), &BTreeMap::from([(RefusalReason::Malformed, 1)]));
}

#[test]
fn a_document_without_its_list_is_refused() {
    for (path, text) in [
        ("a.json", r#"{"updates": null, "builds_of": {"builds": 1}}"#),
        ("b.json", r#"{"data": 1, "x": "ALSA-1", "issued_date": 0}"#),
        ("c.json", r#"{"x": "RLSA-1", "synopsis": "", "cves": []}"#),
        ("photon1.0.json", r#"{"": [], "cve_id": 1, "aff_ver": 2, "res_ver": 3}"#),
        ("d.xml", "<updates><update >"),
        ("e.xml", "<x><updates><update ></update></updates></x>"),
    ] {
        let mut sink = Sink::new();
        assert!(sources::read(path, text.as_bytes(), &mut sink).is_some(), "{path} is not recognised");
        assert!(sink.kept() == 0 && sink.refused() >= 1, "{path}");
    }
}
