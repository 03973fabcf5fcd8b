//! Reports to render: from nothing at all to every oddity that an image can bring.

use std::cmp::Ordering;

use plimsoll_types::{
    Attached, BaseImage, Confidence, CvssVector, DatabaseInfo, DatabaseSource, Detection, Distro,
    EcosystemSpec, Epss, Exposure, Finding, ImageMetadata, LayerInfo, Lifecycle, Location, MatchReason,
    Package, PackageUrl, Place, PlaceKind, Platform, Problem, ProblemCode, Reference, Report, Risk, Severity,
    SourcePackage, Status, Suppressed, SuppressedBy, SuppressedDetection, TargetKind, TargetReport,
    Timestamp, Vulnerability, keep_name,
};
use plimsoll_version::{VersionError, VersionScheme};

/// Orders versions as text: formats never compare versions.
#[derive(Debug)]
struct AsText;

impl VersionScheme for AsText {
    fn id(&self) -> &'static str {
        "as-text"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        Ok(a.cmp(b))
    }
}

const fn spec(id: &'static str, title: &'static str, os: bool) -> EcosystemSpec {
    EcosystemSpec {
        id,
        title,
        purl_type: id,
        advisory_names: &[],
        versions: &AsText,
        normalize_name: keep_name,
        os,
    }
}

pub static DEB: EcosystemSpec = spec("deb", "Debian packages", true);
pub static RPM: EcosystemSpec = spec("rpm", "RPM packages", true);
pub static APK: EcosystemSpec = spec("apk", "Alpine packages", true);
pub static NPM: EcosystemSpec = spec("npm", "Node.js", false);
pub static MAVEN: EcosystemSpec = spec("maven", "Java", false);
pub static GOLANG: EcosystemSpec = spec("golang", "Go", false);

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn digest(byte: u8) -> plimsoll_types::Digest {
    plimsoll_types::Digest::from_bytes(plimsoll_types::Algorithm::Sha256, &[byte; 32]).unwrap()
}

pub fn package(
    ecosystem: &'static EcosystemSpec,
    namespace: &str,
    name: &str,
    version: &str,
    path: &str,
) -> Package {
    let short = name.rsplit(['/', ':']).next().unwrap();
    Package {
        ecosystem,
        name: name.into(),
        version: version.into(),
        arch: String::new(),
        source: None,
        licenses: Vec::new(),
        vendor: String::new(),
        modularity: String::new(),
        locations: vec![Location { path: path.into(), layer: Some(0) }],
        purl: PackageUrl {
            kind: ecosystem.purl_type.into(),
            namespace: namespace.into(),
            name: short.into(),
            version: version.into(),
            ..PackageUrl::default()
        },
        contains: Vec::new(),
        found_by: format!("{}/test", ecosystem.id),
        cpes: Vec::new(),
        exposure: Vec::new(),
        confidence: plimsoll_types::Confidence::High,
    }
}

pub fn vulnerability(id: &str, severity: Severity, title: &str) -> Vulnerability {
    Vulnerability { id: id.into(), title: title.into(), severity, ..Vulnerability::default() }
}

pub fn finding(vulnerability: Vulnerability, package: usize, status: Status, fixed: &[&str]) -> Finding {
    Finding {
        vulnerability,
        package,
        status,
        fixed_versions: fixed.iter().map(|version| (*version).into()).collect(),
        reasons: vec![MatchReason {
            advisory: "TEST-1".into(),
            source: "test".into(),
            ecosystem: "Test:1".into(),
            name: "name".into(),
            version: "1".into(),
            range: "< 2".into(),
            ..MatchReason::default()
        }],
        ..Finding::default()
    }
}

/// A run over nothing.
pub fn empty() -> Report {
    Report {
        tool_version: "0.1.0".into(),
        created: time("2026-08-01T12:00:00Z"),
        database: DatabaseInfo::default(),
        targets: Vec::new(),
    }
}

