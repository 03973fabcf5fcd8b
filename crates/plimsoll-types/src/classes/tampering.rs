//! `TMP`: content that is not what it should be.

use crate::Class;

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[];
