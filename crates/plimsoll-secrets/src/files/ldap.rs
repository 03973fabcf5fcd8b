//! Passwords by which systems log in to their directory: nslcd.conf(5), sssd-ldap(5), pam_ldap, libnss-ldap, slapd.conf(5).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "ldap", title: "directory log-ins", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &[
            "nslcd.conf",
            "sssd.conf",
            "libnss-ldap.conf",
            "pam_ldap.conf",
            "slapd.conf",
            ".ldaprc",
            "libnss-ldap.secret",
            "pam_ldap.secret",
            "ldap.secret",
            "ldap.conf",
        ],
    )
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".secret") {
        sink.secret(CREDFILE, "ldap-password", text.trim(), "the password for the directory");
        return;
    }
    for line in text.lines() {
        let line = line.trim();
        let Some(end) = line.bytes().iter().position(|b| b.is_ascii_whitespace() || *b == b'=') else {
            continue;
        };
        let (key, rest) = (line.part(0, end), line.from(end).trim());
        let value = rest.strip_prefix("=").unwrap_or(rest).trim().unquote();
        if key.is_any(&["bindpw", "rootpw", "ldap_default_authtok", "rootpwmoddn", "tls_key_password"]) {
            match super::htpasswd::hash_kind(value).filter(|_| value.bytes().starts_with(b"{")) {
                Some((kind, weak)) => {
                    super::htpasswd::hash(
                        &mut sink,
                        "ldap-hash",
                        value,
                        format!("the password hash ({kind}) of the directory"),
                        weak,
                    );
                }
                None => {
                    sink.secret(
                        CREDFILE,
                        "ldap-password",
                        value,
                        format!("the password '{}' for the directory", key.shown()),
                    );
                }
            }
        }
    }
}
