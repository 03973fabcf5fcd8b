//! CFG-UNVERIFIED on command lines: signatures or certificates are not checked. Options are those of the manuals of each tool.

use plimsoll_types::Severity;
use plimsoll_types::classes::configuration::UNVERIFIED;

use super::Fault;
use super::fetch::fetch;
use crate::build::Build;
use crate::evidence;
use crate::image::tls;
use crate::shell::{Command, Script};

/// What switches a check off.
struct Switch {
    rule: &'static str,
    severity: Severity,
    message: String,
}

fn switch(rule: &'static str, severity: Severity, message: impl Into<String>) -> Option<Switch> {
    Some(Switch { rule, severity, message: message.into() })
}

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    for (number, step) in build.steps.iter().enumerate() {
        for (at, command) in step.script.commands.iter().enumerate() {
            let found = option(command)
                .or_else(|| written(command))
                .or_else(|| variable(command))
                .or_else(|| plain_key(&step.script, at));
            if let Some(found) = found {
                let fault = Fault::new(UNVERIFIED, found.rule, number, found.message);
                faults.push(fault.severity(found.severity).at(command.line, evidence::command(command)));
            }
        }
    }
}

/// Options that only exist to switch a check off: programs, option, rule.
const OPTIONS: &[(&[&str], &[&str], &str)] = &[
    (
        &["apt", "apt-get", "aptitude"],
        &["--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories", "--no-gpg-check"],
        "apt",
    ),
    (
        &["yum", "dnf", "dnf5", "microdnf", "tdnf", "zypper"],
        &[
            "--nogpgcheck",
            "--no-gpgchecks",
            "--no-gpg-checks",
            "--no-gpg-check",
            "--no-gpgcheck",
            "--allow-unsigned-rpm",
            "--setopt=gpgcheck=0",
            "--setopt=gpgcheck=false",
            "--setopt=*.gpgcheck=0",
            "--setopt=sslverify=0",
            "--setopt=sslverify=false",
        ],
        "dnf",
    ),
    (&["rpm"], &["--nosignature", "--nodigest", "--nogpg"], "rpm"),
    (&["apk"], &["--allow-untrusted"], "apk"),
    (&["wget"], &["--no-check-certificate"], "wget"),
    (&["curl"], &["--insecure", "--proxy-insecure", "--doh-insecure"], "curl"),
    (&["npm", "yarn", "pnpm"], &["--strict-ssl=false", "--no-strict-ssl"], "npm"),
    (
        &["helm", "kubectl", "oc"],
        &["--insecure-skip-tls-verify", "--insecure-skip-tls-verify=true"],
        "kubernetes",
    ),
    (&["svn"], &["--trust-server-cert"], "svn"),
    (&["ansible-galaxy"], &["--ignore-certs", "-c"], "ansible"),
    (
        &["cosign"],
        &["--insecure-ignore-tlog", "--insecure-ignore-tlog=true", "--allow-insecure-registry"],
        "cosign",
    ),
    (&["aria2c"], &["--check-certificate=false"], "aria2"),
    (&["mvn"], &["-Dmaven.wagon.http.ssl.insecure=true"], "maven"),
];

