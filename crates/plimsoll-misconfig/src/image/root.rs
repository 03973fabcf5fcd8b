//! CFG-ROOT: the image runs as root.

use plimsoll_analysis::{AccountFact, Fact};
use plimsoll_types::classes::configuration::ROOT;
use plimsoll_types::{Detection, Severity};

use super::{Look, config_place, detection};
use crate::evidence;

/// Who a `User` is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// Root, and why.
    Root(String),
    /// Someone else.
    Other,
    /// Nobody can say, and why.
    Unknown(String),
}

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let Some(config) = look.config else { return };
    let accounts = look.accounts();
    match runner(&config.user, accounts.as_deref()) {
        Runner::Root(message) => {
            let mut found = detection(ROOT, "", config_place("User"), message);
            found.evidence = evidence::text(&config.user);
            out.push(found);
        }
        Runner::Unknown(message) => {
            let mut found = detection(ROOT, "unknown", config_place("User"), message);
            found.evidence = evidence::text(&config.user);
            found.severity = Severity::Low;
            found.notes.push("Who that is cannot be told from the image.".to_owned());
            out.push(found);
        }
        Runner::Other => {}
    }
}

/// Who `user` is, with the accounts of etc/passwd where there are any. As the engine reads it: a name that the file has goes before
/// a number (moby, `user.GetExecUser`).
pub(crate) fn runner(user: &str, accounts: Option<&[AccountFact]>) -> Runner {
    let user = user.trim();
    let name = user.split(':').next().unwrap_or_default().trim();
    if name.is_empty() {
        return Runner::Root("no user is set, so the image runs as root".to_owned());
    }
    if let Some(account) = accounts.unwrap_or_default().iter().find(|account| account.name == name) {
        return match account.uid {
            0 if name == "root" => Runner::Root("the image runs as root".to_owned()),
            0 => Runner::Root(format!("the user '{}' has the number 0", evidence::text(name))),
            _ => Runner::Other,
        };
    }
    let digits = name.strip_prefix('+').unwrap_or(name);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match digits.bytes().all(|byte| byte == b'0') {
            true => Runner::Root(format!("the image runs as the user number {name}, which is root")),
            false => Runner::Other,
        };
    }
    if name == "root" {
        return Runner::Root("the image runs as root".to_owned());
    }
    let name = evidence::text(name);
    match accounts {
        Some(_) => Runner::Unknown(format!("the user '{name}' is not in etc/passwd")),
        None => Runner::Unknown(format!("the user '{name}' is a name, and the image has no etc/passwd")),
    }
}

impl Look<'_> {
    /// The accounts of etc/passwd; `None` when there is no such file.
    pub(super) fn accounts(&self) -> Option<Vec<AccountFact>> {
        let passwd = self.context.live().find(|seen| seen.facts.path == "etc/passwd")?;
        let accounts = passwd.facts.facts.iter().filter_map(|fact| match fact {
            Fact::Accounts(accounts) => Some(accounts.iter().cloned()),
            _ => None,
        });
        Some(accounts.flatten().collect())
    }
}
