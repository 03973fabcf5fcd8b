//! Where software comes from and whether it is checked: sources.list(5), apt.conf(5), dnf.conf(5), apk-repositories(5), pacman.conf(5),
//! and the settings of pip, npm, yarn, curl, wget, git, composer, conda, gem, bundler and ssh.

use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, File, Interest, Output};
use plimsoll_types::classes::configuration::{SOURCE, UNVERIFIED};
use plimsoll_types::{Scanner, Severity};

use super::{MAX_FILE, found, lines, show};
use crate::evidence;

/// Reads sources of software and settings of what fetches it.
pub struct Sources;

impl Analyzer for Sources {
    fn id(&self) -> &'static str {
        "misconfig/sources"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: &[
                "etc/apt/sources.list",
                "etc/apt/apt.conf",
                "etc/yum.conf",
                "etc/dnf/dnf.conf",
                "etc/apk/repositories",
                "etc/pacman.conf",
                "etc/gitconfig",
                "etc/wgetrc",
                "etc/curlrc",
                "etc/npmrc",
                "usr/local/etc/npmrc",
                "etc/ssh/ssh_config",
                "etc/gemrc",
            ],
            children_of: &[
                "etc/apt/sources.list.d",
                "etc/apt/apt.conf.d",
                "etc/yum.repos.d",
                "etc/zypp/repos.d",
                "etc/ssh/ssh_config.d",
            ],
            names: &[
                "pip.conf",
                ".npmrc",
                ".yarnrc",
                ".yarnrc.yml",
                ".curlrc",
                ".wgetrc",
                ".gitconfig",
                ".condarc",
                ".gemrc",
                "config.json",
                "config",
            ],
            wants,
            max_size: MAX_FILE,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let path = file.path().as_bytes();
        let name = file.name().to_str_lossy();
        match &*name {
            "pip.conf" => pip(&bytes, out),
            ".npmrc" | "npmrc" => npm(&bytes, out),
            ".yarnrc" | ".yarnrc.yml" => yarn(&bytes, out),
            ".curlrc" | "curlrc" => curl(&bytes, out),
            ".wgetrc" | "wgetrc" => wget(&bytes, out),
            ".gitconfig" | "gitconfig" => git(&bytes, out),
            "config" if path.ends_with(b".bundle/config") => bundle(&bytes, out),
            "config" | "ssh_config" => ssh(&bytes, out),
            ".condarc" => conda(&bytes, out),
            ".gemrc" | "gemrc" => gem(&bytes, out),
            "config.json" => composer(&bytes, out),
            "pacman.conf" => pacman(&bytes, out),
            "repositories" => apk(&bytes, out),
            "sources.list" => apt_list(&bytes, out),
            _ if path.starts_with(b"etc/ssh/") => ssh(&bytes, out),
            _ if path.contains_str("sources.list.d/") && name.ends_with(".list") => apt_list(&bytes, out),
            _ if path.contains_str("sources.list.d/") && name.ends_with(".sources") => {
                apt_sources(&bytes, out)
            }
            _ if path.contains_str("sources.list.d/") => {}
            _ if path.contains_str("apt.conf") => apt_conf(&bytes, out),
            _ if name.ends_with(".repo") || name.ends_with(".conf") => rpm(&bytes, out),
            _ => {}
        }
        Ok(())
    }
}

/// The settings of programs count where programs read them: not in the libraries that bring examples.
fn wants(path: &[u8]) -> bool {
    if path.ends_with(b"/config.json") {
        return path.ends_with(b".composer/config.json") || path.ends_with(b".config/composer/config.json");
    }
    if path.ends_with(b"/config") {
        return path.ends_with(b".ssh/config") || path.ends_with(b".bundle/config");
    }
    ![
        "node_modules/",
        "-packages/",
        "usr/share/doc/",
        "/gems/",
        "/vendor/",
        "usr/lib/node",
        "/test/",
        "/tests/",
        "/fixtures/",
    ]
    .iter()
    .any(|part| path.contains_str(part))
}

/// A check that is switched off.
fn unchecked(out: &mut Output, rule: &str, line: u32, message: &str, evidence: &str) {
    show(found(out, UNVERIFIED, rule, line, message), evidence, None);
}

/// A source without encryption.
fn plain(
    out: &mut Output,
    rule: &str,
    line: u32,
    message: impl Into<String>,
    evidence: &str,
    severity: Severity,
) {
    show(found(out, SOURCE, rule, line, message), evidence, Some(severity));
}

