//! Text inside base64: a long run that stands alone is decoded, twice at most, and looked at when letters come out.

use crate::checks::base64_any;
use crate::engine::{Engine, Mode, Session};
use crate::filters::Place;
use crate::text::{self, Encoding};

use super::findings::Findings;

/// The shortest run that is looked at.
const MIN_RUN: usize = 60;

/// The most bytes of a run.
const MAX_RUN: usize = 256 << 10;

/// The most runs of one file.
const MAX_RUNS: usize = 200;

/// Every so many bytes it is asked whether a run could be there.
const STEP: usize = 30;

const NOTE: &str = "It stands there in base64.";

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

pub(super) fn find(engine: &Engine, place: &Place, text: &[u8], findings: &mut Findings<'_>) {
    let mut at = 0;
    let mut runs = 0;
    let (mut counted, mut line) = (0, 1u32);
    while let Some(part) = text.get(at..at + STEP) {
        // Most text has a space or a sign soon.
        if !part.iter().rev().all(|byte| is_base64(*byte)) {
            at += STEP;
            continue;
        }
        let start = text
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rposition(|byte| !is_base64(*byte))
            .map_or(0, |i| i + 1);
        let rest = text.get(at..).unwrap_or_default();
        let end = at + rest.iter().position(|byte| !is_base64(*byte)).unwrap_or(rest.len());
        at = end;
        let run = text.get(start..end).unwrap_or_default();
        if run.len() < MIN_RUN || run.len() > MAX_RUN {
            continue;
        }
        let Some(decoded) = decode(run) else { continue };
        runs += 1;
        if runs > MAX_RUNS {
            return;
        }
        let lines = memchr::memchr_iter(b'\n', text.get(counted..start).unwrap_or_default()).count();
        line = line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        counted = start;
        let before = text.get(..start).unwrap_or_default();
        let begin = memchr::memrchr(b'\n', before).map_or(0, |line| line + 1);
        let column = text::characters(before.get(begin..).unwrap_or_default()) + 1;
        let place_of = (line, u32::try_from(column).unwrap_or(u32::MAX));
        look(engine, place, &decoded, place_of, findings);
        // What comes out may be base64 as a whole once more.
        let inner = decoded.trim_ascii();
        if inner.len() >= 40
            && inner.iter().all(|byte| is_base64(*byte) || *byte == b'=')
            && let Some(twice) = decode(inner)
        {
            look(engine, place, &twice, place_of, findings);
        }
    }
}

fn look(engine: &Engine, place: &Place, decoded: &[u8], at: (u32, u32), findings: &mut Findings<'_>) {
    let (hits, _) = Session::new(engine, place.clone(), Mode::Text).whole(decoded);
    findings.add_decoded(engine, hits, at, NOTE);
}

/// The text that comes out, when it is text.
fn decode(run: &[u8]) -> Option<Vec<u8>> {
    let printable =
        |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
    if !printable(&base64_any(run.get(..32)?)?) {
        return None;
    }
    let whole = if run.len() % 4 == 1 { run.len() - 1 } else { run.len() };
    let decoded = base64_any(run.get(..whole)?)?;
    (text::encoding(&decoded) == Encoding::Plain && std::str::from_utf8(&decoded).is_ok()).then_some(decoded)
}
