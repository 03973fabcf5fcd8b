//! Accounts and groups: passwd(5), shadow(5), group(5).

use std::collections::HashMap;

use plimsoll_analysis::{AccountFact, AnalyzeError, Analyzer, ByteSlice, Fact, File, Interest, Output};
use plimsoll_types::classes::configuration::{DUPID, WEAKPW};
use plimsoll_types::{Scanner, Severity};

use super::passwords::{Guesser, Kind};
use super::{MAX_FILE, found, lines, show};
use crate::evidence;

/// An account without a password: its line, a tab, its name.
pub(crate) const EMPTY: &str = "misconfig-accounts/empty-password";
/// A group that may become root, a colon, its members.
const GROUP: &str = "misconfig-accounts/group";

/// The most accounts of a file.
const MAX_ACCOUNTS: usize = 20_000;

/// Reads the files of accounts.
pub struct Accounts;

impl Analyzer for Accounts {
    fn id(&self) -> &'static str {
        "misconfig/accounts"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: &[
                "etc/passwd",
                "etc/passwd-",
                "etc/passwd.bak",
                "etc/passwd.old",
                "etc/shadow",
                "etc/shadow-",
                "etc/shadow.bak",
                "etc/shadow.old",
                "etc/shadow.orig",
                "etc/shadow.save",
                "etc/group",
            ],
            max_size: MAX_FILE,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        match file.path().as_bytes() {
            b"etc/group" => groups(&bytes, out),
            path if path.starts_with(b"etc/passwd") => accounts(&bytes, path == b"etc/passwd", out),
            _ => passwords(&bytes, out),
        }
        Ok(())
    }
}

fn accounts(bytes: &[u8], is_used: bool, out: &mut Output) {
    let mut facts = Vec::new();
    let mut numbers: HashMap<u32, String> = HashMap::new();
    let mut names: HashMap<String, u32> = HashMap::new();
    let mut guesser = Guesser::default();
    for (number, line) in lines(bytes).take(MAX_ACCOUNTS) {
        let fields: Vec<&str> = line.splitn(7, ':').collect();
        let [name, password, uid, gid, rest @ ..] = &fields[..] else { continue };
        let (Ok(uid), Ok(gid)) = (uid.trim().parse::<u32>(), gid.trim().parse::<u32>()) else { continue };
        if name.is_empty() || name.starts_with(['+', '-', '#']) {
            continue;
        }
        password_of(name, password, number, &mut guesser, out);
        if !is_used {
            continue;
        }
        let shown = evidence::text(name);
        if let Some(first) = names.insert((*name).to_owned(), number) {
            let message = format!("the account '{shown}' stands twice, on line {first} and here");
            show(found(out, DUPID, "name", number, message), &line, None);
        } else if let Some(other) = numbers.get(&uid) {
            let message = match uid {
                0 => format!("the account '{shown}' is a second root"),
                _ => format!("the accounts '{}' and '{shown}' share the number {uid}", evidence::text(other)),
            };
            let severity = (uid == 0).then_some(Severity::High);
            show(found(out, DUPID, "user", number, message), &line, severity);
        }
        numbers.entry(uid).or_insert_with(|| (*name).to_owned());
        let field = |at: usize| rest.get(at).map_or("", |field| field.trim_end()).to_owned();
        facts.push(AccountFact { name: (*name).to_owned(), uid, gid, home: field(1), shell: field(2) });
    }
    if is_used {
        out.fact(Fact::Accounts(facts));
    }
}

fn passwords(bytes: &[u8], out: &mut Output) {
    let mut guesser = Guesser::default();
    for (number, line) in lines(bytes).take(MAX_ACCOUNTS) {
        let mut fields = line.split(':');
        let (Some(name), Some(password)) = (fields.next(), fields.next()) else { continue };
        if !name.is_empty() && !name.starts_with(['+', '-', '#']) {
            password_of(name, password, number, &mut guesser, out);
        }
    }
}

/// Judges the password field of an account.
fn password_of(name: &str, password: &str, line: u32, guesser: &mut Guesser, out: &mut Output) {
    if password.is_empty() {
        out.attribute(EMPTY, format!("{line}\t{name}"));
        return;
    }
    let Some(kind) = Kind::of(password) else { return };
    if guesser.guess(kind, name, password) {
        let message = format!("the account '{}' has a default password", evidence::text(name));
        let evidence = format!("{name}:{}…", kind.prefix());
        show(found(out, WEAKPW, "", line, message), &evidence, None);
    }
}

fn groups(bytes: &[u8], out: &mut Output) {
    let mut numbers: HashMap<u32, String> = HashMap::new();
    let mut names: HashMap<String, u32> = HashMap::new();
    for (number, line) in lines(bytes).take(MAX_ACCOUNTS) {
        let fields: Vec<&str> = line.splitn(4, ':').collect();
        let [name, _, gid, rest @ ..] = &fields[..] else { continue };
        let Ok(gid) = gid.trim().parse::<u32>() else { continue };
        if name.is_empty() || name.starts_with(['+', '-', '#']) {
            continue;
        }
        let shown = evidence::text(name);
        if let Some(first) = names.insert((*name).to_owned(), number) {
            let message = format!("the group '{shown}' stands twice, on line {first} and here");
            show(found(out, DUPID, "group", number, message), &line, None);
        } else if let Some(other) = numbers.get(&gid) {
            let message =
                format!("the groups '{}' and '{shown}' share the number {gid}", evidence::text(other));
            show(found(out, DUPID, "group", number, message), &line, None);
        }
        numbers.entry(gid).or_insert_with(|| (*name).to_owned());
        if matches!(*name, "sudo" | "wheel" | "admin") {
            let members = rest.first().map_or("", |members| members.trim());
            out.attribute(GROUP, format!("{name}:{members}"));
        }
    }
}
