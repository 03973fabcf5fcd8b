//! A pull reader of XML documents (XML 1.0) over quick-xml, with limits on depth and on the length of texts.
//!
//! Entities other than the five predefined ones are never expanded and document type definitions never read, so that
//! a document cannot grow. Names are compared without their namespace prefix.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::SourceError;

/// How deep elements may nest: many times what any feed does.
const MAX_DEPTH: usize = 256;
/// The longest text of one element, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// A position in an XML document.
pub(super) struct Xml<'a> {
    path: &'a str,
    reader: quick_xml::Reader<&'a [u8]>,
    depth: usize,
}

/// The start of an element.
#[derive(Debug)]
pub(super) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of an attribute, trimmed; empty when there is none.
    pub(super) fn attribute(&self, name: &str) -> String {
        self.find(name).unwrap_or_default()
    }

    /// The value of an attribute, trimmed; `None` when there is none or it is empty.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        let attributes = attributes.with_checks(false).flatten();
        for attribute in attributes {
            if attribute.key.local_name().into_inner() == name {
                // With an entity that is not known the value stays as it is written.
                let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                    Ok(value) => value.trim().to_owned(),
                    Err(_) => attribute.value.trim().to_owned(),
                };
                return Some(value).filter(|value| !value.is_empty());
            }
        }
        None
    }
}

impl<'a> Xml<'a> {
    /// The beginning of a document.
    pub(super) fn new(path: &'a str, text: &'a str) -> Xml<'a> {
        let mut reader = quick_xml::Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Xml { path, reader, depth: 0 }
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// The next child of the element that was opened as number `parent`; what is left of the child before is skipped.
    /// `None` when the element ends.
    pub(super) fn child(&mut self, parent: usize) -> Result<Option<Element<'a>>, SourceError> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    self.open()?;
                    if self.depth == parent.saturating_add(1) {
                        return Ok(Some(Element(start)));
                    }
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth < parent {
                        return Ok(None);
                    }
                }
                Event::Eof if parent == 0 && self.depth == 0 => return Ok(None),
                Event::Eof => return Err(self.error("it ends inside an element")),
                _ => {}
            }
        }
    }

    /// The text of the element just opened, trimmed, up to and with its end. The text of elements inside is left out.
    pub(super) fn text(&mut self) -> Result<String, SourceError> {
        let own = self.depth;
        let mut text = String::new();
        loop {
            match self.event()? {
                Event::Text(part) if self.depth == own => text.push_str(&part),
                Event::CData(part) if self.depth == own => text.push_str(&part),
                Event::GeneralRef(reference) if self.depth == own => {
                    let known = quick_xml::escape::resolve_predefined_entity(&reference);
                    let numbered = reference.resolve_char_ref().ok().flatten();
                    text.extend(known.into_iter().flat_map(str::chars).chain(numbered));
                }
                Event::Start(_) => self.open()?,
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth < own {
                        return Ok(text.trim().to_owned());
                    }
                }
                Event::Eof => return Err(self.error("it ends inside an element")),
                _ => {}
            }
            if text.len() > MAX_TEXT {
                return Err(self.error(&format!("a text is longer than {MAX_TEXT} bytes")));
            }
        }
    }

    /// An error about this document.
    pub(super) fn error(&self, message: &str) -> SourceError {
        SourceError::Xml { path: self.path.to_owned(), message: message.to_owned() }
    }

    fn event(&mut self) -> Result<Event<'a>, SourceError> {
        self.reader.read_event().map_err(|error| self.error(&error.to_string()))
    }

    fn open(&mut self) -> Result<(), SourceError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH {
            return Err(self.error(&format!("elements nest deeper than {MAX_DEPTH}")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_and_texts() {
        let text = "<!DOCTYPE r [<!ENTITY lol \"lol\">]><a:r x='1'><!-- c --><skip><b>no</b></skip>\
                    <b y=' &lt;2 '>t &amp; &#x41; &lol; <c>in</c> <![CDATA[<z>]]></b><d/></a:r>";
        let mut xml = Xml::new("x.xml", text);
        let root = xml.child(0).unwrap().unwrap();
        assert_eq!((root.name(), root.attribute("x"), root.find("y")), ("r", "1".to_owned(), None));
        assert_eq!(xml.child(1).unwrap().unwrap().name(), "skip");
        let b = xml.child(1).unwrap().unwrap();
        assert_eq!((b.name(), b.attribute("y").as_str()), ("b", "<2"));
        assert_eq!(xml.text().unwrap(), "t & A   <z>");
        assert_eq!(xml.child(1).unwrap().unwrap().name(), "d");
        assert!(xml.child(2).unwrap().is_none() && xml.child(1).unwrap().is_none());
        assert!(xml.child(0).unwrap().is_none());
    }

    #[test]
    fn limits() {
        let deep = "<a>".repeat(100_000);
        let mut xml = Xml::new("x.xml", &deep);
        assert!(xml.child(0).unwrap().is_some());
        assert!(xml.text().unwrap_err().to_string().contains("nest deeper"));
        let long = format!("<a>{}</a>", "x".repeat(MAX_TEXT + 1));
        let mut xml = Xml::new("x.xml", &long);
        xml.child(0).unwrap();
        assert!(xml.text().unwrap_err().to_string().contains("longer than"));
        let mut xml = Xml::new("x.xml", "<a><b>");
        xml.child(0).unwrap();
        assert!(xml.child(7).unwrap_err().to_string().contains("ends inside"));
    }
}
