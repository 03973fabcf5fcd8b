//! Compose files: <https://docs.docker.com/reference/compose-file/services/#environment>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "compose", title: "Compose file", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    (name.ends_with(b".yml") || name.ends_with(b".yaml"))
        && (name.starts_with(b"docker-compose")
            || name.starts_with(b"compose.")
            || name.starts_with(b"compose-")
            || name.starts_with(b"podman-compose")
            || name.starts_with(b"docker-stack"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for document in yaml::documents(Text::whole(bytes)) {
        let Some(services) = document.get("services") else { continue };
        for (service, body) in services.entries() {
            let of = format!("the service '{}'", service.shown());
            let build = body.get("build");
            for environment in
                [body.get("environment"), build.and_then(|build| build.get("args")), body.get("labels")]
                    .into_iter()
                    .flatten()
            {
                for (name, value) in environment.entries() {
                    if let Some(value) = value.text()
                        && sink.pair(PASSWORD, "compose", *name, value)
                    {
                        sink.of(&of);
                    }
                }
                for item in environment.items().iter().filter_map(Node::text) {
                    if let Some((name, value)) = item.split_once(b'=')
                        && sink.pair(PASSWORD, "compose", name, value)
                    {
                        sink.of(&of);
                    }
                }
            }
            if let Some(command) = body.text_of("command") {
                let mut before: Option<Text<'_>> = None;
                for word in command.words() {
                    if before.is_some_and(|option| option.is_any(&["--requirepass", "--password", "--token"]))
                    {
                        sink.secret(
                            PASSWORD,
                            "compose-command",
                            word,
                            format!("a password in the command of {of}"),
                        );
                    }
                    before = Some(word);
                }
            }
        }
    }
}
