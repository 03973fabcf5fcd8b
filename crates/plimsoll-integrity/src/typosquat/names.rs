//! Names that look like the name of a popular package: one slip of the keys away (Damerau-Levenshtein distance 1), other
//! separators, other order of the words, letters that look alike, `.js` put behind, another namespace.
//!
//! All popular names of an ecosystem are held in one table by hashes of their forms and of what is left when one letter is deleted
//! (the deletion neighbourhood), so that a name is looked up with as many hashes as it has letters.

use std::borrow::Cow;

/// How names are compared in an ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum World {
    /// Names as they are; `@scope/name`, and a suffix `.js` is a habit.
    Npm,
    /// PEP 503: case does not count, and runs of `-`, `_` and `.` are one.
    Python,
    /// `-` and `_` are one.
    Crates,
    /// Names as they are.
    Gems,
    /// `group:artifact`, where groups are given to who owns the domain.
    Maven,
}

/// In what way a name is like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Likeness {
    /// One letter more, less, other or swapped with its neighbour.
    Edit,
    /// Separators added, removed or changed.
    Separators,
    /// The same words in another order.
    Order,
    /// Letters that look alike.
    Glyphs,
    /// `.js` behind it.
    Suffix,
    /// A scope or group that is like the popular one.
    Namespace,
}

impl Likeness {
    /// The name of the rule.
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Likeness::Edit => "one-letter",
            Likeness::Separators => "separators",
            Likeness::Order => "word-order",
            Likeness::Glyphs => "look-alike-letters",
            Likeness::Suffix => "suffix",
            Likeness::Namespace => "namespace",
        }
    }

    /// How the name differs, to follow `the name differs from that of the popular package 'x'`.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Likeness::Edit => "by one letter",
            Likeness::Separators => "by its separators only",
            Likeness::Order => "by the order of its words only",
            Likeness::Glyphs => "by letters that look alike only",
            Likeness::Suffix => "by the suffix 'js' only",
            Likeness::Namespace => "by its scope or group only",
        }
    }
}

/// Names shorter than this are near too many others.
const SHORTEST: usize = 5;
/// No registry takes longer names; Maven's groups are the longest.
const LONGEST: usize = 214;
/// A scope counts as popular with as many popular packages.
const POPULAR_SCOPE: usize = 3;

/// The popular names of one ecosystem.
pub(crate) struct Names {
    world: World,
    /// In the registry's normal form, sorted.
    names: Vec<&'static str>,
    /// Names that are near a popular one and known to be what they say, sorted.
    fine: Vec<&'static str>,
    /// npm: popular scopes with `@`, sorted. Maven: popular groups, sorted.
    spaces: Vec<&'static str>,
    table: Table,
}

impl Names {
    /// From the text of a list (one name a line, sorted by bytes, `#` before remarks) and of the list of names known to be fine
    /// (`ecosystem name` a line) of which those of `id` count.
    pub(crate) fn new(world: World, list: &'static str, fine: &'static str, id: &str) -> Names {
        let names: Vec<&'static str> = entries(list).collect();
        let mut fine: Vec<&'static str> = entries(fine)
            .filter_map(|line| line.split_once(' '))
            .filter(|(of, _)| *of == id)
            .map(|(_, name)| name)
            .collect();
        fine.sort_unstable();
        let mut spaces: Vec<&'static str> = Vec::new();
        let mut run = 0;
        for (number, name) in names.iter().enumerate() {
            let Some(space) = namespace(world, name) else { continue };
            let same = number > 0 && namespace(world, names[number - 1]) == Some(space);
            run = if same { run + 1 } else { 1 };
            if run == if world == World::Npm { POPULAR_SCOPE } else { 1 } {
                spaces.push(space);
            }
        }
        spaces.sort_unstable();
        spaces.dedup();
        let mut table =
            Table::with_room(names.iter().map(|name| name.len() + 3).sum::<usize>() + spaces.len() * 24);
        for (number, name) in names.iter().enumerate() {
            let Ok(number) = u16::try_from(number) else { break };
            table.add(SKELETON ^ hash(skeleton(name).as_bytes()), number);
            if let Some(words) = sorted_words(name) {
                table.add(ORDER ^ hash(words.as_bytes()), number);
            }
            if namespace(world, name).is_none() {
                near(normal(world, name).as_bytes(), |key| table.add(EDIT ^ key, number));
            }
        }
        for (number, space) in spaces.iter().enumerate() {
            let Ok(number) = u16::try_from(number) else { break };
            near(space.as_bytes(), |key| table.add(SPACE ^ key, number));
        }
        Names { world, names, fine, spaces, table }
    }

