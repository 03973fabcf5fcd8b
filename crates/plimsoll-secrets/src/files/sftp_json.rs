//! Editors' deployment settings: Sublime's and VS Code's SFTP (`sftp.json`, `sftp-config.json`), Atom's `.ftpconfig` and
//! `.remote-sync.json`, `.ftppass` of grunt.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "sftp-json", title: "deployment settings of editors", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &[
            "sftp.json",
            "sftp-config.json",
            ".ftpconfig",
            ".sftpconfig",
            ".remote-sync.json",
            ".ftppass",
            "ftp-sync.json",
            "deployment-config.json",
            ".ftp-access.json",
        ],
    )
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    json::parse(Text::whole(bytes)).each(&mut |object, way, value| {
        let Some(key) = way.last() else { return };
        if key.is_any(&["password", "pass", "passphrase", "sshKeyPassphrase", "ssh_key_passphrase"]) {
            let user = object.text_of("username").or_else(|| object.text_of("user"));
            let host = for_host(object.text_of("host").or_else(|| object.text_of("hostname")));
            let what = if key.is_any(&["password", "pass"]) { "password" } else { "passphrase of the key" };
            sink.secret(CREDFILE, "sftp-password", value, format!("the {what}{}{host}", of_user(user)));
        }
    });
}
