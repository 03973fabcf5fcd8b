//! The Azure command line's store (`.azure`): token caches of ADAL and MSAL, service principals, and SDK authentication files:
//! <https://learn.microsoft.com/cli/azure/azure-cli-configuration>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "azure", title: "Azure credentials", is, max_size: 16 << 20, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".json")
        && (path::named(
            path,
            &[
                "accessTokens.json",
                "msal_token_cache.json",
                "service_principal_entries.json",
                "servicePrincipalProfile.json",
                "azureauth.json",
            ],
        ) || path::ends_any(
            path,
            &["etc/kubernetes/azure.json", ".azure/credentials.json", ".azure/TokenCache.json"],
        ))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    json::parse(Text::whole(bytes)).each(&mut |object, way, value| {
        let Some(key) = way.last() else { return };
        let refresh = way.iter().any(|key| key.is("RefreshToken"));
        let client = ["clientId", "client_id", "servicePrincipalId", "aadClientId"]
            .iter()
            .find_map(|key| object.text_of(key));
        let of = client.map_or_else(String::new, |id| format!(" of the application {}", id.shown()));
        if key.is_any(&[
            "clientSecret",
            "client_secret",
            "servicePrincipalKey",
            "aadClientSecret",
            "password",
        ]) || (key.is("accessToken") && object.get("servicePrincipalId").is_some())
        {
            sink.secret(CLOUD, "azure-client-secret", value, format!("the Azure client secret{of}"));
        } else if key.is("refreshToken") || (key.is("secret") && refresh) {
            sink.secret(CLOUD, "azure-refresh-token", value, "an Azure refresh token");
        } else if key.is_any(&["accessToken", "secret"]) {
            if let Some(found) = sink.secret(CLOUD, "azure-access-token", value, "an Azure access token") {
                lower(found, Severity::Low, Confidence::High, "An access token expires within hours.");
            }
        } else if key.is_any(&["certificate", "client_certificate", "servicePrincipalCertificate"])
            && let Some(key) = pem::keys(value).first()
        {
            sink.key(CLOUD, "azure-client-key", key, &format!("the private key{of} for Azure"), "");
        }
    });
}
