//! Accounts of small mail programs: msmtp(1), ssmtp.conf(5), fetchmail(1), Postfix' and Exim's password maps.

use super::prelude::*;

pub(super) const KIND: FileKind = FileKind { id: "msmtp", title: "mail accounts", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &[
            ".msmtprc",
            "msmtprc",
            "ssmtp.conf",
            ".fetchmailrc",
            "fetchmailrc",
            "sasl_passwd",
            "passwd.client",
            "mpoprc",
            ".mpoprc",
            "offlineimaprc",
            ".offlineimaprc",
            ".mbsyncrc",
        ],
    ) || path::ends(path, "msmtp/config")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    let (mut host, mut user) = (None, None);
    for line in text.lines() {
        let line = line.trim();
        if line.bytes().starts_with(b"#") {
            continue;
        }
        match path::name(path) {
            b"sasl_passwd" => {
                // host user:password
                let mut words = line.words();
                if let (Some(host), Some((user, password))) =
                    (words.next(), words.next().and_then(|pair| pair.split_once(b':')))
                {
                    let message = format!("the mail password{}{}", of_user(Some(user)), for_host(Some(host)));
                    sink.secret(CREDFILE, "postfix-password", password, message);
                }
            }
            b"passwd.client" => {
                // host:user:password
                if let Some((server, rest)) = line.split_once(b':')
                    && let Some((user, password)) = rest.split_once(b':')
                {
                    let message =
                        format!("the mail password{}{}", of_user(Some(user)), for_host(Some(server)));
                    sink.secret(CREDFILE, "exim-password", password, message);
                }
            }
            b"ssmtp.conf" | b"offlineimaprc" | b".offlineimaprc" => {
                let Some((key, value)) = line.split_once(b'=') else { continue };
                let (key, value) = (key.trim(), value.trim());
                if key.is_any(&["AuthUser", "remoteuser"]) {
                    user = Some(value);
                } else if key.is_any(&["mailhub", "remotehost"]) {
                    host = Some(value);
                } else if key.is_any(&["AuthPass", "remotepass"]) {
                    let message = format!("the mail password{}{}", of_user(user), for_host(host));
                    sink.secret(CREDFILE, "mail-password", value, message);
                }
            }
            _ => {
                // Words: `host x`, `user x`, `password x`; fetchmail writes several in a line.
                let many = memchr::memmem::find(path::name(path), b"fetchmailrc").is_some();
                let mut before: Option<Text<'_>> = None;
                for word in line.words().take(if many { usize::MAX } else { 2 }) {
                    match before.take() {
                        Some(key) if key.is_any(&["host", "poll", "server"]) => host = Some(word),
                        Some(key) if key.is_any(&["user", "username"]) => user = Some(word),
                        Some(key) if key.is_any(&["password", "pass"]) => {
                            let message = format!("the mail password{}{}", of_user(user), for_host(host));
                            sink.secret(CREDFILE, "mail-password", word, message);
                            continue;
                        }
                        _ => {}
                    }
                    before = Some(word);
                }
            }
        }
    }
}