fn database() -> DatabaseInfo {
    DatabaseInfo {
        name: "/var/lib/plimsoll/db".into(),
        digest: digest(0xdb).to_string(),
        built: Some(time("2026-07-30T06:00:00Z")),
        advisories: 412_345,
        sources: vec![
            DatabaseSource {
                id: "debian".into(),
                advisories: 50_000,
                newest: Some(time("2026-07-29T00:00:00Z")),
                ..DatabaseSource::default()
            },
            DatabaseSource { id: "osv".into(), advisories: 362_345, ..DatabaseSource::default() },
        ],
    }
}

fn alpine() -> Distro {
    Distro {
        id: "alpine".into(),
        name: "Alpine Linux".into(),
        version: "3.20.3".into(),
        pretty_name: "Alpine Linux v3.20".into(),
        ..Distro::default()
    }
}

/// An image in which nothing is wrong.
pub fn clean() -> Report {
    let mut musl = package(&APK, "alpine", "musl", "1.2.5-r0", "lib/apk/db/installed");
    musl.arch = "x86_64".into();
    musl.licenses = vec!["MIT".into()];
    musl.source = Some(SourcePackage { name: "musl".into(), version: "1.2.5-r0".into() });
    let layer = LayerInfo {
        digest: Some(digest(1)),
        diff_id: digest(2),
        size: 3_623_807,
        created_by: "ADD alpine-minirootfs-3.20.3-x86_64.tar.gz / # buildkit".into(),
    };
    let image = ImageMetadata {
        id: Some(digest(3)),
        manifest: Some(digest(4)),
        tags: vec!["alpine:3.20".into()],
        platform: Platform { os: "linux".into(), architecture: "amd64".into(), variant: String::new() },
        created: Some(time("2024-09-06T22:00:00Z")),
        layers: vec![layer],
        base: Some(BaseImage {
            name: "registry.example/base:1".into(),
            digest: Some(digest(5)),
            layers: Some(1),
        }),
        ..ImageMetadata::default()
    };
    let target = TargetReport {
        name: "alpine:3.20".into(),
        kind: TargetKind::Image,
        image: Some(image),
        distro: Some(alpine()),
        distro_id: "alpine".into(),
        packages: vec![musl],
        ..TargetReport::default()
    };
    Report { database: database(), targets: vec![target], ..empty() }
}

