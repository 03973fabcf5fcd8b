//! Jenkins' credentials: `credentials.xml` is encrypted with keys that lie beside it in `secrets`:
//! <https://www.jenkins.io/doc/developer/security/secrets/>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "jenkins", title: "Jenkins' credentials", is, max_size: 4 << 20, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["credentials.xml", "hudson.util.Secret"])
        || path::ends_any(
            path,
            &[
                "secrets/master.key",
                "secrets/initialAdminPassword",
                "secrets/jenkins.model.Jenkins.crumbSalt",
            ],
        )
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    match path::name(path) {
        b"master.key" => {
            let key = text.trim();
            if key.len() == 256 && key.bytes().iter().all(u8::is_ascii_hexdigit) {
                sink.certain(
                    CREDFILE,
                    "jenkins-master-key",
                    key,
                    "the key that decrypts Jenkins' other keys",
                );
            }
        }
        b"hudson.util.Secret" if (16..4096).contains(&bytes.len()) => {
            sink.certain(
                CREDFILE,
                "jenkins-secret-key",
                text.part(0, 0),
                "the key that decrypts Jenkins' credentials, itself encrypted with master.key",
            );
        }
        b"initialAdminPassword" => {
            let password = text.trim();
            if password.len() == 32 && password.bytes().iter().all(u8::is_ascii_hexdigit) {
                sink.certain(
                    CREDFILE,
                    "jenkins-admin-password",
                    password,
                    "the first administrator's password of Jenkins",
                );
            }
        }
        b"credentials.xml" => xml::parse(text).each(&mut |element| {
            let id = element.text_of("id").map_or_else(String::new, |id| format!(" '{}'", id.shown()));
            let user = of_user(element.text_of("username"));
            for child in &element.children {
                let secret = child.name.is_any(&[
                    "password",
                    "passphrase",
                    "secret",
                    "secretBytes",
                    "privateKey",
                    "apiToken",
                    "secretKey",
                ]);
                if !secret || child.text.is_empty() {
                    continue;
                }
                if let Some(key) = pem::keys(child.text).first() {
                    sink.key(
                        PRIVKEY,
                        "jenkins-private-key",
                        key,
                        &format!("the private key of Jenkins' credential{id}"),
                        "",
                    );
                    continue;
                }
                let message = format!("the {}{user} of Jenkins' credential{id}", child.name.shown());
                let encrypted = child.text.bytes().starts_with(b"{") && child.text.bytes().ends_with(b"}");
                if let Some(found) = sink.secret(CREDFILE, "jenkins-credential", child.text, message)
                    && encrypted
                {
                    lower(
                        found,
                        Severity::Medium,
                        Confidence::High,
                        "It is encrypted with the keys in Jenkins' secrets folder.",
                    );
                }
            }
        }),
        _ => {}
    }
}
