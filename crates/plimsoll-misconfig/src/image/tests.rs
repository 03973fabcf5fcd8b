//! Images and what is found in them.
