//! Files and what is found in them.