/// True for an address that others on the way can change.
fn is_plain(address: &str) -> bool {
    let rest = address.strip_prefix("http://").or_else(|| address.strip_prefix("ftp://"));
    rest.is_some_and(|rest| !is_local(rest))
}

fn is_local(host: &str) -> bool {
    ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local))
}

/// What is taken for no.
fn is_off(value: &str) -> bool {
    matches!(
        value.trim().trim_matches(['"', '\'']).to_ascii_lowercase().as_str(),
        "0" | "false" | "no" | "off"
    )
}

/// What is taken for yes.
fn is_on(value: &str) -> bool {
    matches!(
        value.trim().trim_matches(['"', '\'']).to_ascii_lowercase().as_str(),
        "1" | "true" | "yes" | "on"
    )
}

/// A line of the form `name = value` or `name: value`, the name in lower case.
fn pair(line: &str, separator: char) -> Option<(String, &str)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (name, value) = line.split_once(separator)?;
    Some((name.trim().to_ascii_lowercase(), value.trim()))
}

fn apt_list(bytes: &[u8], out: &mut Output) {
    let mut first: Option<(u32, String)> = None;
    let mut count = 0;
    for (number, line) in lines(bytes) {
        let text = line.split('#').next().unwrap_or_default().trim();
        let Some(rest) = text.strip_prefix("deb-src").or_else(|| text.strip_prefix("deb")) else { continue };
        let rest = rest.trim_start();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(options) => options.split_once(']').unwrap_or((options, "")),
            None => ("", rest),
        };
        let options = options.to_ascii_lowercase();
        let option = |name: &str| {
            options.split_whitespace().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
        };
        let address = rest.split_whitespace().next().unwrap_or_default();
        // What lies in the image comes from no network.
        let is_local = ["file:", "copy:", "cdrom:"].iter().any(|scheme| address.starts_with(scheme));
        if is_local {
            continue;
        }
        if option("trusted").is_some_and(is_on) {
            unchecked(
                out,
                "apt-source",
                number,
                "a package source is trusted without a signature (trusted=yes)",
                text,
            );
        } else if option("allow-insecure").is_some_and(is_on) {
            unchecked(
                out,
                "apt-source",
                number,
                "a package source need not be signed (allow-insecure=yes)",
                text,
            );
        }
        if is_plain(address) && option("signed-by").is_none() {
            count += 1;
            first.get_or_insert_with(|| (number, text.to_owned()));
        }
    }
    apt_plain(out, count, first);
}

