//! `LIC`: licences of packages.

use crate::Class;

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[];
