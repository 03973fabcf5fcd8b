//! `PRM`: permissions of files.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[SUID, CAPS, WORLD, PATH, PASSWD];

/// See its title.
pub const SUID: &Class = &Class {
    code: "PRM-SUID",
    title: "a program runs with the rights of its owner or group",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250, 732],
    explanation: "The program has the set-user-ID or set-group-ID bit, so whoever starts it gets the rights of the file's owner, \
                  mostly root. What distributions ship so (passwd, su, mount and the like), and what a package brought so, is not \
                  reported. High are shells and interpreters, programs of no package, those in /tmp, /home, /opt and the like, \
                  and programs that got the bit after their package was installed: that is how a way back to root is left open.",
    remedy: "Take the bit away (chmod a-s) in the step that makes the file, and run the container with no-new-privileges.",
    aliases: &["CIS-4.8", "CIS-DI-0008"],
    in_deleted_files: false,
};

/// See its title.
pub const CAPS: &Class = &Class {
    code: "PRM-CAPS",
    title: "a program has capabilities",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250],
    explanation: "The program's file gives capabilities to whoever starts it (setcap, the extended attribute security.capability), \
                  which is the set-user-ID bit in smaller portions. What distributions ship so, such as ping with cap_net_raw, is \
                  not reported. High are the capabilities that are as good as root, such as cap_sys_admin, cap_setuid and \
                  cap_dac_override. Capabilities are read from the layers of images, not from directories.",
    remedy: "Take them away (setcap -r) where the container does not need them; a port below 1024 can be had with the runtime's \
             own setting (net.ipv4.ip_unprivileged_port_start).",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const WORLD: &Class = &Class {
    code: "PRM-WORLD",
    title: "everybody may write to a sensitive file or directory",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[732],
    explanation: "A file, or a directory without the sticky bit, can be written to by every user of the container, and it lies where \
                  programs, libraries, configuration or scheduled jobs are kept. A process that was taken over can plant there what \
                  another one will run.",
    remedy: "Take the permission away (chmod o-w); give a directory that must be shared to a group, or set its sticky bit.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const PATH: &Class = &Class {
    code: "PRM-PATH",
    title: "the user that runs may write where programs are found",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[426],
    explanation: "The image runs as a user who may write to a directory of PATH or to one where the loader finds libraries. A process \
                  that was taken over can replace programs that are started later, also by an administrator who enters the \
                  container. Directories that everybody may write to are another finding.",
    remedy: "Let root own the programs and their directories, and give the user only the directories with its data.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const PASSWD: &Class = &Class {
    code: "PRM-PASSWD",
    title: "a file with accounts or keys has the wrong permissions",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[732],
    explanation: "A file that decides who may do what can be changed, or one with secrets can be read, by users who should not: \
                  /etc/passwd and /etc/group for writing, /etc/shadow for reading, the rules of sudo for writing, private keys of \
                  SSH for reading and lists of authorised keys for writing.",
    remedy: "Set the usual modes: 644 for /etc/passwd, 640 or less for /etc/shadow, 440 for the rules of sudo, 600 for keys.",
    aliases: &[],
    in_deleted_files: false,
};