fn apt_sources(bytes: &[u8], out: &mut Output) {
    #[derive(Default)]
    struct Stanza {
        enabled: Option<bool>,
        plain: Option<(u32, String)>,
        signed: bool,
        open: Option<(u32, String, &'static str)>,
    }
    let mut stanzas = vec![Stanza::default()];
    for (number, line) in lines(bytes) {
        if line.trim().is_empty() {
            stanzas.push(Stanza::default());
            continue;
        }
        let Some(stanza) = stanzas.last_mut() else { continue };
        let Some((name, value)) = pair(&line, ':') else { continue };
        match name.as_str() {
            "enabled" => stanza.enabled = Some(!is_off(value)),
            "signed-by" => stanza.signed = true,
            "trusted" if is_on(value) => {
                stanza.open = Some((
                    number,
                    line.trim().to_owned(),
                    "a package source is trusted without a signature (Trusted: yes)",
                ));
            }
            "allow-insecure" if is_on(value) => {
                stanza.open = Some((
                    number,
                    line.trim().to_owned(),
                    "a package source need not be signed (Allow-Insecure: yes)",
                ));
            }
            "uris" if value.split_whitespace().any(is_plain) => {
                stanza.plain = Some((number, line.trim().to_owned()));
            }
            _ => {}
        }
    }
    let (mut count, mut first) = (0, None);
    for stanza in stanzas.into_iter().filter(|stanza| stanza.enabled != Some(false)) {
        if let Some((line, evidence, message)) = stanza.open {
            unchecked(out, "apt-source", line, message, &evidence);
        }
        if let Some(plain) = stanza.plain.filter(|_| !stanza.signed) {
            count += 1;
            first.get_or_insert(plain);
        }
    }
    apt_plain(out, count, first);
}

/// One finding for a file, since the remedy is one.
fn apt_plain(out: &mut Output, count: u32, first: Option<(u32, String)>) {
    let Some((line, evidence)) = first else { return };
    let message = match count {
        1 => "a package source is read over plain HTTP, and no key is named for it".to_owned(),
        _ => format!("{count} package sources are read over plain HTTP, and no key is named for them"),
    };
    plain(out, "apt", line, message, &evidence, Severity::Low);
}

fn apt_conf(bytes: &[u8], out: &mut Output) {
    const SETTINGS: &[(&str, bool, &str)] = &[
        ("allowunauthenticated", true, "apt is set not to check signatures"),
        ("allowinsecurerepositories", true, "apt is set to use sources that are not signed"),
        ("allowdowngradetoinsecurerepositories", true, "apt is set to use sources that are no longer signed"),
        ("verify-peer", false, "apt is set not to check certificates"),
        ("verify-host", false, "apt is set not to check the names in certificates"),
    ];
    for (number, line) in lines(bytes) {
        let text = line.trim();
        if text.starts_with("//") || text.starts_with('#') {
            continue;
        }
        let lower = text.to_ascii_lowercase();
        let setting = SETTINGS.iter().find(|(name, wanted, _)| {
            lower.find(name).is_some_and(|at| {
                let value = lower.get(at + name.len()..).unwrap_or_default();
                let value = value.split(';').next().unwrap_or_default();
                if *wanted { is_on(value) } else { is_off(value) }
            })
        });
        if let Some((.., message)) = setting {
            unchecked(out, "apt-configuration", number, message, text);
        }
    }
}

fn rpm(bytes: &[u8], out: &mut Output) {
    #[derive(Default)]
    struct Section {
        name: String,
        disabled: bool,
        unsigned: Option<(u32, String)>,
        signed_lists: bool,
        unchecked: Option<(u32, String)>,
        plain: Option<(u32, String)>,
    }
    let mut sections: Vec<Section> = Vec::new();
    for (number, line) in lines(bytes) {
        let text = line.trim();
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            sections.push(Section { name: name.to_owned(), ..Section::default() });
            continue;
        }
        let (Some((name, value)), Some(section)) = (pair(text, '='), sections.last_mut()) else { continue };
        match name.as_str() {
            "enabled" => section.disabled = is_off(value),
            "gpgcheck" | "pkg_gpgcheck" if is_off(value) => {
                section.unsigned = Some((number, text.to_owned()))
            }
            "repo_gpgcheck" => section.signed_lists = is_on(value),
            "sslverify" if is_off(value) => section.unchecked = Some((number, text.to_owned())),
            "baseurl" | "mirrorlist" | "metalink" if is_plain(value) => {
                section.plain.get_or_insert((number, text.to_owned()));
            }
            _ => {}
        }
    }
    let is_main = |section: &Section| section.name == "main";
    for section in sections.iter().filter(|section| !section.disabled) {
        let what = if is_main(section) {
            "packages".to_owned()
        } else {
            format!("packages of the source '{}'", evidence::text(&section.name))
        };
        if let Some((line, text)) = section.unsigned.as_ref().filter(|_| !section.signed_lists) {
            let message = format!("the signatures of {what} are not checked (gpgcheck)");
            unchecked(out, "yum-source", *line, &message, text);
        }
        if let Some((line, text)) = &section.unchecked {
            let message = format!("certificates are not checked when {what} are fetched (sslverify)");
            unchecked(out, "yum-source", *line, &message, text);
        }
    }
    let mut plains =
        sections.iter().filter(|section| !section.disabled).filter_map(|section| section.plain.as_ref());
    if let Some((line, text)) = plains.next() {
        let message = match plains.count() {
            0 => "a package source is read over plain HTTP".to_owned(),
            more => format!("{} package sources are read over plain HTTP", more + 1),
        };
        plain(out, "dnf", *line, message, text, Severity::Low);
    }
}

fn apk(bytes: &[u8], out: &mut Output) {
    let first = lines(bytes)
        .find(|(_, line)| line.split_whitespace().any(is_plain) && !line.trim_start().starts_with('#'));
    if let Some((number, line)) = first {
        // apk has checked the signatures of lists ever since, and knows no source without them.
        plain(out, "apk", number, "a package source is read over plain HTTP", &line, Severity::Negligible);
    }
}

fn pacman(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let Some((name, value)) = pair(&line, '=').filter(|(name, _)| name == "siglevel") else { continue };
        let words: Vec<&str> = value.split_whitespace().collect();
        if words.iter().any(|word| matches!(*word, "Never" | "PackageNever" | "PackageTrustAll" | "TrustAll"))
        {
            unchecked(
                out,
                "pacman-configuration",
                number,
                "pacman is set not to check signatures",
                &format!("{name} = {value}"),
            );
        }
    }
}