/// One image with a handful of findings, as people mostly see it.
pub fn usual() -> Report {
    let mut report = clean();
    report.database = DatabaseInfo {
        name: "built-in".into(),
        built: Some(time("2026-08-01T02:00:00Z")),
        advisories: 1,
        ..DatabaseInfo::default()
    };
    let target = &mut report.targets[0];
    target.name = "registry.example.org/shop/web:1.4".into();
    let image = target.image.as_mut().unwrap();
    image.tags = vec!["registry.example.org/shop/web:1.4".into()];
    image.labels = vec![("org.opencontainers.image.version".into(), "1.4".into())];
    image.layers.push(LayerInfo { digest: None, diff_id: digest(5), size: 0, created_by: String::new() });
    target.distro = Some(Distro {
        id: "debian".into(),
        name: "Debian GNU/Linux".into(),
        version: "12.7".into(),
        codename: "bookworm".into(),
        pretty_name: "Debian GNU/Linux 12 (bookworm)".into(),
        ..Distro::default()
    });
    target.distro_id = "debian".into();

    let mut libssl = package(&DEB, "debian", "libssl3", "3.0.11-1~deb12u2", "var/lib/dpkg/status");
    libssl.arch = "amd64".into();
    libssl.source = Some(SourcePackage { name: "openssl".into(), version: "3.0.11-1~deb12u2".into() });
    libssl.licenses = vec!["Apache-2.0".into(), "Artistic".into()];
    libssl.vendor = "Debian OpenSSL Team <pkg-openssl-devel@example.org>".into();
    libssl.purl.qualifiers = vec![("arch".into(), "amd64".into()), ("distro".into(), "debian-12".into())];
    let mut openssl = libssl.clone();
    openssl.name = "openssl".into();
    openssl.purl.name = "openssl".into();
    let mut core =
        package(&NPM, "@babel", "@babel/traverse", "7.22.0", "app/node_modules/@babel/traverse/package.json");
    core.licenses = vec!["MIT OR Apache-2.0".into(), "ISC".into()];
    core.locations[0].layer = Some(1);
    let mut log4j = package(
        &MAVEN,
        "org.apache.logging.log4j",
        "org.apache.logging.log4j:log4j-core",
        "2.14.1",
        "opt/shop/shop.jar!/BOOT-INF/lib/log4j-core-2.14.1.jar",
    );
    log4j.locations[0].layer = Some(1);
    log4j.locations.push(Location { path: "opt/shop/worker.jar!/log4j-core.jar".into(), layer: Some(1) });
    target.packages = vec![libssl, openssl, log4j, core];

    let log4shell = Vulnerability {
        aliases: vec!["GHSA-jfh8-c2jp-5v3q".into()],
        description: "Log4j2 JNDI features do not protect against attacker-controlled endpoints.".into(),
        severity_source: "ghsa".into(),
        cvss: vec![
            CvssVector {
                source: "ghsa".into(),
                vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H".into(),
            },
            CvssVector { source: "nvd".into(), vector: "AV:N/AC:M/Au:N/C:C/I:C/A:C".into() },
        ],
        score_tenths: Some(100),
        cwes: vec!["CWE-20".into(), "CWE-502".into()],
        references: vec![
            Reference { kind: "advisory".into(), url: "https://logging.example.org/security.html".into() },
            Reference { kind: String::new(), url: "not an address".into() },
        ],
        published: Some(time("2021-12-10T10:15:00Z")),
        modified: Some(time("2025-02-04T15:15:00Z")),
        known_exploited: true,
        ..vulnerability("CVE-2021-44228", Severity::Critical, "Remote code injection in Log4j")
    };
    let traverse = Vulnerability {
        severity_source: "ghsa".into(),
        ..vulnerability(
            "GHSA-67hx-6x53-jw92",
            Severity::High,
            "Babel vulnerable to arbitrary code execution when compiling specifically crafted malicious code",
        )
    };
    let der = Vulnerability {
        severity_source: "debian".into(),
        score_tenths: Some(55),
        ..vulnerability("CVE-2024-5535", Severity::Medium, "SSL_select_next_proto buffer overread")
    };
    target.findings = vec![
        finding(log4shell, 2, Status::Fixed, &["2.15.0", "2.12.2", "2.3.1"]),
        finding(traverse, 3, Status::Fixed, &["7.23.2"]),
        finding(der.clone(), 0, Status::Fixed, &["3.0.15-1~deb12u1"]),
        finding(der, 1, Status::Fixed, &["3.0.15-1~deb12u1"]),
        finding(vulnerability("CVE-2007-6755", Severity::Negligible, ""), 0, Status::WillNotFix, &[]),
    ];
    target.problems = vec![
        Problem {
            code: ProblemCode::UnreadableFile,
            analyzer: "java/archive".into(),
            path: "opt/shop/broken.jar".into(),
            layer: Some(1),
            message: "end of central directory not found".into(),
        },
        Problem {
            code: ProblemCode::NoAdvisories,
            analyzer: String::new(),
            path: String::new(),
            layer: None,
            message: "nothing is filed under 'Debian:12'".into(),
        },
    ];
    report
}

