//! What tests are made of: things that exist outside of Plimsoll, built small and on the spot.

pub mod images;
pub mod registry;
pub mod signing;
