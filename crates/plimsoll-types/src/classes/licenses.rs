//! `LIC`: licences of packages.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[FORBIDDEN, RESTRICTED];

/// See its title.
pub const FORBIDDEN: &Class = &Class {
    code: "LIC-FORBIDDEN",
    title: "a package is under a licence that most organisations do not allow",
    scanner: Scanner::License,
    method: Method::Dependency,
    severity: Severity::Medium,
    cwes: &[],
    explanation: "The licence treats use over a network as distribution (AGPL, SSPL), forbids commercial use, or is otherwise one that most organisations do not allow. Of a choice of licences the mildest counts.",
    remedy: "Replace the package, get another licence for it, or allow it in the configuration.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const RESTRICTED: &Class = &Class {
    code: "LIC-RESTRICTED",
    title: "a package asks that what is built with it is given on under the same terms",
    scanner: Scanner::License,
    method: Method::Dependency,
    severity: Severity::Low,
    cwes: &[],
    explanation: "The licence (GPL, LGPL and the like) may ask that software which is distributed with the package is given on with its source. Packages of the operating system are told only where the configuration names their licence.",
    remedy: "Look at how the package is used and passed on, and allow it in the configuration where that is fine.",
    aliases: &[],
    in_deleted_files: false,
};
