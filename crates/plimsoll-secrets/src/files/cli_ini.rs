//! Command lines that keep their log-in in an INI or TOML file: Databricks, Snowflake, Sentry, Stripe, Linode, Upload tools, Mercurial.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "cli-ini", title: "command-line log-ins (INI)", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &[
            ".databrickscfg",
            ".sentryclirc",
            ".hgrc",
            "hgrc",
            ".ngrok",
            ".smbcredentials",
            "smbcredentials",
            ".onedev",
            ".passwd-davfs",
            ".aiven",
        ],
    ) || path::ends_any(
        path,
        &[
            ".snowsql/config",
            "snowflake/connections.toml",
            "snowflake/config.toml",
            "stripe/config.toml",
            ".config/linode-cli",
            ".config/tower_cli.cfg",
            "etc/tower/tower_cli.cfg",
            ".streamlit/secrets.toml",
            ".dlt/secrets.toml",
            ".jupyter/jupyter_server_config.toml",
            ".config/doctl.ini",
            "etc/grafana/grafana.ini",
            "etc/gitea/app.ini",
            "gitea/conf/app.ini",
        ],
    )
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::CONFIGPARSER);
    for entry in &entries {
        if entry.value.is_empty() {
            continue;
        }
        // hg: `[auth] name.password = …`
        let key = entry.key.rsplit_once(b'.').map_or(entry.key, |(_, key)| key);
        let special = key.is_any(&[
            "live_mode_api_key",
            "test_mode_api_key",
            "oauth_token",
            "token",
            "password",
            "pass",
            "private_key_passphrase",
        ]) || values::secret_name(key.bytes()).is_some();
        if special && values::plausible(entry.value.bytes()) {
            let user =
                ["user", "username", "accountname"].iter().find_map(|key| ini::beside(&entries, entry, key));
            let host =
                ["host", "url", "server", "account"].iter().find_map(|key| ini::beside(&entries, entry, key));
            let message = format!("the {}{}{}", key.shown(), of_user(user), for_host(host));
            sink.secret(CREDFILE, "cli-ini-secret", entry.value, message);
        } else {
            sink.urls("cli-ini-url", entry.value);
        }
    }
}
