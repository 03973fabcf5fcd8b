//! CFG-SSHD, CFG-AUTHKEYS and CFG-SSHWEAK: SSH servers, who is let in and how. What counts depends on whether there is a server and
//! whether it is started, so all three are decided together.

use std::collections::BTreeMap;

use plimsoll_analysis::{ByteSlice, SeenFile};
use plimsoll_types::classes::configuration::{AUTHKEYS, SSHD, SSHWEAK};
use plimsoll_types::{Detection, Severity};

use super::{Look, config_place, detection, port};
use crate::evidence;
use crate::files::ssh::{Directive, KEY, LINE};
use crate::shell::base_name;

/// Where servers lie.
const SERVERS: &[&str] = &[
    "usr/sbin/sshd",
    "usr/bin/sshd",
    "usr/local/sbin/sshd",
    "sbin/sshd",
    "usr/sbin/dropbear",
    "usr/bin/dropbear",
    "usr/local/sbin/dropbear",
];

/// Files by which supervisors start the server (s6-overlay, runit, systemd, OpenRC).
const SERVICES: &[&str] = &[
    "etc/s6-overlay/s6-rc.d/sshd/run",
    "etc/s6-overlay/s6-rc.d/svc-openssh-server/run",
    "etc/services.d/sshd/run",
    "etc/services.d/openssh-server/run",
    "etc/service/sshd/run",
    "etc/sv/sshd/run",
];
/// Links by which an init system starts the server, where it is what the image starts.
const UNITS: &[&str] = &[
    "etc/systemd/system/multi-user.target.wants/ssh.service",
    "etc/systemd/system/multi-user.target.wants/sshd.service",
    "etc/systemd/system/sshd.service",
    "etc/runlevels/default/sshd",
];

/// How an image has its SSH server.
struct Server {
    /// A file of it, where there is one.
    program: Option<&'static str>,
    /// Why it is taken to be started.
    started: Option<String>,
    /// True when port 22 is offered.
    exposed: bool,
}

impl Server {
    fn is_reachable(&self) -> bool {
        self.started.is_some() || self.exposed && self.program.is_some()
    }
}

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let server = server(look);
    server_itself(look, &server, out);
    authorized_keys(look, &server, out);
    settings(look, &server, out);
}

fn server(look: &Look<'_>) -> Server {
    let command = look.command();
    let is_server = |word: &str| matches!(base_name(word), "sshd" | "dropbear");
    let named = command.iter().find(|word| word.split([' ', ';', '&', '|', '\t', '\n']).any(is_server));
    let service = |word: &str| {
        ["service ssh start", "service sshd start", "rc-service sshd start", "systemctl start ssh"]
            .iter()
            .any(|start| word.contains(start))
    };
    let joined = command.join(" ");
    let is_init =
        command.first().is_some_and(|word| matches!(base_name(word), "init" | "systemd" | "openrc-init"));
    let linked = |path: &&&str| look.context.view.lookup(path.as_bytes()).is_some();
    let started = if let Some(word) = named {
        Some(format!("the image starts {}", evidence::text(word)))
    } else if service(&joined) {
        Some("the image starts the SSH service".to_owned())
    } else if let Some(path) = look.first_file(SERVICES) {
        Some(format!("a supervisor starts the SSH server ({path})"))
    } else if is_init {
        UNITS.iter().find(linked).map(|path| format!("the init system starts the SSH server ({path})"))
    } else {
        None
    };
    let ports = look.config.map(|config| config.exposed_ports.as_slice()).unwrap_or_default();
    let exposed = ports.iter().any(|entry| port::ports(entry).contains(&22));
    Server { program: look.first_file(SERVERS), started, exposed }
}

fn server_itself(look: &Look<'_>, server: &Server, out: &mut Vec<Detection>) {
    let found = match (&server.started, server.exposed, server.program) {
        (Some(why), exposed, _) => {
            let mut found = detection(SSHD, "started", config_place("Cmd"), why.clone());
            found.evidence = evidence::text(&look.command().join(" "));
            if exposed {
                found.notes.push("Port 22 is offered too.".to_owned());
            }
            found
        }
        (None, true, program) => {
            let mut found = detection(
                SSHD,
                "exposed",
                config_place("ExposedPorts"),
                "the image offers port 22, that of SSH",
            );
            found.evidence = "22/tcp".to_owned();
            if program.is_none() {
                found.severity = Severity::Low;
                found.notes.push("No SSH server was found in the image.".to_owned());
            }
            found
        }
        (None, false, Some(path)) => {
            let mut found = detection(SSHD, "installed", look.file_place(path), "an SSH server is installed");
            found.severity = Severity::Low;
            found.notes.push("Nothing was found that starts it, and its port is not offered.".to_owned());
            found
        }
        (None, false, None) => return,
    };
    out.push(found);
}

fn authorized_keys(look: &Look<'_>, server: &Server, out: &mut Vec<Detection>) {
    for (seen, value) in look.context.attributes(KEY) {
        let mut parts = value.splitn(3, '\t');
        let line = parts.next().and_then(|line| line.parse().ok());
        let (kind, comment) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let who =
            if comment.is_empty() { String::new() } else { format!(" of '{}'", evidence::text(comment)) };
        let message = format!("a key{who} is authorised to log in");
        let mut found = detection(AUTHKEYS, "", look.seen_place(seen, line), message);
        found.evidence = format!("{kind} … {}", evidence::text(comment));
        if server.program.is_none() && server.started.is_none() {
            found.severity = Severity::Medium;
            found.notes.push("No SSH server was found in the image.".to_owned());
        }
        out.push(found);
    }
}

