//! Permissions of files: what runs with other rights, who may write where.

pub(crate) mod capabilities;
pub(crate) mod set_id;
pub(crate) mod writable;

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_types::{Detection, Scanner};

use crate::files::Files;

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
        let mut files = Files::new(context);
        set_id::check(&mut files, out);
        capabilities::check(&mut files, out);
        writable::world(&files, out);
        writable::path(&mut files, out);
        writable::accounts(&files, out);
    }
}
