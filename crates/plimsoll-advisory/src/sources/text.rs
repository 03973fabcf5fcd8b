//! Small judgements on text that the parsers share: identifiers, dates, links, names.

use std::collections::HashSet;

use plimsoll_types::{Reference, Severity, Timestamp};

/// The longest identifier, in bytes.
const MAX_ID: usize = 128;
/// The longest package name, ecosystem or version, in bytes.
const MAX_NAME: usize = 1_024;

/// Whether `id` may be an advisory's or a vulnerability's identifier: printable ASCII without spaces, with a digit
/// or a hyphen, not a link.
pub fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && id.bytes().all(|byte| byte.is_ascii_graphic())
        && id.bytes().any(|byte| byte.is_ascii_digit() || byte == b'-')
        && !id.contains('/')
}

/// Whether `name` may be a package's name, an ecosystem or a version.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// As [`is_name`], but spaces inside are allowed (`Red Hat:enterprise_linux:9`, `openSUSE:Leap 15.6`).
pub fn is_ecosystem(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}

/// The CVE identifier at the start of `text`, in upper case: `CVE-` year `-` four or more digits. What follows the
/// number is not looked at, since sources append a part or a remark (`CVE-2017-17434-1`).
pub fn leading_cve(text: &str) -> Option<String> {
    let prefix = text.get(..4)?;
    if !prefix.eq_ignore_ascii_case("cve-") && !prefix.eq_ignore_ascii_case("cve_") {
        return None;
    }
    let rest = text.get(4..)?;
    let (year, rest) = rest.split_at_checked(4)?;
    let number = rest.strip_prefix('-')?;
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    if !year.bytes().all(|byte| byte.is_ascii_digit()) || !(4..=12).contains(&digits) {
        return None;
    }
    Some(format!("CVE-{year}-{}", number.get(..digits)?))
}

/// Whether `id` is exactly a CVE identifier.
pub fn is_cve(id: &str) -> bool {
    leading_cve(id).is_some_and(|cve| cve == id)
}

/// A point in time; dates before 1970 are placeholders (Go writes `0001-01-01`) and count as absent, as do
/// unreadable ones.
pub fn date(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| text.parse::<Timestamp>().ok()).filter(|time| time.seconds() > 0)
}

/// A link, unless it is something that a reader should not be sent to.
pub fn reference(kind: &str, url: &str) -> Option<Reference> {
    let url = url.trim();
    let known = ["https://", "http://", "ftp://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    (known && url.len() <= 2_048 && !url.chars().any(|c| c.is_control() || c.is_whitespace()))
        .then(|| Reference { kind: kind.to_ascii_lowercase(), url: url.to_owned() })
}

/// A severity in words, unless the word says that there is none yet.
pub(crate) fn severity_word(word: &str) -> Option<Severity> {
    // Debian appends asterisks to urgencies that it derived itself.
    word.trim().trim_end_matches('*').parse().ok().filter(|severity| *severity != Severity::Unknown)
}

/// Whether `vector` looks like a CVSS vector of any version; whether its metrics make sense is for the scorer to say.
pub(crate) fn is_vector(vector: &str) -> bool {
    vector.len() <= 512
        && vector.bytes().all(|byte| byte.is_ascii_graphic())
        && (vector.starts_with("CVSS:") || vector.starts_with("AV:") || vector.starts_with("(AV:"))
        && vector.contains("/A")
}

/// One line of text: control characters and runs of white space become one space.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The identifiers without repetitions, in the order given.
pub fn unique(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cves() {
        for (text, cve) in [
            ("CVE-2021-44228", Some("CVE-2021-44228")),
            ("cve-2017-17434-1", Some("CVE-2017-17434")),
            ("CVE_2019-2426", Some("CVE-2019-2426")),
            ("CVE-2019-1000001)", Some("CVE-2019-1000001")),
            ("CVE-2019-123", None),
            ("CVE-201é-1234", None),
            ("XSA-207", None),
            ("CVE-", None),
            ("", None),
        ] {
            assert_eq!(leading_cve(text).as_deref(), cve, "{text}");
        }
        assert!(is_cve("CVE-2021-44228") && !is_cve("CVE-2017-17434-1"));
    }

    #[test]
    fn placeholders_are_no_dates() {
        assert_eq!(date(Some("0001-01-01T00:00:00Z")), None);
        assert_eq!(date(Some("soon")), None);
        assert_eq!(date(Some("2021-06-09T12:54:08Z")).unwrap().to_string(), "2021-06-09T12:54:08Z");
    }

    #[test]
    fn only_harmless_links() {
        assert!(reference("WEB", "https://go.dev/issue/1").is_some_and(|link| link.kind == "web"));
        assert_eq!(reference("WEB", "javascript:alert(1)"), None);
        assert_eq!(reference("WEB", "https://a b"), None);
    }
}
