//! YAML with the line of each value, under limits.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Parser};

/// The most documents of a file.
const MAX_DOCUMENTS: usize = 2_000;
/// The most values of a file, those that aliases repeat included: more is an attack.
const MAX_NODES: usize = 1_000_000;
/// How deep values may nest.
const MAX_DEPTH: usize = 100;

/// A value and the line on which it begins.
#[derive(Debug)]
pub(crate) struct Node {
    /// From 1.
    pub(crate) line: u32,
    /// How many values it holds, itself and what aliases repeat included.
    weight: usize,
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Value {
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    /// Keys that are no scalars are left out.
    Map(Vec<(String, Rc<Node>)>),
}

impl Node {
    /// The value under `key`, also where a merge key (`<<`) brings it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else { return None };
        let own = entries.iter().rev().find(|(name, _)| name == key).map(|(_, node)| &**node);
        own.or_else(|| {
            let (_, merged) = entries.iter().find(|(name, _)| name == "<<")?;
            match &merged.value {
                Value::List(list) => list.iter().find_map(|node| node.get(key)),
                _ => merged.get(key),
            }
        })
    }

    /// The value at the end of a chain of keys.
    pub(crate) fn path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The items of a list; of anything else none.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Node> {
        let items: &[Rc<Node>] = if let Value::List(items) = &self.value { items } else { &[] };
        items.iter().map(|item| &**item)
    }

    /// The entries of a mapping; of anything else none.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        let entries: &[(String, Rc<Node>)] =
            if let Value::Map(entries) = &self.value { entries } else { &[] };
        entries.iter().map(|(key, node)| (key.as_str(), &**node))
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain }
                if !(*plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")) =>
            {
                Some(text)
            }
            _ => None,
        }
    }

    /// A truth value. Quoted ones count: that is what people mean who quote them.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// A whole number.
    pub(crate) fn number(&self) -> Option<i64> {
        self.text()?.trim().parse().ok()
    }
}

/// What is being read.
enum Open {
    List(Vec<Rc<Node>>),
    Map(Vec<(String, Rc<Node>)>, Option<Rc<Node>>),
}

struct Frame {
    line: u32,
    anchor: usize,
    open: Open,
}

/// Reads all documents of a text.
///
/// # Errors
///
/// When it is not YAML, or over a limit: the reason, with the line.
pub(crate) fn documents(text: &str) -> Result<Vec<Rc<Node>>, String> {
    let mut documents: Vec<Rc<Node>> = Vec::new();
    let mut stack: Vec<Frame> = Vec::new();
    let mut anchors: HashMap<usize, Rc<Node>> = HashMap::new();
    let mut total = 0usize;
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| error.to_string().chars().take(200).collect::<String>())?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX).max(1);
        let limit = |what: &str| format!("line {line}: {what}");
        let done = match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == granit_parser::ScalarStyle::Plain;
                Some((
                    Node { line, weight: 1, value: Value::Scalar { text: text.into_owned(), plain } },
                    anchor,
                ))
            }
            Event::SequenceStart(_, anchor, ..) => {
                stack.push(Frame { line, anchor, open: Open::List(Vec::new()) });
                None
            }
            Event::MappingStart(_, anchor, ..) => {
                stack.push(Frame { line, anchor, open: Open::Map(Vec::new(), None) });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|frame| {
                let value = match frame.open {
                    Open::List(items) => Value::List(items),
                    Open::Map(entries, _) => Value::Map(entries),
                };
                let below: usize = match &value {
                    Value::List(items) => items.iter().map(|node| node.weight).fold(0, usize::saturating_add),
                    Value::Map(entries) => {
                        entries.iter().map(|(_, node)| node.weight).fold(0, usize::saturating_add)
                    }
                    Value::Scalar { .. } => 0,
                };
                (Node { line: frame.line, weight: below.saturating_add(1), value }, frame.anchor)
            }),
            Event::Alias(id) => {
                let Some(node) = anchors.get(&id).cloned() else {
                    return Err(limit("an alias stands for nothing"));
                };
                total = total.saturating_add(node.weight);
                put(&mut stack, &mut documents, node);
                None
            }
            Event::DocumentEnd => {
                anchors.clear();
                None
            }
            _ => None,
        };
        if stack.len() > MAX_DEPTH {
            return Err(limit("it nests too deep"));
        }
        if let Some((node, anchor)) = done {
            total = total.saturating_add(1);
            let node = Rc::new(node);
            if anchor != 0 {
                anchors.insert(anchor, node.clone());
            }
            put(&mut stack, &mut documents, node);
        }
        if total > MAX_NODES {
            return Err(limit("it has too many values, aliases counted as often as they are used"));
        }
        if documents.len() > MAX_DOCUMENTS {
            return Err(limit("it has too many documents"));
        }
    }
    Ok(documents)
}

/// Puts a finished value where it belongs.
fn put(stack: &mut [Frame], documents: &mut Vec<Rc<Node>>, node: Rc<Node>) {
    match stack.last_mut().map(|frame| &mut frame.open) {
        None => documents.push(node),
        Some(Open::List(items)) => items.push(node),
        Some(Open::Map(entries, key)) => match key.take() {
            None => *key = Some(node),
            Some(name) => {
                if let Value::Scalar { text, .. } = &name.value {
                    entries.push((text.clone(), node));
                }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines_and_merge_keys_are_followed() {
        let text = "# c\nx: &base\n  privileged: true\nservices:\n  web:\n    <<: *base\n    ports: [\"80:80\", 443]\n---\na: ~\n";
        let documents = documents(text).unwrap();
        assert_eq!(documents.len(), 2);
        let web = documents[0].path(&["services", "web"]).unwrap();
        let privileged = web.get("privileged").unwrap();
        assert_eq!((privileged.line, privileged.truth()), (3, Some(true)));
        let ports: Vec<(u32, &str)> =
            web.get("ports").unwrap().items().map(|node| (node.line, node.text().unwrap())).collect();
        assert_eq!(ports, [(7, "80:80"), (7, "443")]);
        assert_eq!(documents[1].get("a").unwrap().text(), None);
    }

    #[test]
    fn bombs_and_depths_are_refused_and_damage_does_no_harm() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", ")));
        }
        assert!(documents(&bomb).unwrap_err().contains("too many values"));
        assert!(documents(&"[".repeat(5_000)).is_err());
        let text = "a: &x {b: [1, 'two', |\n  three\n]}\nc: *x\n";
        for end in 0..=text.len() {
            let _ = documents(&text[..end]);
        }
    }
}
