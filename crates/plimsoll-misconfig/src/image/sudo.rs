//! CFG-SUDO: sudo is installed. Who may use it without a password is told with the file that says so.

use plimsoll_types::classes::configuration::SUDO;
use plimsoll_types::{Detection, Severity};

use super::{Look, detection};

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    const PROGRAMS: &[&str] =
        &["usr/bin/sudo", "usr/local/bin/sudo", "bin/sudo", "usr/bin/doas", "usr/local/bin/doas", "bin/doas"];
    let Some(path) = look.first_file(PROGRAMS) else { return };
    let is_set_uid = look.find(path).and_then(|found| found.node).is_some_and(|node| node.mode & 0o4000 != 0);
    let mut found = detection(SUDO, "installed", look.file_place(path), "sudo is installed");
    if path.ends_with("doas") {
        found.message = "doas is installed".to_owned();
    }
    if !is_set_uid {
        found.severity = Severity::Negligible;
        found.notes.push("It lacks the set-uid bit, so it gives nobody rights.".to_owned());
    } else if !look.may_become_root() {
        found.severity = Severity::Low;
        found.notes.push("No rule lets an account other than root use it.".to_owned());
    }
    out.push(found);
}

impl Look<'_> {
    /// True when a rule of sudo names an account or a group with members other than root.
    fn may_become_root(&self) -> bool {
        let members = |group: &str| {
            self.context
                .attributes("misconfig-accounts/group")
                .filter_map(|(_, value)| value.split_once(':'))
                .any(|(name, members)| name == group && !members.is_empty())
        };
        let accounts = self.accounts();
        self.context.attributes("misconfig-logins/sudoer").any(|(_, who)| match who.strip_prefix('%') {
            Some(group) => members(group),
            None if who == "ALL" => true,
            None => accounts.iter().flatten().any(|account| account.name == who) || who.starts_with('#'),
        })
    }
}
