//! CFG-DEVTOOLS: compilers, debuggers and network tools, by packages and by what lies on the search path. One finding for an image.

use std::collections::BTreeSet;

use plimsoll_analysis::NodeKind;
use plimsoll_types::classes::configuration::DEVTOOLS;
use plimsoll_types::{Detection, Place, PlaceKind, Severity};

use super::{Look, detection};

/// What a tool is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Compiler,
    Debugger,
    Network,
    Download,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Compiler, Kind::Debugger, Kind::Network, Kind::Download];

    const fn word(self) -> &'static str {
        match self {
            Kind::Compiler => "to compile",
            Kind::Debugger => "to debug",
            Kind::Network => "to explore the network",
            Kind::Download => "to fetch and send",
        }
    }
}

/// Names of packages of distributions; a version may follow (`gcc-12`).
const PACKAGES: &[(&str, Kind)] = &[
    ("build-base", Kind::Compiler),
    ("build-essential", Kind::Compiler),
    ("cargo", Kind::Compiler),
    ("clang", Kind::Compiler),
    ("cmake", Kind::Compiler),
    ("g++", Kind::Compiler),
    ("gcc", Kind::Compiler),
    ("gcc-c++", Kind::Compiler),
    ("go", Kind::Compiler),
    ("golang", Kind::Compiler),
    ("make", Kind::Compiler),
    ("rust", Kind::Compiler),
    ("rustc", Kind::Compiler),
    ("gdb", Kind::Debugger),
    ("gdbserver", Kind::Debugger),
    ("lldb", Kind::Debugger),
    ("ltrace", Kind::Debugger),
    ("perf", Kind::Debugger),
    ("strace", Kind::Debugger),
    ("valgrind", Kind::Debugger),
    ("bind-tools", Kind::Network),
    ("hping3", Kind::Network),
    ("iperf3", Kind::Network),
    ("masscan", Kind::Network),
    ("nc", Kind::Network),
    ("ncat", Kind::Network),
    ("netcat", Kind::Network),
    ("netcat-openbsd", Kind::Network),
    ("netcat-traditional", Kind::Network),
    ("nmap", Kind::Network),
    ("nmap-ncat", Kind::Network),
    ("socat", Kind::Network),
    ("tcpdump", Kind::Network),
    ("telnet", Kind::Network),
    ("tshark", Kind::Network),
    ("curl", Kind::Download),
    ("ftp", Kind::Download),
    ("openssh-client", Kind::Download),
    ("openssh-clients", Kind::Download),
    ("rsync", Kind::Download),
    ("wget", Kind::Download),
];

/// Programs that lie in a directory of programs without a package of the distribution.
const PROGRAMS: &[(&str, Kind)] = &[
    ("gcc", Kind::Compiler),
    ("clang", Kind::Compiler),
    ("go", Kind::Compiler),
    ("rustc", Kind::Compiler),
    ("gdb", Kind::Debugger),
    ("dlv", Kind::Debugger),
    ("strace", Kind::Debugger),
    ("nmap", Kind::Network),
    ("ncat", Kind::Network),
    ("nc", Kind::Network),
    ("socat", Kind::Network),
    ("tcpdump", Kind::Network),
    ("masscan", Kind::Network),
    ("kubectl", Kind::Network),
    ("docker", Kind::Network),
];

const DIRECTORIES: &[&str] = &[
    "usr/local/bin",
    "usr/local/sbin",
    "usr/local/go/bin",
    "usr/local/cargo/bin",
    "opt/bin",
    "usr/bin",
    "bin",
];

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    if look.config.is_none() && look.context.distro.is_none() {
        return;
    }
    let mut found: BTreeSet<(Kind, String)> = BTreeSet::new();
    for package in look.context.packages.iter().filter(|package| package.ecosystem.os) {
        if let Some(kind) = kind(&package.name) {
            found.insert((kind, package.name.clone()));
        }
    }
    for directory in DIRECTORIES {
        for (program, kind) in PROGRAMS {
            let path = format!("{directory}/{program}");
            // Links lead to BusyBox or to what a package brings.
            let is_file =
                look.context.view.lookup(path.as_bytes()).is_some_and(|file| file.kind() == NodeKind::File);
            let is_known = found.iter().any(|(_, name)| name.starts_with(program));
            if is_file && !is_known {
                found.insert((*kind, path));
            }
        }
    }
    if found.is_empty() {
        return;
    }
    let parts = Kind::ALL.iter().filter_map(|kind| {
        let names: Vec<&str> =
            found.iter().filter(|(of, _)| of == kind).map(|(_, name)| name.as_str()).take(12).collect();
        (!names.is_empty()).then(|| format!("{}: {}", kind.word(), names.join(" ")))
    });
    let evidence = parts.collect::<Vec<_>>().join("; ");
    let message = match found.len() {
        1 => "1 tool is there that a running application rarely needs".to_owned(),
        count => format!("{count} tools are there that a running application rarely needs"),
    };
    let place = Place { kind: PlaceKind::Image, ..Place::default() };
    let mut detection = detection(DEVTOOLS, "", place, message);
    detection.evidence = evidence;
    if found.iter().any(|(kind, _)| matches!(kind, Kind::Debugger | Kind::Network)) {
        detection.severity = Severity::Low;
    }
    out.push(detection);
}

/// What the package `name` is for.
fn kind(name: &str) -> Option<Kind> {
    let exact = |name: &str| PACKAGES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    exact(name).or_else(|| {
        let (head, version) = name.rsplit_once('-')?;
        (!version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
            .then(|| exact(head))
            .flatten()
    })
}
