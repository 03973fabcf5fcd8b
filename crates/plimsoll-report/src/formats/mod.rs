//! The register of report formats: one file each in this folder.

mod csaf_vex;
mod cyclonedx;
pub(crate) mod json;
mod openvex;
mod sarif;
mod spdx_json;
mod table;

use std::io;

use plimsoll_types::Report;

use crate::{RenderError, RenderOptions};

/// Writes a report in one format.
pub type RenderFn = fn(&Report, &RenderOptions, &mut dyn io::Write) -> Result<(), RenderError>;

/// One report format.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The id used on the command line, such as `sarif`.
    pub id: &'static str,
    /// The name for people, with the version of the specification.
    pub title: &'static str,
    /// The media type.
    pub media: &'static str,
    /// Other ids that mean this format.
    pub aliases: &'static [&'static str],
    /// Writes a report.
    ///
    /// # Errors
    ///
    /// When the output refuses bytes, or the report contradicts itself.
    pub render: RenderFn,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    table::FORMAT,
    json::FORMAT,
    cyclonedx::FORMAT_1_7,
    cyclonedx::FORMAT_1_6,
    spdx_json::FORMAT,
    sarif::FORMAT,
    openvex::FORMAT,
    csaf_vex::FORMAT,
];

/// The format with this id or alias.
pub fn format(id: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.id == id || format.aliases.contains(&id))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_id_and_alias_is_unique_and_found() {
        let mut seen = HashSet::new();
        for entry in FORMATS {
            for id in std::iter::once(&entry.id).chain(entry.aliases) {
                assert!(seen.insert(*id), "{id}");
                assert_eq!(format(id).unwrap().id, entry.id);
            }
        }
        assert!(format("yaml").is_none());
    }
}