    /// The popular package for which `name` could be taken, and why; `None` for names that are popular themselves, known to be
    /// fine, or like nothing.
    pub(crate) fn resembles(&self, name: &str) -> Option<(&'static str, Likeness)> {
        if name.len() < SHORTEST || name.len() > LONGEST {
            return None;
        }
        let normal = normal(self.world, name);
        if self.is_known(&normal) || self.is_known(name) {
            return None;
        }
        match namespace(self.world, &normal) {
            Some(space) => self.by_namespace(space, &normal),
            None => self
                .by_skeleton(name, &normal)
                .or_else(|| self.by_order(&normal))
                .or_else(|| self.by_suffix(&normal))
                .or_else(|| self.by_edit(&normal)),
        }
    }

    fn is_known(&self, name: &str) -> bool {
        self.names.binary_search(&name).is_ok() || self.fine.binary_search(&name).is_ok()
    }

    fn by_skeleton(&self, name: &str, normal: &str) -> Option<(&'static str, Likeness)> {
        let form = skeleton(name);
        if form.len() < SHORTEST {
            return None;
        }
        let target = self.found(SKELETON ^ hash(form.as_bytes()), |target| skeleton(target) == form)?;
        let same_letters = squeezed(normal) == squeezed(target);
        Some((target, if same_letters { Likeness::Separators } else { Likeness::Glyphs }))
    }

    fn by_order(&self, normal: &str) -> Option<(&'static str, Likeness)> {
        let words = sorted_words(normal)?;
        let target = self.found(ORDER ^ hash(words.as_bytes()), |target| {
            sorted_words(target).as_deref() == Some(&words)
        })?;
        Some((target, Likeness::Order))
    }

    fn by_suffix(&self, normal: &str) -> Option<(&'static str, Likeness)> {
        if self.world != World::Npm {
            return None;
        }
        let bare = normal.strip_suffix(".js").or_else(|| normal.strip_suffix("-js"))?;
        self.names.binary_search(&bare).ok().map(|number| (self.names[number], Likeness::Suffix))
    }

    fn by_edit(&self, normal: &str) -> Option<(&'static str, Likeness)> {
        let mut best = None;
        near(normal.as_bytes(), |key| {
            if best.is_none() {
                best = self.found(EDIT ^ key, |target| {
                    target.len() >= SHORTEST && telling_edit(normal, &self::normal(self.world, target))
                });
            }
        });
        best.map(|target| (target, Likeness::Edit))
    }

    /// Whoever has a popular scope or group owns all names in it, so only the scope or group is looked at.
    fn by_namespace(&self, space: &str, normal: &str) -> Option<(&'static str, Likeness)> {
        let known = self.spaces.binary_search(&space).is_ok() || self.fine.binary_search(&space).is_ok();
        if known || space.len() <= SHORTEST {
            return None;
        }
        let rest = normal.get(space.len()..)?;
        if self.world == World::Maven {
            // The same package under another top-level domain: the attacker owns that one.
            const ENDS: [&str; 6] = ["com.", "org.", "net.", "io.", "dev.", "ai."];
            let bare = ENDS.iter().find_map(|end| space.strip_prefix(end))?;
            let twin = ENDS.iter().find_map(|end| {
                self.names
                    .binary_search(&format!("{end}{bare}{rest}").as_str())
                    .ok()
                    .map(|number| self.names[number])
            });
            if let Some(twin) = twin {
                return Some((twin, Likeness::Namespace));
            }
        }
        let mut best = None;
        near(space.as_bytes(), |key| {
            let twins = self.table.get(SPACE ^ key).filter_map(|number| self.spaces.get(usize::from(number)));
            for twin in twins {
                if best.is_none() && twin.len() > SHORTEST && telling_edit(space, twin) {
                    // The very package where it is popular, else the scope's first.
                    let same = format!("{twin}{rest}");
                    best = match self.names.binary_search(&same.as_str()) {
                        Ok(number) => self.names.get(number).copied(),
                        Err(_) if self.world == World::Maven => None,
                        Err(_) => Some(*twin),
                    };
                }
            }
        });
        best.map(|target| (target, Likeness::Namespace))
    }

    /// The popular name under a key that `is` the one; of several the shortest, which has no scope.
    fn found(&self, key: u64, is: impl Fn(&str) -> bool) -> Option<&'static str> {
        let names = self.table.get(key).filter_map(|number| self.names.get(usize::from(number)).copied());
        names.filter(|name| is(name)).min_by_key(|name| name.len())
    }

    #[cfg(test)]
    pub(crate) fn all(&self) -> &[&'static str] {
        &self.names
    }
}

