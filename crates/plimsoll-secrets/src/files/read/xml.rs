//! XML 1.0 as configuration uses it: elements, attributes, text, CDATA. No entity is expanded, no document type is read.

use super::Text;
use super::node::{MAX_DEPTH, MAX_NODES};

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Element<'a> {
    /// The name, with its prefix.
    pub(crate) name: Text<'a>,
    /// Names and values of its attributes.
    pub(crate) attributes: Vec<(Text<'a>, Text<'a>)>,
    /// The first text in it, trimmed.
    pub(crate) text: Text<'a>,
    /// The elements in it.
    pub(crate) children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    /// The value of an attribute, its name in whatever case.
    pub(crate) fn attribute(&self, name: &str) -> Option<Text<'a>> {
        self.attributes.iter().find(|(key, _)| key.is(name)).map(|(_, value)| *value)
    }

    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.name.is(name))
    }

    /// The text of the first child of a name.
    pub(crate) fn text_of(&self, name: &str) -> Option<Text<'a>> {
        self.child(name).map(|child| child.text).filter(|text| !text.is_empty())
    }

    /// Visits it and all elements in it.
    pub(crate) fn each<'n>(&'n self, visit: &mut dyn FnMut(&'n Element<'a>)) {
        visit(self);
        for child in &self.children {
            child.each(visit);
        }
    }
}

/// The document: an element without a name that holds the root.
pub(crate) fn parse(text: Text<'_>) -> Element<'_> {
    let mut open = vec![Element::default()];
    let mut at = 0;
    let mut count = 0;
    while let Some(run) = text.bytes().get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        add_text(&mut open, text.part(at, at + run));
        let tag = text.from(at + run);
        let start = at + run;
        at = start
            + if tag.bytes().starts_with(b"<!--") {
                tag.find("-->").map_or(tag.len(), |end| end + 3)
            } else if tag.bytes().starts_with(b"<![CDATA[") {
                let end = tag.find("]]>").unwrap_or(tag.len());
                add_text(&mut open, tag.part(9, end));
                end + 3
            } else if tag.bytes().starts_with(b"<?") || tag.bytes().starts_with(b"<!") {
                memchr::memchr(b'>', tag.bytes()).map_or(tag.len(), |end| end + 1)
            } else {
                count += 1;
                if count > MAX_NODES {
                    break;
                }
                let end = tag_end(tag);
                let inside = tag.part(1, end);
                if let Some(name) = inside.strip_prefix("/") {
                    close(&mut open, name.trim());
                } else {
                    let (inside, empty) = match inside.bytes().last() {
                        Some(b'/') => (inside.part(0, inside.len() - 1), true),
                        _ => (inside, false),
                    };
                    let element = element(inside);
                    if empty || open.len() > MAX_DEPTH {
                        if let Some(parent) = open.last_mut() {
                            parent.children.push(element);
                        }
                    } else {
                        open.push(element);
                    }
                }
                end + 1
            };
    }
    while open.len() > 1 {
        pop(&mut open);
    }
    open.pop().unwrap_or_default()
}

fn add_text<'a>(open: &mut [Element<'a>], text: Text<'a>) {
    let text = text.trim();
    if let Some(element) = open.last_mut()
        && element.text.is_empty()
        && !text.is_empty()
    {
        element.text = text;
    }
}

fn pop(open: &mut Vec<Element<'_>>) {
    if open.len() > 1
        && let Some(element) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(element);
    }
}

/// Closes the element of a name; an end tag without a begin does nothing.
fn close(open: &mut Vec<Element<'_>>, name: Text<'_>) {
    let Some(at) = open.iter().skip(1).rposition(|element| element.name.bytes() == name.bytes()) else {
        return;
    };
    while open.len() > at + 1 {
        pop(open);
    }
}

/// Where the tag's `>` stands.
fn tag_end(tag: Text<'_>) -> usize {
    let mut quote = None;
    for (at, &byte) in tag.bytes().iter().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None if byte == b'>' => return at,
            None => {}
        }
    }
    tag.len()
}

fn element(inside: Text<'_>) -> Element<'_> {
    let end = inside.bytes().iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
    let mut element = Element { name: inside.part(0, end), ..Element::default() };
    let mut rest = inside.from(end);
    while let Some((name, after)) = rest.split_once(b'=') {
        let after = after.trim();
        let Some(&quote @ (b'"' | b'\'')) = after.bytes().first() else { break };
        let value = after.from(1);
        let Some(end) = memchr::memchr(quote, value.bytes()) else { break };
        element.attributes.push((name.trim(), value.part(0, end)));
        rest = value.from(end + 1);
    }
    element
}
