//! Composer: `composer/semver` normalises a version, PHP's `version_compare` orders the result.
//!
//! A branch (`dev-main`) is before every number, and two branches have no order unless they are
//! the same one: then the comparison is refused.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Composer packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Composer;

/// The scheme as a value to refer to.
pub static COMPOSER: Composer = Composer;

/// What `version_compare` makes of words, in its order. A number, and with it the end of a
/// version, stands between a release candidate and a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// A word that `version_compare` does not know.
    Unknown,
    Dev,
    Alpha,
    Beta,
    Candidate,
    Number,
    Patch,
}

const STABILITIES: [(&str, Option<Form>); 9] = [
    ("stable", None),
    ("alpha", Some(Form::Alpha)),
    ("beta", Some(Form::Beta)),
    ("patch", Some(Form::Patch)),
    ("rc", Some(Form::Candidate)),
    ("pl", Some(Form::Patch)),
    ("a", Some(Form::Alpha)),
    ("b", Some(Form::Beta)),
    ("p", Some(Form::Patch)),
];

/// What Composer puts in place of the `x` of a branch such as `2.x-dev`.
const WILDCARD: &str = "9999999";

#[derive(Debug)]
struct Numbered<'a> {
    /// Digits with anything else between, at least one run.
    numbers: &'a str,
    /// What stands for each number missing up to four, if the version is not a date.
    filler: Option<&'static str>,
    /// The stability, and the digits behind it with dots or hyphens between.
    stability: Option<(Form, &'a str)>,
    is_dev: bool,
}

#[derive(Debug)]
enum Parsed<'a> {
    Branch(&'a str),
    Numbered(Numbered<'a>),
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
}

fn strip_suffix_ignoring_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    if text.get(at..)?.eq_ignore_ascii_case(suffix) { text.get(..at) } else { None }
}

/// Cuts off what normalisation cuts off first: an alias, a stability flag and build metadata.
fn strip(version: &str) -> &str {
    let mut text = version.trim_matches([' ', '\t', '\n', '\r', '\0', '\u{b}']);
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c == ',' || c.is_ascii_whitespace());
    if let Some((name, alias)) = text.split_once(' ')
        && let Some(alias) = alias.trim_start_matches(' ').strip_prefix("as ")
        && plain(name)
        && plain(alias.trim_start_matches(' '))
    {
        text = name;
    }
    for flag in ["@stable", "@RC", "@beta", "@alpha", "@dev"] {
        if let Some(rest) = strip_suffix_ignoring_case(text, flag) {
            text = rest;
            break;
        }
    }
    text
}

fn strip_build(text: &str) -> &str {
    match text.split_once('+') {
        Some((version, build))
            if !version.is_empty()
                && !version.contains(|c: char| c == ',' || c.is_ascii_whitespace())
                && !build.is_empty()
                && !build.contains(|c: char| c.is_ascii_whitespace()) =>
        {
            version
        }
        _ => text,
    }
}

/// The stability that a version ends with, and the digits behind that.
type Modifier<'a> = (Option<(Form, &'a str)>, bool);

/// Reads `[._-]?(stability([.-]?digits)*)?([.-]?dev)?` up to the end.
fn modifier(text: &str) -> Option<Modifier<'_>> {
    let is_joint = |c: char| c == '.' || c == '-';
    let rest = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    // The separator is optional: in "-dev" it may belong to the stability or to "dev".
    let dev_or_end = |rest: &str| {
        let dev = rest.strip_prefix(is_joint).unwrap_or(rest);
        if rest.is_empty() {
            Some(false)
        } else if dev.eq_ignore_ascii_case("dev") {
            Some(true)
        } else {
            None
        }
    };
    for (name, form) in STABILITIES {
        let Some(after) = strip_prefix_ignoring_case(rest, name) else { continue };
        let mut length = 0;
        while let Some(more) = after.get(length..) {
            let digits_at = more.strip_prefix(is_joint).unwrap_or(more);
            match digits::leading(digits_at.as_bytes()) {
                0 => break,
                run => length += more.len() - digits_at.len() + run,
            }
        }
        let (numbers, left) = after.split_at_checked(length)?;
        if let Some(is_dev) = dev_or_end(left) {
            // Composer looks for "stable" in lower case only; otherwise the word stays, and means nothing.
            let form = form.or_else(|| (!rest.starts_with(name)).then_some(Form::Unknown));
            // Behind "stable" Composer drops everything, a "-dev" too.
            return Some(form.map_or((None, false), |form| (Some((form, numbers)), is_dev)));
        }
    }
    dev_or_end(rest).or_else(|| dev_or_end(text)).map(|is_dev| (None, is_dev))
}

