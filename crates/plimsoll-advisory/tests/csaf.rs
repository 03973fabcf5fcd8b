//! The CSAF documents of Red Hat and SUSE. The fixtures are excerpts of real documents (CVE-2024-43398 is put together from
//! the forms of several) and valid under the official schema of CSAF 2.0, as Python's jsonschema found.

// Helpers outside `#[test]` functions may fail the test too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use plimsoll_advisory::csaf::{self, RpmPackage};
use plimsoll_advisory::sources::{self, RefusalReason, Sink};
use plimsoll_advisory::{Advisory, Affected, Event};
use plimsoll_types::Severity;

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)).unwrap()
}

fn read(path: &str) -> Sink {
    let mut sink = Sink::new();
    let found = sources::read(path, &fixture(path), &mut sink).unwrap();
    assert!(path.starts_with(found.id), "{path} is read as {}", found.id);
    assert_eq!(sink.read(), sink.kept() + sink.refused());
    sink
}

fn all(path: &str) -> Vec<Advisory> {
    let sink = read(path);
    assert_eq!(sink.refused(), 0, "{:?}", sink.refusals());
    sink.advisories
}

/// `ecosystem/package[module] status <version arches severity`.
fn line(one: &Affected) -> String {
    let module = if one.modularity.is_empty() { String::new() } else { format!("[{}]", one.modularity) };
    let [Event::Introduced(start), rest @ ..] = one.ranges[0].events.as_slice() else { panic!("{one:?}") };
    assert_eq!((start.as_str(), one.ranges.len()), ("0", 1));
    let fixed: String = rest
        .iter()
        .map(|event| match event {
            Event::Fixed(version) => format!(" <{version}"),
            other => panic!("{other:?}"),
        })
        .collect();
    let arches = if one.arches.is_empty() { String::new() } else { format!(" ({})", one.arches.join(" ")) };
    let severity = one.severity.map(|severity| format!(" {severity}")).unwrap_or_default();
    format!("{}/{}{module} {}{fixed}{arches}{severity}", one.ecosystem, one.package, one.status.word())
}

fn lines(advisory: &Advisory) -> Vec<String> {
    advisory.affected.iter().map(line).collect()
}

#[test]
fn a_red_hat_advisory_with_a_module() {
    let [advisory] = all("redhat-csaf/rhsa-2024_1431.json").try_into().unwrap();
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("RHSA-2024:1431", "redhat"));
    assert_eq!(advisory.covers, ["CVE-2021-33621", "CVE-2023-28755"]);
    assert_eq!(advisory.title, "ruby:3.1 security, bug fix, and enhancement update");
    assert!(advisory.description.starts_with("Ruby is an extensible"));
    assert_eq!(advisory.severities.len(), 1);
    assert_eq!(advisory.severities[0].severity, Severity::Medium);
    // Two vulnerabilities share the record; their vectors would be mixed up.
    assert!(advisory.cvss.is_empty());
    // The source package is left out: the binaries are there.
    let version = "142.module+el8.9.0+21471+7d1e4a35";
    assert_eq!(
        lines(&advisory),
        [
            format!("Red Hat:enterprise_linux:8/ruby[ruby:3.1] fixed <3.1.4-{version} (i686 x86_64)"),
            format!(
                "Red Hat:enterprise_linux:8/rubygem-bigdecimal[ruby:3.1] fixed <3.1.1-{version} (x86_64)"
            ),
        ]
    );
    assert_eq!(advisory.affected[0].cpes, ["cpe:/a:redhat:enterprise_linux:8::appstream"]);
    assert_eq!(advisory.affected[0].fix_date.unwrap().to_string(), "2024-03-19T18:46:43Z");
    assert_eq!(advisory.published, advisory.affected[0].fix_date);
    assert_eq!(advisory.modified.unwrap().to_string(), "2026-04-01T19:04:12Z");
    assert_eq!(advisory.references[0].url, "https://access.redhat.com/errata/RHSA-2024:1431");
    assert_eq!(advisory.references[0].kind, "advisory");
}

