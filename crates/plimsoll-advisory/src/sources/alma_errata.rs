//! AlmaLinux's errata as JSON (`errata.full.json` and the older `errata.json` of errata.almalinux.org).
//!
//! The full form is an object with the errata under `data`, packages with the module that they belong to. The older
//! one is a list, with packages and at most one module under `pkglist`. Only errata of type `security` are kept.

use plimsoll_types::Status;
use serde::Deserialize;

use super::errata::{self, MAX_PACKAGES, Packages};
use super::{RefusalReason, Sink, SourceError, SourceSpec, records, text, utf8};
use crate::{Advisory, Affected, SeverityStatement};

/// AlmaLinux errata.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "alma-errata",
    title: "AlmaLinux errata",
    description: "AlmaLinux's errata as JSON, with modules and architectures.",
    recognises,
    parse,
};

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    super::has_extension(path, &["json"])
        && ["ALSA-", "ALBA-", "ALEA-"].iter().any(|prefix| has(prefix))
        && (has("\"updateinfo_id\"") || (has("\"data\"") && has("\"issued_date\"")) || has("\"bs_repo_id\""))
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let document = utf8(path, bytes)?;
    records::each(path, document, "data", out, &mut |path, erratum: Erratum, out| {
        let id = erratum.id().to_owned();
        match convert(path, erratum) {
            Ok(advisory) => out.keep(advisory),
            Err((reason, detail)) => out.refuse(path, &id, reason, &detail),
        }
    })
}

#[derive(Deserialize)]
struct Erratum {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    updateinfo_id: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    issued_date: Option<Date>,
    #[serde(default)]
    updated_date: Option<Date>,
    #[serde(default)]
    packages: Option<Vec<Package>>,
    #[serde(default)]
    modules: Option<Vec<Module>>,
    #[serde(default)]
    pkglist: Option<PackageList>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
}

impl Erratum {
    fn id(&self) -> &str {
        self.updateinfo_id.as_deref().or(self.id.as_deref()).unwrap_or_default().trim()
    }
}

/// Seconds, or an object of MongoDB's with milliseconds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Date {
    Number(f64),
    Wrapped {
        #[serde(rename = "$date")]
        date: f64,
    },
    Text(String),
}

impl Date {
    fn text(&self) -> String {
        match self {
            // Written without a fraction; what is no point in time is refused by the reader of it.
            Date::Number(number) | Date::Wrapped { date: number } => format!("{number:.0}"),
            Date::Text(text) => text.clone(),
        }
    }
}

#[derive(Deserialize)]
struct PackageList {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    packages: Option<Vec<Package>>,
    #[serde(default)]
    module: Option<Module>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    release: String,
    #[serde(default)]
    epoch: Option<String>,
    #[serde(default)]
    arch: Option<String>,
    /// `nodejs:18:8090020240101:abcdef:x86_64`, or an empty text.
    #[serde(default)]
    module: Option<String>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    stream: Option<String>,
}

