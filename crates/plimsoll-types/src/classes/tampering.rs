//! `TMP`: content that is not what it should be.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] =
    &[PKGFILE, PKGDB, CONF, UNOWNED, DIGEST, HISTORY, LAYER, TIME, HIDDEN, RESIDUE];

/// A class of this family with what most of them share.
const fn class(
    code: &'static str,
    title: &'static str,
    severity: Severity,
    cwes: &'static [u16],
    explanation: &'static str,
    remedy: &'static str,
) -> Class {
    Class {
        code,
        title,
        scanner: Scanner::Integrity,
        method: Method::Metadata,
        severity,
        cwes,
        explanation,
        remedy,
        aliases: &[],
        in_deleted_files: false,
    }
}

/// See its title.
pub const PKGFILE: &Class = &class(
    "TMP-PKGFILE",
    "a file differs from what its package installed",
    Severity::High,
    &[345, 353],
    "The package database holds a digest of each file that a package installs (dpkg's md5sums, apk's checksums, RPM's file \
     digests). The file in the image has another one, so somebody changed it after the package manager put it there. Programs, \
     libraries and scripts of the system are high; where the layer that changed them touches no package database, no package \
     manager can have done it, and that is critical. Data and documentation are low, and so is a language's own package that was \
     upgraded over the system's. Configuration files, missing files, and what lies in /usr/local, /usr/src, /opt, /srv, /root, \
     /home and /var are not compared here. Whoever can change a file can change the database too: a fit is no proof.",
    "Find out which build step changed the file. Reinstall the package, or put the changed program beside it in /usr/local; \
     when nobody can say why it differs, treat the image as compromised.",
);

/// See its title.
pub const PKGDB: &Class = &class(
    "TMP-PKGDB",
    "the package database was edited without a change of the package",
    Severity::High,
    &[345],
    "Two layers hold the same version of a package with different digests of its files, or the later one without digests that \
     the earlier one had. A package manager writes the same digests for the same version, so the database was edited, which is \
     how a changed file is hidden.",
    "Compare the files with the package from the distribution's archive, and build the image anew from a base that you trust.",
);

/// See its title.
pub const CONF: &Class = &class(
    "TMP-CONF",
    "a configuration file that guards access was changed",
    Severity::Low,
    &[345],
    "A configuration file that decides who may do what (sudo, PAM, SSH, the loader's paths, scheduled jobs) is not as \
     its package brought it. Configuration is meant to be changed, so this only shows where to look. Accounts and other \
     configuration files are not reported.",
    "Check that the change is yours, and keep it in the build where it can be reviewed.",
);

/// See its title.
pub const UNOWNED: &Class = &class(
    "TMP-UNOWNED",
    "a program in a system directory belongs to no package",
    Severity::Low,
    &[829],
    "A program or script lies in a directory that belongs to the package manager (/bin, /sbin, /lib, /usr/bin, /usr/sbin, \
     /usr/lib, /usr/libexec), but no package lists it. Nobody updates it, and its vulnerabilities may not be found. Links, \
     diverted files, bytecode and whole runtimes of a language are left out or grouped. Only images that have a package database \
     are judged.",
    "Install it from a package, or put it into /usr/local or /opt, where it is seen to be your own.",
);

/// See its title.
pub const DIGEST: &Class = &class(
    "TMP-DIGEST",
    "a layer or configuration is not what its digest promises",
    Severity::Critical,
    &[354],
    "The manifest, the configuration or a layer has other bytes than its digest says. This is no finding in a report: nothing of \
     such an image can be believed, so the scan ends with an error that names the digest that was promised and the one that was \
     found.",
    "Fetch the image again. When the difference stays, tell whoever runs the registry, and do not run the image.",
);

/// See its title.
pub const HISTORY: &Class = &class(
    "TMP-HISTORY",
    "the history and the layers contradict each other",
    Severity::Medium,
    &[345],
    "The configuration lists the steps that built the image. Here they cannot have made the layers: their number is another, a \
     step that only sets a variable has files, or a step that copies files deletes some. Either the image was changed after it was \
     built, or its builder writes a history that says little. An image without any history is not reported.",
    "Build the image anew, and compare it layer by layer with this one.",
);

/// See its title.
pub const LAYER: &Class = &class(
    "TMP-LAYER",
    "a layer holds hostile or odd entries",
    Severity::Medium,
    &[22, 59],
    "A layer's archive holds what no builder writes: a path that climbs out of the root, a link that does, a device, two entries \
     with one path and different content, a name whose characters do not show or turn the text around, or data behind the \
     archive's end. Such entries are made to write outside of the container, or to show a scanner other files than those that run.",
    "Build the image with a common tool and compare; do not unpack the layer by hand as root.",
);

/// See its title.
pub const TIME: &Class = &class(
    "TMP-TIME",
    "a time lies in the future",
    Severity::Negligible,
    &[],
    "The image, a step of its history or a file says that it was made more than two days after now. A wrong clock does that, and \
     so does a tool that hides when something was changed. Old and fixed times are what reproducible builds have, and are not \
     reported.",
    "Check the clock of the machine that builds, or set SOURCE_DATE_EPOCH for the build.",
);

/// See its title.
pub const HIDDEN: &Class = &class(
    "TMP-HIDDEN",
    "a program lies at a hidden or deceptive path",
    Severity::Medium,
    &[912],
    "A program or script lies where nobody looks or where it is taken for something else: in a directory named `...` or with \
     spaces at its end, behind a dot in /tmp, /var/tmp or /dev/shm, or below /dev. Malware hides there; packages do not.",
    "Find out what the program is and which build step put it there, and remove it.",
);

/// See its title.
pub const RESIDUE: &Class = &class(
    "TMP-RESIDUE",
    "deleted files still ship with the image",
    Severity::Negligible,
    &[212, 459],
    "A later layer deletes or replaces files of an earlier one. They are in the image all the same: everybody who pulls it gets \
     them, and can read them. The finding sums up how much that is, what kinds of files are among it, and which layers hold them.",
    "Delete files in the step that makes them, use build stages so that only the result is copied, or mount caches and secrets \
     with RUN --mount.",
);