#[test]
fn vulnerabilities_of_one_advisory_keep_their_severities() {
    let [moderate, important] = all("redhat-csaf/rhsa-2025_23414.json").try_into().unwrap();
    assert_eq!((moderate.id.as_str(), important.id.as_str()), ("RHSA-2025:23414", "RHSA-2025:23414#2"));
    assert_eq!(
        (moderate.covers, important.covers),
        (vec!["CVE-2021-25220".to_owned()], vec!["CVE-2025-40778".to_owned()])
    );
    assert_eq!(moderate.severities[0].severity, Severity::Medium);
    assert_eq!(important.severities[0].severity, Severity::High);
    assert_eq!(moderate.cvss[0].vector, "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:C/C:N/I:H/A:N");
    assert_eq!(important.cvss[0].vector, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:H/A:N");
    assert_eq!(moderate.cwes, ["CWE-444"]);
    assert_eq!(moderate.title, "bind security update");
    // The epoch stands in the package URL's qualifiers.
    let version = "32:9.8.2-0.68.rc1.el6_10.17";
    assert_eq!(
        lines(&Advisory { affected: moderate.affected, ..Advisory::default() }),
        [
            format!("Red Hat:rhel_els:6/bind fixed <{version} (s390x x86_64)"),
            format!("Red Hat:rhel_els:6/bind-devel fixed <{version} (x86_64)"),
        ]
    );
}

#[test]
fn red_hat_vex_with_sources_and_modules() {
    let [advisory] = all("redhat-csaf/cve-2024-43398.json").try_into().unwrap();
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("CVE-2024-43398", "redhat"));
    assert!(advisory.covers.is_empty() && advisory.aliases.is_empty());
    assert_eq!(advisory.title, "rexml: DoS vulnerability in REXML");
    assert!(advisory.description.starts_with("A flaw was found in REXML."));
    assert!(advisory.known_exploited);
    assert_eq!(advisory.published.unwrap().to_string(), "2024-08-22T15:15:00Z");
    assert_eq!(advisory.cvss.len(), 1);
    assert_eq!(
        lines(&advisory),
        [
            "Red Hat:enterprise_linux:10/ruby under_investigation (src)",
            "Red Hat:enterprise_linux:6/ruby end_of_life (src) medium",
            "Red Hat:enterprise_linux:7/ruby will_not_fix (src) medium",
            "Red Hat:enterprise_linux:8/ruby[ruby:2.5] fix_deferred (src) medium",
            "Red Hat:enterprise_linux:8/ruby[ruby:3.3] fixed <3.3.5-3.module+el8.10.0+22271+6a48b0b9 (x86_64) medium",
            "Red Hat:enterprise_linux:8/rubygem-irb[ruby:3.3] fixed <1.13.1-3.module+el8.10.0+22271+6a48b0b9 (noarch) medium",
            "Red Hat:enterprise_linux:9/pcs affected (src) medium",
            "Red Hat:enterprise_linux:9/rubygem-bigdecimal[ruby:3.3] fixed <3.1.5-3.module+el9.4.0+22273+463af10f (x86_64) medium",
            "Red Hat:enterprise_linux:9/rubygem-rexml not_affected (src)",
            "Red Hat:rhel_eus:9.2/pcs fixed <0.11.4-7.el9_2.3 (x86_64) low",
        ]
    );
    let eus = advisory.affected.last().unwrap();
    assert_eq!(eus.cpes, ["cpe:/o:redhat:rhel_eus:9.2::baseos"]);
    assert_eq!(eus.fix_date.unwrap().to_string(), "2024-09-24T00:54:00Z");
    assert_eq!(advisory.affected[6].cpes, ["cpe:/o:redhat:enterprise_linux:9"]);
}

#[test]
fn red_hat_vex_with_binaries() {
    let [advisory] = all("redhat-csaf/cve-2024-6923.json").try_into().unwrap();
    assert_eq!(
        lines(&advisory),
        [
            "Red Hat:enterprise_linux:10/python3.12 affected (src)",
            // Of python39 only the module's build is named, which is no version of a package.
            "Red Hat:enterprise_linux:8/python2[gimp:flatpak] will_not_fix (src)",
            "Red Hat:enterprise_linux:8/python3 fixed <3.6.8-67.el8_10 medium",
            // It is also affected in 9.5, which is the same main line; the source package is left out.
            "Red Hat:enterprise_linux:9/python3.9 fixed <3.9.18-3.el9_4.5 medium",
            "Red Hat:rhel_els:7/python3 will_not_fix (src)",
            // The binaries are named, so that nothing is said of the source.
            "Red Hat:rhel_eus:8.4/resteasy[pki-deps:10.6] affected",
            "Red Hat:rhel_eus:8.4/resteasy-javadoc[pki-deps:10.6] not_affected",
            // Nothing but the source is named.
            "Red Hat:rhel_eus:9.2/python3.9 fixed <3.9.16-1.el9_2.8 (src) medium",
        ]
    );
    assert_eq!(
        advisory.affected[2].cpes,
        ["cpe:/a:redhat:enterprise_linux:8::appstream", "cpe:/o:redhat:enterprise_linux:8::baseos"]
    );
    assert_eq!(advisory.affected[0].cpes, ["cpe:/o:redhat:enterprise_linux:10.0"]);
    assert_eq!(advisory.affected[2].fix_date.unwrap().to_string(), "2024-09-24T03:08:07Z");
}

