//! EPSS scores as FIRST publishes them every day: a remark with the model and the day, a header, and one row for each
//! CVE.
//!
//! ```text
//! #model_version:v2025.03.14,score_date:2025-06-01T12:55:00Z
//! cve,epss,percentile
//! CVE-1999-0001,0.01167,0.77533
//! ```

use plimsoll_types::{Epss, Timestamp};

use super::{RefusalReason, Sink, SourceError, SourceSpec, text};
use crate::EpssScore;

/// EPSS.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "epss",
    title: "EPSS",
    description: "FIRST's daily estimate of how likely each vulnerability is to be exploited.",
    recognises: |path, head| {
        super::has_extension(path, &["csv"])
            && head
                .split(|byte| *byte == b'\n')
                .find(|line| !line.starts_with(b"#"))
                .is_some_and(|header| super::contains(header, "cve") && super::contains(header, "epss"))
    },
    parse,
};

/// Far above the number of CVEs that there are.
const MAX_ROWS: usize = 5_000_000;

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    let date = text.lines().take_while(|line| line.starts_with('#')).find_map(score_date);
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let shape = |message: &str| SourceError::Shape { path: path.to_owned(), message: message.to_owned() };
    let header = reader.headers().map_err(|error| shape(&error.to_string()))?;
    let column = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let (Some(cve), Some(score)) = (column("cve"), column("epss")) else {
        return Err(shape("no columns 'cve' and 'epss'"));
    };
    // The first years' files have no percentiles.
    let percentile = column("percentile");
    let mut row = csv::StringRecord::new();
    let mut number = 0usize;
    loop {
        number = number.saturating_add(1);
        let place = |number: usize| format!("row {number}");
        match reader.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) if number > MAX_ROWS => {
                return Err(shape(&format!("more than {MAX_ROWS} rows")));
            }
            Ok(true) => {}
            Err(error) => {
                out.refuse(path, &place(number), RefusalReason::Malformed, &error.to_string());
                continue;
            }
        }
        let id = row.get(cve).unwrap_or_default().trim();
        let number_in = |column: usize| hundred_thousandths(row.get(column).unwrap_or_default());
        match (text::is_cve(id), number_in(score), percentile.map_or(Some(0), number_in)) {
            (true, Some(score), Some(percentile)) => {
                out.keep_epss(EpssScore { cve: id.to_owned(), epss: Epss { score, percentile }, date });
            }
            (false, ..) => out.refuse(path, &place(number), RefusalReason::Malformed, "not a CVE identifier"),
            _ => out.refuse(path, id, RefusalReason::Malformed, "not a number from 0 to 1"),
        }
    }
}

/// The day in the remark. Its time comes with and without a colon in the offset, and says nothing.
fn score_date(line: &str) -> Option<Timestamp> {
    let (_, date) = line.split_once("score_date:")?;
    text::date(date.get(..10))
}

/// A probability in hundred-thousandths.
fn hundred_thousandths(text: &str) -> Option<u32> {
    let value: f64 = text.trim().parse().ok()?;
    // In range, so that the conversion is exact.
    (0.0..=1.0).contains(&value).then(|| (value * 100_000.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, value) in [
            ("0.94432", Some(94_432)),
            ("0.00042", Some(42)),
            ("9e-05", Some(9)),
            ("1.0", Some(100_000)),
            ("0", Some(0)),
            ("1.1", None),
            ("-0.1", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(hundred_thousandths(text), value, "{text}");
        }
    }

    #[test]
    fn dates() {
        for line in [
            "#model_version:v2023.03.01,score_date:2024-01-01T00:00:00+0000",
            "#model_version:v2025.03.14,score_date:2024-01-01T12:55:00Z",
        ] {
            assert_eq!(score_date(line).unwrap().to_string(), "2024-01-01T00:00:00Z");
        }
        assert_eq!(score_date("#model_version:v1"), None);
    }
}
