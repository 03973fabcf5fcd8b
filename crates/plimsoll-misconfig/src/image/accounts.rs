//! CFG-EMPTYPW: accounts without a password. Whether it can be used depends on the account's shell, which another file says.

use plimsoll_types::classes::configuration::EMPTYPW;
use plimsoll_types::{Detection, Severity};

use super::{Look, detection};
use crate::evidence;
use crate::files::accounts::EMPTY;
use crate::shell::base_name;

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let accounts = look.accounts().unwrap_or_default();
    for (seen, value) in look.context.attributes(EMPTY) {
        let Some((line, name)) = value.split_once('\t') else { continue };
        let shown = evidence::text(name);
        let message = format!("the account '{shown}' has an empty password");
        let mut found = detection(EMPTYPW, "", look.seen_place(seen, line.parse().ok()), message);
        found.evidence = format!("{shown}::…");
        let is_used = seen.facts.path == "etc/shadow" || seen.facts.path == "etc/passwd";
        let account = accounts.iter().find(|account| account.name == name);
        if !is_used {
            found.severity = Severity::High;
            found.notes.push("The file is a copy that logins do not read.".to_owned());
        } else if let Some(account) = account.filter(|account| !is_login_shell(&account.shell)) {
            found.severity = Severity::Medium;
            found.notes.push(format!("Its shell, {}, lets nobody log in.", evidence::text(&account.shell)));
        }
        out.push(found);
    }
}

/// True for a shell that lets one work; an empty one means `/bin/sh`.
fn is_login_shell(shell: &str) -> bool {
    !matches!(base_name(shell), "nologin" | "false" | "true" | "sync" | "shutdown" | "halt")
}
