//! Programs with the set-user-ID or set-group-ID bit (`PRM-SUID`).

use std::collections::HashSet;

use plimsoll_analysis::{Live, NodeKind};
use plimsoll_archive::path::file_name;
use plimsoll_types::classes::permissions;
use plimsoll_types::{Detection, Severity};

use crate::files::Files;
use crate::owners::{Owners, text};
use crate::tampering::packages::changes_database;

/// Programs that distributions ship so.
const USUAL: &[&str] = &[
    "at",
    "bbsuid",
    "btwtmp",
    "chage",
    "chfn",
    "chsh",
    "crontab",
    "dbus-daemon-launch-helper",
    "doas",
    "dotlockfile",
    "expiry",
    "fusermount",
    "fusermount3",
    "gpasswd",
    "ksu",
    "locate",
    "mlocate",
    "mount",
    "mount.cifs",
    "mount.nfs",
    "newgidmap",
    "newgrp",
    "newuidmap",
    "pam_extrausers_chkpwd",
    "pam_timestamp_check",
    "passwd",
    "ping",
    "ping6",
    "pkexec",
    "plocate",
    "polkit-agent-helper-1",
    "pt_chown",
    "screen",
    "sg",
    "ssh-agent",
    "ssh-keysign",
    "su",
    "sudo",
    "sudoedit",
    "traceroute6.iputils",
    "umount",
    "unix_chkpwd",
    "userhelper",
    "usernetctl",
    "utempter",
    "wall",
    "write",
    "write.ul",
    "bsd-write",
    "Xorg.wrap",
    "exim4",
    "postdrop",
    "postqueue",
    "staprun",
    "grub2-set-bootflag",
];

/// Programs that run others, or read and write whatever they are told: with the bit they are a way to root (GTFOBins).
const POWERFUL: &[&str] = &[
    "ash",
    "awk",
    "base64",
    "bash",
    "busybox",
    "cat",
    "chmod",
    "chown",
    "chroot",
    "cp",
    "csh",
    "curl",
    "dash",
    "dd",
    "docker",
    "ed",
    "emacs",
    "env",
    "expect",
    "find",
    "flock",
    "gawk",
    "gdb",
    "git",
    "ionice",
    "jq",
    "ksh",
    "less",
    "lua",
    "make",
    "mawk",
    "more",
    "mv",
    "nano",
    "nc",
    "ncat",
    "nice",
    "nmap",
    "node",
    "openssl",
    "perl",
    "php",
    "python",
    "rsync",
    "ruby",
    "rvim",
    "sed",
    "setarch",
    "sh",
    "socat",
    "ssh",
    "strace",
    "stdbuf",
    "systemctl",
    "tar",
    "tclsh",
    "tee",
    "time",
    "timeout",
    "unshare",
    "vi",
    "vim",
    "watch",
    "wget",
    "xargs",
    "xxd",
    "zsh",
];

pub(crate) fn check(files: &mut Files<'_, '_>, out: &mut Vec<Detection>) {
    let found: Vec<Live<'_>> = files.merged.live().filter(is_set).collect();
    let paths: HashSet<Vec<u8>> = found.iter().map(|live| files.lies_at(live.path())).collect();
    if paths.is_empty() {
        return;
    }
    let owners = Owners::new(files, &paths);
    out.extend(found.iter().filter_map(|live| judge(files, live, &owners)));
}

/// A program with one of the bits that somebody may run. On a file without the group's permission to run, set-group-ID
/// means something else (mandatory locks).
fn is_set(live: &Live<'_>) -> bool {
    let mode = live.node.mode;
    live.node.kind == NodeKind::File && (mode & 0o4000 != 0 && mode & 0o111 != 0 || mode & 0o2010 == 0o2010)
}

fn judge(files: &Files<'_, '_>, live: &Live<'_>, owners: &Owners) -> Option<Detection> {
    let path = live.path();
    let name = file_name(path);
    let bare: &[u8] = {
        // `python3.11` and `perl5.36.0` are what their names say before the digits.
        let end = name.iter().position(u8::is_ascii_digit).filter(|&at| at > 0).unwrap_or(name.len());
        name.get(..end).unwrap_or(name)
    };
    let is_one_of =
        |list: &[&str]| list.iter().any(|item| item.as_bytes() == name || item.as_bytes() == bare);
    let owned = owners.of(&files.lies_at(path));
    let system = [&b"bin/"[..], b"sbin/", b"lib", b"usr/"].iter().any(|head| path.starts_with(head))
        && !path.starts_with(b"usr/local/");
    let powerful = is_one_of(POWERFUL);
    let mut notes = Vec::new();
    let severity = match owned {
        Some(owned) => match owned.set_id() {
            Some(true) => return None,
            Some(false) => {
                notes.push(format!("The package {} brought it without the bit.", owned.package.1));
                Severity::High
            }
            None => {
                // A layer that only touches the file has a copy of it with the bit that it had.
                let layers = files.context.view.layers();
                let had = |layer: usize| layers.get(layer).and_then(|index| index.get(path));
                let before = (0..live.layer).rev().find_map(had).is_some_and(|node| node.mode & 0o6000 != 0);
                let later = files.context.image.is_some()
                    && !before
                    && !changes_database(files.context, live.layer, &owned.package.0);
                if later {
                    notes.push(format!(
                        "The layer changes no package database, so it was not the package {} that set the bit.",
                        owned.package.1
                    ));
                } else if !powerful {
                    return None;
                }
                Severity::High
            }
        },
        None if !owners.any && system && !powerful => {
            if is_one_of(USUAL) {
                return None;
            }
            Severity::Medium
        }
        None => {
            if owners.any {
                notes.push("It belongs to no package.".to_owned());
            }
            Severity::High
        }
    };
    if powerful {
        notes.push("Who runs it can make it do anything.".to_owned());
    }
    let (uid, gid) = live.owner();
    let rights = match live.node.mode & 0o6000 {
        0o4000 => format!("of the user {uid}"),
        0o2000 => format!("of the group {gid}"),
        _ => format!("of the user {uid} and the group {gid}"),
    };
    let message = format!("/{} runs with the rights {rights}", text(path));
    let mut found = Detection::new(permissions::SUID, files.place(live), message);
    found.severity = severity;
    found.evidence = format!("mode {:04o}", live.node.mode);
    found.notes = notes;
    found.package = owned.and_then(|owned| files.package(&owned.package.0, &owned.package.1, ""));
    Some(found)
}