/// The usual image after it was judged: with risks, and with a finding held back in every way.
pub fn judged() -> Report {
    let mut report = usual();
    let target = &mut report.targets[0];
    target.lifecycle = Some(Lifecycle {
        ecosystem: "Debian:12".into(),
        released: Some(time("2023-06-10")),
        ends: Some(time("2026-06-10")),
        extended_ends: Some(time("2028-06-30")),
    });
    target.risk = Some(827);
    let image = target.image.as_mut().unwrap();
    image.user = "shop".into();
    image.exposed_ports = vec!["8080/tcp".into()];
    image.command = vec!["java".into(), "-jar".into(), "/opt/shop/shop.jar".into()];
    target.packages[2].exposure = vec![Exposure::EntryPoint];
    target.packages[2].confidence = Confidence::Medium;
    target.packages[2].cpes = vec!["cpe:2.3:a:apache:log4j:2.14.1:*:*:*:*:*:*:*".into()];
    for (finding, score) in target.findings.iter_mut().zip([1_150, 312, 213, 190, 4]) {
        finding.risk = Some(Risk {
            score,
            cvss: 1_000,
            exploitability: 100,
            patch_availability: 150,
            exposure: 150,
            reasons: vec!["CVSS 10.00: the base score of ghsa".into(), "exploitability 1.00: x".into()],
        });
    }
    detect(target);
    target.attached = vec![Attached {
        name: "sha256:aa".into(),
        kind: "attestation".into(),
        predicate: "https://slsa.dev/provenance/v1".into(),
        builder: "https://builder.example/v1".into(),
        verified: Some(true),
        note: "cosign.pub".into(),
    }];
    target.scanners = vec![plimsoll_types::Scanner::Vulnerability, plimsoll_types::Scanner::Misconfiguration];
    target.findings[0].vulnerability.epss = Some(Epss { score: 94_358, percentile: 99_955 });
    target.findings[0].fix_available = Some(time("2021-12-13"));
    target.findings[1].vulnerability.public_exploit = true;
    target.findings[1].vulnerability.epss = Some(Epss { score: 2_340, percentile: 84_000 });
    target.findings[2].vulnerability.epss = Some(Epss { score: 43, percentile: 12_000 });
    target.findings[1].confidence = Confidence::Medium;
    target.findings[1].reasons[0].note = "VEX doc.json: under_investigation".into();
    target.findings[1].reasons[0].symbols = vec!["traverse.evaluate".into()];
    let reasons = [
        "Only the build uses it",
        "vulnerable_code_not_in_execute_path: the parser is never called",
        "rebuilt with the patch",
        "test images may have it",
        "",
        "the package is of a repository of its own",
        "the stream is not enabled",
    ];
    for (number, (by, reason)) in SuppressedBy::ALL.into_iter().zip(reasons).enumerate() {
        let mut finding = target.findings[number % target.findings.len()].clone();
        finding.vulnerability.id = format!("CVE-2020-{}", 1_000 + number);
        finding.vulnerability.aliases = vec![format!("GHSA-{number}")];
        target.suppressed.push(Suppressed {
            finding,
            by,
            origin: format!("origin-{number}"),
            reason: reason.into(),
            expires: (by == SuppressedBy::Waiver).then(|| time("2026-12-31")),
        });
    }
    let mut same = target.suppressed[1].clone();
    same.finding.package = 0;
    target.suppressed.push(same);
    report
}

/// A directory without any sign of a distribution.
pub fn directory() -> Report {
    let mut report = usual();
    let target = &mut report.targets[0];
    target.name = "./build/rootfs".into();
    target.kind = TargetKind::Filesystem;
    target.image = None;
    target.distro = None;
    target.distro_id = String::new();
    for package in &mut target.packages {
        package.locations.iter_mut().for_each(|location| location.layer = None);
    }
    target.problems.clear();
    report
}

/// Texts that an attacker or an accident can put into an image.
pub const ODD: [&str; 12] = [
    "plain",
    "with space \"quotes\" 'and' \\backslash/",
    "grüße-漢字-🚢",
    "esc\u{1b}[31mred\u{1b}]0;title\u{7}",
    "c1\u{9b}31m",
    "bidi\u{202e}gpj.exe",
    "zero\u{200b}width\u{feff}",
    "line\nbreak\r\nand\ttab",
    "nul\0byte",
    "[link](https://evil.example.org) <b>html</b> | pipe",
    "..",
    "",
];

