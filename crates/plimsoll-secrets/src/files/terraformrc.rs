//! Terraform's command-line configuration: <https://developer.hashicorp.com/terraform/cli/config/config-file#credentials>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "terraformrc", title: "Terraform credentials", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".terraformrc", "terraform.rc", "credentials.tfrc.json", ".tofurc", "tofu.rc"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".json") {
        json::parse(text).each(&mut |_, way, value| {
            if let [.., host, key] = way
                && key.is("token")
            {
                sink.secret(
                    CREDFILE,
                    "terraform-token",
                    value,
                    format!("the Terraform token for {}", host_of(*host)),
                );
            }
        });
        return;
    }
    let tokens = lex::tokens(text, &lex::HCL);
    let mut host = None;
    for (at, token) in tokens.iter().enumerate() {
        let after = |n: usize| tokens.get(at + n);
        if token.is_word("credentials") {
            host = after(1).filter(|next| next.is_string()).map(|next| next.text);
        } else if token.is_word("token")
            && after(1).is_some_and(|next| next.is_sign(b'='))
            && let Some(value) = after(2).filter(|next| next.is_string())
        {
            sink.secret(
                CREDFILE,
                "terraform-token",
                value.text,
                format!("the Terraform token{}", for_host(host)),
            );
        }
    }
}
