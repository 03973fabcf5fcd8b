//! What cloud-init sets up: <https://cloudinit.readthedocs.io/en/latest/reference/modules.html> (`users`, `chpasswd`, `write_files`).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "cloud-init", title: "cloud-init data", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &[
            "user-data",
            "user-data.txt",
            "user-data.yaml",
            "vendor-data.txt",
            "cloud-config.txt",
            "vendor-data",
        ],
    ) || path::ends(path, "etc/cloud/cloud.cfg")
        || (path::below(path, "etc/cloud/cloud.cfg.d") && path.ends_with(b".cfg"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    for document in yaml::documents(text) {
        document.each(&mut |object, way, value| {
            let Some(key) = way.last() else { return };
            let user = of_user(object.text_of("name"));
            let parent = way.len().checked_sub(2).and_then(|at| way.get(at));
            if key.is_any(&["passwd", "hashed_passwd"]) {
                if let Some((kind, weak)) = super::htpasswd::hash_kind(value) {
                    super::htpasswd::hash(
                        &mut sink,
                        "cloud-init-hash",
                        value,
                        format!("the password hash ({kind}){user}"),
                        weak,
                    );
                }
            } else if key.is("plain_text_passwd")
                || (key.is("password")
                    && (way.len() == 1 || parent.is_some_and(|key| key.is_any(&["users", "chpasswd"]))))
            {
                password(&mut sink, value, &user);
            } else if key.is("list") && parent.is_some_and(|parent| parent.is("chpasswd")) {
                for line in value.lines() {
                    if let Some((name, secret)) = line.trim().split_once(b':') {
                        password(&mut sink, secret, &of_user(Some(name)));
                    }
                }
            } else if key.is("content") {
                for key in pem::keys(value) {
                    sink.key(
                        PRIVKEY,
                        "cloud-init-private-key",
                        &key,
                        "a private key that cloud-init writes",
                        "",
                    );
                }
            } else if let Some(pem) = pem::keys(value).first() {
                let class =
                    if parent.is_some_and(|parent| parent.is("ssh_keys")) { HOSTKEY } else { PRIVKEY };
                sink.key(class, "cloud-init-private-key", pem, "a private key that cloud-init sets up", "");
            } else {
                sink.pair(PASSWORD, "cloud-init", *key, value);
            }
        });
        // chpasswd.list as a list.
        let list = document.get("chpasswd").and_then(|chpasswd| chpasswd.get("list"));
        for item in list.map_or(&[][..], Node::items) {
            if let Some((name, secret)) = item.text().and_then(|text| text.split_once(b':')) {
                password(&mut sink, secret, &of_user(Some(name)));
            }
        }
    }
}

fn password(sink: &mut Sink<'_>, value: Text<'_>, user: &str) {
    if value.is_any(&["R", "RANDOM"]) {
        return;
    }
    match super::htpasswd::hash_kind(value) {
        Some((kind, weak)) if value.bytes().starts_with(b"$") => {
            super::htpasswd::hash(
                sink,
                "cloud-init-hash",
                value,
                format!("the password hash ({kind}){user}"),
                weak,
            );
        }
        _ => {
            sink.secret(
                PASSWORD,
                "cloud-init-password",
                value,
                format!("the password{user} that cloud-init sets"),
            );
        }
    }
}
