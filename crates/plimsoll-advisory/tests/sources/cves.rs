//! NVD and the CVE list. The fixtures have the shape of real records (NVD API 2.0, CVE Record Format 5.1); what is
//! expected follows from the documentation of their fields.

use plimsoll_advisory::sources::RefusalReason;
use plimsoll_types::Severity;

use super::{affected, one, read};

#[test]
fn nvd_page() {
    let sink = read("nvd", "page.json");
    let [openssl, rejected, limits, new] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!((openssl.id.as_str(), openssl.source.as_str()), ("CVE-2022-3602", "nvd"));
    assert_eq!(openssl.description, "A buffer overrun can be triggered in X.509 certificate verification.");
    assert_eq!(openssl.published.unwrap().to_string(), "2022-11-01T18:15:10Z");
    let vectors: Vec<_> = openssl.cvss.iter().map(|one| (one.source.as_str(), &one.vector[..10])).collect();
    assert_eq!(
        vectors,
        [
            ("nvd", "CVSS:3.1/A"),
            ("cisa-adp", "CVSS:3.1/A"),
            ("cna@example.org", "CVSS:4.0/A"),
            ("nvd", "AV:N/AC:L/")
        ]
    );
    assert_eq!(openssl.severities.len(), 1);
    assert_eq!(
        (openssl.severities[0].source.as_str(), openssl.severities[0].severity),
        ("nvd", Severity::High)
    );
    assert_eq!(openssl.cwes, ["CWE-787"]);
    assert!(openssl.public_exploit && !openssl.known_exploited);
    let kinds: Vec<_> = openssl.references.iter().map(|link| link.kind.as_str()).collect();
    assert_eq!(kinds, ["advisory", "evidence"]);
    assert_eq!(
        affected(openssl),
        ["CPE/nodejs:node.js affected >=18.0.0-a <=18.11.0", "CPE/openssl:openssl fixed >=3.0.0 <3.0.7"]
    );
    assert_eq!(openssl.affected[0].versions, ["19.0.0-rc1", "18.12.0"]);

    assert_eq!(rejected.withdrawn.unwrap().to_string(), "2020-02-01T00:00:00Z");
    assert!(rejected.affected.is_empty() && rejected.cvss.is_empty());

    assert!(limits.known_exploited);
    assert_eq!(limits.title, "Some name");
    let said: Vec<_> = limits.affected.iter().map(|one| (one.package.as_str(), one.oses.join(","))).collect();
    assert_eq!(
        said,
        [
            ("vendor:on_rhel", String::new()),
            ("vendor:on_windows", "darwin,windows".to_owned()),
            ("vendor:phone!app", "android".to_owned()),
        ]
    );
    assert!(new.affected.is_empty() && new.withdrawn.is_none());
    let refused: Vec<_> = sink.refusals().iter().map(|one| (one.record.as_str(), one.reason)).collect();
    assert_eq!(refused, [("nonsense", RefusalReason::Malformed), ("record 6", RefusalReason::Malformed)]);
}

#[test]
fn nvd_single_record() {
    let sendmail = one("nvd", "CVE-1999-0095.json");
    assert_eq!(sendmail.affected[0].package, "eric_allman:sendmail");
    assert_eq!(sendmail.affected[0].versions, ["5.58"]);
    assert_eq!(sendmail.severities[0].severity, Severity::High);
    assert!(sendmail.cwes.is_empty());
}

#[test]
fn cve_records() {
    let go = one("cve-list", "CVE-2024-24790.json");
    assert_eq!((go.id.as_str(), go.source.as_str()), ("CVE-2024-24790", "cve-list"));
    assert_eq!(affected(&go), ["Go/stdlib fixed >=0 <1.21.11 | >=1.22.0-0 <1.22.4"]);
    assert_eq!(go.affected[0].symbols, ["net/netip.Addr.IsLoopback", "net/netip.Addr.IsPrivate"]);
    assert_eq!(go.cvss[0].source, "cisa-adp");
    assert_eq!(go.cwes, ["CWE-180"]);
    assert_eq!(go.references.len(), 2);
    assert_eq!(go.references[0].kind, "fix");
    assert!(!go.public_exploit && !go.known_exploited);

    let pip = one("cve-list", "CVE-2023-5752.json");
    assert_eq!(
        affected(&pip),
        [
            "PyPI/pip fixed >=0 <23.3",
            "Maven/org.example:thing fixed >=2.0.0 <=2.4.1 <2.3.9",
            "npm/@scope/name affected >=0",
        ]
    );
    assert_eq!(pip.affected[1].versions, ["1.0"]);
    assert_eq!((pip.severities[0].source.as_str(), pip.severities[0].severity), ("psf", Severity::Medium));
    assert_eq!(pip.description, "Installing from a Mercurial URL.");
    assert!(pip.known_exploited && pip.public_exploit);

    let totara = one("cve-list", "CVE-2024-3931.json");
    assert!(totara.public_exploit && !totara.known_exploited && totara.affected.is_empty());
    let rejected = one("cve-list", "CVE-2023-0001.json");
    assert_eq!(rejected.withdrawn.unwrap().to_string(), "2023-05-01T00:00:00Z");
}

#[test]
fn nvd_yearly_file() {
    let bsd = one("nvd", "CVE-1999.json");
    assert_eq!((bsd.id.as_str(), bsd.affected.len()), ("CVE-1999-0001", 0));
}

#[test]
fn interpreters() {
    let hmac = one("node-security-wg", "167.json");
    assert_eq!(
        (hmac.id.as_str(), hmac.aliases.as_slice()),
        ("CVE-2026-21713", ["NSWG-COR-167".to_owned()].as_slice())
    );
    assert_eq!(
        affected(&hmac),
        [
            "CPE/nodejs:node.js fixed >=20.0.0 <20.20.2 | >=22.0.0 <22.22.2 | >=24.0.0 <24.14.1 | >=25.0.0 limit 26.0.0"
        ]
    );
    assert_eq!(hmac.severities[0].severity, Severity::Medium);
    let overflow = one("node-security-wg", "18.json");
    assert_eq!(overflow.id, "NSWG-COR-18");
    assert_eq!(affected(&overflow), ["CPE/nodejs:node.js fixed >=7.1.0 <7.2.0"]);
    assert_eq!(overflow.cvss[0].vector, "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:N");
    assert!(overflow.severities.is_empty());

    let ruby = one("ruby-advisory-db", "CVE-2026-46727.yml");
    assert_eq!(affected(&ruby), ["CPE/ruby-lang:ruby fixed >=4.0 <4.0.5"]);
}
