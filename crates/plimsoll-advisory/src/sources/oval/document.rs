//! Reads an OVAL document (OVAL Language 5.11, "oval-definitions-schema" and "linux-definitions-schema").
//!
//! Definitions come before the tests, objects, states and variables that they refer to. The document is therefore
//! read twice: once for what is referred to, once for the definitions, which are handled one by one and not kept.

use std::collections::HashMap;

use super::super::xml::{Element, Xml};
use super::super::{SourceError, text};

/// The most tests, objects, states and variables together. Red Hat's largest file has about a million.
const MAX_ITEMS: usize = 4_000_000;
/// The most values of all variables together.
const MAX_VALUES: usize = 8_000_000;
/// The most states of one test.
const MAX_STATES: usize = 64;
/// The most criteria and criterions of one definition.
const MAX_NODES: usize = 200_000;
/// How deep criteria may nest.
const MAX_CRITERIA_DEPTH: usize = 32;
/// The most references, vulnerabilities, platforms, products, components of one definition, each.
const MAX_LISTED: usize = 10_000;

/// Everything that definitions refer to, by identifier.
#[derive(Default)]
pub(super) struct Items {
    pub(super) tests: HashMap<String, Test>,
    pub(super) objects: HashMap<String, Object>,
    pub(super) states: HashMap<String, State>,
    pub(super) variables: HashMap<String, Vec<String>>,
}

/// What a test looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestKind {
    /// Installed packages (`rpminfo_test`, `dpkginfo_test`).
    Package,
    /// The contents of a file (`textfilecontent54_test`).
    File,
    /// Anything else: the running kernel, a verified file, nothing at all.
    Other,
}

/// A test.
pub(super) struct Test {
    pub(super) kind: TestKind,
    pub(super) object: String,
    pub(super) states: Vec<String>,
    /// True when it holds where nothing is found or nothing fits.
    pub(super) inverted: bool,
}

/// An object: the names of packages, directly or by a variable.
pub(super) enum Object {
    Names(Vec<String>),
    Variable(String),
    Other,
}

/// How a version is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Other,
}

/// A state.
#[derive(Default)]
pub(super) struct State {
    pub(super) evr: Option<(Operation, String)>,
    /// A variable that holds the version.
    pub(super) evr_variable: Option<String>,
    pub(super) arch: Option<String>,
}

/// A definition with what its vendors add to it.
#[derive(Default)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) class: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) platforms: Vec<String>,
    pub(super) references: Vec<Reference>,
    pub(super) severity: String,
    pub(super) issued: String,
    pub(super) updated: String,
    pub(super) cves: Vec<Cve>,
    pub(super) cpes: Vec<String>,
    /// Red Hat's states of what is not fixed, and the components for which each holds.
    pub(super) resolutions: Vec<(String, Vec<String>)>,
    /// Microsoft's word on whether there is a fix.
    pub(super) patchable: String,
    pub(super) criteria: Option<Node>,
    /// True when one of the lists was longer than it may be.
    cut: bool,
}

/// A reference of a definition.
pub(super) struct Reference {
    pub(super) id: String,
    pub(super) url: String,
}

/// A vulnerability as the advisory part of a definition names it.
pub(super) struct Cve {
    pub(super) text: String,
    pub(super) vectors: Vec<String>,
    pub(super) cwe: String,
    pub(super) severity: String,
}

/// A part of a definition's logic.
pub(super) enum Node {
    /// All of them, or with `any` at least one.
    Criteria { any: bool, negated: bool, children: Vec<Node> },
    /// A test.
    Test { reference: String, comment: String, negated: bool },
    /// Another definition. It is not followed: in these feeds it says on which release the definition applies, which
    /// each definition also says of itself.
    Extend,
}

impl Items {
    /// Reads all that definitions refer to.
    pub(super) fn read(path: &str, text: &str) -> Result<Items, SourceError> {
        let mut items = Items::default();
        let (mut count, mut values) = (0usize, 0usize);
        let mut xml = Xml::new(path, text);
        open_root(&mut xml)?;
        while let Some(section) = xml.child(1)? {
            let section = section.name().to_owned();
            if !matches!(section.as_str(), "tests" | "objects" | "states" | "variables") {
                continue;
            }
            while let Some(element) = xml.child(2)? {
                count = count.saturating_add(1);
                if count > MAX_ITEMS {
                    return Err(
                        xml.error(&format!("more than {MAX_ITEMS} tests, objects, states and variables"))
                    );
                }
                let id = element.attribute("id");
                match section.as_str() {
                    "tests" => {
                        let test = test(&mut xml, &element)?;
                        items.tests.entry(id).or_insert(test);
                    }
                    "objects" => {
                        let object = object(&mut xml, &element)?;
                        items.objects.entry(id).or_insert(object);
                    }
                    "states" => {
                        let state = state(&mut xml)?;
                        items.states.entry(id).or_insert(state);
                    }
                    _ => {
                        let list = if element.name() == "constant_variable" {
                            variable(&mut xml, &mut values)?
                        } else {
                            Vec::new()
                        };
                        items.variables.entry(id).or_insert(list);
                    }
                }
            }
        }
        Ok(items)
    }
}

