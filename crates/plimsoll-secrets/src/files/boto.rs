//! boto's and gsutil's configuration: <https://cloud.google.com/storage/docs/boto-gsutil>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "boto", title: "boto configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".boto", "boto.cfg"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for entry in ini::entries(Text::whole(bytes), &ini::CONFIGPARSER) {
        let (rule, what) = match entry.key {
            key if key.is("aws_secret_access_key") => ("boto-aws-secret-access-key", "an AWS secret key"),
            key if key.is("gs_secret_access_key") => {
                ("boto-gs-secret-access-key", "a Google Cloud Storage secret key")
            }
            key if key.is("gs_oauth2_refresh_token") => ("boto-refresh-token", "a Google refresh token"),
            key if key.is("azure_storage_key") => ("boto-azure-key", "an Azure storage key"),
            key if key.is("proxy_pass") => {
                sink.secret(CREDFILE, "boto-proxy-password", entry.value, "the password for the proxy");
                continue;
            }
            _ => continue,
        };
        sink.secret(CLOUD, rule, entry.value, what);
    }
}
