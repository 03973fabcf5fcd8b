//! What every kind uses.

pub(super) use plimsoll_types::{Confidence, Severity};

pub(super) use super::FileKind;
pub(super) use super::read::{Node, Text, ini, json, lex, path, pem, pfx, url, xml, yaml};
pub(super) use super::sink::{
    CLOUD, CREDFILE, DBURL, HASH, HOSTKEY, KEYSTORE, PASSWORD, PRIVKEY, SHELLHIST, Sink, lower,
};
pub(super) use super::values;
pub(super) use crate::Found;

/// The largest size of files that people write.
pub(super) const SMALL: u64 = 1 << 20;

/// ` for HOST`, or nothing.
pub(super) fn for_host(host: Option<Text<'_>>) -> String {
    host.filter(|host| !host.is_empty()).map_or_else(String::new, |host| format!(" for {}", host_of(host)))
}

/// ` of the user 'NAME'`, or nothing.
pub(super) fn of_user(user: Option<Text<'_>>) -> String {
    user.filter(|user| !user.is_empty())
        .map_or_else(String::new, |user| format!(" of the user '{}'", user.shown()))
}

/// The host of a URL for a message: no scheme, no user, no slash at the end.
pub(super) fn host_of(url: Text<'_>) -> String {
    let mut text = url;
    if let Some(at) = text.find("://") {
        text = text.from(at + 3);
    }
    if let Some(rest) = text.strip_prefix("//") {
        text = rest;
    }
    if let Some((_, host)) = text.rsplit_once(b'@') {
        text = host;
    }
    while text.bytes().last() == Some(&b'/') {
        text = text.part(0, text.len() - 1);
    }
    // git writes the colon before a port as `%3a`.
    text.shown().replace("%3a", ":").replace("%3A", ":")
}
