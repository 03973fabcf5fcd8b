//! Ends of life of distributions' releases, as endoflife.date publishes them: one list of cycles for each product
//! (`/api/debian.json`, told by the file's name) and the documents of its API v1, of one product or of all.
//!
//! `eol` is the end of security support for everyone, `extendedSupport` (v1: `eoes`) that of paid or long-term
//! support. Both may be `true` or `false` instead of a date, which gives no date. Products that are no distributions
//! are refused, as are cycles that no image can state.

use plimsoll_types::{Lifecycle, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{RefusalReason, Sink, SourceError, SourceSpec, stream, text};
use crate::json;

/// endoflife.date.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "endoflife",
    title: "endoflife.date",
    description: "When the support of each release of a distribution ends.",
    recognises: |path, head| {
        let has = |needle| super::contains(head, needle);
        super::has_extension(path, &["json"])
            && ((has("\"cycle\"") && has("\"eol\"") && head.trim_ascii_start().starts_with(b"["))
                || (has("\"result\"") && has("\"schema_version\"") && has("\"generated_at\"")))
    },
    parse,
};

/// A date, or a word on whether there is one.
#[derive(Deserialize)]
#[serde(untagged)]
enum When {
    Date(String),
    Known(IgnoredAny),
}

/// A cycle of the first API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cycle {
    /// Some products' cycles are written as numbers.
    cycle: Number,
    release_date: Option<String>,
    eol: Option<When>,
    extended_support: Option<When>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Whole(u64),
    Fraction(f64),
}

#[derive(Deserialize)]
struct Product {
    #[serde(default)]
    name: String,
    #[serde(default)]
    releases: Vec<Box<RawValue>>,
}

