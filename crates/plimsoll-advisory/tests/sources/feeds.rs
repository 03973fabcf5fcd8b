//! The feeds that are one large file each: trackers, catalogues, scores. What is expected of the fixtures is what the
//! publishers' documentation says of the fields.

use plimsoll_advisory::sources::RefusalReason;
use plimsoll_types::{Epss, Severity, Status};

use super::{affected, read};

/// What was refused, and why.
fn refused(sink: &plimsoll_advisory::sources::Sink) -> Vec<(&str, RefusalReason)> {
    sink.refusals().iter().map(|refusal| (refusal.record.as_str(), refusal.reason)).collect()
}

#[test]
fn debian_security_tracker() {
    let sink = read("debian-tracker", "json.json");
    let [curl, old, open, temp] = &sink.advisories[..] else { panic!("{:?}", sink.advisories) };
    assert_eq!((curl.id.as_str(), curl.source.as_str()), ("CVE-2023-38545", "debian-tracker"));
    assert_eq!(
        affected(curl),
        [
            "Debian:12/curl fixed >=0 <7.88.1-10+deb12u4",
            "Debian:11/curl not_affected >=0",
            "Debian:14/curl fixed >=0 <8.3.0-3",
        ]
    );
    assert_eq!(curl.affected[0].severity, None);
    assert_eq!(curl.affected[2].severity, Some(Severity::Medium));
    let said: Vec<_> = old.affected.iter().map(|one| (one.status, one.severity)).collect();
    assert_eq!(
        said,
        [
            (Status::Affected, Some(Severity::Negligible)),
            (Status::FixDeferred, Some(Severity::Low)),
            (Status::EndOfLife, None),
            (Status::WillNotFix, Some(Severity::High)),
        ]
    );
    assert_eq!(old.references[1].url, "https://bugs.debian.org/1098765");
    assert_eq!(affected(open), ["Debian:12/curl under_investigation >=0", "Debian:13/curl affected >=0"]);
    assert_eq!(
        (temp.id.as_str(), affected(temp)[0].as_str()),
        ("TEMP-0000000-0A1B2C", "Debian:12/zlib fixed >=0 <1:1.2.13.dfsg-1")
    );
    assert_eq!(
        refused(&sink),
        [
            ("CVE-2099-0002", RefusalReason::UnknownRelease),
            ("CVE-2099-0003", RefusalReason::NothingAffected),
            ("CVE-2099-0004", RefusalReason::Malformed),
        ]
    );
}

#[test]
fn arch_linux() {
    let sink = read("arch", "all.json");
    let said: Vec<_> =
        sink.advisories.iter().map(|one| format!("{}: {}", one.id, affected(one).join(", "))).collect();
    assert_eq!(
        said,
        [
            "AVG-2843: Arch Linux/xz fixed >=0 <5.6.1-2, Arch Linux/lib32-xz fixed >=0 <5.6.1-2",
            "AVG-2800: Arch Linux/vim affected >=0, Arch Linux/gvim affected >=0",
            "AVG-2737: Arch Linux/gnome-remote-desktop not_affected >=0",
            "AVG-2700: Arch Linux/bind fixed >=0 <9.18.1-1",
            "AVG-2699: Arch Linux/htmldoc under_investigation >=0",
        ]
    );
    let xz = &sink.advisories[0];
    assert_eq!(
        (xz.covers.as_slice(), xz.severities[0].severity),
        (["CVE-2024-3094".to_owned()].as_slice(), Severity::Critical)
    );
    assert_eq!(xz.references[1].url, "https://security.archlinux.org/ASA-202403-1");
    assert!(sink.advisories[2].severities.is_empty());
    assert_eq!(
        refused(&sink),
        [("AVG-1", RefusalReason::NothingAffected), ("record 7", RefusalReason::Malformed)]
    );
}

