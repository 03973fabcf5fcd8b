//! An installed RPM package, out of the tags of its header (tag numbers of rpm's `rpmtag.h`).

use crate::MAX_FILES;
use crate::header::{Header, HeaderError, Numbers, Texts};
use crate::number::index;
use memchr::{memchr, memchr_iter};

const TAG_NAME: u32 = 1000;
const TAG_VERSION: u32 = 1001;
const TAG_RELEASE: u32 = 1002;
const TAG_EPOCH: u32 = 1003;
const TAG_INSTALL_TIME: u32 = 1008;
const TAG_SIZE: u32 = 1009;
const TAG_VENDOR: u32 = 1011;
const TAG_LICENSE: u32 = 1014;
const TAG_ARCH: u32 = 1022;
const TAG_OLD_FILE_NAMES: u32 = 1027;
const TAG_FILE_SIZES: u32 = 1028;
const TAG_FILE_STATES: u32 = 1029;
const TAG_FILE_MODES: u32 = 1030;
const TAG_FILE_DIGESTS: u32 = 1035;
const TAG_FILE_LINK_TARGETS: u32 = 1036;
const TAG_FILE_FLAGS: u32 = 1037;
const TAG_FILE_VERIFY_FLAGS: u32 = 1045;
const TAG_SOURCE_RPM: u32 = 1044;
const TAG_DIRECTORY_INDEXES: u32 = 1116;
const TAG_BASE_NAMES: u32 = 1117;
const TAG_DIRECTORY_NAMES: u32 = 1118;
const TAG_LONG_FILE_SIZES: u32 = 5008;
const TAG_LONG_SIZE: u32 = 5009;
const TAG_FILE_CAPABILITIES: u32 = 5010;
const TAG_FILE_DIGEST_ALGORITHM: u32 = 5011;
const TAG_MODULARITY_LABEL: u32 = 5096;

/// The pseudo-package under which rpm keeps an imported public key.
const PUBLIC_KEY_NAME: &str = "gpg-pubkey";

/// What rpm shows, and sometimes stores, for a value that is not there.
const NO_VALUE: &[u8] = b"(none)";

/// An installed package.
///
/// Texts that are not UTF-8 (old packages have Latin-1 in vendor names) have U+FFFD in the place of the bad bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmPackage {
    /// Number of the database entry; rpm calls it the header number or instance.
    pub instance: i64,
    /// NAME.
    pub name: String,
    /// EPOCH; `None` and `Some(0)` mean the same to rpm's version comparison.
    pub epoch: Option<u32>,
    /// VERSION.
    pub version: String,
    /// RELEASE.
    pub release: String,
    /// ARCH; `None` for a public key.
    pub arch: Option<String>,
    /// SOURCERPM: the file name of the source package this one was built from.
    pub source_rpm: Option<String>,
    /// VENDOR.
    pub vendor: Option<String>,
    /// LICENSE.
    pub license: Option<String>,
    /// MODULARITYLABEL, `name:stream:version:context`.
    pub modularity_label: Option<String>,
    /// Installed size in bytes (LONGSIZE, else SIZE).
    pub size: Option<u64>,
    /// Seconds since 1970-01-01 UTC (INSTALLTIME).
    pub install_time: Option<u64>,
    /// Algorithm of the file digests (FILEDIGESTALGO).
    pub file_digest_algorithm: DigestAlgorithm,
    files: FileTable,
}

/// The hash function of file digests, by its OpenPGP number (RFC 9580, section 9.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// 1; also what packages without the tag use.
    Md5,
    /// 2.
    Sha1,
    /// 8.
    Sha256,
    /// 9.
    Sha384,
    /// 10.
    Sha512,
    /// 11.
    Sha224,
    /// Any other number.
    Other(u64),
}

impl DigestAlgorithm {
    fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Md5,
            2 => Self::Sha1,
            8 => Self::Sha256,
            9 => Self::Sha384,
            10 => Self::Sha512,
            11 => Self::Sha224,
            other => Self::Other(other),
        }
    }
}

