//! Terraform's state, which has all attributes of all resources in clear:
//! <https://developer.hashicorp.com/terraform/language/state/sensitive-data>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "tfstate", title: "Terraform state", is, max_size: 64 << 20, find };

fn is(path: &[u8]) -> bool {
    path::suffixed_any(path, &[".tfstate", ".tfstate.backup"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let root = json::parse(Text::whole(bytes));
    for (name, output) in root.get("outputs").map_or(&[][..], Node::entries) {
        let sensitive = output.text_of("sensitive").is_some_and(|value| value.is("true"));
        if let Some(value) = output.text_of("value") {
            if sensitive {
                sink.secret(
                    CREDFILE,
                    "tfstate-output",
                    value,
                    format!("the sensitive output '{}'", name.shown()),
                );
            } else {
                sink.pair(CREDFILE, "tfstate-output", *name, value);
            }
        }
    }
    for resource in root.get("resources").map_or(&[][..], Node::items) {
        let part = |key: &str| resource.text_of(key).map_or_else(|| "?".to_owned(), Text::shown);
        let resource_name = format!("{}.{}", part("type"), part("name"));
        for instance in resource.get("instances").map_or(&[][..], Node::items) {
            // `sensitive_attributes` names paths: [{"type": "get_attr", "value": "password"}].
            let mut sensitive = Vec::new();
            for way in instance.get("sensitive_attributes").map_or(&[][..], Node::items) {
                let first = way.items().first().unwrap_or(way);
                sensitive.extend(first.text_of("value"));
            }
            let Some(attributes) = instance.get("attributes") else { continue };
            attributes.each(&mut |_, way, value| {
                let Some(key) = way.last() else { return };
                let marked = way
                    .first()
                    .is_some_and(|first| sensitive.iter().any(|name| name.bytes() == first.bytes()));
                if let Some(pem) = pem::keys(value).first() {
                    sink.key(PRIVKEY, "tfstate-private-key", pem, "a private key", &resource_name);
                } else if key.is("secret") && resource_name.starts_with("aws_iam_access_key.") {
                    sink.secret(
                        CLOUD,
                        "tfstate-aws-secret-key",
                        value,
                        format!("the AWS secret key of {resource_name}"),
                    );
                } else if (marked && values::plausible(value.bytes()))
                    || (key.is_any(&["secret", "password", "result", "bcrypt_hash", "secret_string"])
                        && resource_name.starts_with("random_password."))
                {
                    let message = format!("the sensitive attribute '{}' of {resource_name}", key.shown());
                    sink.secret(CREDFILE, "tfstate-attribute", value, message);
                } else if sink.pair(CREDFILE, "tfstate-attribute", *key, value) {
                    sink.of(&resource_name);
                }
            });
        }
    }
}
