//! Log-ins of IRC programs: irssi's configuration (<https://irssi.org/documentation/>), WeeChat's `sec.conf` and `irc.conf`, ZNC's `znc.conf`.

use super::prelude::*;

pub(super) const KIND: FileKind = FileKind { id: "chat", title: "chat accounts", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["znc.conf"])
        || path::ends_any(
            path,
            &[
                ".irssi/config",
                ".weechat/irc.conf",
                ".weechat/sec.conf",
                "weechat/irc.conf",
                "weechat/sec.conf",
                ".purple/accounts.xml",
            ],
        )
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".xml") {
        xml::parse(text).each(&mut |element| {
            if let Some(password) = element.text_of("password") {
                let message = format!("the chat password{}", of_user(element.text_of("name")));
                sink.secret(CREDFILE, "chat-password", password, message);
            }
        });
        return;
    }
    if path.ends_with(b"znc.conf") {
        for line in text.lines() {
            let Some((key, value)) = line.split_once(b'=') else { continue };
            let (key, value) = (key.trim(), value.trim());
            if key.is("Hash") {
                sink.certain(HASH, "znc-hash", value, "the password hash of a ZNC user");
            } else if key.is("Pass") {
                match value.bytes() {
                    [b's', b'h', b'a', b'2', b'5', b'6', b'#', ..] | [b'm', b'd', b'5', b'#', ..] => {
                        sink.certain(HASH, "znc-hash", value, "the password hash of a ZNC user");
                    }
                    _ => {
                        let value = value.strip_prefix("plain#").unwrap_or(value);
                        sink.secret(CREDFILE, "chat-password", value, "the password of a ZNC user");
                    }
                }
            }
        }
        return;
    }
    for (name, value) in lex::assignments(&lex::tokens(text, &lex::HCL)) {
        if name.is_any(&[
            "password",
            "autosendcmd_password",
            "sasl_password",
            "passphrase",
            "server_password",
            "proxy_password",
        ]) || name.bytes().ends_with(b"_password")
        {
            sink.secret(CREDFILE, "chat-password", value, format!("the chat password '{}'", name.shown()));
        }
    }
}