/// Several targets, every severity and status, and every oddity in every place that an image can fill.
pub fn rich() -> Report {
    let mut odd = clean();
    let target = &mut odd.targets[0];
    target.name = "odd\u{1b}[2Jimage\u{202e}:latest".into();
    target.distro = Some(Distro {
        id: "rhel".into(),
        id_like: vec!["fedora".into()],
        name: "Red Hat\u{1b}[0m".into(),
        version: "9.4".into(),
        codename: "Plow".into(),
        pretty_name: "Red\nHat".into(),
        variant: "server".into(),
        cpe: "cpe:/o:redhat:enterprise_linux:9::baseos".into(),
        content_sets: Vec::new(),
    });
    let image = target.image.as_mut().unwrap();
    image.platform = Platform { os: "linux".into(), architecture: "arm64".into(), variant: "v8".into() };
    image.labels = ODD.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect();
    image.tags = ODD.iter().map(|text| (*text).to_owned()).collect();
    image.layers = (0..4)
        .map(|i| LayerInfo { digest: None, diff_id: digest(i), size: 0, created_by: String::new() })
        .collect();
    target.packages.clear();
    target.findings.clear();
    for ecosystem in [&RPM, &DEB, &NPM, &MAVEN, &GOLANG] {
        for (i, text) in ODD.iter().enumerate() {
            let mut package = package(ecosystem, "some/space", text, ODD[(i + 3) % ODD.len()], text);
            package.arch = (*text).into();
            package.vendor = (*text).into();
            package.modularity = (*text).into();
            package.source = Some(SourcePackage { name: (*text).into(), version: String::new() });
            package.licenses = vec![
                "GPLv2+ and BSD".into(),
                "MIT".into(),
                (*text).into(),
                "LicenseRef-GPLv2--and-BSD".into(),
            ];
            package.locations.push(Location { path: "second/place".into(), layer: Some(77) });
            package.locations.push(Location { path: String::new(), layer: None });
            package.contains = vec![package.purl.clone()];
            target.packages.push(package);
        }
    }
    // The same package twice, and a name that looks like the number given to the second.
    let twin = target.packages[0].clone();
    target.packages.push(twin.clone());
    target.packages.push(twin);
    let count = target.packages.len();
    for (i, text) in ODD.iter().cycle().take(count).enumerate() {
        let mut vulnerability = vulnerability(
            ["CVE-2024-0001", "GHSA-aaaa-bbbb-cccc", "TEMP-0-\u{1b}[1m", "RUSTSEC-2020-0001"][i % 4],
            Severity::ALL[i % 6],
            text,
        );
        vulnerability.aliases = vec!["DSA-1-1".into(), "no alias\u{202e}".into()];
        vulnerability.description = format!("{text}\n\n# Heading\n{}", "long text ".repeat(i * 20));
        vulnerability.severity_source = ["", "nvd"][i % 2].into();
        vulnerability.score_tenths = [None, Some(98), Some(0)][i % 3];
        vulnerability.cvss = vec![
            CvssVector { source: "nvd".into(), vector: "CVSS:4.0/AV:N".into() },
            CvssVector { source: "nvd".into(), vector: (*text).into() },
        ];
        vulnerability.cwes = vec!["CWE-79".into(), "CWE-x".into()];
        vulnerability.references =
            ODD.iter().map(|text| Reference { kind: (*text).into(), url: (*text).into() }).collect();
        let url = format!("https://example.org/{i}?q=1#part");
        vulnerability.references.push(Reference { kind: "fix".into(), url: url.clone() });
        vulnerability.references.push(Reference { kind: "web".into(), url });
        vulnerability.known_exploited = i % 5 == 0;
        let many = ["0.0.0-20220722155257-8c9f86f7a55f", "1.2.3", text];
        let fixed: &[&str] = [&[], &many[1..2], &many][i % 3];
        target.findings.push(finding(vulnerability, i, Status::ALL[i % 7], fixed));
    }
    let again = target.findings[0].clone();
    target.findings.push(again);
    for (i, code) in ProblemCode::ALL.into_iter().enumerate() {
        for _ in 0..i + 3 {
            target.problems.push(Problem {
                code,
                analyzer: ODD[i % ODD.len()].into(),
                path: ODD[(i + 1) % ODD.len()].into(),
                layer: [None, Some(3)][i % 2],
                message: ODD[(i + 2) % ODD.len()].into(),
            });
        }
    }
    // Each of them held back as well, for odd reasons.
    for (i, finding) in target.findings.clone().into_iter().enumerate() {
        target.suppressed.push(Suppressed {
            finding,
            by: SuppressedBy::ALL[i % 7],
            origin: ODD[i % ODD.len()].into(),
            reason: ODD[(i + 5) % ODD.len()].into(),
            expires: None,
        });
    }
    let mut report = usual();
    report.targets.extend(odd.targets);
    report.targets.extend(clean().targets);
    report.targets.extend(clean().targets);
    report.targets.extend(directory().targets);
    report
}