/// The source package named by SOURCERPM: `name-version-release.src.rpm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourcePackage<'a> {
    /// Source package name.
    pub name: &'a str,
    /// `version-release`; a source package's file name holds no epoch.
    pub version_release: &'a str,
}

impl<'a> SourcePackage<'a> {
    /// Splits a source package's file name; `None` when it is not of that form.
    pub fn parse(file_name: &'a str) -> Option<Self> {
        let stem = file_name.strip_suffix(".src.rpm").or_else(|| file_name.strip_suffix(".nosrc.rpm"))?;
        let (name_version, release) = stem.rsplit_once('-')?;
        let (name, version) = name_version.rsplit_once('-')?;
        if name.is_empty() || version.is_empty() || release.is_empty() {
            return None;
        }
        Some(Self { name, version_release: stem.get(name.len() + 1..)? })
    }
}

impl RpmPackage {
    /// `[epoch:]version-release`; an epoch of 0 is left out, as in advisories.
    pub fn evr(&self) -> String {
        match self.epoch {
            None | Some(0) => format!("{}-{}", self.version, self.release),
            Some(epoch) => format!("{epoch}:{}-{}", self.version, self.release),
        }
    }

    /// The source package, when SOURCERPM is there and well-formed.
    pub fn source(&self) -> Option<SourcePackage<'_>> {
        self.source_rpm.as_deref().and_then(SourcePackage::parse)
    }

    /// Whether this is a public key that rpm keeps as a pseudo-package (`gpg-pubkey`).
    pub fn is_public_key(&self) -> bool {
        self.name == PUBLIC_KEY_NAME
    }

    /// How many files and directories the package owns, ghosts included.
    pub fn file_count(&self) -> usize {
        self.files.count
    }

    /// The files and directories the package owns, in the header's order, ghosts included.
    pub fn files(&self) -> impl Iterator<Item = RpmFile<'_>> {
        self.files.iter()
    }

    /// The full paths of [`files`](Self::files), without the leading slash.
    pub fn file_paths(&self) -> Vec<Vec<u8>> {
        self.files().map(|file| file.path()).collect()
    }

    pub(crate) fn path_bytes(&self) -> u64 {
        self.files.path_bytes
    }

    /// Builds the package without its files.
    pub(crate) fn from_header(instance: i64, header: &Header<'_>) -> Result<Self, HeaderError> {
        let text = |tag| {
            // rpm itself writes its word for a missing value into the headers of public keys.
            let text = header.text(tag)?.filter(|text| *text != NO_VALUE);
            Ok(text.map(|text| String::from_utf8_lossy(text).into_owned()))
        };
        let needed = |tag, what| text(tag)?.ok_or(HeaderError::Missing(what));
        let epoch = match header.number(TAG_EPOCH)? {
            None => None,
            Some(number) => Some(u32::try_from(number).map_err(|_| HeaderError::Range(TAG_EPOCH))?),
        };
        Ok(Self {
            instance,
            name: needed(TAG_NAME, "name")?,
            epoch,
            version: needed(TAG_VERSION, "version")?,
            release: needed(TAG_RELEASE, "release")?,
            // Packages of rpm 1 had a number here.
            arch: text(TAG_ARCH).unwrap_or(None),
            source_rpm: text(TAG_SOURCE_RPM)?,
            vendor: text(TAG_VENDOR)?,
            license: text(TAG_LICENSE)?,
            modularity_label: text(TAG_MODULARITY_LABEL)?,
            size: header.number(TAG_LONG_SIZE)?.or(header.number(TAG_SIZE)?),
            install_time: header.number(TAG_INSTALL_TIME)?,
            file_digest_algorithm: DigestAlgorithm::from_number(
                header.number(TAG_FILE_DIGEST_ALGORITHM)?.unwrap_or(1),
            ),
            files: FileTable::default(),
        })
    }

    /// Adds the files. On an error the package has none.
    pub(crate) fn read_files(&mut self, header: &Header<'_>) -> Result<(), FileListError> {
        self.files = FileTable::from_header(header)?;
        Ok(())
    }
}

