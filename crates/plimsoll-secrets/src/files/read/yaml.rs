//! The part of YAML 1.2 that configuration is written in: block maps and lists, plain, quoted and block scalars, flow values,
//! several documents. Anchors are passed over, aliases and tags of an application's own give nothing.

use super::ini::closing;
use super::json;
use super::node::{MAX_DEPTH, MAX_NODES};
use super::{Node, Text};

/// A line that says something: how far it is indented, and the text behind that.
#[derive(Clone, Copy)]
struct Line<'a> {
    indent: usize,
    text: Text<'a>,
}

struct Reader<'a> {
    all: Text<'a>,
    lines: Vec<Line<'a>>,
    at: usize,
    nodes: usize,
}

/// The documents of a file.
pub(crate) fn documents(text: Text<'_>) -> Vec<Node<'_>> {
    let mut documents = Vec::new();
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut nodes = 0;
    for line in text.lines().take(MAX_NODES) {
        if line.bytes().starts_with(b"---") || line.bytes() == b"..." {
            document(text, std::mem::take(&mut lines), &mut nodes, &mut documents);
            let rest = line.from(3).trim();
            if !rest.is_empty() && !rest.bytes().starts_with(b"#") {
                lines.push(Line { indent: 0, text: rest });
            }
            continue;
        }
        let indent = line.bytes().iter().position(|b| *b != b' ').unwrap_or(line.len());
        lines.push(Line { indent, text: line.from(indent) });
    }
    document(text, lines, &mut nodes, &mut documents);
    documents
}

/// Reads the lines of one document.
fn document<'a>(text: Text<'a>, lines: Vec<Line<'a>>, nodes: &mut usize, documents: &mut Vec<Node<'a>>) {
    if *nodes >= MAX_NODES {
        return;
    }
    let mut reader = Reader { all: text, lines, at: 0, nodes: *nodes };
    // A stray line between two blocks must not hide the second.
    while reader.peek().is_some() {
        let before = reader.at;
        let node = reader.block(0, 0);
        if node != Node::Null {
            documents.push(node);
        }
        if reader.at == before {
            reader.at += 1;
        }
    }
    *nodes = reader.nodes;
}

/// True when the line is a list's item.
fn is_item(text: Text<'_>) -> bool {
    text.bytes() == b"-" || text.bytes().starts_with(b"- ")
}

/// The key of a line, and what follows its colon.
fn key_of(text: Text<'_>) -> Option<(Text<'_>, Text<'_>)> {
    let (from, quoted) = match text.bytes().first()? {
        quote @ (b'"' | b'\'') => (closing(text.from(1), *quote)? + 2, true),
        b'?' | b'%' | b'[' | b'{' | b'@' | b'`' | b'|' | b'>' => return None,
        _ => (0, false),
    };
    let bytes = text.bytes();
    let mut at = from;
    loop {
        at += memchr::memchr(b':', bytes.get(at..)?)?;
        if bytes.get(at + 1).is_none_or(|b| b.is_ascii_whitespace()) {
            break;
        }
        at += 1;
    }
    let key = text.part(0, at).trim();
    // ` #` before the colon: the colon belongs to a comment.
    if !quoted && key.contains(" #") {
        return None;
    }
    Some((key.unquote(), text.from(at + 1).trim()))
}

