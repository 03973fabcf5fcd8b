//! Values of Terraform variables: <https://developer.hashicorp.com/terraform/language/values/variables>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "tfvars", title: "Terraform variables", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::suffixed_any(path, &[".tfvars", ".tfvars.json"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".json") {
        json::parse(text).each(&mut |_, way, value| {
            if let Some(key) = way.last() {
                sink.pair(CREDFILE, "tfvars", *key, value);
            }
        });
        return;
    }
    for (name, value) in lex::assignments(&lex::tokens(text, &lex::HCL)) {
        sink.pair(CREDFILE, "tfvars", name, value);
    }
}