/// Why the file list of a header cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FileListError {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("{names} file names have {indexes} directory indexes")]
    Counts { names: usize, indexes: usize },
    #[error("a file is in directory {index} of {directories}")]
    Directory { index: u64, directories: usize },
    #[error("the file tags overlap in the header")]
    Overlap,
    #[error("{0} files are more than {MAX_FILES}")]
    TooMany(usize),
    #[error("there are {directories} directories for {files} files")]
    EmptyDirectories { directories: usize, files: usize },
}

/// A file or directory that a package owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpmFile<'a> {
    /// The directory with its final slash, as the header has it (absolute); empty for a package of an rpm before 4.0,
    /// which has the whole path in `base_name`.
    pub directory: &'a [u8],
    /// The name in the directory.
    pub base_name: &'a [u8],
    /// The digest in hexadecimal (see [`RpmPackage::file_digest_algorithm`]); `None` for what has none (directories,
    /// symbolic links, ghosts).
    pub digest: Option<&'a [u8]>,
    /// File type and permission bits, as `st_mode`.
    pub mode: Option<u16>,
    /// Flags of the file (`RPMFILE_...`).
    pub flags: Option<u32>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// What happened at installation: 0 installed, 1 replaced by another package, 2 not installed (documentation left
    /// out, another language), 3 on a shared file system, 4 left out for another architecture's file.
    pub state: Option<u8>,
    /// True when the package gives the file capabilities (FILECAPS).
    pub has_capabilities: bool,
    /// What `rpm --verify` looks at (FILEVERIFYFLAGS, `RPMVERIFY_...`); `None` when the package does not say.
    pub verify: Option<u32>,
    /// Where a symbolic link leads (FILELINKTOS); `None` for everything else.
    pub link: Option<&'a [u8]>,
}

impl RpmFile<'_> {
    /// The full path without the leading slash, byte for byte as in the header: a caller that opens it resolves
    /// `.` and `..` itself.
    pub fn path(&self) -> Vec<u8> {
        let mut path = Vec::with_capacity(self.directory.len() + self.base_name.len());
        path.extend_from_slice(self.directory);
        path.extend_from_slice(self.base_name);
        let slashes = path.iter().take_while(|byte| **byte == b'/').count();
        path.drain(..slashes);
        path
    }

    /// A configuration file, expected to be changed (`%config`).
    pub fn is_config(&self) -> bool {
        self.has_flag(1 << 0)
    }

    /// Whether its digest is expected to stay what it is: a package may leave it out of verification (`%verify(not md5)`) for what
    /// it rewrites itself.
    pub fn keeps_digest(&self) -> bool {
        self.verify.is_none_or(|flags| flags & (1 << 0) != 0)
    }

    /// The same of a symbolic link's target (`%verify(not link)`).
    pub fn keeps_link(&self) -> bool {
        self.verify.is_none_or(|flags| flags & (1 << 4) != 0)
    }

    /// A file that the package owns but does not bring (`%ghost`).
    pub fn is_ghost(&self) -> bool {
        self.has_flag(1 << 6)
    }

    /// False when the installation left the file out.
    pub fn is_installed(&self) -> bool {
        !matches!(self.state, Some(1 | 2 | 4))
    }

    fn has_flag(&self, flag: u32) -> bool {
        self.flags.is_some_and(|flags| flags & flag != 0)
    }
}

/// The file tags of a header, nearly as they lie there: full paths would repeat each directory for each of its files,
/// which a hostile header can make arbitrarily large.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct FileTable {
    count: usize,
    /// Sum of the lengths of all full paths.
    path_bytes: u64,
    /// `count` names, each with a final NUL.
    names: Box<[u8]>,
    /// Directory names one after the other, each with a final NUL.
    directories: Box<[u8]>,
    /// Where each directory name starts and ends (without the NUL).
    directory_spans: Vec<(u32, u32)>,
    /// For each file its place in `directory_spans`; empty when the names are full paths.
    directory_of: Vec<u32>,
    /// `count` digests, each with a final NUL; empty when unknown. So are the next ones.
    digests: Box<[u8]>,
    modes: Vec<u16>,
    flags: Vec<u32>,
    verify: Vec<u32>,
    sizes: Vec<u64>,
    states: Vec<u8>,
    /// `count` link targets, each with a final NUL; empty when there is no link.
    links: Box<[u8]>,
    /// Whether each file has capabilities; empty when none has.
    capabilities: Vec<bool>,
}

