//! `EOL`: age and end of life.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[OS, RUNTIME, AGE, DRIFT];

/// See its title.
pub const OS: &Class = &Class {
    code: "EOL-OS",
    title: "the distribution is past its end of support",
    scanner: Scanner::Integrity,
    method: Method::Dependency,
    severity: Severity::High,
    cwes: &[1104],
    explanation: "The release of the distribution gets no security updates any more for everyone, so vulnerabilities found from then on stay. The dates come from the advisory database, or from the table that is built in.",
    remedy: "Move the image to a release that is supported.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const RUNTIME: &Class = &Class {
    code: "EOL-RUNTIME",
    title: "a language runtime is past its end of support",
    scanner: Scanner::Integrity,
    method: Method::Dependency,
    severity: Severity::Medium,
    cwes: &[1104],
    explanation: "The interpreter was recognised by its content, is of no package of the distribution, and its release line gets no fixes any more from its project.",
    remedy: "Move to a release line that is supported.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const AGE: &Class = &Class {
    code: "EOL-AGE",
    title: "the image has not been built for long",
    scanner: Scanner::Integrity,
    method: Method::Metadata,
    severity: Severity::Low,
    cwes: &[1104],
    explanation: "The image says that it was built long ago (365 days, unless set otherwise), and nothing in it can be newer. Times that builds state to be repeatable are not believed.",
    remedy: "Build images on a schedule, on the current base image.",
    aliases: &["CIS-4.4"],
    in_deleted_files: false,
};

/// See its title.
pub const DRIFT: &Class = &Class {
    code: "EOL-DRIFT",
    title: "packages are behind the patch level of their distribution",
    scanner: Scanner::Integrity,
    method: Method::Dependency,
    severity: Severity::Low,
    cwes: &[1104],
    explanation: "The distribution has published newer builds of installed packages that fix vulnerabilities of them. The findings name each; this one says how far the image as a whole is behind.",
    remedy: "Build the image again on the newest base image, without the build cache, or upgrade its packages.",
    aliases: &[],
    in_deleted_files: false,
};
