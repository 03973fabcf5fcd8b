//! SSH servers: sshd_config(5), and the files of authorised keys of sshd(8). What it means depends on the rest of the image, so it is
//! stated for the rule over the image.

use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, File, Interest, Output};
use plimsoll_types::Scanner;

use super::{MAX_FILE, lines};

/// A setting: its line, the criteria of its Match block, the keyword in lower case and the value, with tabs between.
pub(crate) const LINE: &str = "misconfig-ssh/setting";
/// An authorised key: its line, its type and its comment, with tabs between.
pub(crate) const KEY: &str = "misconfig-ssh/key";

/// The settings that rules look at.
const KEYWORDS: &[&str] = &[
    "hostbasedauthentication",
    "ignorerhosts",
    "include",
    "passwordauthentication",
    "permitemptypasswords",
    "permitrootlogin",
    "strictmodes",
];

/// The most settings or keys of a file.
const MAX_STATED: usize = 1_000;

/// Reads configurations of SSH servers and authorised keys.
pub struct Ssh;

impl Analyzer for Ssh {
    fn id(&self) -> &'static str {
        "misconfig/ssh"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn interest(&self) -> Interest {
        Interest {
            children_of: &["etc/ssh/sshd_config.d", "usr/etc/ssh/sshd_config.d", "etc/ssh/authorized_keys.d"],
            names: &["sshd_config", "authorized_keys", "authorized_keys2"],
            max_size: MAX_FILE,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        if file.path().contains_str("authorized_keys") {
            keys(&bytes, out);
        } else {
            settings(&bytes, out);
        }
        Ok(())
    }
}

/// A setting as the rule over the image reads it.
pub(crate) struct Directive<'a> {
    pub(crate) line: u32,
    pub(crate) criteria: &'a str,
    pub(crate) keyword: &'a str,
    pub(crate) value: &'a str,
}

impl<'a> Directive<'a> {
    /// Reads what [`LINE`] states.
    pub(crate) fn read(text: &'a str) -> Option<Directive<'a>> {
        let mut parts = text.splitn(4, '\t');
        Some(Directive {
            line: parts.next()?.parse().ok()?,
            criteria: parts.next()?,
            keyword: parts.next()?,
            value: parts.next()?,
        })
    }
}

fn settings(bytes: &[u8], out: &mut Output) {
    let mut criteria = String::new();
    for (number, line) in lines(bytes) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let end = line.find([' ', '\t', '=']).unwrap_or(line.len());
        let keyword = line.get(..end).unwrap_or_default().to_ascii_lowercase();
        let value = line.get(end..).unwrap_or_default().trim_start_matches([' ', '\t', '=']);
        // A comment may follow; tabs would look like the next part.
        let value = value.split(" #").next().unwrap_or_default().trim().replace('\t', " ");
        if keyword == "match" {
            criteria = if value.eq_ignore_ascii_case("all") { String::new() } else { value };
        } else if KEYWORDS.contains(&keyword.as_str()) && out.facts.len() < MAX_STATED {
            out.attribute(LINE, format!("{number}\t{criteria}\t{keyword}\t{value}"));
        }
    }
}

/// Types of keys (RFC 4253, RFC 5656, RFC 8709, PROTOCOL.u2f of OpenSSH).
fn is_key_type(word: &str) -> bool {
    ["ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "ssh-rsa-cert"]
        .iter()
        .any(|kind| word.starts_with(kind))
}

fn keys(bytes: &[u8], out: &mut Output) {
    for (number, line) in lines(bytes) {
        let line = line.trim();
        if line.starts_with('#') || out.facts.len() >= MAX_STATED {
            continue;
        }
        // Options may stand before the type, and hold blanks in quotes.
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| is_key_type(word));
        let Some((at, key)) = at.and_then(|at| Some((at, words.get(at + 1)?))) else { continue };
        if key.len() < 40 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
            continue;
        }
        let kind = words.get(at).copied().unwrap_or_default();
        let comment = words.get(at + 2..).unwrap_or_default().join(" ");
        out.attribute(KEY, format!("{number}\t{kind}\t{comment}"));
    }
}
