//! Detections in the table: by what finds them, the worst first.

use std::io;

use plimsoll_types::{Confidence, Detection, PlaceKind, Scanner, SuppressedDetection, TargetReport};

use super::{BOLD, DIM, PLAIN, Page, by_words, day, severity_style};
use crate::text::{clean, counted, cut_end, grouped};

/// How many detections of one class are shown; the formats for tools have them all.
const MOST_OF_A_CLASS: usize = 25;

/// The heading over the detections of a scanner.
fn heading(scanner: Scanner) -> &'static str {
    match scanner {
        Scanner::Vulnerability => "Vulnerabilities",
        Scanner::Secret => "Secrets",
        Scanner::Misconfiguration => "Configuration",
        Scanner::Malware => "Malware",
        Scanner::Integrity => "Integrity",
        Scanner::License => "Licences",
    }
}

impl Page<'_> {
    pub(super) fn detections(&mut self, target: &TargetReport, several: bool) -> io::Result<()> {
        for scanner in Scanner::ALL {
            let found: Vec<&Detection> =
                target.detections.iter().filter(|detection| detection.class.scanner == scanner).collect();
            if found.is_empty() {
                continue;
            }
            let of = if several { format!(" in {}", clean(&target.name)) } else { String::new() };
            self.section(&format!("{}{of}", heading(scanner)))?;
            self.blank()?;
            let mut shown: Vec<(&str, usize)> = Vec::new();
            for detection in found {
                let code = detection.class.code;
                let at = shown.iter().position(|(known, _)| *known == code).unwrap_or(shown.len());
                match shown.get_mut(at) {
                    Some((_, count)) => *count += 1,
                    None => shown.push((code, 1)),
                }
                if shown.get(at).is_some_and(|(_, count)| *count <= MOST_OF_A_CLASS) {
                    self.detection(detection)?;
                }
            }
            for (code, count) in shown.into_iter().filter(|(_, count)| *count > MOST_OF_A_CLASS) {
                let more = grouped((count - MOST_OF_A_CLASS) as u64);
                self.paragraph(2, &format!("… and {more} more of {code}"))?;
            }
        }
        Ok(())
    }

    fn detection(&mut self, detection: &Detection) -> io::Result<()> {
        self.head(detection)?;
        let place = place(detection);
        let message = clean(&detection.message);
        let text = if place.is_empty() { message.into_owned() } else { format!("{message}: {place}") };
        self.paragraph(6, &cut_end(&text, 4 * self.width))?;
        if !detection.evidence.is_empty() {
            self.pad_to(6);
            self.put(DIM, &cut_end(&clean(&detection.evidence), self.rest()));
            self.end_trimmed()?;
        }
        for note in &detection.notes {
            self.paragraph(6, &cut_end(&clean(note), 4 * self.width))?;
        }
        Ok(())
    }

    fn head(&mut self, detection: &Detection) -> io::Result<()> {
        self.pad_to(2);
        let severity = detection.severity.word().to_ascii_uppercase();
        self.put(severity_style(detection.severity), &severity);
        self.put(PLAIN, "  ");
        self.put(BOLD, &cut_end(&clean(&detection.id()), self.rest()));
        if detection.confidence != Confidence::High && self.rest() > 20 {
            self.put(DIM, &format!("  {} confidence", detection.confidence.word()));
        }
        self.end_trimmed()
    }

    /// What was held back, by what and why.
    pub(super) fn suppressed_detections(&mut self, held: &[SuppressedDetection]) -> io::Result<()> {
        for held in held {
            self.head(&held.detection)?;
            let place = place(&held.detection);
            self.paragraph(
                6,
                &cut_end(&format!("{}: {place}", clean(&held.detection.message)), 4 * self.width),
            )?;
            let mut text = format!("{}: {}", by_words(held.by), clean(&held.origin));
            if let Some(end) = held.expires {
                text.push_str(&format!(", until {}", day(end)));
            }
            if !held.reason.is_empty() {
                text.push_str(&format!(": {}", clean(&held.reason)));
            }
            self.paragraph(6, &cut_end(&text, 4 * self.width))?;
        }
        Ok(())
    }

    /// The line of a summary with the numbers of detections of each scanner.
    pub(super) fn detection_counts(&mut self, target: &TargetReport) -> io::Result<()> {
        if target.detections.is_empty() {
            return Ok(());
        }
        let pieces: Vec<String> = Scanner::ALL
            .into_iter()
            .filter_map(|scanner| {
                let of = || target.detections.iter().filter(|found| found.class.scanner == scanner);
                let worst = of().map(|found| found.severity).max()?;
                let number = grouped(of().count() as u64);
                Some(format!("{number} {} (worst {worst})", heading(scanner).to_lowercase()))
            })
            .collect();
        let number = counted(target.detections.len(), "other finding", "other findings");
        self.row("Beside", &format!("{number}: {}", pieces.join(", ")))
    }
}

/// `etc/passwd:3 (layer 2, deleted in layer 4)`.
fn place(detection: &Detection) -> String {
    let place = &detection.place;
    let mut text = match place.kind {
        PlaceKind::Image => String::new(),
        _ => clean(&place.to_string()).into_owned(),
    };
    let mut about: Vec<String> = Vec::new();
    about.extend((!place.resource.is_empty()).then(|| clean(&place.resource).into_owned()));
    about.extend(place.layer.map(|layer| format!("layer {layer}")));
    about.extend(place.hidden_by.map(|layer| format!("deleted or replaced in layer {layer}")));
    if !about.is_empty() {
        let blank = if text.is_empty() { "" } else { " " };
        text.push_str(&format!("{blank}({})", about.join(", ")));
    }
    text
}