/// A setting that was found, and where.
struct Setting<'a> {
    directive: Directive<'a>,
    file: &'a SeenFile<'a>,
}

fn settings(look: &Look<'_>, server: &Server, out: &mut Vec<Detection>) {
    let mut files: BTreeMap<&[u8], Vec<Setting<'_>>> = BTreeMap::new();
    for (seen, value) in look.context.attributes(LINE) {
        let Some(directive) = Directive::read(value) else { continue };
        files.entry(seen.facts.path.as_bytes()).or_default().push(Setting { directive, file: seen });
    }
    let main = ["etc/ssh/sshd_config", "usr/local/etc/ssh/sshd_config", "usr/etc/ssh/sshd_config"];
    let Some(main) = main.iter().find(|path| files.contains_key(path.as_bytes())) else {
        return by_default(look, server, false, out);
    };
    let mut effective = Vec::new();
    include(&files, main.as_bytes(), "", 0, &mut effective);
    let mut set: Vec<&str> = Vec::new();
    for (setting, criteria) in &effective {
        let keyword = setting.directive.keyword;
        if criteria.is_empty() {
            // The first value is the one that counts.
            if set.contains(&keyword) {
                continue;
            }
            set.push(keyword);
        }
        let value = setting.directive.value.split([' ', '\t']).next().unwrap_or_default().trim_matches('"');
        let (rule, what) = match (keyword, value.to_ascii_lowercase().as_str()) {
            ("permitrootlogin", "yes") => ("root", "root may log in with a password"),
            ("passwordauthentication", "yes") => ("password", "passwords are accepted"),
            ("permitemptypasswords", "yes") => ("empty-password", "empty passwords are accepted"),
            ("hostbasedauthentication", "yes") | ("ignorerhosts", "no") => {
                ("rhosts", "other hosts are trusted")
            }
            ("strictmodes", "no") => ("modes", "keys that others may write are accepted"),
            _ => continue,
        };
        let message = if criteria.is_empty() {
            format!("the SSH server's configuration says that {what}")
        } else {
            format!("the SSH server's configuration says that {what}, for {}", evidence::text(criteria))
        };
        let place = look.seen_place(setting.file, Some(setting.directive.line));
        let mut found = detection(SSHWEAK, rule, place, message);
        found.evidence = evidence::text(&format!("{keyword} {}", setting.directive.value));
        if !server.is_reachable() {
            found.severity = if server.program.is_some() { Severity::Medium } else { Severity::Low };
            found.notes.push("The image does not start an SSH server.".to_owned());
        } else if rule == "modes" {
            found.severity = Severity::Medium;
        }
        out.push(found);
    }
    by_default(look, server, set.contains(&"passwordauthentication"), out);
}

/// Passwords are accepted where nothing says otherwise (sshd_config(5)).
fn by_default(look: &Look<'_>, server: &Server, is_set: bool, out: &mut Vec<Detection>) {
    let is_openssh = server.program.is_some_and(|path| path.ends_with("sshd"));
    if is_set || !is_openssh || !server.is_reachable() {
        return;
    }
    let place = server.program.map(|path| look.file_place(path)).unwrap_or_default();
    let message = "the SSH server accepts passwords, since nothing says otherwise";
    let mut found = detection(SSHWEAK, "default", place, message);
    found.severity = Severity::Medium;
    found.notes.push("PasswordAuthentication is not set, and its default is yes.".to_owned());
    out.push(found);
}

/// How deep files may include others; the server stops at 16.
const MAX_DEPTH: u32 = 16;
/// The most settings that are looked at.
const MAX_SETTINGS: usize = 10_000;

/// Adds what `path` says, and what the files say that it includes, each with the criteria of the Match block that it stands in.
fn include<'a>(
    files: &'a BTreeMap<&'a [u8], Vec<Setting<'a>>>,
    path: &[u8],
    outer: &str,
    depth: u32,
    out: &mut Vec<(&'a Setting<'a>, String)>,
) {
    for setting in files.get(path).map(Vec::as_slice).unwrap_or_default() {
        if out.len() >= MAX_SETTINGS {
            return;
        }
        let directive = &setting.directive;
        let criteria = if directive.criteria.is_empty() { outer } else { directive.criteria };
        if directive.keyword != "include" {
            out.push((setting, criteria.to_owned()));
            continue;
        }
        for pattern in directive.value.split_whitespace().filter(|_| depth < MAX_DEPTH).take(100) {
            let pattern = pattern.trim_matches('"');
            let full = match pattern.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("etc/ssh/{pattern}"),
            };
            for file in files.keys().filter(|file| **file != path && glob(full.as_bytes(), file)) {
                include(files, file, criteria, depth + 1, out);
            }
        }
    }
}

/// True when `path` fits `pattern`, in which `*` and `?` stand for what is no slash (glob(7)).
fn glob(pattern: &[u8], path: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = path.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') if byte != b'/' => (p, t) = (p + 1, t + 1),
            Some(&wanted) if wanted == byte => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) if path.get(from) != Some(&b'/') => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                _ => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod glob_tests {
    use super::glob;

    #[test]
    fn patterns() {
        for (pattern, path, expected) in [
            ("etc/ssh/sshd_config.d/*.conf", "etc/ssh/sshd_config.d/a.conf", true),
            ("etc/ssh/sshd_config.d/*.conf", "etc/ssh/sshd_config.d/b/a.conf", false),
            ("a?c*", "abcd", true),
            ("*", "", true),
            ("a", "b", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), path.as_bytes()), expected, "{pattern} {path}");
        }
    }
}
