//! The catalog: every package ecosystem and every Linux distribution that Plimsoll knows, and the analyzers that find
//! their packages in an image.
//!
//! Two registers hold it all: [`ecosystems::ECOSYSTEMS`] and [`distros::DISTROS`]. To add one, write its folder or file
//! and add two lines to the register.

#[cfg(test)]
mod check;
pub mod distros;
pub mod ecosystems;
mod json;
mod limits;
mod lookup;
mod schemes;

pub use lookup::{analyzers, distro_spec, ecosystem, ecosystem_for_advisories, package_url};
