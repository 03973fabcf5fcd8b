//! Keys of cloud providers, as each documents them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::Maker;
use crate::corpus::random::{BASE32, BASE62, BASE64, HEX, LOWER36, Random, UPPER36, URL64};

pub(super) const MAKERS: &[Maker] = &[
    ("aws-key-id", |r| aws_id("AKIA", r)),
    ("aws-session-id", |r| aws_id("ASIA", r)),
    ("aws-secret-key", |r| r.text(BASE64, 40)),
    ("aws-session-token", |r| format!("IQoJb3JpZ2luX2VjE{}==", r.text(BASE64, 331))),
    ("azure-storage-key", |r| STANDARD.encode(r.bytes(64))),
    ("azure-client-secret", |r| {
        format!("{}{}Q~{}", r.text(BASE62, 3), r.text(b"78", 1), r.text(URL64, 33) + &r.text(BASE62, 1))
    }),
    ("azure-sas-signature", |r| super::percent_encoded(&STANDARD.encode(r.bytes(32)))),
    ("azure-shared-key", |r| STANDARD.encode(r.bytes(32))),
    ("azure-cosmos-key", |r| STANDARD.encode(r.bytes(64))),
    ("azure-function-key", |r| format!("{}AzFu{}==", r.text(URL64, 44), r.text(BASE62, 6))),
    ("google-api-key", |r| format!("AIza{}", "Sy".to_owned() + &r.text(URL64, 32) + &r.text(BASE62, 1))),
    ("google-client-secret", |r| format!("GOCSPX-{}", r.text(URL64, 27) + &r.text(BASE62, 1))),
    ("google-refresh-token", |r| {
        format!("1//0{}", r.text(BASE62, 1) + &r.text(URL64, 97) + &r.text(BASE62, 1))
    }),
    ("google-access-token", |r| format!("ya29.a0{}", r.text(URL64, 160) + &r.text(BASE62, 1))),
    ("digitalocean-token", |r| format!("dop_v1_{}", r.text(HEX, 64))),
    ("spaces-key", |r| format!("DO00{}", r.text(UPPER36, 16))),
    ("hetzner-token", |r| r.text(BASE62, 64)),
    ("linode-token", |r| r.text(HEX, 64)),
    ("scaleway-secret", super::neutral::uuid),
    ("alibaba-key-id", |r| format!("LTAI5t{}", r.text(BASE62, 18))),
    ("alibaba-secret", |r| r.text(BASE62, 30)),
    ("tencent-id", |r| format!("AKID{}", r.text(BASE62, 32))),
    ("tencent-secret", |r| r.text(BASE62, 32)),
    ("huawei-id", |r| r.text(UPPER36, 20)),
    ("huawei-secret", |r| r.text(BASE62, 40)),
    ("ibm-cloud-key", |r| r.text(URL64, 43) + &r.text(BASE62, 1)),
    ("yandex-key", |r| format!("AQVN{}", r.text(URL64, 34) + &r.text(BASE62, 2))),
    ("cloudflare-token", |r| r.text(URL64, 39) + &r.text(BASE62, 1)),
    ("cloudflare-origin-ca", |r| format!("v1.0-{}-{}", r.text(HEX, 24), r.text(HEX, 146))),
    ("heroku-key", |r| format!("HRKU-AA{}", r.text(URL64, 57) + &r.text(BASE62, 1))),
    ("fastly-token", |r| r.text(URL64, 31) + &r.text(BASE62, 1)),
    ("netlify-token", |r| format!("nfp_{}", r.text(BASE62, 36))),
    ("fly-token", |r| format!("FlyV1 fm2_{}", STANDARD.encode(r.bytes(120)))),
    ("vault-token", |r| {
        format!("hvs.CAESI{}", URL_SAFE_NO_PAD.encode(r.bytes(64)).trim_end_matches(['-', '_'].as_slice()))
    }),
    ("vault-legacy-token", |r| format!("s.{}", r.text(BASE62, 24))),
    ("consul-token", super::neutral::uuid),
    ("doppler-token", |r| format!("dp.pt.{}", r.text(BASE62, 43))),
    ("supabase-token", |r| format!("sbp_{}", r.text(HEX, 40))),
    ("planetscale-password", |r| format!("pscale_pw_{}", r.text(URL64, 42) + &r.text(BASE62, 1))),
    ("databricks-token", |r| format!("dapi{}", r.text(HEX, 32))),
    ("kube-bootstrap-token", |r| format!("{}.{}", r.text(LOWER36, 6), r.text(LOWER36, 16))),
    ("minio-secret", |r| r.text(BASE62, 40)),
    ("backblaze-key", |r| format!("K00{}{}", r.text(b"0123456", 1), r.text(BASE64, 27))),
];

/// A prefix and 16 characters of base32. Their first bit is set in keys made since 2019, and the next 40 hold the number of
/// the account, which has twelve decimal digits.
pub(super) fn aws_id(prefix: &str, random: &mut Random) -> String {
    let account = 100_000_000_000 + random.next() % 900_000_000_000;
    let mut bits = (1_u128 << 79) | (u128::from(account) << 39);
    bits |= u128::from(random.next()) & ((1 << 39) - 1);
    let digit = |place: u32| {
        let index = usize::try_from((bits >> (75 - 5 * place)) & 31).unwrap_or_default();
        char::from(BASE32.get(index).copied().unwrap_or(b'A'))
    };
    prefix.chars().chain((0..16).map(digit)).collect()
}
