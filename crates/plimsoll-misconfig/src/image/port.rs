//! CFG-PORT: ports of services for administration.

use plimsoll_types::classes::configuration::PORT;
use plimsoll_types::{Detection, Severity};

use super::{Look, config_place, detection};

/// Ports that a container should rarely offer (IANA, "Service Name and Transport Protocol Port Number Registry", and the manuals of the
/// programs). Port 22 is CFG-SSHD's.
const PORTS: &[(u16, &str, Severity)] = &[
    (21, "FTP, which sends passwords as they are", Severity::Low),
    (23, "telnet, which sends passwords as they are", Severity::Medium),
    (69, "TFTP, which knows no passwords", Severity::Low),
    (512, "rexec, which sends passwords as they are", Severity::Medium),
    (513, "rlogin, which trusts addresses", Severity::Medium),
    (514, "rsh, which trusts addresses", Severity::Medium),
    (873, "rsync", Severity::Low),
    (2375, "the Docker engine without encryption", Severity::High),
    (2376, "the Docker engine", Severity::Low),
    (2379, "etcd", Severity::Low),
    (3389, "remote desktop", Severity::Low),
    (5005, "the Java debugger", Severity::Medium),
    (5900, "VNC", Severity::Low),
    (5901, "VNC", Severity::Low),
    (5985, "remote management of Windows", Severity::Low),
    (6000, "the X server", Severity::Low),
    (9229, "the Node.js debugger", Severity::Medium),
    (10250, "the kubelet", Severity::Low),
];

/// Ports of databases: rarely meant for other than the application beside them.
const DATABASES: &[(u16, &str)] = &[
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (7000, "Cassandra"),
    (9042, "Cassandra"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
];

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let Some(config) = look.config else { return };
    let mut databases = Vec::new();
    for exposed in &config.exposed_ports {
        for port in ports(exposed) {
            if let Some((what, severity)) = administration(port) {
                let message = format!("the image offers port {port}, that of {what}");
                let mut found = detection(PORT, "administration", config_place("ExposedPorts"), message);
                found.severity = severity;
                found.evidence = exposed.chars().take(40).collect();
                out.push(found);
            } else if let Some((_, what)) = DATABASES.iter().find(|(known, _)| *known == port) {
                databases.push(format!("{port} ({what})"));
            }
        }
    }
    if !databases.is_empty() {
        let message = format!("the image offers ports of databases: {}", databases.join(", "));
        let mut found = detection(PORT, "database", config_place("ExposedPorts"), message);
        found.severity = Severity::Negligible;
        out.push(found);
    }
}

/// What listens on a port that is one for administration, and how bad that is.
pub(crate) fn administration(port: u16) -> Option<(&'static str, Severity)> {
    PORTS.iter().find(|(known, ..)| *known == port).map(|(_, what, severity)| (*what, *severity))
}

/// The ports that an entry such as `22/tcp` or `8000-8010` names; long ranges are none that anyone means.
pub(crate) fn ports(exposed: &str) -> Vec<u16> {
    let range = exposed.split('/').next().unwrap_or_default().trim();
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if first <= last && last - first <= 100 => (first..=last).collect(),
        _ => Vec::new(),
    }
}
