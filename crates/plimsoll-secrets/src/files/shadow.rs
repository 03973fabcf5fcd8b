//! Password hashes of accounts: shadow(5), gshadow(5), and passwd(5) where the hash still stands in it. Accounts that are locked or have
//! no password at all hold no secret.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "shadow", title: "account passwords", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    let base = name.strip_suffix(b"-").or_else(|| name.strip_suffix(b"~")).unwrap_or(name);
    let base = [b".bak".as_slice(), b".old", b".orig", b".org", b".save", b".backup"]
        .iter()
        .find_map(|end| base.strip_suffix(*end))
        .unwrap_or(base);
    matches!(base, b"shadow" | b"gshadow" | b"passwd" | b"opasswd" | b"master.passwd")
        && (path::below(path, "etc")
            || path.starts_with(b"etc/")
            || matches!(base, b"shadow" | b"master.passwd"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for line in Text::whole(bytes).lines().filter(|line| !line.bytes().starts_with(b"#")) {
        let mut fields = line.split(b':');
        let (Some(user), Some(hash), Some(_)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        // A locked account keeps its hash behind the mark.
        let (hash, locked) = match hash.strip_prefix("!!").or_else(|| hash.strip_prefix("!")) {
            Some(rest) => (rest, true),
            None => (hash, false),
        };
        let Some((kind, weak)) = super::htpasswd::hash_kind(hash) else { continue };
        let message = format!("the password hash ({kind}) of the account '{}'", user.shown());
        super::htpasswd::hash(&mut sink, "shadow-hash", hash, message, weak);
        if locked {
            sink.last(|found| lower(found, Severity::Low, Confidence::High, "The account is locked."));
        }
    }
}
