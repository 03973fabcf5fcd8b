//! What the CSAF documents of Red Hat and SUSE have in common: facts about packages, and how they become advisories.
//!
//! - **Advisories** (RHSA, SUSE-SU) announce an update. Each becomes a record with what it covers. Where its vulnerabilities
//!   differ in what is fixed or in severity, there is one record for each set of them: the first one has the advisory's id,
//!   the others the id with `#2`, `#3`, … behind.
//! - **VEX documents** speak of one vulnerability and become a record under the CVE.
//!
//! Of several fixed versions of a package in one release (a VEX document lists every update that ever had the fix) the lowest
//! one counts: a later update contains the fix too. A package that a document calls both fixed or affected and not affected,
//! in different products of the same release, is not called unaffected.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_types::{CvssVector, Severity, Status, Timestamp};
use plimsoll_version::{RPM, VersionScheme};

use super::{RefusalReason, Sink, SourceError, text};
use crate::csaf::{Document, Note, Products, RpmPackage, Vulnerability};
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// The most packages of one record.
const MAX_AFFECTED: usize = 200_000;
/// The most statements of one document, before those that differ in architecture and product only are joined.
const MAX_FACTS: usize = 1_000_000;
/// The longest product id, name, version or CPE of a product, in bytes.
const MAX_NAME: usize = 2_048;
/// The most links of one record.
const MAX_REFERENCES: usize = 200;
/// How much of a description is kept, in characters.
const MAX_DESCRIPTION: usize = 20_000;

/// What a vendor's documents say in their own way.
pub(super) struct Vendor {
    /// The id of the source in [`Advisory::source`].
    pub source: &'static str,
    /// How the publisher's namespace must go on after `https://` and `www.`.
    pub namespace: &'static str,
    /// Resolves a product id to where it belongs.
    pub place: for<'a> fn(&Products<'a>, &str) -> Option<Place>,
    /// The lists of products that contain a fix.
    pub fixed: for<'a> fn(&'a Vulnerability) -> Vec<&'a [String]>,
    /// What is in front of the subject in an advisory's title.
    pub title_prefix: &'static str,
    /// How the identifiers of errata begin that announce bug fixes and enhancements.
    pub not_security: &'static [&'static str],
}

/// Where a statement belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The ecosystem.
    pub ecosystem: String,
    /// The CPE of the product; empty when it does not matter.
    pub cpe: String,
    /// The package.
    pub package: RpmPackage,
}

/// One statement about a package.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fact {
    place: Place,
    status: Status,
    severity: Option<Severity>,
    fix_date: Option<Timestamp>,
}

/// Turns a document into advisories and sends them, or their refusal, to the sink.
pub(super) fn convert(
    vendor: &Vendor,
    path: &str,
    document: &Document,
    out: &mut Sink,
) -> Result<(), SourceError> {
    let publisher = document.document.publisher.namespace.trim_end_matches('/');
    let host = publisher.strip_prefix("https://").unwrap_or(publisher);
    if host.strip_prefix("www.").unwrap_or(host) != vendor.namespace {
        return Err(SourceError::Shape {
            path: path.to_owned(),
            message: format!("published by '{}'", publisher.chars().take(100).collect::<String>()),
        });
    }
    let id = document.document.tracking.id.trim();
    if !text::is_id(id) {
        out.refuse(path, id, RefusalReason::Malformed, "no usable id");
        return Ok(());
    }
    let products = document.products(path)?;
    let result = if text::is_cve(id) {
        vex(vendor, id, document, &products)?
    } else {
        erratum(vendor, id, document, &products)?
    };
    match result {
        Ok(advisories) => advisories.into_iter().for_each(|advisory| out.keep(advisory)),
        Err((reason, detail)) => out.refuse(path, id, reason, detail),
    }
    Ok(())
}

/// Where a product id belongs, unless a part of it is longer than any name: every product that refers to it would be
/// given a copy.
fn place(vendor: &Vendor, products: &Products<'_>, id: &str) -> Option<Place> {
    if id.len() > MAX_NAME {
        return None;
    }
    let place = (vendor.place)(products, id)?;
    let package = &place.package;
    let short = [&place.ecosystem, &place.cpe, &package.version, &package.arch, &package.module]
        .iter()
        .all(|text| text.len() <= MAX_NAME);
    short.then_some(place)
}

