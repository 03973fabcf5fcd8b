//! Ansible: vaults are encrypted (<https://docs.ansible.com/ansible/latest/vault_guide/vault_encrypting_content.html>), the files with their
//! passwords are not, and inventories may hold log-ins.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "ansible", title: "Ansible secrets", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &[
            ".vault_pass",
            ".vault_pass.txt",
            "vault_pass.txt",
            ".vault-password",
            ".vault_password",
            "vault-password",
            "vault_password",
        ],
    ) || (path::named(path, &["vault.yml", "vault.yaml", "secrets.yml", "secrets.yaml"])
        && !path::ends(path, "config/secrets.yml"))
        || (path::suffixed_any(path, &[".yml", ".yaml"])
            && (path::below(path, "group_vars") || path::below(path, "host_vars")))
        || path::ends(path, "etc/ansible/hosts")
        || path::named(path, &["inventory", "inventory.ini"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if bytes.starts_with(b"$ANSIBLE_VAULT;") {
        let body = text.trim();
        if let Some(found) = sink.certain(CREDFILE, "ansible-vault", body, "an encrypted Ansible vault") {
            lower(
                found,
                Severity::Negligible,
                Confidence::High,
                "It is encrypted: only a weak password makes it a risk.",
            );
        }
        return;
    }
    let name = path::name(path);
    if memchr::memmem::find(name, b"vault").is_some() && memchr::memmem::find(name, b"pass").is_some() {
        let password = text.trim();
        // A script that asks for it holds none.
        if !password.bytes().starts_with(b"#!") && !password.bytes().contains(&b'\n') {
            sink.secret(CREDFILE, "ansible-vault-password", password, "the password of an Ansible vault");
        }
        return;
    }
    if path::suffixed_any(path, &[".yml", ".yaml"]) {
        for document in yaml::documents(text) {
            document.each(&mut |_, way, value| {
                if let Some(key) = way.last() {
                    sink.pair(PASSWORD, "ansible", *key, value);
                }
            });
        }
        return;
    }
    for line in text.lines().filter(|line| !line.trim().bytes().starts_with(b"#")) {
        for word in line.words() {
            if let Some((key, value)) = word.split_once(b'=') {
                sink.pair(PASSWORD, "ansible", key, value.unquote());
            }
        }
    }
}