impl FileTable {
    fn from_header(header: &Header<'_>) -> Result<Self, FileListError> {
        let (names, directories, indexes) = match header.texts(TAG_BASE_NAMES)? {
            Some(names) => (
                names,
                header.texts(TAG_DIRECTORY_NAMES)?.ok_or(HeaderError::Missing("directory names"))?,
                header.numbers(TAG_DIRECTORY_INDEXES)?,
            ),
            None => match header.texts(TAG_OLD_FILE_NAMES)? {
                Some(names) => (names, Texts { bytes: b"", count: 0 }, None),
                None => return Ok(Self::default()),
            },
        };
        // Checked before anything is stored: an empty name takes one byte in the header and twenty here.
        if names.count > MAX_FILES {
            return Err(FileListError::TooMany(names.count));
        }
        if directories.count > names.count {
            return Err(FileListError::EmptyDirectories {
                directories: directories.count,
                files: names.count,
            });
        }
        let mut table = Self { count: names.count, ..Self::default() };
        table.path_bytes = names.bytes.len() as u64;
        let digests = header.texts(TAG_FILE_DIGESTS)?.filter(|digests| digests.count == names.count);
        // In a real header no two tags share data. Checked so that a table is never larger than its header.
        let links = header.texts(TAG_FILE_LINK_TARGETS)?.filter(|links| links.count == names.count);
        let copied = names.bytes.len()
            + directories.bytes.len()
            + digests.map_or(0, |digests| digests.bytes.len())
            + links.map_or(0, |links| links.bytes.len());
        if copied > header.store_bytes() {
            return Err(FileListError::Overlap);
        }

        if directories.count > 0 {
            table.read_directories(directories, indexes, names.count)?;
        }
        table.names = names.bytes.into();
        table.directories = directories.bytes.into();
        table.links = links.map_or_else(Box::default, |links| links.bytes.into());
        table.digests = digests.map_or_else(Box::default, |digests| digests.bytes.into());

        let column = |tag| -> Result<Option<Numbers<'_>>, HeaderError> {
            Ok(header.numbers(tag)?.filter(|numbers| numbers.len() == names.count))
        };
        // Modes are 16 bits wide, flags 32 and states 8, in every version of rpm.
        table.modes = narrow(column(TAG_FILE_MODES)?);
        table.flags = narrow(column(TAG_FILE_FLAGS)?);
        table.verify = narrow(column(TAG_FILE_VERIFY_FLAGS)?);
        table.states = narrow(column(TAG_FILE_STATES)?);
        table.sizes = narrow(match column(TAG_LONG_FILE_SIZES)? {
            Some(sizes) => Some(sizes),
            None => column(TAG_FILE_SIZES)?,
        });
        if let Some(texts) = header.texts(TAG_FILE_CAPABILITIES)?.filter(|texts| texts.count == names.count) {
            let mut rest = texts.bytes;
            table.capabilities = (0..names.count).map(|_| !next_text(&mut rest).is_empty()).collect();
        }
        Ok(table)
    }

    fn read_directories(
        &mut self,
        directories: Texts<'_>,
        indexes: Option<Numbers<'_>>,
        files: usize,
    ) -> Result<(), FileListError> {
        let indexes = indexes.ok_or(HeaderError::Missing("directory indexes"))?;
        if indexes.len() != files {
            return Err(FileListError::Counts { names: files, indexes: indexes.len() });
        }
        let mut start = 0u32;
        for nul in memchr_iter(0, directories.bytes) {
            let end = u32::try_from(nul).map_err(|_| HeaderError::Range(TAG_DIRECTORY_NAMES))?;
            self.directory_spans.push((start, end));
            start = end + 1;
        }
        self.directory_of.reserve_exact(files);
        for number in indexes.iter() {
            let bad = || FileListError::Directory { index: number, directories: directories.count };
            let place = u32::try_from(number).map_err(|_| bad())?;
            let (start, end) = *self.directory_spans.get(index(place)).ok_or_else(bad)?;
            self.path_bytes += u64::from(end - start);
            self.directory_of.push(place);
        }
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = RpmFile<'_>> {
        let mut names: &[u8] = &self.names;
        let mut digests: &[u8] = &self.digests;
        let mut links: &[u8] = &self.links;
        (0..self.count).map(move |file| RpmFile {
            directory: self.directory(file),
            base_name: next_text(&mut names),
            digest: Some(next_text(&mut digests)).filter(|digest| !digest.is_empty()),
            mode: self.modes.get(file).copied(),
            flags: self.flags.get(file).copied(),
            verify: self.verify.get(file).copied(),
            size: self.sizes.get(file).copied(),
            state: self.states.get(file).copied(),
            link: Some(next_text(&mut links)).filter(|link| !link.is_empty()),
            has_capabilities: self.capabilities.get(file).copied().unwrap_or(false),
        })
    }

    fn directory(&self, file: usize) -> &[u8] {
        self.directory_of
            .get(file)
            .and_then(|place| self.directory_spans.get(index(*place)))
            .and_then(|(start, end)| self.directories.get(index(*start)..index(*end)))
            .unwrap_or_default()
    }
}

