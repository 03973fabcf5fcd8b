//! What a CSAF document states, in the common form of VEX (CSAF 2.0, section 4.5, profile 5).

use std::collections::{BTreeMap, HashMap};

use super::{Document, Vulnerability};
use crate::sources::{SourceError, text};
use crate::vex::{self, Room, VexStatus};

impl Document {
    /// The statements in the common form: one for each set of products of a vulnerability that share status, justification,
    /// impact and action. A package in a platform becomes the platform with the package as its part.
    ///
    /// `recommended` products are left out: the standard does not say that they are fixed.
    ///
    /// # Errors
    ///
    /// When the document is over a limit.
    pub fn statements<'a>(&'a self, path: &'a str) -> Result<vex::Document, SourceError> {
        let products = self.products(path)?;
        let mut room = Room::new(path);
        let tracking = &self.document.tracking;
        let changed = text::date(tracking.current_release_date.as_deref())
            .or_else(|| text::date(tracking.initial_release_date.as_deref()));
        let mut document = vex::Document {
            id: room.text(&tracking.id)?,
            author: room.text(&self.document.publisher.name)?,
            timestamp: changed,
            statements: Vec::new(),
        };
        for vulnerability in &self.vulnerabilities {
            let name = match vulnerability.cve.trim() {
                "" => vulnerability.ids.first().map_or("", |id| id.text.trim()),
                cve => cve,
            };
            // Each product has one justification, one impact and one action: the first that is stated.
            let mut justifications = HashMap::new();
            for flag in &vulnerability.flags {
                for id in products.members(&flag.product_ids, &flag.group_ids)? {
                    justifications.entry(id).or_insert(flag.label.as_str());
                }
            }
            let mut impacts = HashMap::new();
            for threat in vulnerability.threats.iter().filter(|threat| threat.category == "impact") {
                for id in products.members(&threat.product_ids, &threat.group_ids)? {
                    impacts.entry(id).or_insert(threat.details.as_str());
                }
            }
            let mut actions = HashMap::new();
            for remediation in &vulnerability.remediations {
                for id in products.members(&remediation.product_ids, &remediation.group_ids)? {
                    actions.entry(id).or_insert(remediation.details.as_str());
                }
            }
            let mut groups: BTreeMap<(VexStatus, &str, &str, &str), Vec<&str>> = BTreeMap::new();
            for (status, ids) in states(vulnerability) {
                for id in ids {
                    let of = |map: &HashMap<&str, &'a str>| map.get(id.as_str()).copied().unwrap_or_default();
                    let key = (status, of(&justifications), of(&impacts), of(&actions));
                    groups.entry(key).or_default().push(id);
                }
            }
            let aliases: Vec<&str> =
                vulnerability.ids.iter().map(|id| id.text.as_str()).filter(|id| text::is_id(id)).collect();
            for ((status, justification, impact, action), ids) in groups {
                room.statement()?;
                let mut stated = Vec::new();
                for id in ids {
                    let Some(resolved) = products.resolve(id) else {
                        // Not in the tree: the id is all there is.
                        room.products(&[id.to_owned()], &[], &mut stated)?;
                        continue;
                    };
                    // A product made of two may have an identifier of its own.
                    let own =
                        products.get(id).filter(|own| resolved.platform.is_some() && own.is_identified());
                    if let Some(own) = own {
                        room.products(&own.ids(), &[], &mut stated)?;
                    }
                    match resolved.platform {
                        Some(platform) => {
                            room.products(&platform.ids(), &resolved.component.ids(), &mut stated)?
                        }
                        None => room.products(&resolved.component.ids(), &[], &mut stated)?,
                    }
                }
                document.statements.push(vex::Statement {
                    vulnerability: room.text(name)?,
                    aliases: room.aliases(name, aliases.iter().copied())?,
                    products: stated,
                    status,
                    justification: room.text(justification)?,
                    impact: room.text(impact)?,
                    action: room.text(action)?,
                    timestamp: changed,
                });
            }
        }
        Ok(document)
    }
}

/// The lists of a vulnerability that stand for one of the four statuses.
fn states(vulnerability: &Vulnerability) -> [(VexStatus, &[String]); 7] {
    let status = &vulnerability.product_status;
    [
        (VexStatus::NotAffected, &status.known_not_affected),
        (VexStatus::Affected, &status.first_affected),
        (VexStatus::Affected, &status.known_affected),
        (VexStatus::Affected, &status.last_affected),
        (VexStatus::Fixed, &status.first_fixed),
        (VexStatus::Fixed, &status.fixed),
        (VexStatus::UnderInvestigation, &status.under_investigation),
    ]
}