#[test]
fn red_hat_repositories() {
    let sink = read("redhat-repositories/repository-to-cpe.json");
    let found: Vec<_> =
        sink.repositories.iter().map(|one| (one.repository.as_str(), one.cpes.join(" "))).collect();
    assert_eq!(
        found,
        [
            (
                "3scale-amp-2-for-rhel-8-ppc64le-rpms",
                "cpe:/a:redhat:3scale:2.13::el8 cpe:/a:redhat:3scale_amp:2.11::el8".to_owned()
            ),
            ("rhel-9-for-x86_64-baseos-rpms", "cpe:/o:redhat:enterprise_linux:9::baseos".to_owned()),
        ]
    );
    let refused: Vec<_> = sink.refusals().iter().map(|one| (one.record.as_str(), one.reason)).collect();
    assert_eq!(
        refused,
        [
            ("rhel-9-for-x86_64-nothing-rpms", RefusalReason::NothingAffected),
            ("rhel-9-for-x86_64-odd-rpms", RefusalReason::Malformed)
        ]
    );
}

#[test]
fn a_suse_advisory() {
    let [both, aiohttp] = all("suse-csaf/suse-su-2024_0577-1.json").try_into().unwrap();
    assert_eq!((both.id.as_str(), both.source.as_str()), ("SUSE-SU-2024:0577-1", "suse"));
    assert_eq!(both.covers, ["CVE-2023-47627", "CVE-2023-47641"]);
    assert_eq!(both.severities[0].severity, Severity::Medium);
    let http = "python311-aiohttp fixed <3.9.3-150400.10.14.1 (aarch64 x86_64)";
    let time = "python311-time-machine fixed <2.13.0-150400.9.3.1 (x86_64)";
    assert_eq!(
        lines(&both),
        [
            format!("SUSE:Linux Enterprise Server 15 SP4/{http}"),
            format!("SUSE:Linux Enterprise Server 15 SP4/{time}"),
            format!("SUSE:Linux Enterprise Server 15 SP5/{http}"),
            format!("SUSE:Linux Enterprise Server 15 SP5/{time}"),
            format!("openSUSE:Leap 15.5/{http}"),
            format!("openSUSE:Leap 15.5/{time}"),
        ]
    );
    // One of the vulnerabilities is in one of the packages only.
    assert_eq!(aiohttp.id, "SUSE-SU-2024:0577-1#2");
    assert_eq!(aiohttp.covers, ["CVE-2024-23334"]);
    assert_eq!((aiohttp.affected.len(), aiohttp.severities[0].severity), (3, Severity::High));
    assert!(aiohttp.affected.iter().all(|one| one.package == "python311-aiohttp" && one.cpes.is_empty()));
    assert_eq!(aiohttp.cvss[0].vector, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
}

#[test]
fn suse_vex() {
    let [advisory] = all("suse-csaf/cve-2023-47627.json").try_into().unwrap();
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("CVE-2023-47627", "suse"));
    assert_eq!(
        lines(&advisory),
        [
            "SUSE:Linux Enterprise Micro 5.5/python311-aiohttp not_affected medium",
            // LTSS is the same release: what is fixed there is not called unfixed. Of two fixes the lower one counts.
            "SUSE:Linux Enterprise Server 15 SP4/python-aiohttp affected medium",
            "SUSE:Linux Enterprise Server 15 SP4/python311-aiohttp fixed <3.9.3-150400.10.14.1 medium",
            "SUSE:Linux Enterprise Server 15 SP5/python3-aiohttp affected medium",
            "SUSE:Linux Enterprise Server 15 SP5/python311-aiohttp fixed <3.9.3-150400.10.14.1 medium",
            "openSUSE:Tumbleweed/python311-aiohttp fixed <3.9.3-1.1 medium",
        ]
    );
    let sink = read("suse-csaf/cve-1999-0003.json");
    assert_eq!((sink.kept(), sink.refusals()[0].reason), (0, RefusalReason::NothingAffected));
}