/// A plain value without the comment behind it.
fn without_comment(text: Text<'_>) -> Text<'_> {
    if text.bytes().first() == Some(&b'#') {
        return text.part(0, 0);
    }
    let at = [" #", "\t#"].iter().filter_map(|mark| text.find(mark)).min();
    at.map_or(text, |at| text.part(0, at)).trim()
}

impl<'a> Reader<'a> {
    /// The next line that says something.
    fn peek(&mut self) -> Option<Line<'a>> {
        loop {
            let line = *self.lines.get(self.at)?;
            if !line.text.trim().is_empty() && line.text.bytes().first() != Some(&b'#') {
                return Some(line);
            }
            self.at += 1;
        }
    }

    fn set(&mut self, line: Line<'a>) {
        if let Some(place) = self.lines.get_mut(self.at) {
            *place = line;
        }
    }

    /// The block that begins here when it is indented by `least` or more.
    fn block(&mut self, least: usize, depth: usize) -> Node<'a> {
        let Some(line) = self.peek() else { return Node::Null };
        if line.indent < least {
            return Node::Null;
        }
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            self.at = self.lines.len();
            return Node::Null;
        }
        if is_item(line.text) {
            return self.list(line.indent, depth);
        }
        if key_of(line.text).is_some() {
            return self.map(line.indent, depth);
        }
        self.scalar(line.text.trim(), line.indent, depth)
    }

    fn list(&mut self, indent: usize, depth: usize) -> Node<'a> {
        let mut items = Vec::new();
        while let Some(line) = self.peek() {
            if line.indent != indent || !is_item(line.text) {
                break;
            }
            let rest = line.text.from(1);
            let inner = rest.bytes().iter().position(|b| *b != b' ');
            match inner {
                Some(space) if rest.bytes().get(space) != Some(&b'#') => {
                    self.set(Line { indent: indent + 1 + space, text: rest.from(space) });
                }
                _ => self.at += 1,
            }
            let before = self.at;
            items.push(self.block(indent + 1, depth + 1));
            if self.at == before && inner.is_some() {
                self.at += 1;
            }
        }
        Node::List(items)
    }

    fn map(&mut self, indent: usize, depth: usize) -> Node<'a> {
        let mut entries = Vec::new();
        while let Some(line) = self.peek() {
            if line.indent < indent || (line.indent == indent && is_item(line.text)) {
                break;
            }
            let Some((key, rest)) = key_of(line.text).filter(|_| line.indent == indent) else {
                // Not at its place: passed over, for what follows may be.
                self.at += 1;
                continue;
            };
            let value = self.scalar(rest, indent, depth);
            entries.push((key, value));
        }
        Node::Map(entries)
    }

    /// The value that stands in the current line (`rest`), or below it; the lines that it takes are used up.
    fn scalar(&mut self, rest: Text<'a>, indent: usize, depth: usize) -> Node<'a> {
        self.nodes += 1;
        let mut rest = rest;
        let mut foreign = false;
        while let Some(&mark @ (b'&' | b'!')) = rest.bytes().first() {
            let end = rest.bytes().iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            foreign |= mark == b'!' && !rest.bytes().starts_with(b"!!");
            rest = rest.from(end).trim();
        }
        let node = match rest.bytes().first() {
            None | Some(b'#') => {
                self.at += 1;
                match self.peek() {
                    Some(next) if next.indent > indent => self.block(indent + 1, depth + 1),
                    Some(next) if next.indent == indent && is_item(next.text) => self.list(indent, depth + 1),
                    _ => Node::Null,
                }
            }
            Some(b'|' | b'>') => self.block_scalar(indent),
            Some(b'{' | b'[') => {
                let (node, len) = json::flow(self.from(rest));
                self.leave(rest.range().start + len);
                node
            }
            Some(&quote @ (b'"' | b'\'')) => {
                let open = self.from(rest).from(1);
                let text = open.part(0, closing(open, quote).unwrap_or(open.len()));
                self.leave(text.range().end);
                Node::Text(text)
            }
            Some(b'*') => {
                self.at += 1;
                Node::Null
            }
            Some(_) => {
                self.at += 1;
                // A plain scalar may go on in lines that are indented deeper.
                while self.peek().is_some_and(|next| next.indent > indent && key_of(next.text).is_none()) {
                    self.at += 1;
                }
                let text = without_comment(rest);
                if text.is_any(&["null", "~", ""]) { Node::Null } else { Node::Plain(text) }
            }
        };
        if foreign { Node::Null } else { node }
    }

    /// The lines of a block scalar, from the first that says something to the last.
    fn block_scalar(&mut self, indent: usize) -> Node<'a> {
        self.at += 1;
        let mut span: Option<(usize, usize)> = None;
        while let Some(line) = self.lines.get(self.at) {
            let text = line.text.trim();
            if !text.is_empty() {
                if line.indent <= indent {
                    break;
                }
                let range = text.range();
                span = Some((span.map_or(range.start, |(start, _)| start), range.end));
            }
            self.at += 1;
        }
        let offset = self.all.range().start;
        span.map_or(Node::Null, |(start, end)| {
            Node::Text(self.all.part(start.saturating_sub(offset), end.saturating_sub(offset)))
        })
    }

    /// The file from where `text` begins.
    fn from(&self, text: Text<'a>) -> Text<'a> {
        self.all.from(text.range().start.saturating_sub(self.all.range().start))
    }

    /// Goes on with the first line behind `end`.
    fn leave(&mut self, end: usize) {
        self.at += 1;
        while self.lines.get(self.at).is_some_and(|line| line.text.range().start < end) {
            self.at += 1;
        }
    }
}
