//! `.trivyignore`: one identifier of any kind a line, with `exp:YYYY-MM-DD` behind it where it ends, and comments.
//! (Trivy documentation, "Filtering: By Finding IDs".)

use super::{Criterion, Waiver, expiry, place, text_of};
use crate::PolicyError;

pub(super) fn read(origin: &str, bytes: &[u8]) -> Result<Vec<Waiver>, PolicyError> {
    let mut waivers = Vec::new();
    // Comments right above an entry say why it is there.
    let mut comment = String::new();
    for (line, number) in text_of(origin, bytes)?.lines().zip(1u64..) {
        let line = line.trim();
        if line.is_empty() {
            comment.clear();
            continue;
        }
        if let Some(text) = line.strip_prefix('#') {
            if !comment.is_empty() {
                comment.push(' ');
            }
            comment.push_str(text.trim());
            continue;
        }
        let (entry, behind) = match line.find(" #").or_else(|| line.find("\t#")) {
            Some(at) => (&line[..at], line[at..].trim_start().trim_start_matches('#').trim()),
            None => (line, ""),
        };
        let mut words = entry.split_whitespace();
        let Some(id) = words.next() else { continue };
        let mut expires = None;
        for date in words.filter_map(|word| word.strip_prefix("exp:")) {
            expires = Some(expiry(origin, number, date)?);
        }
        waivers.push(Waiver {
            criteria: vec![Criterion::Id(vec![id.to_owned()])],
            reason: if behind.is_empty() { comment.clone() } else { behind.to_owned() },
            expires,
            origin: place(origin, number),
            title: id.to_owned(),
        });
        comment.clear();
    }
    Ok(waivers)
}