#[test]
fn products_are_resolved() {
    let bytes = fixture("redhat-csaf/cve-2024-43398.json");
    let document = csaf::read("x.json", &bytes).unwrap();
    let products = document.products("x.json").unwrap();
    let id = "AppStream-8.10.0.Z.MAIN.EUS:ruby:3.3:8100020240906074654:489197e6:\
              rubygem-irb-0:1.13.1-3.module+el8.10.0+22271+6a48b0b9.noarch";
    let resolved = products.resolve(id).unwrap();
    assert_eq!(resolved.platform_cpe(), "cpe:/a:redhat:enterprise_linux:8::appstream");
    assert_eq!(resolved.between.len(), 1);
    assert_eq!(
        resolved.rpm().unwrap(),
        RpmPackage {
            name: "rubygem-irb".to_owned(),
            version: "1.13.1-3.module+el8.10.0+22271+6a48b0b9".to_owned(),
            arch: "noarch".to_owned(),
            module: "ruby:3.3".to_owned(),
            upstream: String::new(),
        }
    );
    let image = document.vulnerabilities[0].product_status.fixed.last().unwrap();
    assert_eq!(products.resolve(image).unwrap().rpm(), None);
    assert!(products.resolve("red_hat_enterprise_linux_9").unwrap().platform.is_none());
    assert!(products.resolve("nothing").is_none());
}

/// A small document: `tree` and `vulnerability` are JSON.
fn document(id: &str, category: &str, tree: &str, vulnerabilities: &str) -> String {
    format!(
        "{{\"document\":{{\"aggregate_severity\":{{\"namespace\":\"https://access.redhat.com/security/\",\"text\":\"Low\"}},\
         \"category\":\"{category}\",\"csaf_version\":\"2.0\",\"publisher\":{{\"namespace\":\"https://www.redhat.com\"}},\
         \"title\":\"t\",\"tracking\":{{\"id\":\"{id}\",\"status\":\"final\",\
         \"current_release_date\":\"2024-01-02T00:00:00Z\"}}}},\"product_tree\":{tree},\"vulnerabilities\":[{vulnerabilities}]}}"
    )
}

fn refusal(text: &str) -> (RefusalReason, String) {
    let mut sink = Sink::new();
    let start = std::time::Instant::now();
    assert_eq!(
        sources::read("x.json", text.as_bytes(), &mut sink).map(|source| source.id),
        Some("redhat-csaf")
    );
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!((sink.kept(), sink.refused()), (0, 1), "{:?}", sink.advisories);
    (sink.refusals()[0].reason, sink.refusals()[0].detail.clone())
}

#[test]
fn documents_without_packages_are_refused() {
    let bug = document("RHBA-2024:1", "csaf_security_advisory", "{}", "");
    assert_eq!(refusal(&bug).0, RefusalReason::NotSecurity);
    let empty = document("RHSA-2024:1", "csaf_security_advisory", "null", "{\"cve\":\"CVE-2024-1234\"}");
    assert_eq!(refusal(&empty).0, RefusalReason::NothingAffected);
    let id = document("", "csaf_vex", "{}", "");
    assert_eq!(refusal(&id).0, RefusalReason::Malformed);
    let other = bug.replace("https://www.redhat.com", "https://redhat.com.example");
    assert!(refusal(&other).1.contains("redhat.com.example"));
    let version = bug.replace("\"2.0\"", "\"1.2\"");
    assert!(refusal(&version).1.contains("'1.2'"));

    let mut sink = Sink::new();
    let deleted = document("CVE-2024-1234", "csaf_vex", "{}", "").replace("\"final\"", "\"deleted\"");
    sources::read("x.json", deleted.as_bytes(), &mut sink);
    assert_eq!(sink.advisories[0].withdrawn.unwrap().to_string(), "2024-01-02T00:00:00Z");
}