/// The lines of a list without remarks.
pub(crate) fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The scope with `@`, or the group.
fn namespace(world: World, name: &str) -> Option<&str> {
    match world {
        World::Npm if name.starts_with('@') => name.split_once('/').map(|(scope, _)| scope),
        World::Maven => name.split_once(':').map(|(group, _)| group),
        _ => None,
    }
}

/// The form in which the registry takes two names for one.
fn normal(world: World, name: &str) -> Cow<'_, str> {
    match world {
        World::Python => Cow::Owned(plimsoll_types::python_name(name)),
        World::Crates if name.contains('_') => Cow::Owned(name.replace('_', "-")),
        _ => Cow::Borrowed(name),
    }
}

/// Lower case, without separators.
fn squeezed(name: &str) -> String {
    name.chars().filter(|c| !is_separator(*c)).flat_map(char::to_lowercase).collect()
}

const fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '@' | '/' | ' ')
}

/// The name as the eye takes it: without separators, and each letter that looks like another as that one (after Unicode TR39,
/// whose table is far larger: these are the ones that look like what stands in package names).
fn skeleton(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        let plain = match c {
            _ if is_separator(c)
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}') =>
            {
                continue;
            }
            '0' | 'о' | 'О' | 'ο' | 'Ο' | 'օ' => 'o',
            '1' | 'I' | '|' | 'ӏ' | 'Ӏ' | 'ⅼ' => 'l',
            'а' | 'А' | 'α' | 'Α' | 'ɑ' => 'a',
            'е' | 'Е' | 'Ε' | 'ҽ' => 'e',
            'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
            'с' | 'С' | 'ϲ' => 'c',
            'х' | 'Х' | 'χ' | 'Χ' => 'x',
            'у' | 'У' | 'γ' | 'Υ' => 'y',
            'і' | 'І' | 'ι' | 'ı' | 'Ι' => 'i',
            'ѕ' | 'Ѕ' => 's',
            'ј' | 'Ј' => 'j',
            'ԁ' => 'd',
            'һ' | 'Н' | 'Η' => 'h',
            'к' | 'К' | 'κ' | 'Κ' => 'k',
            'м' | 'М' | 'Μ' => 'm',
            'п' | 'ո' => 'n',
            'т' | 'Т' | 'τ' | 'Τ' => 't',
            'υ' | 'ս' => 'u',
            'ν' | 'ѵ' => 'v',
            'ѡ' | 'ԝ' | 'ω' => 'w',
            'В' | 'Β' => 'b',
            'ɡ' | 'ց' => 'g',
            // Full-width forms.
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c).to_ascii_lowercase(),
            _ => c.to_ascii_lowercase(),
        };
        match (plain, out.chars().next_back()) {
            ('n', Some('r')) => {
                out.pop();
                out.push('m');
            }
            ('v', Some('v')) => {
                out.pop();
                out.push('w');
            }
            _ => out.push(plain),
        }
    }
    out
}

/// The words of a name, sorted; `None` when it has one only. `python3` is the word `python`.
fn sorted_words(name: &str) -> Option<String> {
    let mut words: Vec<&str> = name
        .split(['-', '_', '.', '/', '@'])
        .filter(|word| !word.is_empty())
        .map(|word| if matches!(word, "python2" | "python3") { "python" } else { word })
        .collect();
    (words.len() > 1).then(|| {
        words.sort_unstable();
        words.join("-").to_lowercase()
    })
}

/// Whether `name` is `target` with one slip, of the kind that is taken for a mistake of the keys and not for another word.
pub(super) fn telling_edit(name: &str, target: &str) -> bool {
    let (a, b) = (name.as_bytes(), target.as_bytes());
    if !name.is_ascii() || !target.is_ascii() || a == b || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let room = a.len().min(b.len()) - head;
    let tail = a.iter().rev().zip(b.iter().rev()).take(room).take_while(|(x, y)| x == y).count();
    let (mine, theirs) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    // Words told apart by a digit or by a short word are other words: `boto2`, `react-dnd` and `react-dom`.
    if mine.iter().chain(theirs).any(|c| c.is_ascii_digit() || !c.is_ascii_alphanumeric()) {
        return false;
    }
    let word = |text: &[u8]| {
        let separates = |c: &u8| !c.is_ascii_alphanumeric();
        let start = text[..head].iter().rposition(separates).map_or(0, |at| at + 1);
        let end = text[text.len() - tail..]
            .iter()
            .position(separates)
            .map_or(text.len(), |at| text.len() - tail + at);
        end - start
    };
    let length = word(a).min(word(b));
    if length + 1 < SHORTEST {
        return false;
    }
    match (mine, theirs) {
        // A letter more or less; at the start it makes another word (`inflight`), at the end a plural.
        ([_], []) | ([], [_]) => length >= SHORTEST && (head > 0 || length >= 8),
        ([x], [y]) => {
            head > 0
                && length > SHORTEST
                && (is_vowel(*x) && is_vowel(*y) || neighbours(*x, *y) || alike(*x, *y))
        }
        ([w, x], [y, z]) => w == z && x == y,
        _ => false,
    }
}

