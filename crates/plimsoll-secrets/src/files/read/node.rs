//! The tree that JSON and YAML give.

use super::Text;

/// The most nodes of a file.
pub(crate) const MAX_NODES: usize = 400_000;

/// How deep a file may nest.
pub(crate) const MAX_DEPTH: usize = 64;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    /// Keys with their values, as they stand.
    Map(Vec<(Text<'a>, Node<'a>)>),
    /// Values in a row.
    List(Vec<Node<'a>>),
    /// A string, without its quotes and with its escapes as written.
    Text(Text<'a>),
    /// A number, a boolean, or what is written without quotes.
    Plain(Text<'a>),
    /// Nothing, or nothing that can be read here: an alias, a tag of an application's own.
    Null,
}

impl<'a> Node<'a> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries().iter().find(|(name, _)| name.bytes() == key.as_bytes()).map(|(_, value)| value)
    }

    /// The text of a key's value.
    pub(crate) fn text_of(&self, key: &str) -> Option<Text<'a>> {
        self.get(key)?.text()
    }

    /// The string or plain value that it is.
    pub(crate) fn text(&self) -> Option<Text<'a>> {
        match self {
            Node::Text(text) | Node::Plain(text) => Some(*text),
            _ => None,
        }
    }

    /// Its keys and values; none when it is no map.
    pub(crate) fn entries(&self) -> &[(Text<'a>, Node<'a>)] {
        match self {
            Node::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Its items; none when it is no list.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// Visits each string and plain value that has a key, with the map that it stands in and the keys on the way.
    pub(crate) fn each<'n>(&'n self, visit: &mut dyn FnMut(&'n Node<'a>, &[Text<'a>], Text<'a>)) {
        self.walk(&mut Vec::new(), visit);
    }

    fn walk<'n>(
        &'n self,
        way: &mut Vec<Text<'a>>,
        visit: &mut dyn FnMut(&'n Node<'a>, &[Text<'a>], Text<'a>),
    ) {
        for (key, value) in self.entries() {
            way.push(*key);
            match value.text() {
                Some(text) => visit(self, way, text),
                None => value.walk(way, visit),
            }
            way.pop();
        }
        for item in self.items() {
            item.walk(way, visit);
        }
    }
}
