//! Programs with the set-user-ID or set-group-ID bit (`PRM-SUID`).

use plimsoll_analysis::{ImageContext, Live, NodeKind};
use plimsoll_archive::path::file_name;
use plimsoll_types::classes::permissions;
use plimsoll_types::{Detection, Severity};

use crate::shown::text;
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

pub(crate) fn check(context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    let found: Vec<Live<'_>> = context.view.merged().live().filter(is_set).collect();
    out.extend(found.iter().filter_map(|live| judge(context, live)));
}

/// A program with one of the bits that somebody may run. On a file without the group's permission to run, set-group-ID
/// means something else (mandatory locks).
fn is_set(live: &Live<'_>) -> bool {
    let mode = live.node.mode;
    live.node.kind == NodeKind::File && (mode & 0o4000 != 0 && mode & 0o111 != 0 || mode & 0o2010 == 0o2010)
}

fn judge(context: &ImageContext<'_>, live: &Live<'_>) -> Option<Detection> {
    let path = live.path();
    let name = file_name(path);
    let bare: &[u8] = {
        // `python3.11` and `perl5.36.0` are what their names say before the digits.
        let end = name.iter().position(u8::is_ascii_digit).filter(|&at| at > 0).unwrap_or(name.len());
        name.get(..end).unwrap_or(name)
    };
    let is_one_of =
        |list: &[&str]| list.iter().any(|item| item.as_bytes() == name || item.as_bytes() == bare);
    let owned = context.owner(path);
    let system = [&b"bin/"[..], b"sbin/", b"lib", b"usr/"].iter().any(|head| path.starts_with(head))
        && !path.starts_with(b"usr/local/");
    let powerful = is_one_of(POWERFUL);
    let mut notes = Vec::new();
    let severity = match owned {
        Some(owned) => match owned.set_id() {
            Some(true) => return None,
            Some(false) => {
                notes.push(format!("The package {} brought it without the bit.", owned.package));
                Severity::High
            }
            None => {
                // A layer that only touches the file has a copy of it with the bit that it had.
                let layers = context.view.layers();
                let had = |layer: usize| layers.get(layer).and_then(|index| index.get(path));
                let before = (0..live.layer).rev().find_map(had).is_some_and(|node| node.mode & 0o6000 != 0);
                let later = context.image.is_some()
                    && !before
                    && !changes_database(context, live.layer, owned.ecosystem);
                if later {
                    notes.push(format!(
                        "The layer changes no package database, so it was not the package {} that set the bit.",
                        owned.package
                    ));
                } else if !powerful {
                    return None;
                }
                Severity::High
            }
        },
        None if !context.has_file_lists() && system && !powerful => {
            if is_one_of(USUAL) {
                return None;
            }
            Severity::Medium
        }
        None => {
            if context.has_file_lists() {
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
    let mut found = Detection::new(permissions::SUID, context.place(live), message);
    found.severity = severity;
    found.evidence = format!("mode {:04o}", live.node.mode);
    found.notes = notes;
    found.package = owned.and_then(|owned| context.package(owned.ecosystem, owned.package, ""));
    Some(found)
}