#[test]
fn hostile_trees_are_refused() {
    let deep =
        format!("{{\"branches\":{}{}}}", "[{\"branches\":".repeat(40), "[]".to_owned() + &"}]".repeat(40));
    let (reason, detail) = refusal(&document("CVE-2024-1234", "csaf_vex", &deep, ""));
    assert!(reason == RefusalReason::Malformed && detail.contains("deeper than the limit of 32"), "{detail}");
    let deeper = format!("{{\"branches\":{}", "[{\"branches\":".repeat(100_000));
    assert!(refusal(&document("CVE-2024-1234", "csaf_vex", &deeper, "")).1.contains("recursion"));
    let objects = format!("{{\"branches\":[{}{{}}]}}", "{},".repeat(4_000_000));
    assert!(refusal(&document("CVE-2024-1234", "csaf_vex", &objects, "")).1.contains("objects"));
    // Products that stand on one another in a circle.
    let circle = "{\"relationships\":[\
        {\"full_product_name\":{\"product_id\":\"a\"},\"product_reference\":\"b\",\"relates_to_product_reference\":\"b\"},\
        {\"full_product_name\":{\"product_id\":\"b\"},\"product_reference\":\"a\",\"relates_to_product_reference\":\"a\"}]}";
    let affected = "{\"cve\":\"CVE-2024-1234\",\"product_status\":{\"known_affected\":[\"a\",\"b\",\"c\"]}}";
    assert_eq!(
        refusal(&document("CVE-2024-1234", "csaf_vex", circle, affected)).0,
        RefusalReason::NothingAffected
    );
    // A small file that stands for a large list.
    let ids = vec!["\"p\""; 10_000].join(",");
    let groups = format!("{{\"product_groups\":[{{\"group_id\":\"g\",\"product_ids\":[{ids}]}}]}}");
    let threats =
        vec!["{\"category\":\"impact\",\"details\":\"Low\",\"group_ids\":[\"g\",\"g\",\"g\"]}"; 1_000]
            .join(",");
    let unfolded = format!("{{\"cve\":\"CVE-2024-1234\",\"threats\":[{threats}]}}");
    assert!(refusal(&document("CVE-2024-1234", "csaf_vex", &groups, &unfolded)).1.contains("product groups"));
}

#[test]
fn a_source_that_is_fixed_is_not_unfixed_too() {
    // With the empty lists that SUSE writes everywhere.
    let product = |category: &str, id: &str, key: &str, value: &str| {
        format!(
            "{{\"branches\":[],\"category\":\"{category}\",\"name\":\"{id}\",\"product\":{{\"name\":\"{id}\",\"product_id\":\"{id}\",\
             \"product_identification_helper\":{{\"{key}\":\"{value}\"}}}}}}"
        )
    };
    let part = |part: &str, whole: &str| {
        format!(
            "{{\"category\":\"default_component_of\",\"full_product_name\":{{\"name\":\"x\",\"product_id\":\"{whole}:{part}\"}},\
             \"product_reference\":\"{part}\",\"relates_to_product_reference\":\"{whole}\"}}"
        )
    };
    let tree = format!(
        "{{\"branches\":[{}],\"relationships\":[{}]}}",
        [
            product("product_name", "NFV-9", "cpe", "cpe:/a:redhat:enterprise_linux:9::nfv"),
            product("product_name", "rhel9", "cpe", "cpe:/o:redhat:enterprise_linux:9"),
            product("product_version", "s", "purl", "pkg:rpm/redhat/kernel-rt@5.14.0-1.el9?arch=src"),
            product("product_version", "b", "purl", "pkg:rpm/redhat/kernel-rt-core@5.14.0-1.el9?arch=x86_64"),
            product("product_version", "u", "purl", "pkg:rpm/redhat/kernel-rt?arch=src"),
        ]
        .join(","),
        [part("s", "NFV-9"), part("b", "NFV-9"), part("u", "rhel9")].join(",")
    );
    let vulnerability = "{\"cve\":\"CVE-2024-1234\",\"flags\":[],\"product_status\":{\"first_fixed\":[],\
        \"fixed\":[\"NFV-9:s\",\"NFV-9:b\"],\"known_affected\":[\"rhel9:u\"],\"known_not_affected\":null}}";
    let mut sink = Sink::new();
    let text = document("CVE-2024-1234", "csaf_vex", &tree, vulnerability);
    sources::read("x.json", text.as_bytes(), &mut sink);
    assert_eq!(
        lines(&sink.advisories[0]),
        ["Red Hat:enterprise_linux:9/kernel-rt-core fixed <5.14.0-1.el9 (x86_64)"]
    );
    assert_eq!(sink.advisories[0].severities[0].severity, Severity::Low);
}
