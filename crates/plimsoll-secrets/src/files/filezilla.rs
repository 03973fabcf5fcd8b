//! FileZilla's sites: passwords are base64 (<https://wiki.filezilla-project.org/Client_config_files>), or encrypted with a master password.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "filezilla", title: "FileZilla sites", is, max_size: 4 << 20, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".xml")
        && (path::named(path, &["sitemanager.xml", "recentservers.xml", "filezilla.xml", "FileZilla.xml"])
            || path::named(path, &["FileZilla Server.xml"]))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    xml::parse(Text::whole(bytes)).each(&mut |server| {
        let Some(pass) = server.child("Pass").filter(|pass| !pass.text.is_empty()) else { return };
        let message =
            format!("the password{}{}", of_user(server.text_of("User")), for_host(server.text_of("Host")));
        let encrypted = pass.attribute("encoding").is_some_and(|encoding| encoding.is("crypt"));
        if let Some(found) = sink.secret(CREDFILE, "filezilla-password", pass.text, message)
            && encrypted
        {
            lower(found, Severity::Negligible, Confidence::High, "It is encrypted with a master password.");
        }
    });
}
