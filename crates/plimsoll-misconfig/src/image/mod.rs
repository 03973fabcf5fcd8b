//! Rules over whole images.

pub mod tls;
