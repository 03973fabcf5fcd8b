//! Tokens of source forges, package registries and build services, as each vendor documents them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Maker, checksum62};
use crate::corpus::random::{BASE62, HEX, LOWER36, Random, UPPER_HEX, UPPER36, URL64};

pub(super) const MAKERS: &[Maker] = &[
    ("github-pat", |r| github("ghp_", r)),
    ("github-oauth", |r| github("gho_", r)),
    ("github-user", |r| github("ghu_", r)),
    ("github-server", |r| github("ghs_", r)),
    ("github-fine-grained", |r| {
        format!("github_pat_11A{}0{}_{}", r.text(UPPER36, 8), r.text(BASE62, 12), r.text(BASE62, 59))
    }),
    ("gitlab-pat", |r| format!("glpat-{}", r.text(URL64, 19) + &r.text(BASE62, 1))),
    ("gitlab-deploy", |r| format!("gldt-{}", r.text(URL64, 19) + &r.text(BASE62, 1))),
    ("gitlab-runner", |r| format!("glrt-{}", r.text(URL64, 19) + &r.text(BASE62, 1))),
    ("gitlab-trigger", |r| format!("glptt-{}", r.text(HEX, 40))),
    ("bitbucket-app", |r| format!("ATBB{}", r.text(BASE62, 24) + &r.text(UPPER_HEX, 8))),
    ("gitea-token", |r| r.text(HEX, 40)),
    ("npm-token", |r| {
        let text = r.text(BASE62, 30);
        format!("npm_{text}{}", checksum62(&text))
    }),
    ("npm-uuid", super::neutral::uuid),
    ("pypi-token", pypi),
    ("cargo-token", |r| format!("cio{}", r.text(BASE62, 32))),
    ("rubygems-key", |r| format!("rubygems_{}", r.text(HEX, 48))),
    ("nuget-key", |r| format!("oy2{}", r.text(LOWER36, 43))),
    ("docker-pat", |r| format!("dckr_pat_{}", r.text(URL64, 26) + &r.text(BASE62, 1))),
    ("artifactory-key", |r| format!("AKCp{}", r.text(BASE62, 69))),
    ("packagist-token", |r| format!("packagist_uut_{}", r.text(HEX, 68))),
    ("circleci-token", |r| format!("CCIPAT_{}_{}", r.text(BASE62, 22), r.text(HEX, 40))),
    ("buildkite-token", |r| format!("bkua_{}", r.text(HEX, 40))),
    ("sonar-token", |r| format!("{}{}", r.pick(&["squ_", "sqp_", "sqa_"]), r.text(HEX, 40))),
    ("codecov-token", super::neutral::uuid),
    ("jenkins-token", |r| format!("11{}", r.text(HEX, 32))),
    ("terraform-token", |r| format!("{}.atlasv1.{}", r.text(BASE62, 14), r.text(BASE62, 67))),
    ("azure-devops-pat", |r| r.text(b"abcdefghijklmnopqrstuvwxyz234567", 52)),
    ("atlassian-token", |r| {
        let body = format!("ATATT3xFfGF0{}", r.text(URL64, 172));
        format!("{body}={:08X}", super::crc32(&body))
    }),
];

/// Prefix, 30 characters, 6 characters of checksum ("Behind GitHub's new authentication token formats", 2021).
fn github(prefix: &str, random: &mut Random) -> String {
    let text = random.text(BASE62, 30);
    format!("{prefix}{text}{}", checksum62(&text))
}

/// A macaroon (libmacaroons, binary version 2) in base64: the location, a random identifier, one caveat, a signature; as
/// Warehouse makes them.
fn pypi(random: &mut Random) -> String {
    let mut macaroon = vec![2];
    let mut packet = |kind: u8, data: &[u8]| {
        macaroon.push(kind);
        // All that is put in here is short enough for one byte of length.
        macaroon.push(u8::try_from(data.len()).unwrap_or_default());
        macaroon.extend_from_slice(data);
    };
    packet(1, b"pypi.org");
    packet(2, super::neutral::uuid(random).as_bytes());
    macaroon.push(0);
    let caveat = format!("[3, \"{}\"]", super::neutral::uuid(random));
    macaroon.extend_from_slice(&[2, u8::try_from(caveat.len()).unwrap_or_default()]);
    macaroon.extend_from_slice(caveat.as_bytes());
    macaroon.extend_from_slice(&[0, 0, 6, 32]);
    macaroon.extend_from_slice(&random.bytes(32));
    format!("pypi-{}", URL_SAFE_NO_PAD.encode(macaroon))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How every token of pypi.org begins, by its documentation for secret scanning.
    #[test]
    fn pypi_tokens_begin_as_documented() {
        let token = pypi(&mut Random::new("x"));
        assert!(token.starts_with(concat!("pypi-AgE", "IcHlwaS5vcmc")), "{token}");
        assert!((150..220).contains(&token.len()), "{}", token.len());
    }
}