#[test]
fn epss_scores() {
    let sink = read("epss", "epss_scores-2025-06-01.csv");
    let scores: Vec<_> =
        sink.epss.iter().map(|one| (one.cve.as_str(), one.epss.score, one.epss.percentile)).collect();
    assert_eq!(
        scores,
        [("CVE-1999-0001", 1_167, 77_533), ("CVE-2021-44228", 94_358, 99_957), ("CVE-2024-0001", 9, 789)]
    );
    assert_eq!(sink.epss[0].epss, Epss { score: 1_167, percentile: 77_533 });
    assert_eq!(sink.epss[0].date.unwrap().to_string(), "2025-06-01T00:00:00Z");
    assert_eq!((sink.kept(), sink.refused()), (3, 3));
}

#[test]
fn exploited_vulnerabilities() {
    let sink = read("cisa-kev", "known_exploited_vulnerabilities.json");
    let [git, log4j] = &sink.advisories[..] else { panic!() };
    assert_eq!(
        (git.id.as_str(), git.source.as_str(), git.known_exploited),
        ("CVE-2025-48384", "cisa-kev", true)
    );
    assert_eq!(git.title, "Git Link Following Vulnerability");
    assert_eq!(
        git.description,
        "Git contains a link following vulnerability.\n\nRequired action by 2025-09-15: Apply mitigations per vendor \
         instructions."
    );
    assert_eq!(git.cwes, ["CWE-59", "CWE-436"]);
    assert_eq!(git.modified.unwrap().to_string(), "2025-08-25T00:00:00Z");
    assert_eq!(git.references.len(), 3);
    assert_eq!(
        log4j.description,
        "Log4j2 contains a vulnerability.\n\nDue by 2021-12-24.\n\nKnown to be used in ransomware campaigns."
    );
    assert_eq!(refused(&sink), [("none", RefusalReason::Malformed)]);

    let sink = read("cisa-kev", "known_exploited_vulnerabilities.csv");
    let [log4j, heartbleed] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!(log4j.title, "Apache Log4j2 \"Log4Shell\" Vulnerability");
    assert!(
        log4j
            .description
            .starts_with("Log4j2, in short,\r\nruns what it logs.\n\nRequired action by 2021-12-24: Update.")
    );
    assert_eq!(log4j.cwes, ["CWE-20", "CWE-400"]);
    assert_eq!((heartbleed.id.as_str(), heartbleed.description.as_str()), ("CVE-2014-0160", "Reads memory."));
}

#[test]
fn ends_of_life() {
    let said = |file: &str| {
        let sink = read("endoflife", file);
        let date = |date: Option<plimsoll_types::Timestamp>| {
            date.map_or("-".to_owned(), |date| date.to_string()[..10].to_owned())
        };
        let lines: Vec<_> = sink
            .lifecycles
            .iter()
            .map(|one| {
                format!(
                    "{} {} {} {}",
                    one.ecosystem,
                    date(one.released),
                    date(one.ends),
                    date(one.extended_ends)
                )
            })
            .collect();
        let refused: Vec<_> =
            refused(&sink).iter().map(|(record, reason)| format!("{record}: {reason}")).collect();
        (lines, refused)
    };
    let (lines, refused) = said("debian.json");
    assert_eq!(
        lines,
        [
            "Debian:13 2025-08-09 2028-08-09 2030-06-30",
            "Debian:12 2023-06-10 2026-06-10 -",
            "Debian:1.1 1996-06-17 - -",
        ]
    );
    assert_eq!(refused, ["debian sid: no known release", "record 5: cannot be read"]);
    assert_eq!(
        said("sles.json").0,
        [
            "SUSE:Linux Enterprise Server 15 SP6 2024-06-26 2025-12-31 2028-12-31",
            "SUSE:Linux Enterprise Server 15 2018-07-16 2019-12-31 -",
        ]
    );
    let (lines, refused) = said("full.json");
    assert_eq!(
        lines,
        [
            "Red Hat:enterprise_linux:9 2022-05-17 2032-05-31 2035-05-31",
            "Amazon Linux:2023 2023-03-15 2029-06-30 -",
            "Amazon Linux:1 2018-04-25 2023-12-31 -",
        ]
    );
    assert_eq!(refused, ["python: no known release", "amazon-linux 2017.09: no known release"]);
    assert_eq!(
        said("ubuntu.json").0,
        ["Ubuntu:24.10 2024-10-10 2025-07-10 -", "Ubuntu:24.04:LTS 2024-04-25 2029-05-31 2036-05-31"]
    );
}
