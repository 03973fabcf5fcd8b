//! Images described in short.

use plimsoll_image::Config;
use plimsoll_types::Detection;

use super::*;

/// What is found in a configuration, one line each: the finding, its place, its severity, its evidence.
fn told_of(config: &str) -> Vec<String> {
    let json = config.replace('§', "");
    let config = Config::parse(json.as_bytes(), "test").unwrap();
    let engine = Engine::built_in();
    let (mut seen, mut out) = (Seen::default(), Vec::<Detection>::new());
    environment(&engine, &config, &mut seen, &mut out);
    labels(&engine, &config, &mut seen, &mut out);
    commands(&engine, &config, &mut seen, &mut out);
    history(&engine, &config, &mut seen, &mut out);
    for found in &out {
        for secret in ["hunter2-prod-77", "Zq81hhwy-k", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"] {
            let text = format!("{found:?}");
            assert!(!text.contains(secret), "{text}");
        }
    }
    out.iter()
        .map(|found| {
            let notes =
                if found.notes.iter().any(|note| note.starts_with("The same value")) { " again" } else { "" };
            format!("{} {} {}{notes} {}", found.class.code, found.place, found.severity, found.evidence)
        })
        .collect()
}

#[test]
fn environment_and_history() {
    let found = told_of(
        r#"{"rootfs": {"type": "layers", "diff_ids": []}, "config": {
            "Env": ["PATH=/bin", "DB_PASSWORD=hunter2-prod-77", "MYSQL_ROOT_PASSWORD=", "KEY_FILE=/run/secrets/x",
                    "GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568", "TOKEN_VERSION=1.2.3", "GITHUB_TOKEN=gh§p_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"],
            "Labels": {"maintainer": "ann", "build.password": "Zq81hhwy-k"},
            "Cmd": ["serve", "--password", "Zq81hhwy-k"],
            "Healthcheck": {"Test": ["CMD-SHELL", "curl -u ann:Zq81hhwy-k http://localhost/"]}},
          "history": [
            {"created_by": "ENV DB_PASSWORD=hunter2-prod-77", "empty_layer": true},
            {"created_by": "RUN |2 TOKEN=Zq81hhwy-k MODE=x /bin/sh -c make # buildkit", "empty_layer": true},
            {"created_by": "RUN /bin/sh -c curl -H 'Authorization: Bearer Zq81hhwy-k' https://x", "empty_layer": true},
            {"created_by": "RUN /bin/sh -c apk add libcrypto3=3.1.4-r1", "empty_layer": true},
            {"created_by": "RUN /bin/sh -c echo 'access.log = /proc/self/fd/2' > x", "empty_layer": true}]}"#,
    );
    let codes: Vec<String> =
        found.iter().map(|line| line.rsplit_once(' ').map_or("", |(head, _)| head).to_owned()).collect();
    let expect = |start: &str| {
        assert!(found.iter().any(|line| line.starts_with(start)), "{start} is not in {found:#?}");
    };
    expect("SEC-ENV env DB_PASSWORD high DB_PASSWORD=********");
    expect("SEC-ENV env GITHUB_TOKEN critical GITHUB_TOKEN=ghp_********");
    expect("SEC-LABEL label build.password high build.password=********");
    expect("SEC-PASSWORD config Cmd high");
    expect("SEC-PASSWORD config Healthcheck high");
    expect("SEC-HISTORY history step 1 high again ENV DB_PASSWORD=********");
    expect("SEC-HISTORY history step 2 high again RUN |2 TOKEN=******** MODE=x");
    expect("SEC-HISTORY history step 3 high again RUN /bin/sh -c curl -H 'Authorization: Bearer ********'");
    assert_eq!(codes.len(), 8, "{found:#?}");
}

/// The configurations of official images (shortened to what others have taken for secrets) give nothing.
#[test]
fn official_images_are_quiet() {
    let found = told_of(
        r#"{"rootfs": {"type": "layers", "diff_ids": []}, "config": {
            "Env": ["PYTHON_SHA256=3126f59592c9b0d798584755f2bf7b081fa1ca35ce7a6fea980108d752a05bb1", "PYTHON_GET_PIP_URL=https://github.com/pypa/get-pip/raw/x/get-pip.py",
                    "GPG_KEYS=42670A7FE4D0441C8E4632349E4FDC074A4EF02D 5A52880781F755608BF815FC910DEB46F53EA312", "PHP_ASC_URL=https://www.php.net/get/x.asc",
                    "NODE_VERSION=20.11.1", "YARN_VERSION=1.22.19", "GOSU_VERSION=1.17", "REDIS_DOWNLOAD_SHA=c4f5c3a1b6b2a1d6e8e3c1a2b3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6",
                    "RABBITMQ_PGP_KEY_ID=0x0A9AF2115F4687BD29803A206B73A36E6026DFCA", "MYSQL_ALLOW_EMPTY_PASSWORD=yes", "KEYCLOAK_ADMIN_PASSWORD_FILE=/run/secrets/a",
                    "HOMEBREW_NO_ANALYTICS_TOKEN_NAME=x", "SSL_CERT_DIR=/etc/ssl/certs", "JAVA_TOOL_OPTIONS=-Dfile.encoding=UTF-8"]},
          "history": [
            {"created_by": "/bin/sh -c set -ex; for key in 94AE36675C464D64BAFA68DD7434390BDBE9B9C5; do gpg --batch --keyserver hkps://keys.openpgp.org --recv-keys \"$key\"; done", "empty_layer": true},
            {"created_by": "/bin/sh -c apk add --no-cache --virtual .build-deps && curl -fsSLO --compressed \"https://nodejs.org/dist/v$NODE_VERSION/node.tar.xz\"", "empty_layer": true},
            {"created_by": "RUN /bin/sh -c useradd -p '' ann && mkdir -p /x # buildkit", "empty_layer": true}]}"#,
    );
    assert_eq!(found, Vec::<String>::new());
}