fn open_root(xml: &mut Xml<'_>) -> Result<(), SourceError> {
    match xml.child(0)? {
        Some(root) if root.name() == "oval_definitions" => Ok(()),
        Some(root) => {
            let message = format!("the root element is {} and not oval_definitions", root.name());
            Err(xml.error(&message))
        }
        None => Err(xml.error("there is no element")),
    }
}

fn test(xml: &mut Xml<'_>, element: &Element<'_>) -> Result<Test, SourceError> {
    let kind = match element.name() {
        "rpminfo_test" | "dpkginfo_test" => TestKind::Package,
        "textfilecontent54_test" => TestKind::File,
        _ => TestKind::Other,
    };
    let inverted = (element.attribute("check_existence") == "none_exist")
        != (element.attribute("check") == "none satisfy");
    let mut test = Test { kind, object: String::new(), states: Vec::new(), inverted };
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        match child.name() {
            "object" => test.object = child.attribute("object_ref"),
            "state" if test.states.len() >= MAX_STATES => {
                return Err(xml.error(&format!("a test has more than {MAX_STATES} states")));
            }
            "state" => test.states.push(child.attribute("state_ref")),
            _ => {}
        }
    }
    Ok(test)
}

fn object(xml: &mut Xml<'_>, element: &Element<'_>) -> Result<Object, SourceError> {
    let mut object = Object::Other;
    if !matches!(element.name(), "rpminfo_object" | "dpkginfo_object") {
        return Ok(object);
    }
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        if child.name() == "name" {
            object = match child.find("var_ref") {
                Some(variable) => Object::Variable(variable),
                // A pattern is not the name of a package.
                None if child.find("operation").is_some_and(|operation| operation != "equals") => {
                    Object::Other
                }
                None => Object::Names(vec![xml.text()?]),
            };
        }
    }
    Ok(object)
}

fn state(xml: &mut Xml<'_>) -> Result<State, SourceError> {
    let mut state = State::default();
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        match child.name() {
            "evr" => {
                let operation = match child.find("operation").as_deref() {
                    Some("less than") => Operation::Less,
                    Some("less than or equal") => Operation::LessOrEqual,
                    Some("greater than") => Operation::Greater,
                    Some("greater than or equal") => Operation::GreaterOrEqual,
                    // The schema's default.
                    None | Some("equals") => Operation::Equal,
                    Some(_) => Operation::Other,
                };
                state.evr_variable = child.find("var_ref");
                state.evr = Some((operation, xml.text()?));
            }
            "arch" => state.arch = Some(xml.text()?),
            _ => {}
        }
    }
    Ok(state)
}

fn variable(xml: &mut Xml<'_>, values: &mut usize) -> Result<Vec<String>, SourceError> {
    let mut list = Vec::new();
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        if child.name() == "value" {
            *values = values.saturating_add(1);
            if *values > MAX_VALUES {
                return Err(xml.error(&format!("more than {MAX_VALUES} values of variables")));
            }
            list.push(xml.text()?);
        }
    }
    Ok(list)
}

/// Reads the definitions one after another. A definition over a limit is handed over as an error with its identifier.
pub(super) fn definitions(
    path: &str,
    text: &str,
    handle: &mut dyn FnMut(Result<Definition, (String, String)>),
) -> Result<(), SourceError> {
    let mut xml = Xml::new(path, text);
    open_root(&mut xml)?;
    while let Some(section) = xml.child(1)? {
        if section.name() != "definitions" {
            continue;
        }
        while let Some(element) = xml.child(2)? {
            if element.name() == "definition" {
                handle(definition(&mut xml, &element)?);
            }
        }
    }
    Ok(())
}

type Limited<T> = Result<T, (String, String)>;

