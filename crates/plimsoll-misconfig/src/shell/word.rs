//! Words of a shell script: quoting and substitutions (POSIX.1-2024, "Shell Command Language", 2.2 and 2.6).

/// A word as it is read.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// Its text without quotes; variables and substitutions as they are written.
    pub(super) text: String,
    /// True when a part of it was quoted, so that it is no keyword.
    pub(super) quoted: bool,
    /// Scripts whose output becomes part of it.
    pub(super) substitutions: Vec<Substitution>,
}

/// `$(…)`, `` `…` `` or `<(…)` in a word.
#[derive(Debug)]
pub(super) struct Substitution {
    /// The script.
    pub(super) text: String,
    /// The line on which it begins.
    pub(super) line: u32,
    /// True for `<(…)`.
    pub(super) file: bool,
    /// Where it begins in the word's text.
    pub(super) begin: usize,
}

/// Reads text from a place on. Works on bytes; all that it looks for is ASCII, so that what it cuts is UTF-8.
pub(super) struct Cursor<'a> {
    text: &'a str,
    pub(super) at: usize,
    /// The line of the place, from 0.
    pub(super) line: u32,
    /// True inside double quotes.
    is_double: bool,
    /// How many expansions the text stands in.
    depth: u32,
}

/// How deep expansions inside expansions (`${a:-${b}}`) are looked into.
const MAX_EXPANSIONS: u32 = 8;

/// The substitutions in text that is expanded but is no command: the inside of `${…}` and `$((…))`, a here-document.
pub(super) fn expansions(text: &str, line: u32, depth: u32) -> Vec<Substitution> {
    let mut found = Word::default();
    let mut cursor = Cursor { depth, ..Cursor::new(text, line) };
    while let Some(byte) = cursor.peek(0).filter(|_| depth < MAX_EXPANSIONS) {
        match byte {
            b'\\' => cursor.skip(2),
            b'$' | b'`' => cursor.dollar(&mut found),
            _ => {
                let rest = text.as_bytes().get(cursor.at + 1..).unwrap_or_default();
                let next = memchr::memchr3(b'\\', b'$', b'`', rest).unwrap_or(rest.len());
                cursor.skip(next + 1);
            }
        }
    }
    // None of them is a word of its own.
    found.substitutions.iter_mut().for_each(|substitution| substitution.begin = usize::MAX);
    found.substitutions
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, line: u32) -> Cursor<'a> {
        Cursor { text, at: 0, line, is_double: false, depth: 0 }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at.checked_add(ahead)?).copied()
    }

    /// The byte before the place.
    pub(super) fn before(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at.checked_sub(1)?).copied()
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    /// Goes on by `count` bytes, counting lines.
    pub(super) fn skip(&mut self, count: usize) {
        let end = self.at.saturating_add(count).min(self.text.len());
        let passed = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        self.line = self.line.saturating_add(memchr::memchr_iter(b'\n', passed).count() as u32);
        self.at = end;
    }

    /// The rest of the line, without its end; the place is then behind that.
    pub(super) fn rest_of_line(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        self.skip(line.len() + 1);
        line
    }

    /// Skips blanks and joined lines.
    pub(super) fn blanks(&mut self) {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t' | b'\r' | 0x0b | 0x0c), _) => self.skip(1),
                (Some(b'\\'), Some(b'\n')) => self.skip(2),
                (Some(b'\\'), Some(b'\r')) if self.peek(2) == Some(b'\n') => self.skip(3),
                _ => return,
            }
        }
    }

    fn take(&mut self, end: usize, out: &mut String) {
        out.push_str(self.text.get(self.at..end).unwrap_or_default());
        self.skip(end.saturating_sub(self.at));
    }

    /// Passes over what is behind a parenthesis, up to and with the one that closes it: `((…))`, `a=(…)`.
    pub(super) fn parenthesis(&mut self) {
        let end = close(self.text.as_bytes(), self.at, b')');
        self.skip(end.saturating_add(1).saturating_sub(self.at));
    }

    /// Reads a word; the place is at its first byte. Always goes on by one byte at least, unless an operator or the end is there.
    pub(super) fn word(&mut self) -> Word {
        let mut word = Word::default();
        loop {
            match self.peek(0) {
                None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')') => return word,
                Some(b'<' | b'>') if self.peek(1) == Some(b'(') => {
                    self.substitution(2, b')', true, &mut word)
                }
                Some(b'<' | b'>' | b'(') => return word,
                Some(b'\\') => match self.peek(1) {
                    Some(b'\n') => self.skip(2),
                    Some(_) => {
                        self.skip(1);
                        word.quoted = true;
                        self.character(&mut word.text);
                    }
                    None => self.skip(1),
                },
                Some(b'\'') => self.single(1, &mut word),
                Some(b'"') => self.double(&mut word),
                Some(b'$') if self.peek(1) == Some(b'\'') => self.single(2, &mut word),
                Some(b'$') if self.peek(1) == Some(b'"') => {
                    self.skip(1);
                    self.double(&mut word);
                }
                Some(b'$' | b'`') => self.dollar(&mut word),
                Some(_) => self.character(&mut word.text),
            }
        }
    }

    fn character(&mut self, out: &mut String) {
        if let Some(character) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            out.push(character);
            self.skip(character.len_utf8());
        } else {
            self.skip(1);
        }
    }

    /// `'…'`, whose opening has `open` bytes.
    fn single(&mut self, open: usize, word: &mut Word) {
        word.quoted = true;
        self.skip(open);
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let end = memchr::memchr(b'\'', rest).map_or(self.text.len(), |at| self.at + at);
        self.take(end, &mut word.text);
        self.skip(1);
    }

    /// `"…"`.
    fn double(&mut self, word: &mut Word) {
        word.quoted = true;
        self.skip(1);
        loop {
            match self.peek(0) {
                None => return,
                Some(b'"') => return self.skip(1),
                Some(b'\\') => match self.peek(1) {
                    Some(b'\n') => self.skip(2),
                    Some(b'"' | b'\\' | b'$' | b'`') => {
                        self.skip(1);
                        self.character(&mut word.text);
                    }
                    _ => self.character(&mut word.text),
                },
                Some(b'$' | b'`') => {
                    self.is_double = true;
                    self.dollar(word);
                    self.is_double = false;
                }
                Some(_) => self.character(&mut word.text),
            }
        }
    }

    /// What begins with a dollar sign or a backquote.
    fn dollar(&mut self, word: &mut Word) {
        if self.peek(0) == Some(b'`') {
            self.substitution(1, b'`', false, word);
        } else if self.starts_with("$((") {
            self.expansion(b')', word);
        } else if self.starts_with("$(") {
            self.substitution(2, b')', false, word);
        } else if self.starts_with("${") {
            self.expansion(b'}', word);
        } else {
            self.character(&mut word.text);
        }
    }

    /// `${…}` or `$((…))`, kept as it is written.
    fn expansion(&mut self, end: u8, word: &mut Word) {
        let (begin, line) = (word.text.len(), self.line);
        let end = close(self.text.as_bytes(), self.at + 2, end);
        self.take(end.saturating_add(1).min(self.text.len()), &mut word.text);
        let inside = word.text.get(begin + 2..).unwrap_or_default();
        word.substitutions.extend(expansions(inside, line, self.depth + 1));
    }

    fn substitution(&mut self, open: usize, end: u8, file: bool, word: &mut Word) {
        let begin = word.text.len();
        self.skip(open);
        let line = self.line;
        let is_back = end == b'`';
        let end = close(self.text.as_bytes(), self.at, end);
        let mut text = String::new();
        self.take(end, &mut text);
        self.skip(1);
        if is_back && text.contains('\\') {
            text = unescaped(&text, self.is_double);
        }
        word.text.push_str(if file { "<(" } else { "$(" });
        word.text.push_str(&text);
        word.text.push(')');
        word.substitutions.push(Substitution { text, line, file, begin });
    }
}

