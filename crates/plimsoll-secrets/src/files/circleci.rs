//! CircleCI's command line: <https://circleci.com/docs/local-cli/>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "circleci", title: "CircleCI command-line token", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::ends(path, ".circleci/cli.yml")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for document in yaml::documents(Text::whole(bytes)) {
        if let Some(token) = document.text_of("token") {
            let host = for_host(document.text_of("host"));
            sink.secret(CREDFILE, "circleci-token", token, format!("a CircleCI token{host}"));
        }
    }
}