/// A package for each licence of the SPDX list.
pub fn all_licenses() -> Report {
    let mut report = clean();
    let target = &mut report.targets[0];
    target.packages.clear();
    for license in spdx::identifiers::LICENSES {
        let mut package = package(&NPM, "", license.name, "1", "x");
        package.licenses = vec![license.name.into()];
        target.packages.push(package.clone());
        package.licenses.push("MIT".into());
        target.packages.push(package.clone());
        package.licenses.push("unheard of".into());
        target.packages.push(package);
    }
    report
}

/// All of them, with names.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("empty", empty()),
        ("clean", clean()),
        ("usual", usual()),
        ("judged", judged()),
        ("directory", directory()),
        ("rich", rich()),
        ("licenses", all_licenses()),
    ]
}

/// An image with `count` packages and as many findings.
pub fn large(count: usize) -> Report {
    let mut report = usual();
    let target = &mut report.targets[0];
    let (packages, findings) = (target.packages.clone(), target.findings.clone());
    target.packages.clear();
    target.findings.clear();
    for i in 0..count {
        let mut package = packages[i % packages.len()].clone();
        package.purl.name = format!("{}-{i}", package.purl.name);
        package.name = format!("{}-{i}", package.name);
        target.packages.push(package);
        let mut finding = findings[i % findings.len()].clone();
        finding.vulnerability.id = format!("CVE-2024-{}", i / 3);
        finding.vulnerability.description =
            "A description of the usual length, in some sentences. ".repeat(8);
        finding.package = i;
        target.findings.push(finding);
    }
    report
}

/// Detections of several kinds of place, one of them held back.
fn detect(target: &mut TargetReport) {
    let place = |kind, name: &str| Place { kind, name: name.into(), ..Place::default() };
    let root = plimsoll_types::class("cfg-root").unwrap();
    let user = Detection::new(root, place(PlaceKind::Config, "User"), "no user is named");
    let mut file = Detection::new(
        root,
        Place {
            layer: Some(0),
            hidden_by: Some(1),
            line: Some(3),
            end_line: Some(4),
            column: Some(7),
            resource: "Deployment default/web, container app".into(),
            ..place(PlaceKind::File, "srv/[x] y/deploy.yaml")
        },
        "the container 'app' runs as root\u{1b}[31m",
    );
    file.rule = "run-as-user".into();
    file.severity = Severity::Critical;
    file.confidence = Confidence::Medium;
    file.evidence = "runAsUser: 0 # abcd********".into();
    file.notes = vec!["raised: the entry point listens".into()];
    file.remedy = "Set runAsNonRoot.".into();
    file.package = Some(0);
    target.detections = vec![file, user.clone()];
    target.suppressed_detections.push(SuppressedDetection {
        detection: user,
        by: SuppressedBy::Waiver,
        origin: ".plimsoll.yaml:9".into(),
        reason: "the base image is replaced".into(),
        expires: Some(time("2027-01-01")),
    });
}
