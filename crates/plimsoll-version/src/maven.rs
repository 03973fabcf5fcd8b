//! Maven: `org.apache.maven.artifact.versioning.ComparableVersion` of Maven 4.
//!
//! A version is a list of numbers, words and combinations of both (`rc1`), whose last member may
//! be a list again. As only the last member can be one, the whole tree is kept as a flat
//! sequence in which [`Item::List`] opens the inner list: nothing recurses, however deep it is.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Maven artifacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maven;

/// The scheme as a value to refer to.
pub static MAVEN: Maven = Maven;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item<'a> {
    /// A run of digits; empty for the zero that Maven reads between two separators.
    Number(&'a [u8]),
    /// A qualifier.
    Word(Qualifier<'a>),
    /// A qualifier with a number: `rc1`, and `rc-1` too.
    Combination(Qualifier<'a>, &'a [u8]),
    /// The rest of the sequence is an inner list.
    List,
}

/// A qualifier, by its place in Maven's order; the derived order is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Qualifier<'a> {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    ServicePack,
    Unknown(&'a [u8]),
}

impl<'a> Qualifier<'a> {
    fn new(word: &'a [u8], before_digit: bool) -> Qualifier<'a> {
        match word {
            b"a" if before_digit => Qualifier::Alpha,
            b"b" if before_digit => Qualifier::Beta,
            b"m" if before_digit => Qualifier::Milestone,
            b"alpha" => Qualifier::Alpha,
            b"beta" => Qualifier::Beta,
            b"milestone" => Qualifier::Milestone,
            b"rc" | b"cr" => Qualifier::Candidate,
            b"snapshot" => Qualifier::Snapshot,
            b"" | b"ga" | b"final" | b"release" => Qualifier::Release,
            b"sp" => Qualifier::ServicePack,
            _ => Qualifier::Unknown(word),
        }
    }
}

impl Item<'_> {
    /// Whether it is dropped at the end of a list. `ga` and `final` are not: they only compare
    /// like nothing.
    fn is_null(&self) -> bool {
        matches!(self, Item::Number(run) if digits::is_zero(run))
    }

    fn compare_to_nothing(&self) -> Ordering {
        let number = |run: &[u8]| if digits::is_zero(run) { Ordering::Equal } else { Ordering::Greater };
        match self {
            Item::Number(run) => number(run),
            Item::Word(word) => word.cmp(&Qualifier::Release),
            Item::Combination(word, run) => word.cmp(&Qualifier::Release).then_with(|| number(run)),
            // What counts are the members, which follow in the sequence.
            Item::List => Ordering::Equal,
        }
    }

    /// Orders two members of which none is a list.
    fn compare(&self, other: &Item<'_>) -> Ordering {
        match (self, other) {
            (Item::Number(a), Item::Number(b)) => digits::compare(a, b),
            (Item::Number(_), _) => Ordering::Greater,
            (_, Item::Number(_)) => Ordering::Less,
            (Item::Word(a), Item::Word(b)) => a.cmp(b),
            (Item::Combination(a, run_a), Item::Combination(b, run_b)) => {
                a.cmp(b).then_with(|| digits::compare(run_a, run_b))
            }
            (Item::Word(a), Item::Combination(b, run)) => a.cmp(b).then_with(|| word_to_combination(*a, run)),
            (Item::Combination(a, run), Item::Word(b)) => {
                a.cmp(b).then_with(|| word_to_combination(*b, run).reverse())
            }
            (Item::List, _) | (_, Item::List) => Ordering::Equal,
        }
    }
}

/// Orders a word against the combination of the same word with a number: `x < x1`, but `ga = ga0`.
fn word_to_combination(word: Qualifier<'_>, number: &[u8]) -> Ordering {
    if word == Qualifier::Release && digits::is_zero(number) { Ordering::Equal } else { Ordering::Less }
}

/// Reads a token as a member. In `rc-1` the hyphen joins, and a token holds no other hyphen.
fn item(token: &[u8], is_digit: bool, is_combination: bool) -> Item<'_> {
    if is_combination {
        let at = token.iter().position(u8::is_ascii_digit).unwrap_or(token.len());
        let (word, number) = token.split_at(at);
        Item::Combination(Qualifier::new(word.strip_suffix(b"-").unwrap_or(word), true), number)
    } else if is_digit {
        Item::Number(token)
    } else {
        Item::Word(Qualifier::new(token, false))
    }
}

