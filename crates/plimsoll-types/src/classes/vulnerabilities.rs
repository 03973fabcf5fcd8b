//! `VUL`: known vulnerabilities in packages. Findings of these classes name a vulnerability; the class says what kind of
//! package has it.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[OS, DEPENDENCY];

/// See its title.
pub const OS: &Class = &Class {
    code: "VUL-OS",
    title: "a package of the operating system has a known vulnerability",
    scanner: Scanner::Vulnerability,
    method: Method::Dependency,
    severity: Severity::Unknown,
    cwes: &[1395],
    explanation: "A package of the base image, or one that the package manager of the distribution installed, is in a version \
                  that an advisory calls affected. `plimsoll explain CVE --report FILE` says why. The severity is the advisory's.",
    remedy: "Rebuild on a newer base image, or upgrade the package to the version that the finding names.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const DEPENDENCY: &Class = &Class {
    code: "VUL-DEPENDENCY",
    title: "a library or program of the application has a known vulnerability",
    scanner: Scanner::Vulnerability,
    method: Method::Dependency,
    severity: Severity::Unknown,
    cwes: &[1395],
    explanation: "A package of a language, or a program recognised by its content, is in a version that an advisory calls \
                  affected. `plimsoll explain CVE --report FILE` says why. The severity is the advisory's.",
    remedy: "Upgrade the dependency to the version that the finding names, and build the image again.",
    aliases: &[],
    in_deleted_files: false,
};