/// The text of backquotes without the backslashes that they need.
fn unescaped(text: &str, is_double: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = character == '\\'
            && characters
                .peek()
                .is_some_and(|next| matches!(next, '`' | '\\' | '$') || is_double && *next == '"');
        out.push(if escaped { characters.next().unwrap_or(character) } else { character });
    }
    out
}

/// Where what was opened before `at` is closed by `end`; the end of the text when it is not. Quotes and what else may hold that byte are
/// passed over, with a list of what is open instead of recursion.
fn close(text: &[u8], mut at: usize, end: u8) -> usize {
    let mut open = vec![end];
    while let (Some(&byte), Some(&innermost)) = (text.get(at), open.last()) {
        match (byte, innermost) {
            (b'\\', _) => at += 1,
            (_, b'`') if byte == b'`' => {
                open.pop();
            }
            // Backquotes hold text up to the next one.
            (_, b'`') => {}
            (b'"', b'"') | (b')', b')') | (b'}', b'}') => {
                open.pop();
            }
            (b'$', _) if text.get(at + 1) == Some(&b'(') => {
                open.push(b')');
                at += 1;
            }
            (b'$', _) if text.get(at + 1) == Some(&b'{') => {
                open.push(b'}');
                at += 1;
            }
            (b'`', _) => open.push(b'`'),
            (b'"', _) => open.push(b'"'),
            (b'\'', b')' | b'}') => match memchr::memchr(b'\'', text.get(at + 1..).unwrap_or_default()) {
                Some(length) => at += length + 1,
                None => return text.len(),
            },
            (b'(', b')') => open.push(b')'),
            _ => {}
        }
        if open.is_empty() {
            return at;
        }
        at += 1;
    }
    text.len()
}
