//! JSON (RFC 8259), read loosely: comments and trailing commas do no harm, and a file that breaks off gives what it has so far.
//! The same reader takes YAML's flow style, where words need no quotes.

use super::node::{MAX_DEPTH, MAX_NODES};
use super::{Node, Text};

struct Reader<'a> {
    text: Text<'a>,
    at: usize,
    nodes: usize,
    /// True for YAML: `#` begins a comment, words may have spaces.
    flow: bool,
}

/// The value that a file is.
pub(crate) fn parse(text: Text<'_>) -> Node<'_> {
    Reader { text, at: 0, nodes: 0, flow: false }.value(0)
}

/// YAML's flow value at the begin of `text`, and how long it is.
pub(crate) fn flow(text: Text<'_>) -> (Node<'_>, usize) {
    let mut reader = Reader { text, at: 0, nodes: 0, flow: true };
    let node = reader.value(0);
    (node, reader.at)
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.bytes().get(self.at).copied()
    }

    /// Goes past white space, commas and comments.
    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            let rest = self.text.from(self.at);
            let end = match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' => 1,
                b'/' if rest.bytes().starts_with(b"//") => {
                    memchr::memchr(b'\n', rest.bytes()).unwrap_or(rest.len())
                }
                b'/' if rest.bytes().starts_with(b"/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
                b'#' => memchr::memchr(b'\n', rest.bytes()).unwrap_or(rest.len()),
                _ => return,
            };
            self.at += end;
        }
    }

    fn value(&mut self, depth: usize) -> Node<'a> {
        self.skip();
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            self.at = self.text.len();
            return Node::Null;
        }
        match self.peek() {
            None => Node::Null,
            Some(b'{') => {
                self.at += 1;
                Node::Map(self.map(depth))
            }
            Some(b'[') => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.skip();
                    match self.peek() {
                        None => break,
                        Some(b']') => {
                            self.at += 1;
                            break;
                        }
                        Some(b'}' | b':') => self.at += 1,
                        Some(_) => items.push(self.value(depth + 1)),
                    }
                }
                Node::List(items)
            }
            Some(quote @ (b'"' | b'\'')) => Node::Text(self.string(quote)),
            Some(_) => {
                let word = self.word();
                if word.is_empty() {
                    self.at += 1;
                }
                if word.bytes() == b"null" || word.is_empty() { Node::Null } else { Node::Plain(word) }
            }
        }
    }

    fn map(&mut self, depth: usize) -> Vec<(Text<'a>, Node<'a>)> {
        let mut entries = Vec::new();
        loop {
            self.skip();
            let key = match self.peek() {
                None => break,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(quote @ (b'"' | b'\'')) => self.string(quote),
                Some(_) => self.word(),
            };
            if key.is_empty() && !matches!(self.peek(), Some(b':')) {
                self.at += 1;
                continue;
            }
            self.skip();
            if self.peek() == Some(b':') {
                self.at += 1;
                self.skip();
                if self.peek() == Some(b'}') {
                    continue;
                }
                entries.push((key, self.value(depth + 1)));
            }
        }
        entries
    }

    /// The string whose opening quote stands here, without its quotes.
    fn string(&mut self, quote: u8) -> Text<'a> {
        let start = self.at + 1;
        let mut at = start;
        let bytes = self.text.bytes();
        while let Some(&byte) = bytes.get(at) {
            if byte == quote {
                break;
            }
            at += 1 + usize::from(byte == b'\\' && quote == b'"');
        }
        self.at = (at + 1).min(bytes.len());
        self.text.part(start, at)
    }

    fn word(&mut self) -> Text<'a> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            let next = self.text.bytes().get(self.at + 1);
            match byte {
                b',' | b'{' | b'}' | b'[' | b']' | b'\n' | b'\r' => break,
                b':' if !self.flow || next.is_none_or(|b| matches!(b, b' ' | b'\n' | b'\r')) => break,
                b' ' | b'\t' | b'"' if !self.flow => break,
                _ => self.at += 1,
            }
        }
        self.text.part(start, self.at).trim()
    }
}
