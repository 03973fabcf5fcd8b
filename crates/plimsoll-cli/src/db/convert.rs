//! Databases of other scanners become indexes here.

use std::error::Error;
use std::fs;

use plimsoll_dbupdate::{Conversion, Metadata};

/// Makes an index of another scanner's database.
pub(super) fn convert(conversion: &Conversion<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let built = match conversion.metadata {
        Some(path) => Metadata::parse(&fs::read(path)?)?.updated_at,
        None => None,
    };
    plimsoll_dbbuild::import(conversion.database, conversion.out, built)?;
    Ok(())
}
