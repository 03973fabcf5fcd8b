//! Who becomes root and how logins are checked: sudoers(5), doas.conf(5), pam.conf(5).

use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, File, Interest, Output};
use plimsoll_types::classes::configuration::{PAM, SUDO};
use plimsoll_types::{Scanner, Severity};

use super::{MAX_FILE, found, lines, show};
use crate::evidence;
use crate::shell::base_name;

/// An account or group (`%name`) that a rule of sudo names, other than root.
const SUDOER: &str = "misconfig-logins/sudoer";

/// Reads rules of sudo and of PAM.
pub struct Logins;

impl Analyzer for Logins {
    fn id(&self) -> &'static str {
        "misconfig/logins"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: &["etc/sudoers", "usr/local/etc/sudoers", "etc/doas.conf", "etc/pam.conf"],
            children_of: &[
                "etc/sudoers.d",
                "usr/local/etc/sudoers.d",
                "etc/doas.d",
                "etc/pam.d",
                "usr/lib/pam.d",
            ],
            max_size: MAX_FILE,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let path = file.path().as_bytes();
        if path.contains_str("sudoers") {
            // sudo leaves out what an editor or a package manager put aside.
            let name = file.name();
            let is_used = !path.contains_str("sudoers.d/") || !name.contains(&b'.') && !name.ends_with(b"~");
            if is_used {
                sudoers(&bytes, out);
            }
        } else if path.contains_str("doas") {
            doas(&bytes, out);
        } else {
            let service = if path == b"etc/pam.conf" { None } else { Some(file.name().to_str_lossy()) };
            pam(&bytes, service.as_deref(), out);
        }
        Ok(())
    }
}

/// Lines joined where they end with a backslash, each with the number of its first.
fn joined(bytes: &[u8]) -> Vec<(u32, String)> {
    let mut out: Vec<(u32, String)> = Vec::new();
    let mut open = false;
    for (number, line) in lines(bytes) {
        let (text, goes_on) = match line.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (line.as_ref(), false),
        };
        match out.last_mut().filter(|(_, last)| open && last.len() < super::MAX_LINE) {
            Some((_, last)) => last.push_str(text),
            None => out.push((number, text.to_owned())),
        }
        open = goes_on;
    }
    out
}

fn sudoers(bytes: &[u8], out: &mut Output) {
    for (number, line) in joined(bytes) {
        // A number sign before a digit is a user's number.
        let end = line
            .match_indices('#')
            .find(|(at, _)| {
                !line.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            })
            .map_or(line.len(), |(at, _)| at);
        let rule = line.get(..end).unwrap_or_default().trim();
        let first = rule.split_whitespace().next().unwrap_or_default();
        if first.starts_with("Defaults") {
            if rule.contains("!authenticate") && !rule.starts_with("Defaults:root") {
                let message = "sudo asks nobody for a password (!authenticate)";
                show(found(out, SUDO, "no-password", number, message), rule, None);
            }
            continue;
        }
        if rule.is_empty() || first.starts_with('@') || first.ends_with("_Alias") {
            continue;
        }
        let Some((who, commands)) = rule.split_once('=') else { continue };
        let who = who.trim_end();
        let who = who.rsplit_once(char::is_whitespace).map_or(who, |(who, _)| who.trim());
        if who == "root" || who == "#0" {
            continue;
        }
        for name in who.split(',').take(100) {
            out.attribute(SUDOER, name.trim());
        }
        if let Some(command) = without_password(commands) {
            let command = if command == "ALL" { "anything" } else { command };
            let message = format!(
                "{} may run {} as root without a password",
                evidence::text(who),
                evidence::text(command)
            );
            show(found(out, SUDO, "no-password", number, message), rule, None);
        }
    }
}

/// The command by which a rule without a password makes root of whom it names.
fn without_password(commands: &str) -> Option<&str> {
    let mut free = false;
    for command in commands.split(',') {
        let mut rest = command.trim();
        if let Some((_, behind)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            rest = behind.trim_start();
        }
        while let Some((tag, behind)) = rest.split_once(':') {
            if tag.is_empty() || !tag.trim_end().bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            {
                break;
            }
            match tag.trim_end() {
                "NOPASSWD" => free = true,
                "PASSWD" => free = false,
                _ => {}
            }
            rest = behind.trim_start();
        }
        let program = base_name(rest.split_whitespace().next().unwrap_or_default());
        let is_root = rest == "ALL"
            || matches!(
                program,
                "sh" | "bash" | "dash" | "zsh" | "ash" | "su" | "sudo" | "env" | "vim" | "vi" | "python3"
            );
        if free && is_root {
            return Some(rest);
        }
    }
    None
}

fn doas(bytes: &[u8], out: &mut Output) {
    for (number, line) in joined(bytes) {
        let rule = line.split('#').next().unwrap_or_default().trim();
        let words: Vec<&str> = rule.split_whitespace().collect();
        if words.first() != Some(&"permit")
            || words.contains(&"cmd")
            || words.contains(&"as") && !words.contains(&"root")
        {
            continue;
        }
        let options = ["nopass", "persist", "keepenv", "nolog"];
        let who = words.iter().skip(1).find(|word| !options.contains(word) && !word.starts_with("setenv"));
        let Some(who) = who.filter(|who| **who != "root") else { continue };
        out.attribute(SUDOER, who.replace(':', "%"));
        if words.contains(&"nopass") {
            let message = format!("{} may run anything as root without a password", evidence::text(who));
            show(found(out, SUDO, "no-password", number, message), rule, None);
        }
    }
}

fn pam(bytes: &[u8], service: Option<&str>, out: &mut Output) {
    for (number, line) in joined(bytes) {
        let rule = line.split('#').next().unwrap_or_default().trim();
        let (service, rest) = match service {
            Some(service) => (service, rule),
            None => rule.split_once(char::is_whitespace).unwrap_or((rule, "")),
        };
        let Some((kind, rest)) = rest.trim_start().split_once(char::is_whitespace) else { continue };
        if !kind.trim_start_matches('-').eq_ignore_ascii_case("auth") {
            continue;
        }
        let rest = rest.trim_start();
        let (control, rest) = match rest.strip_prefix('[') {
            Some(list) => list.split_once(']').unwrap_or((list, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        let mut words = rest.split_whitespace();
        let module = base_name(words.next().unwrap_or_default());
        let control = control.to_ascii_lowercase();
        let ends = control == "sufficient" || control.contains("success=done");
        let is_remote = matches!(service, "sshd" | "remote" | "vsftpd" | "ftp" | "rlogin" | "rsh");
        if module == "pam_permit.so" && ends {
            let message = format!("'{}' lets everyone in (pam_permit)", evidence::text(service));
            show(found(out, PAM, "permit", number, message), rule, None);
        } else if module == "pam_unix.so" && is_remote && words.any(|word| word == "nullok") {
            let message = format!("'{}' accepts empty passwords (nullok)", evidence::text(service));
            show(found(out, PAM, "empty-password", number, message), rule, Some(Severity::Medium));
        }
    }
}