fn pip(bytes: &[u8], out: &mut Output) {
    let mut hosts = false;
    for (number, line) in lines(bytes) {
        let is_continued = line.starts_with([' ', '\t']);
        let (name, value) = match pair(&line, '=') {
            Some(pair) if !is_continued => pair,
            // The hosts may stand on lines of their own.
            _ if hosts && is_continued => ("trusted-host".to_owned(), line.trim()),
            _ => continue,
        };
        hosts = name == "trusted-host" || name == "trusted_host";
        if hosts && !value.is_empty() && !is_local(value) && !value.starts_with('#') {
            let message = format!("pip is set to trust {} without a certificate", evidence::text(value));
            unchecked(out, "pip-configuration", number, &message, line.trim());
        } else if name.ends_with("index-url") && value.split_whitespace().any(is_plain) {
            let message = "pip reads packages over plain HTTP, and they have no signatures";
            plain(out, "pip", number, message, line.trim(), Severity::Medium);
        }
    }
}

fn npm(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let Some((name, value)) = pair(&line, '=') else { continue };
        if name == "strict-ssl" && is_off(value) {
            unchecked(out, "npm-configuration", number, "npm is set not to check certificates", &line);
        } else if name.ends_with("registry") && is_plain(value) {
            plain(out, "npm", number, "npm reads packages over plain HTTP", &line, Severity::Medium);
        }
    }
}

fn yarn(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let text = line.trim();
        let mut words = text.split([' ', ':', '"', '\t']).filter(|word| !word.is_empty());
        let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if matches!(name, "strict-ssl" | "enableStrictSsl") && is_off(value) {
            unchecked(out, "npm-configuration", number, "yarn is set not to check certificates", text);
        }
    }
}

fn curl(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let text = line.trim();
        let name = text.split([' ', '=', '\t']).next().unwrap_or_default();
        let value = text.get(name.len()..).unwrap_or_default().trim_start_matches([' ', '=', '\t']);
        if matches!(name.trim_start_matches('-'), "insecure" | "k" | "proxy-insecure") && !is_off(value) {
            unchecked(out, "curl-configuration", number, "curl is set not to check certificates", text);
        }
    }
}

fn wget(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let Some((name, value)) = pair(&line, '=') else { continue };
        if name.replace(['-', '_'], "") == "checkcertificate" && (is_off(value) || value == "quiet") {
            unchecked(out, "wget-configuration", number, "wget is set not to check certificates", &line);
        }
    }
}

fn git(bytes: &[u8], out: &mut Output) {
    let mut is_http = false;
    for (number, line) in lines(bytes) {
        let text = line.trim();
        if text.starts_with('[') {
            is_http = text.trim_start_matches('[').trim_start().to_ascii_lowercase().starts_with("http");
        } else if is_http && pair(text, '=').is_some_and(|(name, value)| name == "sslverify" && is_off(value))
        {
            unchecked(out, "git-configuration", number, "git is set not to check certificates", text);
        }
    }
}

fn conda(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        if pair(&line, ':').is_some_and(|(name, value)| name == "ssl_verify" && is_off(value)) {
            unchecked(out, "conda-configuration", number, "conda is set not to check certificates", &line);
        }
    }
}

fn gem(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let text = line.trim().trim_start_matches(':');
        if pair(text, ':').is_some_and(|(name, value)| name == "ssl_verify_mode" && value == "0") {
            unchecked(out, "gem-configuration", number, "gem is set not to check certificates", &line);
        }
    }
}

fn bundle(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        if pair(&line, ':').is_some_and(|(name, value)| name == "bundle_ssl_verify_mode" && is_off(value)) {
            unchecked(out, "gem-configuration", number, "bundler is set not to check certificates", &line);
        }
    }
}

fn composer(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let text = line.trim();
        let is = |name: &str, value: fn(&str) -> bool| {
            let rest = text.split_once(name).map(|(_, rest)| rest.trim_start_matches(['"', ':', ' ']));
            rest.is_some_and(|rest| value(rest.split([',', '}']).next().unwrap_or_default()))
        };
        if is("\"disable-tls", is_on) {
            unchecked(
                out,
                "composer-configuration",
                number,
                "composer is set to fetch without encryption",
                text,
            );
        } else if is("\"secure-http", is_off) {
            plain(
                out,
                "composer",
                number,
                "composer is set to allow sources over plain HTTP",
                text,
                Severity::Medium,
            );
        }
    }
}

fn ssh(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let text = line.trim();
        let mut words = text.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if name.eq_ignore_ascii_case("StrictHostKeyChecking") && is_off(value) {
            let message = "ssh is set not to check the keys of hosts";
            show(found(out, UNVERIFIED, "ssh-configuration", number, message), text, Some(Severity::Medium));
        }
    }
}
