//! Readers that keep positions: every value they give knows where it stands in the file. They are plain scanners that pass over
//! what they do not understand, with limits on depth and count, and expand nothing.

pub(super) mod ini;
pub(super) mod json;
pub(super) mod lex;
pub(super) mod node;
pub(super) mod path;
pub(super) mod pem;
pub(super) mod pfx;
pub(super) mod text;
pub(super) mod url;
pub(super) mod xml;
pub(super) mod yaml;

pub(super) use node::Node;
pub(super) use text::Text;