/// The members in the order in which they are written, lists not yet normalised.
fn members(version: &[u8]) -> Vec<Item<'_>> {
    let mut items = Vec::with_capacity(8);
    let mut start = 0;
    let (mut is_digit, mut is_combination) = (false, false);
    // Whether the innermost list has a member: an inner list is opened only then.
    let is_empty = |items: &Vec<Item<'_>>| matches!(items.last(), None | Some(Item::List));
    let token = |from: usize, to: usize| version.get(from..to).unwrap_or_default();
    for (at, byte) in version.iter().enumerate() {
        match byte {
            b'.' => {
                items.push(item(token(start, at), is_digit || at == start, is_combination));
                is_combination = false;
                start = at + 1;
            }
            b'-' => {
                let joins = at != start && !is_digit && version.get(at + 1).is_some_and(u8::is_ascii_digit);
                if joins {
                    is_combination = true;
                    continue;
                }
                items.push(item(token(start, at), is_digit || at == start, is_combination));
                items.push(Item::List);
                is_combination = false;
                start = at + 1;
            }
            b'0'..=b'9' => {
                if !is_digit && at > start {
                    is_combination = true;
                    if !is_empty(&items) {
                        items.push(Item::List);
                    }
                }
                is_digit = true;
            }
            _ => {
                if is_digit && at > start {
                    items.push(item(token(start, at), true, is_combination));
                    items.push(Item::List);
                    start = at;
                    is_combination = false;
                }
                is_digit = false;
            }
        }
    }
    if version.len() > start {
        if !is_digit && !is_empty(&items) {
            items.push(Item::List);
        }
        items.push(item(token(start, version.len()), is_digit, is_combination));
    }
    items
}

/// Drops the zeros that mean nothing (those at the end of a list or before a qualifier), empty
/// lists, and the nesting of a list that holds only a list.
fn normalize<'a>(items: &[Item<'a>]) -> Vec<Item<'a>> {
    // Built from the end: the innermost list is normalised first.
    let mut kept: Vec<Item<'a>> = Vec::with_capacity(items.len());
    let unwrap = |kept: &mut Vec<Item<'a>>| {
        if kept.last() == Some(&Item::List) {
            kept.pop();
        }
    };
    for item in items.iter().rev() {
        if *item == Item::List {
            unwrap(&mut kept);
            if !kept.is_empty() {
                kept.push(Item::List);
            }
            continue;
        }
        let is_dropped = item.is_null()
            && match kept.as_slice() {
                [] | [.., Item::Word(_)] => true,
                [.., next, Item::List] => matches!(next, Item::Word(_) | Item::Combination(..)),
                _ => false,
            };
        if !is_dropped {
            kept.push(*item);
        }
    }
    unwrap(&mut kept);
    kept.reverse();
    kept
}

fn parse(version: &str) -> Result<Vec<Item<'_>>, &'static str> {
    if version.is_empty() { Err("it is empty") } else { Ok(normalize(&members(version.as_bytes()))) }
}

/// Orders what is left of one version against the end of the other.
fn compare_rest_to_nothing(rest: &[Item<'_>]) -> Ordering {
    rest.iter().map(Item::compare_to_nothing).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Orders an inner list against a member that is none; both stand at the same place.
///
/// `list` starts with the first member of the list and `other` with the member.
fn compare_list_to_member(list: &[Item<'_>], other: &[Item<'_>]) -> Ordering {
    let Some((member, after_member)) = other.split_first() else {
        return compare_rest_to_nothing(list);
    };
    if matches!(member, Item::Number(_)) {
        return Ordering::Less;
    }
    let (first, after_first) = match list.split_first() {
        Some((first, rest)) => (first.compare(member), rest),
        None => (member.compare_to_nothing().reverse(), list),
    };
    first
        .then_with(|| compare_rest_to_nothing(after_first))
        .then_with(|| compare_rest_to_nothing(after_member).reverse())
}

fn compare_items(mut a: &[Item<'_>], mut b: &[Item<'_>]) -> Ordering {
    loop {
        match (a.split_first(), b.split_first()) {
            (None, _) => return compare_rest_to_nothing(b).reverse(),
            (_, None) => return compare_rest_to_nothing(a),
            (Some((Item::List, rest_a)), Some((Item::List, rest_b))) => (a, b) = (rest_a, rest_b),
            (Some((Item::List, list)), Some(_)) => return compare_list_to_member(list, b),
            (Some(_), Some((Item::List, list))) => return compare_list_to_member(list, a).reverse(),
            (Some((x, rest_a)), Some((y, rest_b))) => {
                let order = x.compare(y);
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (rest_a, rest_b);
            }
        }
    }
}

fn lowercase(version: &str) -> Cow<'_, str> {
    let version = version.trim();
    if version.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(version)
    } else {
        Cow::Owned(version.to_lowercase())
    }
}

impl VersionScheme for Maven {
    fn id(&self) -> &'static str {
        "maven"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let (lower_a, lower_b) = (lowercase(a), lowercase(b));
        let x = parse(&lower_a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(&lower_b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(compare_items(&x, &y))
    }
}
