//! YAML with the line of each value, under limits.

use std::collections::{HashMap, HashSet};
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

    /// The entries of a mapping, those that a merge key (`<<`) brings included, each key once; of anything else none.
    pub(crate) fn entries(&self) -> Vec<(&str, &Node)> {
        self.shared_entries().into_iter().map(|(key, node)| (key, &**node)).collect()
    }

    fn shared_entries(&self) -> Vec<(&str, &Rc<Node>)> {
        let mut entries = Vec::new();
        self.add_entries(&mut HashSet::new(), &mut entries);
        entries
    }

    fn add_entries<'a>(&'a self, seen: &mut HashSet<&'a str>, out: &mut Vec<(&'a str, &'a Rc<Node>)>) {
        let Value::Map(entries) = &self.value else { return };
        let first = out.len();
        // Of a key that stands twice the last counts, as it does for a single key.
        for (key, node) in entries.iter().rev() {
            if key != "<<" && seen.insert(key) {
                out.push((key, node));
            }
        }
        out[first..].reverse();
        for (_, merged) in entries.iter().filter(|(key, _)| key == "<<") {
            match &merged.value {
                Value::List(list) => list.iter().for_each(|node| node.add_entries(seen, out)),
                _ => merged.add_entries(seen, out),
            }
        }
    }

    /// True for a value that says nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar { .. }) && self.text().is_none()
    }

    /// What `self` says over what `base` says: mappings and lists of both, of anything else, and under the keys `replaced`, its own.
    /// `budget` is how many values may be put together.
    pub(crate) fn over(&self, base: &Node, replaced: &[&str], budget: &mut usize) -> Node {
        let value = match (&self.value, &base.value) {
            (Value::Map(_), Value::Map(_)) => {
                let base: Vec<(&str, &Rc<Node>)> = base.shared_entries();
                let own: Vec<(&str, &Rc<Node>)> = self.shared_entries();
                let found: HashMap<&str, &Rc<Node>> = base.iter().copied().collect();
                let mut entries: Vec<(String, Rc<Node>)> = Vec::with_capacity(base.len() + own.len());
                let mut seen: HashSet<&str> = HashSet::new();
                for (key, node) in own {
                    let both =
                        found.get(key).filter(|_| !replaced.contains(&key) && spend(budget, node.weight));
                    let node =
                        both.map_or_else(|| node.clone(), |base| Rc::new(node.over(base, replaced, budget)));
                    seen.insert(key);
                    entries.push((key.to_owned(), node));
                }
                for (key, node) in base.into_iter().filter(|(key, _)| !seen.contains(key)) {
                    if spend(budget, 1) {
                        entries.push((key.to_owned(), node.clone()));
                    }
                }
                Value::Map(entries)
            }
            (Value::List(own), Value::List(base)) => {
                let kept = base.iter().filter(|_| spend(budget, 1));
                Value::List(kept.chain(own.iter()).cloned().collect())
            }
            (Value::Scalar { text, plain }, _) => Value::Scalar { text: text.clone(), plain: *plain },
            (Value::List(own), _) => Value::List(own.clone()),
            (Value::Map(own), _) => Value::Map(own.clone()),
        };
        Node { line: self.line, weight: self.weight.saturating_add(base.weight), value }
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

/// Takes from what is left to spend; false when that is not enough.
fn spend(budget: &mut usize, amount: usize) -> bool {
    let left = budget.checked_sub(amount);
    *budget = left.unwrap_or(0);
    left.is_some()
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

/// Reads all documents of a text; `fill` changes the texts that are values, but not keys.
///
/// # Errors
///
/// When it is not YAML, or over a limit: the reason, with the line.
pub(crate) fn documents(text: &str, fill: fn(&str) -> String) -> Result<Vec<Rc<Node>>, String> {
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
                let is_key = matches!(stack.last(), Some(Frame { open: Open::Map(_, None), .. }));
                let text = if is_key { text.into_owned() } else { fill(&text) };
                Some((Node { line, weight: 1, value: Value::Scalar { text, plain } }, anchor))
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

    fn documents(text: &str) -> Result<Vec<Rc<Node>>, String> {
        super::documents(text, str::to_owned)
    }

    #[test]
    fn entries_include_what_is_merged_each_once() {
        let text = "a: &a {x: 1, y: 2, y: 3}\nb: &b {z: 4, x: 5}\nc: {x: 6, <<: [*a, *b]}\nd: {<<: *b}\n";
        let documents = documents(text).unwrap();
        let entries = |key: &str| -> Vec<(String, i64)> {
            let entries = documents[0].get(key).unwrap().entries();
            entries.into_iter().map(|(key, node)| (key.to_owned(), node.number().unwrap())).collect()
        };
        let of = |list: &[(&str, i64)]| -> Vec<(String, i64)> {
            list.iter().map(|(key, number)| ((*key).to_owned(), *number)).collect()
        };
        assert_eq!(entries("a"), of(&[("x", 1), ("y", 3)]));
        assert_eq!(entries("c"), of(&[("x", 6), ("y", 3), ("z", 4)]));
        assert_eq!(entries("d"), of(&[("z", 4), ("x", 5)]));
    }

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