/// Advisories, or why there are none.
type Outcome = Result<Vec<Advisory>, (RefusalReason, &'static str)>;

/// A VEX document.
fn vex(
    vendor: &Vendor,
    id: &str,
    document: &Document,
    products: &Products<'_>,
) -> Result<Outcome, SourceError> {
    let mut advisory = frame(vendor, id, document);
    advisory.description = description(&document.document.notes, &["description", "summary"]);
    if document.document.tracking.status == "deleted" {
        advisory.withdrawn = advisory.modified.or(advisory.published).or(Some(Timestamp::from_seconds(0)));
        return Ok(Ok(vec![advisory]));
    }
    let (mut facts, mut cut) = (Vec::new(), false);
    for vulnerability in
        document.vulnerabilities.iter().filter(|other| other.cve.is_empty() || other.cve == id)
    {
        let about = About::new(vulnerability, products)?;
        let mut add = |status: Option<Status>, ids: &[String]| {
            for id in ids {
                let Some(place) = place(vendor, products, id) else { continue };
                if facts.len() >= MAX_FACTS {
                    cut = true;
                    return;
                }
                // A fix without a version says nothing; it must not stand in the way of what else is said.
                if status == Some(Status::Fixed) && place.package.version.is_empty() {
                    continue;
                }
                facts.push(Fact {
                    place,
                    status: status.unwrap_or_else(|| about.unfixed(id)),
                    severity: about.severity(id),
                    fix_date: if status == Some(Status::Fixed) { about.fix_date(id) } else { None },
                });
            }
        };
        for list in (vendor.fixed)(vulnerability) {
            add(Some(Status::Fixed), list);
        }
        add(None, &vulnerability.product_status.first_affected);
        add(None, &vulnerability.product_status.known_affected);
        add(None, &vulnerability.product_status.last_affected);
        add(Some(Status::UnderInvestigation), &vulnerability.product_status.under_investigation);
        add(Some(Status::NotAffected), &vulnerability.product_status.known_not_affected);
        about_vulnerability(vendor, vulnerability, &mut advisory);
        if let Some(date) = text::date(vulnerability.release_date.as_deref()) {
            advisory.published = Some(date);
        }
        let described = description(&vulnerability.notes, &["description", "general", "summary"]);
        if !described.is_empty() {
            advisory.description = described;
        }
    }
    if cut {
        return Ok(Err((RefusalReason::TooLarge, "too many statements")));
    }
    // Sources are taken out last: a source that is fixed takes away what is said of it being affected.
    lowest_fix(&mut facts);
    affected_wins(&mut facts);
    drop_covered_sources(&mut facts);
    advisory.affected = collect(facts);
    if advisory.affected.len() > MAX_AFFECTED {
        return Ok(Err((RefusalReason::TooLarge, "too many packages")));
    }
    if advisory.affected.is_empty() {
        return Ok(Err((RefusalReason::NothingAffected, "no RPM package in a product")));
    }
    Ok(Ok(vec![advisory]))
}

/// An advisory about an update.
fn erratum(
    vendor: &Vendor,
    id: &str,
    document: &Document,
    products: &Products<'_>,
) -> Result<Outcome, SourceError> {
    let release = text::date(document.document.tracking.initial_release_date.as_deref());
    let mut frame = frame(vendor, id, document);
    if let Some(title) = frame.title.strip_prefix(vendor.title_prefix) {
        frame.title = title.trim_start_matches([':', ' ']).to_owned();
    }
    frame.description = description(&document.document.notes, &["description", "general", "summary"]);
    // The vulnerabilities by what is fixed and how severe it is. Lists of the same products are the rule, so that they are
    // compared by what they name, before anything is made of them.
    let mut sets: BTreeMap<(Vec<&str>, Option<Severity>), Vec<&Vulnerability>> = BTreeMap::new();
    let mut order = Vec::new();
    for vulnerability in &document.vulnerabilities {
        if !text::is_id(vulnerability.cve.trim()) {
            continue;
        }
        let lists = (vendor.fixed)(vulnerability);
        let mut ids: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        let key = (ids, worst(vulnerability));
        if !sets.contains_key(&key) {
            order.push(key.clone());
        }
        sets.entry(key).or_default().push(vulnerability);
    }
    if sets.is_empty() && vendor.not_security.iter().any(|prefix| id.starts_with(prefix)) {
        return Ok(Err((RefusalReason::NotSecurity, "")));
    }
    let mut advisories = Vec::new();
    let mut total = 0usize;
    for key in order {
        let vulnerabilities = sets.remove(&key).unwrap_or_default();
        let (ids, severity) = key;
        let mut facts = Vec::new();
        for id in ids {
            let Some(place) = place(vendor, products, id) else { continue };
            if facts.len() >= MAX_FACTS {
                return Ok(Err((RefusalReason::TooLarge, "too many statements")));
            }
            facts.push(Fact { place, status: Status::Fixed, severity: None, fix_date: release });
        }
        drop_covered_sources(&mut facts);
        let affected = collect(facts);
        total = total.saturating_add(affected.len());
        if total > MAX_AFFECTED {
            return Ok(Err((RefusalReason::TooLarge, "too many packages")));
        }
        if affected.is_empty() {
            continue;
        }
        let mut advisory = Advisory { affected, ..frame.clone() };
        if !advisories.is_empty() {
            advisory.id = format!("{id}#{}", advisories.len().saturating_add(1));
        }
        advisory.covers = text::unique(vulnerabilities.iter().map(|one| one.cve.trim().to_owned()));
        if let Some(severity) = severity {
            advisory.severities = vec![SeverityStatement { source: vendor.source.to_owned(), severity }];
        }
        // A vector of one vulnerability must not become that of another one in the same record.
        if let [only] = vulnerabilities.as_slice() {
            about_vulnerability(vendor, only, &mut advisory);
        }
        advisories.push(advisory);
    }
    if advisories.is_empty() {
        return Ok(Err((RefusalReason::NothingAffected, "no fixed RPM package")));
    }
    Ok(Ok(advisories))
}

/// A record with what the document as a whole says.
fn frame(vendor: &Vendor, id: &str, document: &Document) -> Advisory {
    let meta = &document.document;
    let mut advisory = Advisory {
        id: id.to_owned(),
        source: vendor.source.to_owned(),
        title: text::one_line(&meta.title),
        published: text::date(meta.tracking.initial_release_date.as_deref()),
        modified: text::date(meta.tracking.current_release_date.as_deref()),
        ..Advisory::default()
    };
    if let Some(severity) = severity_word(&meta.aggregate_severity.text) {
        advisory.severities.push(SeverityStatement { source: vendor.source.to_owned(), severity });
    }
    add_references(&meta.references, &mut advisory);
    advisory
}

/// Adds what a vulnerability says about itself, without its packages.
fn about_vulnerability(vendor: &Vendor, vulnerability: &Vulnerability, advisory: &mut Advisory) {
    if !vulnerability.title.trim().is_empty() && text::is_cve(&advisory.id) {
        advisory.title = text::one_line(&vulnerability.title);
    }
    if let Some(cwe) = vulnerability.cwe.as_ref().map(|cwe| cwe.id.trim()).filter(|id| id.starts_with("CWE-"))
    {
        // A document on one vulnerability has a handful; past that, comparing each with all would be quadratic.
        if advisory.cwes.len() < 64 && !advisory.cwes.iter().any(|known| known == cwe) {
            advisory.cwes.push(cwe.to_owned());
        }
    }
    for vector in vulnerability.scores.iter().flat_map(|score| score.vectors()) {
        let vector = vector.trim();
        let plausible = vector.len() <= 512
            && vector.bytes().all(|byte| byte.is_ascii_graphic())
            && (vector.starts_with("CVSS:") || vector.starts_with("AV:"));
        if plausible && advisory.cvss.len() < 64 && !advisory.cvss.iter().any(|known| known.vector == vector)
        {
            let source = vendor.source.to_owned();
            advisory.cvss.push(CvssVector { source, vector: vector.to_owned() });
        }
    }
    for threat in vulnerability.threats.iter().filter(|threat| threat.category == "exploit_status") {
        advisory.known_exploited |= threat.details.contains("known-exploited-vulnerabilities");
    }
    add_references(&vulnerability.references, advisory);
}

fn add_references(references: &[crate::csaf::Reference], advisory: &mut Advisory) {
    for reference in references {
        if advisory.references.len() >= MAX_REFERENCES {
            break;
        }
        let kind = if reference.category == "self" { "advisory" } else { "web" };
        let found = text::reference(kind, &reference.url);
        let found = found.filter(|new| !advisory.references.iter().any(|known| known.url == new.url));
        advisory.references.extend(found);
    }
}

/// The first text of the first of `categories` that there is.
fn description(notes: &[Note], categories: &[&str]) -> String {
    categories
        .iter()
        .find_map(|category| {
            notes.iter().find(|note| note.category == *category && !note.text.trim().is_empty())
        })
        .map(|note| note.text.trim().chars().take(MAX_DESCRIPTION).collect())
        .unwrap_or_default()
}

fn severity_word(word: &str) -> Option<Severity> {
    word.trim().parse().ok().filter(|severity| *severity != Severity::Unknown)
}

/// What a vulnerability says of single products.
struct About<'a> {
    severities: HashMap<&'a str, Severity>,
    general: Option<Severity>,
    unfixed: HashMap<&'a str, Status>,
    dates: HashMap<&'a str, Timestamp>,
}