/// A release of API v1.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    name: String,
    release_date: Option<String>,
    eol_from: Option<String>,
    eoes_from: Option<String>,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    if text.trim_start().starts_with('[') {
        let product = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        let product = product.to_ascii_lowercase();
        return stream::elements(path, text, &mut |place, json| {
            if let Some(cycle) = json::record::<Cycle>(path, place, json, out) {
                let name = match cycle.cycle {
                    Number::Text(name) => name,
                    Number::Whole(number) => number.to_string(),
                    Number::Fraction(number) => number.to_string(),
                };
                let date = |when: &Option<When>| match when {
                    Some(When::Date(date)) => text::date(Some(date)),
                    Some(When::Known(_)) | None => None,
                };
                let released = text::date(cycle.release_date.as_deref());
                let (ends, extended) = (date(&cycle.eol), date(&cycle.extended_support));
                keep(path, &product, &name, released, ends, extended, out);
            }
        });
    }
    let mut products = Vec::new();
    let mut failed = None;
    stream::members(path, text, &mut |key, json| {
        if key != "result" {
            return;
        }
        let read = if json.trim_start().starts_with('[') {
            json::single::<Vec<Product>>(path, json)
        } else {
            json::single::<Product>(path, json).map(|product| vec![product])
        };
        match read {
            Ok(read) => products.extend(read),
            Err(error) => failed = Some(error),
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    for product in products {
        if !PRODUCTS.iter().any(|(name, _)| *name == product.name) {
            out.refuse(path, &product.name, RefusalReason::UnknownRelease, "no known distribution");
            continue;
        }
        for release in product.releases {
            match serde_json::from_str::<Release>(release.get()) {
                Ok(release) => {
                    let date = |date: &Option<String>| text::date(date.as_deref());
                    let (released, ends) = (date(&release.release_date), date(&release.eol_from));
                    keep(path, &product.name, &release.name, released, ends, date(&release.eoes_from), out);
                }
                Err(error) => {
                    out.refuse(path, &product.name, RefusalReason::Malformed, &error.to_string());
                }
            }
        }
    }
    Ok(())
}

fn keep(
    path: &str,
    product: &str,
    cycle: &str,
    released: Option<Timestamp>,
    ends: Option<Timestamp>,
    extended_ends: Option<Timestamp>,
    out: &mut Sink,
) {
    match ecosystem(product, cycle) {
        Some(ecosystem) => out.keep_lifecycle(Lifecycle { ecosystem, released, ends, extended_ends }),
        None => {
            let record = format!("{product} {cycle}");
            out.refuse(path, &record, RefusalReason::UnknownRelease, "no release of a known distribution");
        }
    }
}

/// How the ecosystem of a cycle is made; `None` for a cycle that no image can state.
type Name = fn(&str) -> Option<String>;

/// The distributions among the products, and how their releases are named: as `plimsoll-catalog` makes the names from
/// what an image states. CentOS is not among them: its images are looked up as Red Hat's.
const PRODUCTS: &[(&str, Name)] = &[
    ("almalinux", |cycle| number(cycle).map(|cycle| format!("AlmaLinux:{cycle}"))),
    ("alpine", alpine),
    ("alpine-linux", alpine),
    ("amazon-linux", |cycle| {
        // The first one counted its releases by year and month; images have the last.
        let release = if cycle == "2018.03" { "1" } else { number(cycle)? };
        Some(format!("Amazon Linux:{release}"))
    }),
    ("azure-linux", azure),
    ("cbl-mariner", azure),
    ("debian", |cycle| dotted(cycle).map(|cycle| format!("Debian:{cycle}"))),
    ("fedora", |cycle| number(cycle).map(|cycle| format!("Fedora:{cycle}"))),
    ("opensuse", |cycle| dotted(cycle).map(|cycle| format!("openSUSE:Leap {cycle}"))),
    ("oracle-linux", |cycle| number(cycle).map(|cycle| format!("Oracle Linux:{cycle}"))),
    ("photon", |cycle| {
        let release = dotted(cycle)?;
        Some(if release.contains('.') {
            format!("Photon OS:{release}")
        } else {
            format!("Photon OS:{release}.0")
        })
    }),
    ("rhel", |cycle| number(cycle).map(|cycle| format!("Red Hat:enterprise_linux:{cycle}"))),
    ("rocky-linux", |cycle| number(cycle).map(|cycle| format!("Rocky Linux:{cycle}"))),
    ("sles", |cycle| {
        let (major, pack) = dotted(cycle)?.split_once('.').unwrap_or((cycle, ""));
        Some(match (major.parse::<u32>().ok()?, pack) {
            // Service packs ended with 15.
            (16.., _) => format!("SUSE:Linux Enterprise Server {cycle}"),
            (_, "" | "0") => format!("SUSE:Linux Enterprise Server {major}"),
            (_, pack) => format!("SUSE:Linux Enterprise Server {major} SP{pack}"),
        })
    }),
    ("ubuntu", |cycle| {
        let (year, month) = dotted(cycle)?.split_once('.')?;
        let long_term = year.parse::<u32>().ok()? % 2 == 0 && month == "04";
        Some(format!("Ubuntu:{cycle}{}", if long_term { ":LTS" } else { "" }))
    }),
];

fn alpine(cycle: &str) -> Option<String> {
    dotted(cycle).map(|cycle| format!("Alpine:v{cycle}"))
}

fn azure(cycle: &str) -> Option<String> {
    dotted(cycle)?.split('.').next().map(|major| format!("Azure Linux:{major}"))
}

/// A whole number.
fn number(cycle: &str) -> Option<&str> {
    (!cycle.is_empty() && cycle.len() <= 8 && cycle.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some(cycle)
}

/// A number, or two with a dot between them.
fn dotted(cycle: &str) -> Option<&str> {
    match cycle.split_once('.') {
        Some((major, minor)) => (number(major).is_some() && number(minor).is_some()).then_some(cycle),
        None => number(cycle),
    }
}

/// The ecosystem under which the advisories of a product's cycle are filed.
pub(crate) fn ecosystem(product: &str, cycle: &str) -> Option<String> {
    let (_, name) = PRODUCTS.iter().find(|(known, _)| *known == product)?;
    name(cycle)
}
