//! The register of programs: which files they are, where their version stands in them, and what NVD calls them.
//!
//! Evidence was checked with the programs that Debian 12 ships, whose versions `dpkg` says (`tests/fixtures/binary`),
//! unless a line says otherwise. Files are judged by their name first, so that an image's other executables cost nothing.

use super::pattern::{Evidence, Then};

/// A program.
pub(super) struct Program {
    /// Its name in the report and in its package URL.
    pub(super) name: &'static str,
    pub(super) files: &'static [Name],
    /// Where the version stands; the first that is found counts.
    pub(super) evidence: &'static [Evidence],
    /// `vendor:product` of NVD's CPE dictionary.
    pub(super) cpes: &'static [&'static str],
}

/// What the file is called.
pub(super) enum Name {
    /// Exactly that.
    Is(&'static str),
    /// That and a number, such as `python3.11`.
    Numbered(&'static str),
    /// A shared library whose name begins with that, such as `libcurl` for `libcurl.so.4.8.0`.
    Library(&'static str),
}

use Evidence::{After, Before, OfBuild, OfName};
use Name::{Is, Library, Numbered};

/// All of them, by name.
pub(super) const PROGRAMS: &[Program] = &[
    Program {
        name: "bash",
        files: &[Is("bash")],
        evidence: &[After(b"@(#)Bash version ", 2, Then::Near(b"GNU"))],
        cpes: &["gnu:bash"],
    },
    Program {
        name: "busybox",
        files: &[Is("busybox")],
        evidence: &[After(b"BusyBox v", 2, Then::Any)],
        cpes: &["busybox:busybox"],
    },
    // Not checked with a real file: `-X …/version.GitDescribe=1.12.9` among the linker flags of its makefile.
    Program {
        name: "consul",
        files: &[Is("consul")],
        evidence: &[After(b"CONSUL_VERSION: ", 2, Then::Any), After(b"GitDescribe=", 2, Then::Any)],
        cpes: &["hashicorp:consul"],
    },
    Program {
        name: "curl",
        files: &[Is("curl")],
        evidence: &[After(b"\0curl/", 2, Then::Any)],
        cpes: &["haxx:curl"],
    },
    Program {
        name: "ffmpeg",
        files: &[Library("libavcodec"), Library("libavformat"), Library("libavutil")],
        evidence: &[After(b"FFmpeg version ", 1, Then::Any)],
        cpes: &["ffmpeg:ffmpeg"],
    },
    Program {
        name: "haproxy",
        files: &[Is("haproxy")],
        evidence: &[After(b" version ", 2, Then::Near(b", released 2"))],
        cpes: &["haproxy:haproxy"],
    },
    // Not checked with a real file: the linker flag of its makefile.
    Program {
        name: "helm",
        files: &[Is("helm")],
        evidence: &[After(b"/internal/version.version=v", 2, Then::Any)],
        cpes: &["helm:helm"],
    },
    Program {
        name: "httpd",
        files: &[Is("httpd"), Is("apache2")],
        evidence: &[After(b"\0Apache/", 2, Then::Any)],
        cpes: &["apache:http_server"],
    },
    Program {
        name: "libcurl",
        files: &[Library("libcurl")],
        evidence: &[After(b"libcurl/", 2, Then::Any)],
        cpes: &["haxx:libcurl"],
    },
    Program {
        name: "lighttpd",
        files: &[Is("lighttpd")],
        evidence: &[After(b"\0lighttpd/", 2, Then::Any)],
        cpes: &["lighttpd:lighttpd"],
    },
    Program {
        name: "mariadb",
        files: &[Is("mariadbd"), Is("mysqld"), Is("mariadb")],
        evidence: &[Before(b"-MariaDB", 2)],
        cpes: &["mariadb:mariadb"],
    },
    Program {
        name: "memcached",
        files: &[Is("memcached")],
        evidence: &[After(b"memcached ", 2, Then::Any)],
        cpes: &["memcached:memcached"],
    },
    // Not checked with a real file: the folder of the sources in the names of source files.
    Program {
        name: "mysql",
        files: &[Is("mysqld")],
        evidence: &[After(b"/mysql-", 2, Then::At(b"/"))],
        cpes: &["oracle:mysql"],
    },
    Program {
        name: "nginx",
        files: &[Is("nginx")],
        evidence: &[After(b"nginx version: nginx/", 2, Then::Any)],
        cpes: &["f5:nginx", "nginx:nginx"],
    },
    Program {
        name: "node",
        files: &[Is("node"), Is("nodejs"), Library("libnode")],
        evidence: &[After(b"node.js/v", 2, Then::Any)],
        cpes: &["nodejs:node.js"],
    },
    Program {
        name: "openssl",
        files: &[Is("openssl"), Library("libcrypto")],
        evidence: &[After(b"\0OpenSSL ", 2, Then::Any)],
        cpes: &["openssl:openssl"],
    },
    Program {
        name: "perl",
        files: &[Is("perl"), Numbered("perl"), Library("libperl")],
        evidence: &[After(b"/perl5/", 2, Then::Any), After(b"/perl/", 2, Then::Any)],
        cpes: &["perl:perl"],
    },
    Program {
        name: "php",
        files: &[
            Is("php"),
            Numbered("php"),
            Is("php-fpm"),
            Numbered("php-fpm"),
            Is("php-cgi"),
            Library("libphp"),
        ],
        evidence: &[After(b"X-Powered-By: PHP/", 2, Then::Any)],
        cpes: &["php:php"],
    },
    Program {
        name: "postgresql",
        files: &[Is("postgres")],
        evidence: &[After(b"\0postgres (PostgreSQL) ", 0, Then::Any), After(b"\0PostgreSQL ", 0, Then::Any)],
        cpes: &["postgresql:postgresql"],
    },
    Program {
        name: "proftpd",
        files: &[Is("proftpd")],
        evidence: &[After(b"ProFTPD Version ", 2, Then::Any)],
        cpes: &["proftpd:proftpd"],
    },
    Program {
        name: "python",
        files: &[Numbered("python"), Library("libpython")],
        evidence: &[OfName],
        cpes: &["python:python", "python_software_foundation:python"],
    },
    Program {
        name: "redis",
        files: &[Is("redis-server"), Is("redis-check-rdb")],
        evidence: &[OfBuild, After(b"Redis version ", 2, Then::Any)],
        cpes: &["redis:redis", "redislabs:redis"],
    },
    Program {
        name: "ruby",
        files: &[Is("ruby"), Numbered("ruby"), Library("libruby")],
        evidence: &[After(b"\0ruby ", 2, Then::Near(b" ("))],
        cpes: &["ruby-lang:ruby"],
    },
    Program {
        name: "rust",
        files: &[Is("rustc"), Library("librustc_driver-"), Library("libstd-")],
        evidence: &[After(b"rustc version ", 2, Then::Near(b" ("))],
        cpes: &["rust-lang:rust"],
    },
    // Not checked with a real file: built as Redis is.
    Program {
        name: "valkey",
        files: &[Is("valkey-server")],
        evidence: &[OfBuild],
        cpes: &["lfprojects:valkey", "linuxfoundation:valkey"],
    },
    Program {
        name: "zlib",
        files: &[Library("libz")],
        evidence: &[After(b" deflate ", 1, Then::Near(b" Copyright 1995-"))],
        cpes: &["zlib:zlib"],
    },
];

impl Name {
    /// Whether a file of this name is meant.
    pub(super) fn fits(&self, name: &[u8]) -> bool {
        match self {
            Is(exact) => name == exact.as_bytes(),
            Numbered(stem) => name.strip_prefix(stem.as_bytes()).is_some_and(|rest| {
                rest.first().is_some_and(u8::is_ascii_digit)
                    && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
            }),
            Library(stem) => name.strip_prefix(stem.as_bytes()).is_some_and(|rest| {
                let more = !stem.ends_with('-');
                // `libz.so.1` and `libpython3.11.so.1.0`, but not `libzstd.so.1`.
                let begins =
                    rest.first().is_some_and(|&byte| byte == b'.' || byte == b'-' || byte.is_ascii_digit());
                (begins || !more) && memchr::memmem::find(rest, b".so").is_some()
            }),
        }
    }
}