impl<'a> About<'a> {
    fn new<'b: 'a>(
        vulnerability: &'a Vulnerability,
        products: &Products<'b>,
    ) -> Result<About<'a>, SourceError> {
        let mut about = About {
            severities: HashMap::new(),
            general: None,
            unfixed: HashMap::new(),
            dates: HashMap::new(),
        };
        for threat in vulnerability.threats.iter().filter(|threat| threat.category == "impact") {
            let Some(severity) = severity_word(&threat.details) else { continue };
            if threat.product_ids.is_empty() && threat.group_ids.is_empty() {
                about.general = Some(severity);
            }
            for id in products.members(&threat.product_ids, &threat.group_ids)? {
                about.severities.entry(id).or_insert(severity);
            }
        }
        for remediation in &vulnerability.remediations {
            let ids = products.members(&remediation.product_ids, &remediation.group_ids)?;
            match remediation.category.as_str() {
                "vendor_fix" => {
                    let Some(date) = text::date(remediation.date.as_deref()) else { continue };
                    for id in ids {
                        // The first update that had the fix.
                        about.dates.entry(id).and_modify(|known| *known = date.min(*known)).or_insert(date);
                    }
                }
                "no_fix_planned" | "none_available" => {
                    let status = unfixed(&remediation.category, &remediation.details);
                    for id in ids {
                        about.unfixed.entry(id).or_insert(status);
                    }
                }
                _ => {}
            }
        }
        Ok(about)
    }

    fn severity(&self, id: &str) -> Option<Severity> {
        self.severities.get(id).copied().or(self.general)
    }

    /// The state of an affected product.
    fn unfixed(&self, id: &str) -> Status {
        self.unfixed.get(id).copied().unwrap_or(Status::Affected)
    }

    fn fix_date(&self, id: &str) -> Option<Timestamp> {
        self.dates.get(id).copied()
    }
}