fn definition(xml: &mut Xml<'_>, element: &Element<'_>) -> Result<Limited<Definition>, SourceError> {
    let mut definition = Definition {
        id: element.attribute("id"),
        class: element.attribute("class"),
        ..Definition::default()
    };
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        match child.name() {
            "metadata" => metadata(xml, &mut definition)?,
            "criteria" => {
                let mut budget = MAX_NODES;
                match criteria(xml, &child, 1, &mut budget)? {
                    Ok(node) => definition.criteria = Some(node),
                    Err(message) => return Ok(Err((definition.id, message))),
                }
            }
            _ => {}
        }
    }
    if definition.cut {
        return Ok(Err((definition.id, format!("more than {MAX_LISTED} of one kind in its metadata"))));
    }
    Ok(Ok(definition))
}

/// Reads `criteria` and what is in it. The depth is limited, so that it can call itself.
fn criteria(
    xml: &mut Xml<'_>,
    element: &Element<'_>,
    nesting: usize,
    budget: &mut usize,
) -> Result<Result<Node, String>, SourceError> {
    if nesting > MAX_CRITERIA_DEPTH {
        return Ok(Err(format!("criteria nest deeper than {MAX_CRITERIA_DEPTH}")));
    }
    let any = element.attribute("operator") == "OR";
    let negated = is_true(element, "negate");
    let mut children = Vec::new();
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        let Some(left) = budget.checked_sub(1) else {
            return Ok(Err(format!("more than {MAX_NODES} criteria")));
        };
        *budget = left;
        match child.name() {
            "criteria" => match criteria(xml, &child, nesting.saturating_add(1), budget)? {
                Ok(node) => children.push(node),
                Err(message) => return Ok(Err(message)),
            },
            "criterion" => children.push(Node::Test {
                reference: child.attribute("test_ref"),
                comment: child.attribute("comment"),
                negated: is_true(&child, "negate"),
            }),
            "extend_definition" => children.push(Node::Extend),
            _ => {}
        }
    }
    Ok(Ok(Node::Criteria { any, negated, children }))
}

fn is_true(element: &Element<'_>, attribute: &str) -> bool {
    matches!(element.attribute(attribute).as_str(), "true" | "1")
}

fn metadata(xml: &mut Xml<'_>, definition: &mut Definition) -> Result<(), SourceError> {
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        match child.name() {
            "title" => definition.title = text::one_line(&xml.text()?),
            "description" => definition.description = xml.text()?,
            "affected" => {
                let depth = xml.depth();
                while let Some(child) = xml.child(depth)? {
                    if child.name() == "platform" {
                        definition.cut |= push(&mut definition.platforms, xml.text()?);
                    }
                }
            }
            "reference" => {
                let reference = Reference { id: child.attribute("ref_id"), url: child.attribute("ref_url") };
                definition.cut |= push(&mut definition.references, reference);
            }
            // Microsoft has these beside the advisory, the others inside it.
            "severity" => definition.severity = xml.text()?,
            "patchable" => definition.patchable = xml.text()?,
            "advisory_date" => definition.issued = xml.text()?,
            "advisory" => advisory(xml, definition)?,
            _ => {}
        }
    }
    Ok(())
}

fn advisory(xml: &mut Xml<'_>, definition: &mut Definition) -> Result<(), SourceError> {
    let depth = xml.depth();
    while let Some(child) = xml.child(depth)? {
        match child.name() {
            "severity" => definition.severity = xml.text()?,
            "issued" => definition.issued = child.attribute("date"),
            "public_date" => definition.issued = xml.text()?,
            "updated" => definition.updated = child.attribute("date"),
            "cve" => {
                let vectors = ["cvss4", "cvss3", "cvss2", "cvss_vector"];
                let cve = Cve {
                    vectors: vectors.iter().filter_map(|name| child.find(name)).collect(),
                    cwe: child.attribute("cwe"),
                    severity: child.find("priority").or_else(|| child.find("impact")).unwrap_or_default(),
                    text: xml.text()?,
                };
                definition.cut |= push(&mut definition.cves, cve);
            }
            "affected_cpe_list" => {
                let depth = xml.depth();
                while let Some(child) = xml.child(depth)? {
                    if child.name() == "cpe" {
                        definition.cut |= push(&mut definition.cpes, xml.text()?);
                    }
                }
            }
            "affected" => {
                let depth = xml.depth();
                while let Some(child) = xml.child(depth)? {
                    if child.name() == "resolution" {
                        let state = child.attribute("state");
                        let mut components = Vec::new();
                        let depth = xml.depth();
                        while let Some(child) = xml.child(depth)? {
                            if child.name() == "component" {
                                definition.cut |= push(&mut components, xml.text()?);
                            }
                        }
                        definition.cut |= push(&mut definition.resolutions, (state, components));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Adds to a list; true when it is full.
fn push<T>(list: &mut Vec<T>, item: T) -> bool {
    let full = list.len() >= MAX_LISTED;
    if !full {
        list.push(item);
    }
    full
}
