//! CISA's catalogue of known exploited vulnerabilities (KEV), in its JSON and CSV forms.
//!
//! It names no package in a form that could be matched: its entries become advisories without packages, from which
//! matching learns that a vulnerability is being exploited, whoever's advisory found it.

use plimsoll_types::Reference;
use serde::Deserialize;

use super::{RefusalReason, Sink, SourceError, SourceSpec, stream, text};
use crate::{Advisory, json};

/// CISA's catalogue.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "CISA KEV",
    description: "CISA's catalogue of vulnerabilities that are known to be exploited.",
    recognises,
    parse,
};

/// The id of the source.
const SOURCE: &str = "cisa-kev";

/// How many of an entry's links are kept.
const MAX_LINKS: usize = 16;

fn recognises(path: &str, head: &[u8]) -> bool {
    if super::has_extension(path, &["json"]) {
        super::contains(head, "\"catalogVersion\"") && super::contains(head, "\"vulnerabilities\"")
    } else if super::has_extension(path, &["csv"]) {
        let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        super::contains(first, "cveID") && super::contains(first, "dateAdded")
    } else {
        false
    }
}

/// An entry. In the CSV form all fields are text and the weaknesses stand in one, separated by commas.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    #[serde(rename = "cveID")]
    cve_id: String,
    vulnerability_name: String,
    date_added: String,
    short_description: String,
    required_action: String,
    due_date: String,
    known_ransomware_campaign_use: String,
    notes: String,
    cwes: Cwes,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Cwes {
    List(Vec<String>),
    Text(String),
}

impl Default for Cwes {
    fn default() -> Cwes {
        Cwes::List(Vec::new())
    }
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    if super::has_extension(path, &["csv"]) {
        return table(path, text, out);
    }
    stream::elements_of(path, text, "vulnerabilities", &mut |place, json| {
        if let Some(entry) = json::record(path, place, json, out) {
            convert(path, entry, out);
        }
    })
}

fn table(path: &str, text: &str, out: &mut Sink) -> Result<(), SourceError> {
    for (number, row) in csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Entry>().enumerate() {
        match row {
            Ok(entry) => convert(path, entry, out),
            Err(error) => {
                let place = format!("record {}", number.saturating_add(1));
                out.refuse(path, &place, RefusalReason::Malformed, &error.to_string());
            }
        }
    }
    Ok(())
}

fn convert(path: &str, entry: Entry, out: &mut Sink) {
    let id = entry.cve_id.trim();
    if !text::is_cve(id) {
        out.refuse(path, id, RefusalReason::Malformed, "not a CVE identifier");
        return;
    }
    let catalogue =
        format!("https://www.cisa.gov/known-exploited-vulnerabilities-catalog?search_api_fulltext={id}");
    let mut references = vec![Reference { kind: "advisory".to_owned(), url: catalogue }];
    let links = entry.notes.split([' ', ';']).filter_map(|word| text::reference("web", word));
    references.extend(links.take(MAX_LINKS));
    let cwes = match entry.cwes {
        Cwes::List(list) => list,
        Cwes::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    let cwes = cwes.into_iter().map(|cwe| cwe.trim().to_owned()).filter(|cwe| cwe.starts_with("CWE-"));
    out.keep(Advisory {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        title: text::one_line(&entry.vulnerability_name),
        description: description(
            &entry.short_description,
            &entry.required_action,
            &entry.due_date,
            &entry.known_ransomware_campaign_use,
        ),
        cwes: text::unique(cwes),
        references,
        // The day on which it entered the catalogue, not that of the vulnerability's publication.
        modified: text::date(Some(&entry.date_added)),
        known_exploited: true,
        ..Advisory::default()
    });
}

/// What happened, and what the catalogue asks for until when.
fn description(short: &str, action: &str, due: &str, ransomware: &str) -> String {
    let mut text = short.trim().to_owned();
    let mut line = |line: String| {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&line);
    };
    match (action.trim(), due.trim()) {
        ("", "") => {}
        ("", due) => line(format!("Due by {due}.")),
        (action, "") => line(format!("Required action: {action}")),
        (action, due) => line(format!("Required action by {due}: {action}")),
    }
    if ransomware.trim().eq_ignore_ascii_case("known") {
        line("Known to be used in ransomware campaigns.".to_owned());
    }
    text
}