/// The severity of a vulnerability, whatever the product.
fn worst(vulnerability: &Vulnerability) -> Option<Severity> {
    let impacts = vulnerability.threats.iter().filter(|threat| threat.category == "impact");
    impacts.filter_map(|threat| severity_word(&threat.details)).max()
}

/// The state that a remediation without a fix stands for. The words are Red Hat's.
fn unfixed(category: &str, details: &str) -> Status {
    let details = details.trim().to_ascii_lowercase();
    if details.contains("out of support") {
        Status::EndOfLife
    } else if details.contains("defer") {
        Status::FixDeferred
    } else if details.contains("will not fix") || category == "no_fix_planned" {
        Status::WillNotFix
    } else if details.contains("under investigation") {
        Status::UnderInvestigation
    } else {
        Status::Affected
    }
}

/// Takes out statements about source packages whose binaries are spoken of one by one: the binaries' own statements are
/// finer, and the source's would contradict them where a binary is not affected.
fn drop_covered_sources(facts: &mut Vec<Fact>) {
    let mut named: BTreeSet<(String, String, String)> = BTreeSet::new();
    for fact in facts.iter().filter(|fact| fact.place.package.arch != "src") {
        let place = &fact.place;
        let package = &place.package;
        if !package.upstream.is_empty() {
            named.insert((place.ecosystem.clone(), package.module.clone(), package.upstream.clone()));
        }
        // Where no source is stated, the build is: binaries have their source's version and release.
        if fact.status == Status::Fixed && !package.version.is_empty() {
            let build = format!("={}", package.version);
            named.insert((place.ecosystem.clone(), package.module.clone(), build));
        }
    }
    facts.retain(|fact| {
        let package = &fact.place.package;
        if package.arch != "src" {
            return true;
        }
        let key = |name: String| (fact.place.ecosystem.clone(), package.module.clone(), name);
        let spoken_of = named.contains(&key(package.name.clone()));
        let built = fact.status == Status::Fixed && named.contains(&key(format!("={}", package.version)));
        !spoken_of && !built
    });
}

