//! Comparing names of the Common Platform Enumeration (NISTIR 7695 and 7696): the URI binding of CPE 2.2 and the
//! formatted string of CPE 2.3.

/// Part, vendor, product, version and update; `None` for any.
type Name = [Option<String>; 5];

fn parse(text: &str) -> Option<Name> {
    let rest = if let Some(rest) = strip(text, "cpe:2.3:") { rest } else { strip(text, "cpe:/")? };
    let mut name: Name = Default::default();
    for (slot, value) in name.iter_mut().zip(split(rest)) {
        let plain = value.replace('\\', "").replace("%2b", "+").replace("%21", "!").to_ascii_lowercase();
        *slot = Some(plain).filter(|value| !matches!(value.as_str(), "" | "*" | "-"));
    }
    // A name of everything says nothing.
    (name[1].is_some() || name[2].is_some()).then_some(name)
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Splits at colons that are not escaped.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut escaped) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            ':' if !escaped => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(part);
    parts
}

/// True when the name `wanted` is the name `known` or takes it in. A version that `wanted` gives must be the same; a
/// release of a distribution such as 8 takes in 8.4.
pub(super) fn covers(wanted: &str, known: &str) -> bool {
    let (Some(wanted), Some(known)) = (parse(wanted), parse(known)) else { return false };
    wanted.iter().zip(&known).enumerate().all(|(place, pair)| match pair {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(known)) => {
            wanted == known
                || (place == 3
                    && known.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.')))
        }
    })
}