const fn is_vowel(c: u8) -> bool {
    matches!(c, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// Whether two letters look alike without being taken for one: in `jeilyfish` and `diango`.
const fn alike(x: u8, y: u8) -> bool {
    matches!((x, y), (b'i', b'j' | b'l') | (b'j' | b'l', b'i') | (b'u', b'v') | (b'v', b'u'))
}

/// Whether two letters lie side by side on a QWERTY keyboard.
fn neighbours(x: u8, y: u8) -> bool {
    const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let place = |c: u8| {
        ROWS.iter()
            .enumerate()
            .find_map(|(row, keys)| keys.iter().position(|key| *key == c).map(|column| (row, column)))
    };
    match (place(x), place(y)) {
        (Some((row, column)), Some((other, at))) => row == other && column.abs_diff(at) == 1,
        _ => false,
    }
}

const EDIT: u64 = 0;
const SKELETON: u64 = 0x5bd1_e995_9d1b_54a3;
const ORDER: u64 = 0x27d4_eb2f_1656_67c5;
const SPACE: u64 = 0x8ebc_6af0_9c88_c6e3;

const BASE: u64 = 0x0100_0000_01b3;

/// A polynomial hash, which can be put together from the hashes of two parts.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |so_far: u64, byte| so_far.wrapping_mul(BASE).wrapping_add(u64::from(*byte) + 1))
}

/// Calls `each` with the hash of the text and of each text with one byte less. Longer texts are no names.
fn near(text: &[u8], mut each: impl FnMut(u64)) {
    if text.len() > LONGEST {
        return;
    }
    each(hash(text));
    // From the end: `tail` is the hash of what follows, `power` shifts what stands before it.
    let (mut tail, mut power) = (0_u64, 1_u64);
    let mut heads = [0_u64; LONGEST];
    let mut head = 0_u64;
    for (byte, so_far) in text.iter().zip(&mut heads) {
        *so_far = head;
        head = head.wrapping_mul(BASE).wrapping_add(u64::from(*byte) + 1);
    }
    for (byte, head) in text.iter().zip(heads).rev() {
        each(head.wrapping_mul(power).wrapping_add(tail));
        tail = tail.wrapping_add((u64::from(*byte) + 1).wrapping_mul(power));
        power = power.wrapping_mul(BASE);
    }
}

/// The low bits of a polynomial hash are weak.
const fn mixed(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Numbers under hashes, several under one: open addressing, as it is filled once.
struct Table {
    /// 48 bits of the hash, then the number and one; 0 is free.
    slots: Vec<u64>,
    /// One bit for some hashes each, small enough for the processor's cache: most names are like nothing.
    sieve: Vec<u64>,
}

/// Bits in the sieve.
const SIEVE: usize = 1 << 20;

impl Table {
    fn with_room(entries: usize) -> Table {
        Table { slots: vec![0; (entries * 2).next_power_of_two().max(16)], sieve: vec![0; SIEVE / 64] }
    }

    fn start(&self, key: u64) -> usize {
        (mixed(key) >> 24) as usize & (self.slots.len() - 1)
    }

    /// The word and the bit in it of the sieve.
    fn sieve(key: u64) -> (usize, u64) {
        let bit = (mixed(key) >> 40) as usize % SIEVE;
        (bit / 64, 1 << (bit % 64))
    }

    fn add(&mut self, key: u64, number: u16) {
        let mark = (key << 16) | u64::from(number.saturating_add(1));
        let (word, bit) = Table::sieve(key);
        self.sieve[word] |= bit;
        let mut at = self.start(key);
        for _ in 0..self.slots.len() {
            if self.slots[at] == mark {
                return;
            }
            if self.slots[at] == 0 {
                self.slots[at] = mark;
                return;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn get(&self, key: u64) -> impl Iterator<Item = u16> + '_ {
        let (word, bit) = Table::sieve(key);
        let room = if self.sieve[word] & bit == 0 { 0 } else { self.slots.len() };
        let start = self.start(key);
        let slots = self.slots[start..].iter().chain(&self.slots[..start]);
        slots
            .take(room)
            .take_while(|slot| **slot != 0)
            .filter(move |slot| **slot >> 16 == key & 0xffff_ffff_ffff)
            .filter_map(|slot| (*slot as u16).checked_sub(1))
    }
}
