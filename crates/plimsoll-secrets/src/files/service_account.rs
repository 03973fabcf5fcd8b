//! Google service-account keys and the application default credentials:
//! <https://cloud.google.com/iam/docs/keys-create-delete>, <https://google.aip.dev/auth/4110>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "service-account", title: "Google credentials", is, max_size: 64 << 10, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".json")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let text = Text::whole(bytes);
    if !text.contains("\"service_account\"") && !text.contains("\"authorized_user\"") {
        return;
    }
    let mut sink = Sink::new(path, out);
    credential(&mut sink, &json::parse(text), 0);
}

fn credential(sink: &mut Sink<'_>, node: &Node<'_>, depth: usize) {
    let kind = node.text_of("type");
    let project =
        node.text_of("project_id").map_or_else(String::new, |id| format!(" in the project {}", id.shown()));
    if kind.is_some_and(|kind| kind.is("service_account")) {
        let account = node.text_of("client_email").map_or_else(|| "unknown".to_owned(), Text::shown);
        if let Some(key) = node.text_of("private_key")
            && let Some(key) = pem::keys(key).first()
        {
            let message = format!("the private key of the Google service account {account}{project}");
            if let Some(found) = sink.certain(CLOUD, "gcp-service-account-key", key.all, message)
                && (account.ends_with("example.com") || values::placeholder(account.as_bytes()))
            {
                lower(
                    found,
                    Severity::Low,
                    Confidence::Low,
                    "The account is one of documentation and examples.",
                );
            }
        }
    } else if kind.is_some_and(|kind| kind.is("authorized_user"))
        && let Some(token) = node.text_of("refresh_token")
    {
        // The client's secret is the same in every installation of the SDK, so it is none.
        let account = node.text_of("account").filter(|account| !account.is_empty());
        let account = account.map_or_else(String::new, |account| format!(" of {}", account.shown()));
        sink.secret(CLOUD, "gcp-refresh-token", token, format!("a Google refresh token{account}"));
    }
    if depth < 4 {
        for (_, child) in node.entries() {
            credential(sink, child, depth + 1);
        }
    }
}
