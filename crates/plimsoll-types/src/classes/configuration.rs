//! `CFG`: faults of the image's configuration, accounts and software sources.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[ROOT];

/// See its title.
pub const ROOT: &Class = &Class {
    code: "CFG-ROOT",
    title: "the image runs as root",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250],
    explanation: "The configuration names no user, or one whose number is 0, so every process in the container is root. Whoever \
                  takes over the program can then change anything in the container, and a fault of the kernel or the engine \
                  is one step from the host. Names are looked up in the image's own /etc/passwd.",
    remedy: "Make a user in the image and name it with USER, by number where the cluster asks for it (runAsNonRoot).",
    aliases: &["CIS-4.1", "CIS-DI-0001", "DS-0002", "DL3002"],
    in_deleted_files: false,
};