/// Numbers in the width of their tag; a tag of another width than rpm writes is as good as absent.
fn narrow<N: TryFrom<u64>>(numbers: Option<Numbers<'_>>) -> Vec<N> {
    let Some(numbers) = numbers else { return Vec::new() };
    numbers.iter().map(N::try_from).collect::<Result<Vec<N>, _>>().unwrap_or_default()
}

/// Takes the next NUL-terminated text.
fn next_text<'a>(texts: &mut &'a [u8]) -> &'a [u8] {
    let all = *texts;
    let Some((text, rest)) = memchr(0, all).and_then(|nul| all.split_at_checked(nul)) else { return &[] };
    *texts = rest.get(1..).unwrap_or_default();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_package_names() {
        let source = |name| SourcePackage::parse(name).map(|source| (source.name, source.version_release));
        assert_eq!(source("util-linux-2.32.1-42.el8_8.src.rpm"), Some(("util-linux", "2.32.1-42.el8_8")));
        assert_eq!(source("java-1.8.0-openjdk-1-2.nosrc.rpm"), Some(("java-1.8.0-openjdk", "1-2")));
        for bad in
            ["", "a.src.rpm", "a-1.src.rpm", "-1-1.src.rpm", "a--1.src.rpm", "a-1-.src.rpm", "a-1-1.rpm"]
        {
            assert_eq!(source(bad), None, "{bad}");
        }
    }

    #[test]
    fn paths_have_no_leading_slash() {
        let file = |directory, base_name| RpmFile {
            directory,
            base_name,
            digest: None,
            mode: None,
            flags: None,
            size: None,
            state: None,
            has_capabilities: false,
            verify: None,
            link: None,
        };
        assert_eq!(file(b"/usr/bin/", b"a").path(), b"usr/bin/a");
        assert_eq!(file(b"/", b"etc").path(), b"etc");
        assert_eq!(file(b"", b"/etc/old").path(), b"etc/old");
        assert_eq!(file(b"", b"a.spec").path(), b"a.spec");
    }

    #[test]
    fn texts_are_taken_one_by_one() {
        let mut texts: &[u8] = b"a\0\0bc\0";
        assert_eq!(next_text(&mut texts), b"a");
        assert_eq!(next_text(&mut texts), b"");
        assert_eq!(next_text(&mut texts), b"bc");
        assert_eq!(next_text(&mut texts), b"");
    }
}
