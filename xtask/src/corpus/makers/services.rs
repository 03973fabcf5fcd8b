//! Keys of chat, payment, mail, monitoring, model and other services, as each documents them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::Maker;
use super::neutral::uuid;
use crate::corpus::random::{BASE32, BASE62, BASE64, HEX, LETTERS, LOWER36, Random, UPPER36, URL64};

pub(super) const MAKERS: &[Maker] = &[
    ("slack-bot", |r| format!("xoxb-{}-{}-{}", r.digits(12), r.digits(13), r.text(BASE62, 24))),
    ("slack-user", |r| {
        format!("xoxp-{}-{}-{}-{}", r.digits(12), r.digits(12), r.digits(13), r.text(HEX, 32))
    }),
    ("slack-app", |r| format!("xapp-1-A{}-{}-{}", r.text(UPPER36, 10), r.digits(13), r.text(HEX, 64))),
    ("slack-webhook", |r| {
        let (team, hook) = (r.text(UPPER36, 10), r.text(UPPER36, 10));
        format!("https://hooks.slack.com/services/T{team}/B{hook}/{}", r.text(BASE62, 24))
    }),
    ("slack-signing-secret", |r| r.text(HEX, 32)),
    ("discord-bot", |r| {
        let id = URL_SAFE_NO_PAD.encode(r.digits(18));
        format!("{id}.G{}.{}", r.text(URL64, 5), r.text(URL64, 37) + &r.text(BASE62, 1))
    }),
    ("discord-webhook", |r| {
        format!(
            "https://discord.com/api/webhooks/{}/{}",
            r.digits(18),
            r.text(URL64, 67) + &r.text(BASE62, 1)
        )
    }),
    ("telegram-bot", |r| format!("{}:AA{}", r.digits(10), r.text(URL64, 32) + &r.text(BASE62, 1))),
    ("teams-webhook", |r| {
        let (group, tenant, owner) = (uuid(r), uuid(r), uuid(r));
        let hook = r.text(HEX, 32);
        format!(
            "https://brenner.webhook.office.com/webhookb2/{group}@{tenant}/IncomingWebhook/{hook}/{owner}"
        )
    }),
    ("stripe-secret", |r| format!("sk_live_{}", r.text(BASE62, 24))),
    ("stripe-long", |r| format!("sk_live_51{}", r.text(BASE62, 97))),
    ("stripe-restricted", |r| format!("rk_live_51{}", r.text(BASE62, 97))),
    ("stripe-webhook", |r| format!("whsec_{}", r.text(BASE62, 32))),
    ("stripe-publishable", |r| format!("pk_live_51{}", r.text(BASE62, 97))),
    ("square-token", |r| format!("EAAA{}", r.text(URL64, 59) + &r.text(BASE62, 1))),
    ("paypal-secret", |r| format!("E{}", r.text(URL64, 78) + &r.text(BASE62, 1))),
    ("braintree-token", |r| format!("access_token$production${}${}", r.text(LOWER36, 16), r.text(HEX, 32))),
    ("shopify-token", |r| format!("shpat_{}", r.text(HEX, 32))),
    ("shopify-secret", |r| format!("shpss_{}", r.text(HEX, 32))),
    ("sendgrid-key", |r| {
        let first = r.text(BASE62, 1);
        format!("SG.{first}{}.{}", r.text(URL64, 21), r.text(URL64, 42) + &r.text(BASE62, 1))
    }),
    ("mailgun-key", |r| format!("key-{}", r.text(HEX, 32))),
    ("mailgun-new-key", |r| format!("{}-{}-{}", r.text(HEX, 32), r.text(HEX, 8), r.text(HEX, 8))),
    ("mailchimp-key", |r| format!("{}-us{}", r.text(HEX, 32), r.between(1, 21))),
    ("brevo-key", |r| format!("xkeysib-{}-{}", r.text(HEX, 64), r.text(BASE62, 16))),
    ("postmark-token", uuid),
    ("twilio-sid", |r| format!("AC{}", r.text(HEX, 32))),
    ("twilio-token", |r| r.text(HEX, 32)),
    ("openai-key", |r| {
        format!("sk-proj-{}T3BlbkFJ{}", r.text(URL64, 74), r.text(URL64, 73) + &r.text(BASE62, 1))
    }),
    ("openai-old-key", |r| format!("sk-{}T3BlbkFJ{}", r.text(BASE62, 20), r.text(BASE62, 20))),
    ("anthropic-key", |r| format!("sk-ant-api03-{}AA", r.text(URL64, 93))),
    ("huggingface-token", |r| format!("hf_{}", r.text(LETTERS, 34))),
    ("replicate-token", |r| format!("r8_{}", r.text(BASE62, 37))),
    ("groq-key", |r| format!("gsk_{}", r.text(BASE62, 52))),
    ("grafana-service", |r| {
        let body = format!("glsa_{}", r.text(BASE62, 32));
        format!("{body}_{:08x}", grafana_checksum(&body))
    }),
    ("grafana-cloud", |r| {
        let json = format!(
            "{{\"o\":\"{}\",\"n\":\"stack-publisher\",\"k\":\"{}\",\"m\":{{\"r\":\"eu\"}}}}",
            r.digits(6),
            r.text(BASE62, 24)
        );
        format!("glc_{}", STANDARD.encode(json))
    }),
    ("newrelic-key", |r| format!("NRAK-{}", r.text(UPPER36, 27))),
    ("newrelic-license", |r| format!("eu01xx{}NRAL", r.text(HEX, 30))),
    ("datadog-api", |r| r.text(HEX, 32)),
    ("datadog-app", |r| r.text(HEX, 40)),
    ("sentry-token", |r| format!("sntryu_{}", r.text(HEX, 64))),
    ("pagerduty-key", |r| format!("u+{}", r.text(URL64, 17) + &r.text(BASE62, 1))),
    ("honeycomb-key", |r| format!("hcaik_01{}", r.text(LOWER36, 56))),
    ("dynatrace-token", |r| format!("dt0c01.{}.{}", r.text(BASE32, 24), r.text(BASE32, 64))),
    ("linear-key", |r| format!("lin_api_{}", r.text(BASE62, 40))),
    ("notion-token", |r| format!("ntn_{}{}", r.digits(11), r.text(BASE62, 35))),
    ("airtable-token", |r| format!("pat{}.{}", r.text(BASE62, 14), r.text(HEX, 64))),
    ("figma-token", |r| format!("figd_{}", r.text(URL64, 39) + &r.text(BASE62, 1))),
    ("asana-token", |r| format!("1/{}:{}", r.digits(16), r.text(HEX, 32))),
    ("dropbox-token", |r| format!("sl.B{}", r.text(URL64, 134) + &r.text(BASE62, 1))),
    ("hubspot-token", |r| format!("pat-eu1-{}", uuid(r))),
    ("mapbox-secret", |r| {
        let body = format!("{{\"u\":\"brenner\",\"a\":\"{}\"}}", r.text(LOWER36, 25));
        format!("sk.{}.{}", URL_SAFE_NO_PAD.encode(body), r.text(URL64, 21) + &r.text(BASE62, 1))
    }),
    ("algolia-key", |r| r.text(HEX, 32)),
    ("postman-key", |r| format!("PMAK-{}-{}", r.text(HEX, 24), r.text(HEX, 34))),
    ("launchdarkly-key", |r| format!("sdk-{}", uuid(r))),
    ("okta-token", |r| format!("00{}", r.text(URL64, 39) + &r.text(BASE62, 1))),
    ("onepassword-token", |r| {
        let body = format!(
            "{{\"signInAddress\":\"brenner.1password.eu\",\"userAuth\":{{\"method\":\"SRPg-4096\",\"alg\":\"PBES2g-HS256\",\"iterations\":650000,\"salt\":\"{}\"}},\"email\":\"{}@1passwordserviceaccounts.eu\",\"srpX\":\"{}\",\"secretKey\":\"A3-{}\"}}",
            r.text(URL64, 22),
            r.text(LOWER36, 13),
            r.text(HEX, 64),
            r.text(UPPER36, 31)
        );
        format!("ops_{}", URL_SAFE_NO_PAD.encode(body))
    }),
    ("kaggle-key", |r| r.text(HEX, 32)),
    ("facebook-token", |r| format!("EAAC{}", r.text(BASE62, 180))),
    ("twitter-secret", |r| r.text(BASE62, 50)),
    ("jwt", |r| jwt(r, "")),
    ("jwt-future", |r| {
        let expires = format!(",\"iat\":17{},\"exp\":39{}", r.text(b"01", 1) + &r.digits(7), r.digits(8));
        jwt(r, &expires)
    }),
    ("jwt-expired", |r| {
        let expires = format!(",\"iat\":15{},\"exp\":1560000000", r.digits(8));
        jwt(r, &expires)
    }),
    ("service-account-jwt", |r| {
        let header = format!("{{\"alg\":\"RS256\",\"kid\":\"{}\"}}", r.text(URL64, 43));
        let name = r.pick(&["deployer", "ci-runner", "tiller", "backup"]);
        let claims = format!(
            "{{\"iss\":\"kubernetes/serviceaccount\",\"kubernetes.io/serviceaccount/namespace\":\"shop\",\"kubernetes.io/serviceaccount/secret.name\":\"{name}-token-{}\",\"kubernetes.io/serviceaccount/service-account.name\":\"{name}\",\"sub\":\"system:serviceaccount:shop:{name}\"}}",
            r.text(LOWER36, 5)
        );
        signed(&header, &claims, &r.bytes(256))
    }),
    ("hex-32", |r| r.text(HEX, 32)),
    ("hex-64", |r| r.text(HEX, 64)),
    ("base64-32", |r| STANDARD.encode(r.bytes(32))),
    ("base62-40", |r| r.text(BASE62, 40)),
    ("base64-60", |r| r.text(BASE64, 60)),
];

fn signed(header: &str, claims: &str, signature: &[u8]) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()), encode(signature))
}

/// RFC 7519, with HS256 and a signature of its length.
fn jwt(random: &mut Random, more: &str) -> String {
    let user = random.pick(&["anna.weber", "deploy-bot", "m.okafor", "svc-billing", "reports"]);
    let claims =
        format!("{{\"sub\":\"{user}\",\"scope\":\"orders:write\",\"jti\":\"{}\"{more}}}", uuid(random));
    signed("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", &claims, &random.bytes(32))
}

/// Grafana's tokens of service accounts end with the CRC-32 of what is before, its low byte first.
fn grafana_checksum(body: &str) -> u32 {
    super::crc32(body).swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Grafana's own interface description.
    #[test]
    fn grafanas_checksum_is_the_documented_one() {
        let body = concat!("gl", "sa_yscW25imSKJIuav8zF37RZmnbiDvB05G");
        assert_eq!(format!("{:08x}", grafana_checksum(body)), "fcaaf58a");
    }
}
