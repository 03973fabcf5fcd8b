//! Permissions of files: what runs with other rights, who may write where.

pub(crate) mod capabilities;
pub(crate) mod set_id;
pub(crate) mod writable;

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_types::{Detection, Scanner};

/// All rules about permissions.
pub(crate) struct Permissions;

impl ImageRules for Permissions {
    fn id(&self) -> &'static str {
        "integrity/permissions"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        set_id::check(context, out);
        capabilities::check(context, out);
        writable::world(context, out);
        writable::path(context, out);
        writable::accounts(context, out);
    }
}
