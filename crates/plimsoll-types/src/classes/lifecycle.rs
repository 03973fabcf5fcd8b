//! `EOL`: age and end of life.

use crate::Class;

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[];
