//! Tomcat's users and key stores: <https://tomcat.apache.org/tomcat-10.1-doc/realm-howto.html>. The users that ship are in a comment.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "tomcat", title: "Tomcat configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".xml")
        && (path::named(path, &["tomcat-users.xml"])
            || path::ends_any(path, &["conf/server.xml", "conf/context.xml", "META-INF/context.xml"]))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    xml::parse(Text::whole(bytes)).each(&mut |element| {
        let user = element
            .attribute("username")
            .or_else(|| element.attribute("name"))
            .or_else(|| element.attribute("connectionName"));
        for (name, value) in &element.attributes {
            if element.name.is("user") && name.is("password") {
                let roles = element
                    .attribute("roles")
                    .map_or_else(String::new, |roles| format!(" with the roles {}", roles.shown()));
                sink.secret(
                    CREDFILE,
                    "tomcat-user-password",
                    *value,
                    format!("the password{}{roles}", of_user(user)),
                );
            } else if name.is_any(&[
                "password",
                "keystorePass",
                "truststorePass",
                "certificateKeystorePassword",
                "keyPass",
                "connectionPassword",
                "certificateKeyPassword",
            ]) {
                let message = format!("the {}{} in <{}>", name.shown(), of_user(user), element.name.shown());
                sink.secret(PASSWORD, "tomcat-password", *value, message);
            } else {
                sink.urls("tomcat-url", *value);
            }
        }
    });
}
