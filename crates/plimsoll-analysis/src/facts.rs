//! What analyzers state. Facts are plain data that outlive the process in the cache, so their serial form is part of
//! the cache's format: change one, and raise `LAYER_FORMAT`.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::sums::SumKind;

/// One thing that an analyzer states of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// A package is installed.
    Package(PackageFact),
    /// Files that belong to a package of the operating system.
    Owned(OwnedFiles),
    /// The distribution, or a part of what is known of it.
    Distro(DistroFact),
    /// Red Hat content sets (repositories) that packages of the image came from.
    ContentSets(Vec<String>),
    /// Something is wrong with the file.
    Detection(DetectionFact),
    /// Anything else worth knowing, for the rules that look at the whole image: a key such as `sshd/permit-root-login`, whose
    /// first part names who states it, and a value.
    Attribute(String, String),
    /// The accounts of a file such as `etc/passwd`.
    Accounts(Vec<AccountFact>),
    /// The digests of the files that a package brought.
    Sums(SumsFact),
}

/// The digests of the files that a package of the operating system brought, by the word of its database. An image names tens of
/// thousands, so they lie one after the other in few blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumsFact {
    /// The id of the package's ecosystem.
    pub ecosystem: String,
    /// The package's name.
    pub name: String,
    /// Its version, where the same file says it; empty otherwise.
    pub version: String,
    /// Its architecture, where the same file says it; empty otherwise.
    pub arch: String,
    /// How the digests were made.
    pub kind: SumKind,
    /// Paths relative to the image's root, a NUL after each.
    paths: BString,
    /// As many digests.
    digests: BString,
    /// As many flags.
    flags: BString,
}

impl SumsFact {
    /// The package is expected to be changed here: a configuration file.
    pub const CONFIG: u8 = 1;
    /// What has the digest is not a file's content but a symbolic link's target.
    pub const LINK: u8 = 2;
    /// The package brought the file with the set-user-ID or set-group-ID bit.
    pub const SET_ID: u8 = 4;
    /// The package brought the file with capabilities.
    pub const CAPABILITIES: u8 = 8;
    /// The database tells of modes, so that a file without [`SumsFact::SET_ID`] was brought without those bits.
    pub const HAS_MODE: u8 = 16;

    /// A fact about no file yet.
    pub fn new(ecosystem: &str, name: &str, kind: SumKind) -> SumsFact {
        SumsFact {
            ecosystem: ecosystem.to_owned(),
            name: name.to_owned(),
            version: String::new(),
            arch: String::new(),
            kind,
            paths: BString::default(),
            digests: BString::default(),
            flags: BString::default(),
        }
    }

    /// Adds a file, unless its path or digest cannot be one.
    pub fn push(&mut self, path: &[u8], digest: &[u8], flags: u8) {
        if digest.len() == self.kind.size() && !path.is_empty() && !path.contains(&0) {
            self.paths.extend_from_slice(path);
            self.paths.push(0);
            self.digests.extend_from_slice(digest);
            self.flags.push(flags);
        }
    }

    /// How many files it names.
    pub fn len(&self) -> usize {
        self.flags.len()
    }

    /// True when it names no file.
    pub fn is_empty(&self) -> bool {
        self.flags.is_empty()
    }

    /// Path, digest and flags of each file.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8], u8)> + '_ {
        let paths = self.paths.split(|&byte| byte == 0);
        paths
            .zip(self.digests.chunks_exact(self.kind.size()))
            .zip(self.flags.iter())
            .map(|((path, digest), flags)| (path, digest, *flags))
    }
}