impl Module {
    fn name_and_stream(&self) -> Option<String> {
        let (name, stream) = (self.name.as_deref()?, self.stream.as_deref()?);
        (text::is_name(name) && text::is_name(stream)).then(|| format!("{name}:{stream}"))
    }
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    href: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

fn convert(path: &str, erratum: Erratum) -> Result<Advisory, (RefusalReason, String)> {
    let id = erratum.id().to_owned();
    if !text::is_id(&id) {
        return Err((RefusalReason::Malformed, "no usable id".to_owned()));
    }
    let kind = erratum.kind.as_deref().unwrap_or_default();
    let security =
        if kind.is_empty() { id.starts_with("ALSA-") } else { kind.eq_ignore_ascii_case("security") };
    if !security {
        return Err((RefusalReason::NotSecurity, kind.to_owned()));
    }
    let published = erratum.issued_date.as_ref().and_then(|date| errata::date(&date.text()));
    let list = erratum.pkglist;
    let repository = list.as_ref().and_then(|list| list.name.clone()).unwrap_or_default();
    let of_list = list.as_ref().and_then(|list| list.module.as_ref()).and_then(Module::name_and_stream);
    // The only module of an erratum is that of its modular packages.
    let modules = erratum.modules.unwrap_or_default();
    let only = match &modules[..] {
        [first, rest @ ..] if rest.iter().all(|other| other.name_and_stream() == first.name_and_stream()) => {
            first.name_and_stream()
        }
        _ => None,
    };
    let listed = erratum.packages.or(list.and_then(|list| list.packages)).unwrap_or_default();
    if listed.len() > MAX_PACKAGES {
        return Err((RefusalReason::TooLarge, format!("{} packages", listed.len())));
    }
    let (mut packages, mut known_release, mut any) = (Packages::default(), false, false);
    for package in &listed {
        let arch = package.arch.as_deref().unwrap_or_default().trim();
        if matches!(arch, "src" | "nosrc") {
            continue;
        }
        any = true;
        let epoch = package.epoch.as_deref().unwrap_or_default();
        let version = errata::evr(epoch, &package.version, &package.release);
        let (Some(version), true) = (version, text::is_name(&package.name)) else {
            return Err((RefusalReason::Malformed, format!("{} is no package with a version", package.name)));
        };
        let Some(major) = major(&repository, &package.release, path) else { continue };
        known_release = true;
        let own = package.module.as_deref().and_then(name_and_stream);
        let modular = errata::is_modular(&package.release);
        packages.add(Affected {
            ecosystem: format!("AlmaLinux:{major}"),
            package: package.name.clone(),
            status: Status::Fixed,
            ranges: vec![errata::before(&version)],
            arches: Some(arch.to_owned()).filter(|arch| !arch.is_empty()).into_iter().collect(),
            modularity: own
                .or_else(|| if modular { of_list.clone().or_else(|| only.clone()) } else { None })
                .unwrap_or_default(),
            fix_date: published,
            ..Affected::default()
        });
    }
    let title = text::one_line(erratum.title.as_deref().unwrap_or_default());
    let (title, word) = errata::title_and_word(&title);
    let severity = errata::severity(erratum.severity.as_deref().unwrap_or_default());
    let mut advisory = Advisory {
        id,
        source: "almalinux".to_owned(),
        title: title.to_owned(),
        description: erratum.description.unwrap_or_default().trim().to_owned(),
        published,
        modified: erratum.updated_date.as_ref().and_then(|date| errata::date(&date.text())),
        affected: packages.into_list(),
        ..Advisory::default()
    };
    if advisory.affected.is_empty() {
        return Err(errata::nothing_affected(any && !known_release));
    }
    if let Some(severity) = severity.or_else(|| errata::severity(word)) {
        advisory.severities.push(SeverityStatement { source: "almalinux".to_owned(), severity });
    }
    for reference in erratum.references.unwrap_or_default() {
        advisory.covers.extend(reference.id.as_deref().and_then(text::leading_cve));
        let kind = if reference.kind.as_deref() == Some("self") { "advisory" } else { "web" };
        advisory.references.extend(text::reference(kind, reference.href.as_deref().unwrap_or_default()));
    }
    advisory.covers = text::unique(std::mem::take(&mut advisory.covers));
    Ok(advisory)
}

/// `nodejs:18` of `nodejs:18:8090020240101:abcdef:x86_64`.
fn name_and_stream(module: &str) -> Option<String> {
    let mut parts = module.trim().split(':');
    let (name, stream) = (parts.next()?, parts.next()?);
    (text::is_name(name) && text::is_name(stream)).then(|| format!("{name}:{stream}"))
}

/// The major release: by the repository's name (`almalinux-8-for-…`), by the package's own, by the path
/// (`8/errata.full.json`).
fn major<'a>(repository: &'a str, release: &'a str, path: &'a str) -> Option<&'a str> {
    let number = |text: &'a str| {
        let end = text.bytes().take_while(u8::is_ascii_digit).count();
        text.get(..end).filter(|number| matches!(number.len(), 1..=2))
    };
    let by_name = repository.strip_prefix("almalinux-").and_then(number);
    let by_path = || path.split('/').rev().skip(1).find(|part| number(part) == Some(part));
    by_name.or_else(|| errata::el_major(release)).or_else(by_path)
}