/// An option that switches a check off.
fn option(command: &Command) -> Option<Switch> {
    let program = command.program();
    let arguments = command.arguments();
    let found = OPTIONS.iter().find_map(|(programs, options, rule)| {
        let option = arguments.iter().find(|word| options.contains(&word.as_str()))?;
        programs.contains(&program).then_some((option, rule))
    });
    if let Some((option, rule)) = found {
        let severity = if *rule == "aria2" || *rule == "svn" { Severity::Medium } else { Severity::High };
        return switch(rule, severity, format!("{program} is told not to check what it fetches ({option})"));
    }
    let sets = |name: &str, values: &[&str]| {
        let joined = arguments.join(" ").to_ascii_lowercase();
        let rest = joined.find(name).and_then(|at| joined.get(at + name.len()..))?;
        let value = rest.trim_start_matches(['=', ' ', '"', '\'']);
        values.iter().any(|wanted| value.starts_with(wanted)).then_some(())
    };
    let is = |word: &str| command.has(word);
    match program {
        // Letters may stand together, and one with a value ends them.
        "curl" => {
            let insecure = arguments.iter().filter_map(|word| word.strip_prefix('-')).any(|letters| {
                !letters.starts_with('-')
                    && letters
                        .chars()
                        .take_while(|letter| !"AbcCdDeEFHKmoPQrtTuUwxXyYzZ".contains(*letter))
                        .any(|letter| letter == 'k')
            });
            insecure
                .then(|| switch("curl", Severity::High, "curl is told not to check certificates (-k)"))
                .flatten()
        }
        "apt" | "apt-get" | "aptitude" => {
            let off = ["1", "true", "yes"];
            sets("allowunauthenticated", &off)
                .or_else(|| sets("allowinsecurerepositories", &off))
                .or_else(|| sets("allow-insecure", &off))
                .or_else(|| sets("verify-peer", &["0", "false", "no"]))?;
            switch("apt", Severity::High, format!("{program} is told not to check what it fetches (-o)"))
        }
        "zypper" if (is("ar") || is("addrepo")) && (is("-G") || is("--no-gpgcheck")) => {
            switch("dnf", Severity::High, "zypper adds a source whose signatures are not checked (-G)")
        }
        _ if program.starts_with("pip") || program.starts_with("python") && is("pip") => {
            let host = command.option("--trusted-host").map(str::to_owned).or_else(|| {
                let at = arguments.iter().position(|word| word.ends_with("trusted-host") && is("config"))?;
                arguments.get(at + 1).cloned()
            })?;
            let local = host.starts_with("localhost") || host.starts_with("127.");
            if local {
                return None;
            }
            switch(
                "pip",
                Severity::High,
                format!("{program} is told to trust {} without a certificate", evidence::text(&host)),
            )
        }
        "npm" | "yarn" | "pnpm" => {
            sets("strict-ssl", &["false"]).or_else(|| sets("enablestrictssl", &["false"]))?;
            switch("npm", Severity::High, format!("{program} is told not to check certificates (strict-ssl)"))
        }
        "git" => {
            sets("sslverify", &["false", "0", "no"])?;
            switch("git", Severity::High, "git is told not to check certificates (http.sslVerify)")
        }
        "gem" | "bundle" | "bundler" => {
            let policy = command.option("-P").or(command.option("--trust-policy"));
            if policy == Some("NoSecurity") {
                return switch("gem", Severity::Low, "gem is told not to check signatures (NoSecurity)");
            }
            sets("ssl_verify_mode", &["0"])?;
            switch(
                "gem",
                Severity::High,
                format!("{program} is told not to check certificates (ssl_verify_mode)"),
            )
        }
        "conda" | "mamba" | "micromamba" => {
            sets("ssl_verify", &["false", "0", "no"])?;
            switch(
                "conda",
                Severity::High,
                format!("{program} is told not to check certificates (ssl_verify)"),
            )
        }
        "composer" => {
            sets("secure-http", &["false", "0"]).or_else(|| sets("disable-tls", &["true", "1"]))?;
            switch("composer", Severity::Medium, "composer is told to fetch without encryption (secure-http)")
        }
        "go" if is("env") => {
            let off = sets("gosumdb", &["off"]).or_else(|| sets("gonosumcheck", &["1"]));
            off.or_else(|| sets("goinsecure=", &[""]))?;
            switch("go", Severity::Medium, "go is told not to check what modules hold (go env)")
        }
        "ssh" | "scp" | "sftp" => {
            sets("stricthostkeychecking", &["no", "off"])?;
            switch("ssh", Severity::Medium, format!("{program} is told not to check the host's key"))
        }
        _ => None,
    }
}