/// Reads a version of up to four numbers, the first of at most five digits.
fn classical(text: &str) -> Option<Numbered<'_>> {
    let bytes = text.as_bytes();
    let mut length = digits::leading(bytes);
    if length == 0 || length > 5 {
        return None;
    }
    for _ in 0..3 {
        match bytes.get(length..).and_then(|rest| rest.split_first()) {
            Some((b'.', after)) if digits::leading(after) > 0 => length += 1 + digits::leading(after),
            _ => break,
        }
    }
    let (numbers, rest) = text.split_at_checked(length)?;
    let (stability, is_dev) = modifier(rest)?;
    Some(Numbered { numbers, filler: Some("0"), stability, is_dev })
}

/// Reads a date: `\d{4}([.:-]?\d{2}){1,6}([.:-]?\d{1,3}){0,2}`.
fn date(text: &str) -> Option<Numbered<'_>> {
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'-');
    let reach = bytes.iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len());
    let end = bytes.get(..reach)?.iter().rposition(u8::is_ascii_digit)? + 1;
    if digits::leading(bytes) < 4 {
        return None;
    }
    let group = |at: usize, width: usize| {
        let at = if matches!(bytes.get(at), Some(b'.' | b':' | b'-')) { at + 1 } else { at };
        let run = bytes.get(at..at + width)?;
        if at + width <= end && run.iter().all(u8::is_ascii_digit) { Some(at + width) } else { None }
    };
    // Up to two groups of one to three digits may follow the pairs.
    let is_end = |at: usize| {
        let further = |at: usize| (1..=3).filter_map(move |width| group(at, width));
        at == end || further(at).any(|second| second == end || further(second).any(|third| third == end))
    };
    let pairs = std::iter::successors(group(4, 2), |at| group(*at, 2)).take(6);
    let is_date = pairs.into_iter().any(is_end);
    if !is_date {
        return None;
    }
    let (numbers, rest) = text.split_at_checked(end)?;
    let (stability, is_dev) = modifier(rest)?;
    Some(Numbered { numbers, filler: None, stability, is_dev })
}

/// Reads a numeric branch such as `2.1.x-dev`: up to four numbers or wildcards.
fn numeric_branch(text: &str) -> Option<Numbered<'_>> {
    let name = strip_suffix_ignoring_case(text, "dev")?;
    let name = name.strip_suffix(['.', '-']).unwrap_or(name).trim();
    let numbers = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let mut parts = numbers.split('.');
    let first_is_number = parts.next().is_some_and(|part| digits::all(part.as_bytes()));
    let is_part = |part: &str| digits::all(part.as_bytes()) || matches!(part, "x" | "X" | "*");
    if first_is_number && numbers.split('.').count() <= 4 && parts.all(is_part) {
        Some(Numbered { numbers, filler: Some(WILDCARD), stability: None, is_dev: true })
    } else {
        None
    }
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = strip(version);
    if matches!(text, "master" | "trunk" | "default") {
        return Ok(Parsed::Branch(text));
    }
    if let Some(branch) = strip_prefix_ignoring_case(text, "dev-") {
        return Ok(Parsed::Branch(branch));
    }
    let text = strip_build(text);
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    classical(bare)
        .or_else(|| date(bare))
        .or_else(|| numeric_branch(text))
        .map(Parsed::Numbered)
        .ok_or("neither a version nor a branch")
}

/// A piece of a normalised version.
#[derive(Debug, Clone, Copy)]
enum Piece<'a> {
    Number(&'a str),
    Word(Form),
}

