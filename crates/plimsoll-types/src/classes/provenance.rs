//! `PRV`: where the image comes from.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[UNSIGNED, SIGNATURE, NO_PROVENANCE, LABELS];

/// See its title.
pub const UNSIGNED: &Class = &Class {
    code: "PRV-UNSIGNED",
    title: "the image has no signature",
    scanner: Scanner::Integrity,
    method: Method::Metadata,
    severity: Severity::Low,
    cwes: &[345],
    explanation: "Nothing in the registry says who published the image: there is no signature among what is attached to it or to the index that led to it (OCI referrers, cosign's tags). Whoever can write to the registry can replace it unseen. Images on a disk are asked for signatures only when a key is given.",
    remedy: "Sign images where they are built, for instance with cosign, and verify the signatures where they are run.",
    aliases: &["CIS-4.5", "CIS-DI-0005"],
    in_deleted_files: false,
};

/// See its title.
pub const SIGNATURE: &Class = &Class {
    code: "PRV-SIGNATURE",
    title: "a signature or attestation does not hold",
    scanner: Scanner::Integrity,
    method: Method::Metadata,
    severity: Severity::High,
    cwes: &[347],
    explanation: "Something attached to the image claims to be signed, and the signature is not of a key that was given, is of other content, or is about another image. Signatures by others are not told where one of the kind holds.",
    remedy: "Find out who attached it. Sign the image again when the key was changed.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const NO_PROVENANCE: &Class = &Class {
    code: "PRV-PROVENANCE",
    title: "no statement says how the image was built",
    scanner: Scanner::Integrity,
    method: Method::Metadata,
    severity: Severity::Negligible,
    cwes: &[1357],
    explanation: "There is no SLSA provenance among what is attached to the image, so nobody can tell from which source and by which builder it was made. Where a key is given, one that is not signed does not count. Images on a disk are asked only then.",
    remedy: "Let the builder attach a provenance attestation.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const LABELS: &Class = &Class {
    code: "PRV-LABELS",
    title: "labels do not say where the image comes from",
    scanner: Scanner::Integrity,
    method: Method::Metadata,
    severity: Severity::Negligible,
    cwes: &[1357],
    explanation: "The image has no label for its source repository or revision (org.opencontainers.image.source, org.opencontainers.image.revision), or one that cannot be right. Finding out what an image was built from then takes people instead of a query.",
    remedy: "Set the labels in the build, as most builders can.",
    aliases: &[],
    in_deleted_files: false,
};