/// Lines of configuration that switch a check off, however they are written: `echo … > file`, `sed -i`, a here-document.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("trusted=yes", "apt-source", "a package source is trusted without a signature (trusted=yes)"),
    ("trusted: yes", "apt-source", "a package source is trusted without a signature (Trusted: yes)"),
    ("gpgcheck=0", "yum-source", "the signatures of a package source are not checked (gpgcheck=0)"),
    ("gpgcheck = 0", "yum-source", "the signatures of a package source are not checked (gpgcheck=0)"),
    ("sslverify=0", "yum-source", "the certificate of a package source is not checked (sslverify=0)"),
    ("sslverify=false", "tls", "certificates are not checked (sslverify=false)"),
    ("allowunauthenticated \"true\"", "apt-configuration", "apt is set not to check signatures"),
    ("allowunauthenticated true", "apt-configuration", "apt is set not to check signatures"),
    ("allowunauthenticated \"1\"", "apt-configuration", "apt is set not to check signatures"),
    ("verify-peer \"false\"", "apt-configuration", "apt is set not to check certificates"),
    ("check_certificate = off", "wget-configuration", "wget is set not to check certificates"),
    ("check_certificate=off", "wget-configuration", "wget is set not to check certificates"),
    ("strict-ssl=false", "npm-configuration", "npm is set not to check certificates"),
    ("siglevel = never", "pacman-configuration", "pacman is set not to check signatures"),
    ("siglevel=never", "pacman-configuration", "pacman is set not to check signatures"),
    ("stricthostkeychecking no", "ssh-configuration", "ssh is set not to check the keys of hosts"),
];

fn written(command: &Command) -> Option<Switch> {
    // A search for the words is no use of them.
    let writes = matches!(
        command.program(),
        "echo" | "printf" | "sed" | "tee" | "cat" | "perl" | "yum-config-manager" | "crudini"
    ) || !command.heredoc.is_empty();
    if !writes {
        return None;
    }
    let to_file = !command.redirects.is_empty() || !matches!(command.program(), "cat");
    let texts = command.arguments().iter().map(String::as_str).chain([command.heredoc.as_str()]);
    texts.filter(|text| to_file && text.len() >= 10).find_map(|text| {
        let text = text.to_ascii_lowercase();
        let (_, rule, message) = WRITTEN.iter().find(|(words, ..)| sets(&text, words))?;
        // What a step has built itself comes from no network.
        if *rule == "apt-source" && (text.contains("file:") || text.contains("copy:")) {
            return None;
        }
        let severity = if *rule == "ssh-configuration" { Severity::Medium } else { Severity::High };
        switch(rule, severity, *message)
    })
}

/// True when `text` writes `words`: in a `sed` expression, where they stand behind the last separator but one.
fn sets(text: &str, words: &str) -> bool {
    match text.rfind(words) {
        // `s/gpgcheck=0/gpgcheck=1/` switches it on.
        Some(at) => {
            let name = words.split(['=', ':', ' ']).next().unwrap_or(words);
            let behind = text.get(at + words.len()..).unwrap_or_default();
            !(behind.starts_with(['/', '|', '#', ',']) && behind.contains(name))
        }
        None => false,
    }
}

/// `NODE_TLS_REJECT_UNAUTHORIZED=0 npm ci`, `export GIT_SSL_NO_VERIFY=1`.
fn variable(command: &Command) -> Option<Switch> {
    let exported = matches!(command.program(), "export" | "declare")
        .then(|| command.arguments().iter().filter_map(|word| word.split_once('=')))
        .into_iter()
        .flatten();
    let assigned = command.assignments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let (name, value) = assigned.chain(exported).find(|(name, value)| tls::switches_off(name, value))?;
    switch("variable", Severity::High, format!("{name}={value} switches off the checking of certificates"))
}

/// A key that is fetched over a connection that anyone can change, and then trusted.
fn plain_key(script: &Script, number: usize) -> Option<Switch> {
    let command = script.commands.get(number)?;
    let trusts = match command.program() {
        "apt-key" => command.has("add"),
        "gpg" | "gpg2" => command.has("--dearmor") || command.has("--import"),
        "rpm" => command.has("--import"),
        "tee" => command.operands().any(|file| file.contains("keyrings") || file.contains("trusted.gpg")),
        _ => false,
    };
    if !trusts {
        return None;
    }
    let is_plain = |url: &str| url.starts_with("http://");
    let direct = command.arguments().iter().any(|word| is_plain(word));
    let piped = script.before_in_pipe(number).filter_map(fetch).any(|fetch| fetch.is_plain());
    (direct || piped)
        .then(|| {
            switch(
                "key",
                Severity::Medium,
                "a key for packages is fetched over a connection that is not encrypted",
            )
        })
        .flatten()
}