/// The release, module and package that a fact is about; statements about a source are apart.
fn subject(fact: &Fact) -> (String, String, String, bool) {
    let package = &fact.place.package;
    (fact.place.ecosystem.clone(), package.module.clone(), package.name.clone(), package.arch == "src")
}

/// Keeps the lowest fixed version of each package in each release.
fn lowest_fix(facts: &mut Vec<Fact>) {
    let mut lowest: HashMap<(String, String, String, bool), String> = HashMap::new();
    for fact in facts.iter().filter(|fact| fact.status == Status::Fixed) {
        let version = &fact.place.package.version;
        let known = lowest.entry(subject(fact)).or_insert_with(|| version.clone());
        if RPM.compare(version, known).is_ok_and(|order| order == Ordering::Less) {
            version.clone_into(known);
        }
    }
    facts.retain(|fact| {
        fact.status != Status::Fixed
            || lowest.get(&subject(fact)).is_none_or(|lowest| {
                RPM.compare(&fact.place.package.version, lowest)
                    .map_or(true, |order| order == Ordering::Equal)
            })
    });
}

/// Takes out "not affected" where the same package of the same release is also affected or fixed, and "affected" where it
/// is fixed.
fn affected_wins(facts: &mut Vec<Fact>) {
    let rank = |status: Status| match status {
        Status::Fixed => 3,
        Status::NotAffected => 0,
        Status::UnderInvestigation => 1,
        _ => 2,
    };
    let mut best: HashMap<(String, String, String, bool), u8> = HashMap::new();
    for fact in facts.iter() {
        let known = best.entry(subject(fact)).or_default();
        *known = rank(fact.status).max(*known);
    }
    facts.retain(|fact| best.get(&subject(fact)).is_none_or(|best| rank(fact.status) == *best));
}

/// Joins statements that differ in architecture and product only. Sorted.
fn collect(facts: Vec<Fact>) -> Vec<Affected> {
    type Key = (String, String, String, bool, &'static str, String, Option<Severity>);
    #[derive(Default)]
    struct Rest {
        status: Status,
        arches: BTreeSet<String>,
        any: bool,
        cpes: BTreeSet<String>,
        fix_date: Option<Timestamp>,
    }
    let mut joined: BTreeMap<Key, Rest> = BTreeMap::new();
    for fact in facts {
        let Fact { place, status, severity, fix_date } = fact;
        let package = place.package;
        let version = match status {
            // Without a version there is nothing to compare with.
            Status::Fixed if !text::is_name(&package.version) => continue,
            Status::Fixed => package.version,
            _ => String::new(),
        };
        let source = package.arch == "src";
        let key = (place.ecosystem, package.name, package.module, source, status.word(), version, severity);
        let rest = joined.entry(key).or_default();
        rest.status = status;
        rest.any |= package.arch.is_empty();
        // An unfixed package without an architecture is every architecture's.
        rest.arches.extend(Some(package.arch).filter(|arch| !arch.is_empty()));
        rest.cpes.extend(Some(place.cpe).filter(|cpe| !cpe.is_empty()));
        rest.fix_date = rest.fix_date.into_iter().chain(fix_date).min();
    }
    joined
        .into_iter()
        .map(|((ecosystem, package, modularity, _, _, version, severity), rest)| {
            let mut events = vec![Event::Introduced("0".to_owned())];
            if !version.is_empty() {
                events.push(Event::Fixed(version));
            }
            Affected {
                ecosystem,
                package,
                status: rest.status,
                ranges: vec![Range { events }],
                arches: if rest.any { Vec::new() } else { rest.arches.into_iter().collect() },
                modularity,
                severity,
                cpes: rest.cpes.into_iter().collect(),
                fix_date: rest.fix_date,
                ..Affected::default()
            }
        })
        .collect()
}

/// Whether the beginning of a file is that of a CSAF document with one of `marks` in it. What comes first in a document is
/// its severity, its category and its distribution, in which each vendor names itself; the publisher may come later than the
/// beginning reaches.
pub(super) fn is_csaf(path: &str, head: &[u8], marks: &[&str]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    super::has_extension(path, &["json"])
        && has("\"document\"")
        && (has("\"csaf_version\"") || has("\"csaf_vex\"") || has("\"csaf_security_advisory\""))
        && marks.iter().any(|mark| has(mark))
}
