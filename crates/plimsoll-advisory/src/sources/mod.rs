//! The register of advisory sources, and what all their parsers share.
//!
//! A feed is a folder or an archive of files. Each file is offered to [`read`] with its path inside the feed; the
//! first source that [recognises](SourceSpec::recognises) it parses it into a [`Sink`]. A record is either kept or
//! refused with a reason, so that records read = kept + refused.

mod alma_errata;
mod alpine_secdb;
mod arch;
mod bodhi;
mod cpe;
mod cve5;
mod debian_lists;
mod debian_tracker;
pub(crate) mod eol;
mod epss;
mod errata;
pub mod intervals;
mod kev;
mod node_security_wg;
mod nvd;
mod osv;
mod oval;
mod photon;
mod php_security_advisories;
mod records;
mod redhat_csaf;
mod redhat_repositories;
mod rocky;
mod ruby_advisory_db;
mod sink;
mod stream;
mod suse_csaf;
pub mod text;
mod updateinfo;
mod vendor_csaf;
mod wolfi_advisories;
mod xml;
mod yaml;

pub use osv::{IdKind, PUBLISHERS, Publisher};
pub use sink::{Refusal, RefusalReason, Sink};

/// How many bytes from its start [`recognise`] wants to see of a file; fewer when the file is shorter.
pub const HEAD_BYTES: usize = 4096;

/// The largest file that is parsed, in bytes.
pub const MAX_FILE_BYTES: usize = 1 << 30;

/// One form in which advisories are published.
#[derive(Debug)]
pub struct SourceSpec {
    /// The id, also the fixture folder, such as `alpine-secdb`.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What it is, in one sentence.
    pub description: &'static str,
    /// Whether a file is of this form, from its path inside the feed and its first [`HEAD_BYTES`] bytes.
    pub recognises: fn(path: &str, head: &[u8]) -> bool,
    /// Parses a file. An error means that the file, or the rest of it, could not be read as a whole; what was sent
    /// to the sink before stands.
    pub parse: fn(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError>,
}

/// All sources, in the order in which they are asked.
pub const SOURCES: &[SourceSpec] = &[
    debian_lists::DSA,
    debian_lists::DLA,
    debian_tracker::SPEC,
    arch::SPEC,
    alpine_secdb::SPEC,
    wolfi_advisories::SPEC,
    ruby_advisory_db::SPEC,
    php_security_advisories::SPEC,
    node_security_wg::SPEC,
    nvd::SPEC,
    cve5::SPEC,
    kev::SPEC,
    epss::SPEC,
    eol::SPEC,
    oval::ORACLE,
    oval::AZURE,
    oval::UBUNTU,
    oval::REDHAT,
    oval::SUSE,
    updateinfo::SPEC,
    alma_errata::SPEC,
    rocky::SPEC,
    bodhi::SPEC,
    photon::SPEC,
    suse_csaf::SPEC,
    redhat_csaf::SPEC,
    redhat_repositories::SPEC,
    osv::SPEC,
];

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("{path}: {size} bytes are more than the limit of {limit}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// There is more of something in the file than the limit.
    #[error("{path}: {message}")]
    Limit {
        /// The file.
        path: String,
        /// What there is too much of.
        message: String,
    },
    /// The file is not UTF-8.
    #[error("{path}: not UTF-8")]
    NotUtf8 {
        /// The file.
        path: String,
        /// Where it stops being UTF-8.
        #[source]
        source: std::str::Utf8Error,
    },
    /// The file is not JSON, or not of the expected shape.
    #[error("{path}: cannot be read as JSON")]
    Json {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The file is not YAML, or not of the expected shape, or over a limit on nesting, nodes or aliases.
    #[error("{path}: cannot be read as YAML: {message}")]
    Yaml {
        /// The file.
        path: String,
        /// What is wrong with it, in one line.
        message: String,
    },
    /// The file is not XML, or not of the expected shape, or over a limit.
    #[error("{path}: cannot be read as XML: {message}")]
    Xml {
        /// The file.
        path: String,
        /// What is wrong with it, in one line.
        message: String,
    },
    /// A statement without which the file means nothing is missing.
    #[error("{path}: {message}")]
    Shape {
        /// The file.
        path: String,
        /// What is missing.
        message: String,
    },
}

/// The source that a file belongs to; `None` when it is no advisory file (a readme, a licence, a script).
pub fn recognise(path: &str, head: &[u8]) -> Option<&'static SourceSpec> {
    let head = without_mark(head.get(..HEAD_BYTES).unwrap_or(head));
    SOURCES.iter().find(|source| (source.recognises)(path, head))
}

/// The source with this id.
pub fn by_id(id: &str) -> Option<&'static SourceSpec> {
    SOURCES.iter().find(|source| source.id == id)
}

/// Reads one file of a feed: recognises and parses it, and turns an unreadable file into a refusal. Returns the
/// source, or `None` when the file is none of a known form.
pub fn read(path: &str, bytes: &[u8], out: &mut Sink) -> Option<&'static SourceSpec> {
    let source = recognise(path, bytes)?;
    if let Err(error) = parse(source, path, bytes, out) {
        let detail = match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        let reason = match error {
            SourceError::TooLarge { .. } | SourceError::Limit { .. } => RefusalReason::TooLarge,
            _ => RefusalReason::Malformed,
        };
        out.refuse(path, "", reason, &detail);
    }
    Some(source)
}

/// Parses a file of a known source, with the limit on its size.
///
/// # Errors
///
/// As [`SourceSpec::parse`]; also when the file is over [`MAX_FILE_BYTES`].
pub fn parse(source: &SourceSpec, path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(SourceError::TooLarge {
            path: path.to_owned(),
            size: bytes.len(),
            limit: MAX_FILE_BYTES,
        });
    }
    (source.parse)(path, without_mark(bytes), out)
}

/// A file without its byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// The text of a file.
fn utf8<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, SourceError> {
    std::str::from_utf8(bytes).map_err(|source| SourceError::NotUtf8 { path: path.to_owned(), source })
}

/// Whether a line of a YAML file begins with the key `name`, not indented.
fn has_key(head: &[u8], name: &str) -> bool {
    head.split(|byte| *byte == b'\n')
        .any(|line| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b':')))
}

/// Whether `needle` stands somewhere in `head`.
fn contains(head: &[u8], needle: &str) -> bool {
    head.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Whether the path's last part ends with `.` and one of `extensions`, in any case.
fn has_extension(path: &str, extensions: &[&str]) -> bool {
    path.rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .is_some_and(|(_, extension)| extensions.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted)))
}
