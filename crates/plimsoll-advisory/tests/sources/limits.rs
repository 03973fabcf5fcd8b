//! What OSV records limit their statements to, and which vulnerabilities they are about (OSV schema 1.7, and the
//! publishers' own additions).

use plimsoll_types::Severity;

use super::{affected, read};

#[test]
fn errata_and_limits() {
    let sink = read("osv", "limits.json");
    let [suse, redhat, ubuntu, evil, bitnami, go, rust] = &sink.advisories[..] else {
        panic!("{:?}", sink.refusals())
    };
    // What is merely related is not covered.
    assert_eq!(suse.covers, ["CVE-2024-0001", "CVE-2024-0002"]);
    assert!(suse.aliases.is_empty());
    assert_eq!(affected(suse), ["SUSE:Linux Enterprise Server 15 SP5/xz fixed >=0 <5.2.3-150000.4.7.1"]);

    assert_eq!(
        (redhat.source.as_str(), redhat.covers.as_slice()),
        ("redhat", ["CVE-2024-26642".to_owned()].as_slice())
    );
    assert_eq!(affected(redhat), ["Red Hat:enterprise_linux:8/kernel fixed >=0 <0:4.18.0-553.16.1.el8_10"]);
    assert_eq!(redhat.affected[0].cpes, ["cpe:/o:redhat:enterprise_linux:8::baseos"]);

    assert_eq!(ubuntu.aliases, ["CVE-2024-1234"]);
    assert_eq!(ubuntu.severities[0].severity, Severity::Low);
    assert!(ubuntu.cvss[0].vector.starts_with("CVSS:4.0/"));
    assert_eq!(ubuntu.affected[0].ecosystem, "Ubuntu:Pro:18.04:LTS");

    assert_eq!(affected(evil), ["npm/evil affected >=0"]);
    assert_eq!(evil.severities[0].severity, Severity::Critical);

    assert_eq!(affected(bitnami), ["Bitnami/nginx affected >=1.9.5 <=1.25.2"]);
    assert_eq!((bitnami.severities[0].severity, bitnami.cvss.len()), (Severity::High, 1));
    assert!(bitnami.public_exploit && !go.public_exploit);

    let [stdlib, toolchain, other] = &go.affected[..] else { panic!() };
    assert_eq!(stdlib.symbols, ["os/exec.Cmd.Start", "os/exec.LookPath", "syscall"]);
    assert_eq!((stdlib.oses.join(" "), stdlib.arches.len()), ("windows plan9".to_owned(), 0));
    assert_eq!(toolchain.symbols, ["cmd/go", "cmd/cgo"]);
    assert!(toolchain.oses.is_empty() && other.symbols.is_empty());

    assert_eq!(rust.affected[0].symbols, ["mio::net::connect"]);
    assert_eq!(
        (rust.affected[0].oses.join(" "), rust.affected[0].arches.join(" ")),
        ("darwin windows".to_owned(), "amd64".to_owned())
    );
}
