//! Finding classes: the kinds of things that can be wrong with an image, each with a stable code.

use crate::Severity;

/// What a scan looks for. Each can be switched on and off (`--scanners`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scanner {
    /// Packages and the vulnerabilities known of them.
    Vulnerability,
    /// Secrets: keys, tokens, passwords.
    Secret,
    /// Faults of configuration: of the image, its accounts, its permissions, and of manifests that say how it runs.
    Misconfiguration,
    /// Malicious software.
    Malware,
    /// Tampering, weak binaries and provenance.
    Integrity,
    /// Licences of packages.
    License,
}

impl Scanner {
    /// All of them.
    pub const ALL: [Scanner; 6] = [
        Scanner::Vulnerability,
        Scanner::Secret,
        Scanner::Misconfiguration,
        Scanner::Malware,
        Scanner::Integrity,
        Scanner::License,
    ];

    /// The word by which it is switched on, such as `secret`.
    pub const fn word(self) -> &'static str {
        match self {
            Scanner::Vulnerability => "vuln",
            Scanner::Secret => "secret",
            Scanner::Misconfiguration => "misconfig",
            Scanner::Malware => "malware",
            Scanner::Integrity => "integrity",
            Scanner::License => "license",
        }
    }
}

/// How a class of findings is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// From the content of files and of the configuration.
    Static,
    /// From the packages and what is known of them.
    Dependency,
    /// From digests, histories, signatures and other statements about the image.
    Metadata,
}

impl Method {
    /// The word, such as `static`.
    pub const fn word(self) -> &'static str {
        match self {
            Method::Static => "static",
            Method::Dependency => "dependency",
            Method::Metadata => "metadata",
        }
    }
}

/// A class of findings. Codes are stable and never reused.
#[derive(Debug, PartialEq, Eq)]
pub struct Class {
    /// The code, such as `CFG-ROOT`: family, then class.
    pub code: &'static str,
    /// What a finding of this class means, in a few words without a final stop: `the image runs as root`.
    pub title: &'static str,
    /// Which scanner finds it.
    pub scanner: Scanner,
    /// How it is decided.
    pub method: Method,
    /// The severity, where nothing about a single finding says otherwise.
    pub severity: Severity,
    /// Weaknesses (CWE numbers) that fit best.
    pub cwes: &'static [u16],
    /// What it is, why it matters and how it was decided, in full sentences.
    pub explanation: &'static str,
    /// What to do about it, in full sentences.
    pub remedy: &'static str,
    /// Codes of the same thing elsewhere, by which users may know it: `CIS-4.1`, `CIS-DI-0001` (Dockle), `DS-0002`, `KSV-0017`
    /// (Trivy), `CKV_K8S_16` (Checkov), `DL3002` (Hadolint). They are accepted wherever a code is, so each names one class only.
    pub aliases: &'static [&'static str],
    /// True when a finding counts in a file that a later layer deletes or replaces: the file is still in the image.
    pub in_deleted_files: bool,
}