/// Something that is wrong with a file, as an analyzer states it. [`plimsoll_types::Detection`] is what becomes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionFact {
    /// The class' code.
    pub class: String,
    /// The rule inside the class; empty when the class is the rule.
    pub rule: String,
    /// The severity's word; empty for the class' own.
    pub severity: String,
    /// The confidence's word; empty for high.
    pub confidence: String,
    /// What was seen, in one sentence without a final stop; never a secret.
    pub message: String,
    /// Where inside the file, when the file is an archive: `!/config/app.env`. Empty for the file itself.
    pub inside: String,
    /// The first line, from 1; 0 when there is none.
    pub line: u32,
    /// The last line, from 1; 0 when there is none.
    pub end_line: u32,
    /// The column, from 1; 0 when there is none.
    pub column: u32,
    /// The object inside a manifest; empty elsewhere.
    pub resource: String,
    /// The line or value that shows it, secrets masked.
    pub evidence: String,
    /// Why it is less or more than usual, a sentence each.
    pub notes: Vec<String>,
    /// What to do here, where that is more than the class says.
    pub remedy: String,
}

/// An account of a file such as `etc/passwd`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFact {
    /// The login name.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The number of its first group.
    pub gid: u32,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

/// An installed package, as the file that says so gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFact {
    /// The id of its ecosystem, such as `pypi`.
    pub ecosystem: String,
    /// The name as the ecosystem spells it; see [`plimsoll_types::Package::name`].
    pub name: String,
    /// The full version; empty when unknown.
    pub version: String,
    /// The architecture; empty when it has none.
    pub arch: String,
    /// The source package's name; empty when unknown.
    pub source_name: String,
    /// The source package's version; empty when unknown.
    pub source_version: String,
    /// Licences as declared.
    pub licenses: Vec<String>,
    /// Vendor or maintainer; empty when unknown.
    pub vendor: String,
    /// The RPM modularity label; empty when there is none.
    pub modularity: String,
    /// Where inside the file, when the file is an archive: `!/BOOT-INF/lib/a.jar`. Empty for the file itself.
    pub inside: String,
    /// The files that it owns, relative to the image's root, for packages of the operating system.
    pub owned: Vec<BString>,
    /// What it needs, for packages of the operating system: names of packages, or of what packages provide.
    pub depends: Vec<String>,
    /// What it provides beside its name.
    pub provides: Vec<String>,
    /// CPE 2.3 names, for programs recognised by their content.
    pub cpes: Vec<String>,
    /// True when name or version are not the package's own words: those of a file name, of a table, or derived.
    pub uncertain: bool,
    /// The SHA-1 of the file that such a package is, in lower-case hexadecimal digits, by which it may be known elsewhere; empty
    /// for others and where it was not computed.
    pub sha1: String,
}

/// Files that belong to a package of the operating system, from a file of their own (`dpkg/info/*.list`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedFiles {
    /// The id of the package's ecosystem.
    pub ecosystem: String,
    /// The package's name.
    pub name: String,
    /// The package's architecture where the file's name says it; empty otherwise.
    pub arch: String,
    /// Paths relative to the image's root.
    pub paths: Vec<BString>,
}

/// What one file says of the distribution. The fact with the highest `rank` wins field by field: what it leaves empty
/// is filled from the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistroFact {
    /// How much the file is to be believed: `os-release` 10 with a more exact version file above it.
    pub rank: u8,
    /// `ID`.
    pub id: String,
    /// `ID_LIKE`.
    pub id_like: Vec<String>,
    /// `NAME`.
    pub name: String,
    /// `VERSION_ID`.
    pub version: String,
    /// `VERSION_CODENAME`.
    pub codename: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
    /// `VARIANT_ID`.
    pub variant: String,
    /// `CPE_NAME`.
    pub cpe: String,
}

/// A fault that an analyzer met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactProblem {
    /// The code of the kind of problem.
    pub code: String,
    /// The reason.
    pub message: String,
}

/// What one analyzer states of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The file's path in its layer.
    pub path: BString,
    /// The analyzer's id.
    pub analyzer: String,
    /// Facts in the order stated.
    pub facts: Vec<Fact>,
    /// Faults met on the way.
    pub problems: Vec<FactProblem>,
}