impl Piece<'_> {
    fn form(&self) -> Form {
        match self {
            Piece::Number(_) => Form::Number,
            Piece::Word(form) => *form,
        }
    }
}

fn pieces<'a>(version: &Numbered<'a>) -> impl Iterator<Item = Piece<'a>> + use<'a> {
    let runs = |text: &'a str| text.split(['.', ':', '-']).filter(|run| !run.is_empty());
    let number = |run: &'a str| Piece::Number(if matches!(run, "x" | "X" | "*") { WILDCARD } else { run });
    let missing = match version.filler {
        Some(_) => 4_usize.saturating_sub(runs(version.numbers).count()),
        None => 0,
    };
    let filler = version.filler.unwrap_or_default();
    let (stability, behind) = match version.stability {
        Some((form, behind)) => (Some(Piece::Word(form)), behind),
        None => (None, ""),
    };
    runs(version.numbers)
        .map(number)
        .chain(std::iter::repeat_n(Piece::Number(filler), missing))
        .chain(stability)
        .chain(runs(behind).map(Piece::Number))
        .chain(version.is_dev.then_some(Piece::Word(Form::Dev)))
}

fn compare_numbered(a: &Numbered<'_>, b: &Numbered<'_>) -> Ordering {
    let (mut a, mut b) = (pieces(a), pieces(b));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(Piece::Number(x)), Some(Piece::Number(y))) => digits::compare(x.as_bytes(), y.as_bytes()),
            (Some(x), Some(y)) => x.form().cmp(&y.form()),
            // What follows a version makes it later if it is a number, else as the word says.
            (Some(Piece::Number(_)), None) => Ordering::Greater,
            (None, Some(Piece::Number(_))) => Ordering::Less,
            (Some(x), None) => x.form().cmp(&Form::Number),
            (None, Some(y)) => Form::Number.cmp(&y.form()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl VersionScheme for Composer {
    fn id(&self) -> &'static str {
        "composer"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        match (&x, &y) {
            (Parsed::Numbered(x), Parsed::Numbered(y)) => Ok(compare_numbered(x, y)),
            (Parsed::Branch(_), Parsed::Numbered(_)) => Ok(Ordering::Less),
            (Parsed::Numbered(_), Parsed::Branch(_)) => Ok(Ordering::Greater),
            (Parsed::Branch(x), Parsed::Branch(y)) if x == y => Ok(Ordering::Equal),
            (Parsed::Branch(_), Parsed::Branch(_)) => {
                Err(VersionError::new(self, a, "two different branches have no order"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_branches_have_no_order() {
        assert!(COMPOSER.compare("dev-main", "dev-next").is_err());
        assert_eq!(COMPOSER.compare("dev-main", "DEV-main"), Ok(Ordering::Equal));
        assert_eq!(COMPOSER.compare("master", "dev-master"), Ok(Ordering::Equal));
        assert_eq!(COMPOSER.compare("dev-main", "0.0.1-dev"), Ok(Ordering::Less));
    }

    #[test]
    fn stable_in_capitals_is_an_unknown_word() {
        // normalize("1.0-STABLE") is 1.0.0.0-stable, and version_compare puts that before 1.0.0.0-dev.
        assert_eq!(COMPOSER.compare("1.0-stable", "1.0"), Ok(Ordering::Equal));
        assert_eq!(COMPOSER.compare("1.0-STABLE", "1.0-dev"), Ok(Ordering::Less));
    }

    #[test]
    fn refuses_what_the_version_parser_refuses() {
        // VersionParser::normalize throws on each.
        for version in [
            "a",
            "1.0.0-meh",
            "1.0.0.0.0",
            "feature-foo",
            "1.0 .2",
            "1.x",
            "1.0.0+foo bar",
            "v",
            "1.0.0 as 2.0 as 3",
            "1.0-dev1",
            "2010-1",
            "10000000000000000000000",
        ] {
            assert!(COMPOSER.compare(version, "1").is_err(), "{version}");
        }
    }
}
