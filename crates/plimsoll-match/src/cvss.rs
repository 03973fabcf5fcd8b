//! Base scores of CVSS vectors (FIRST: CVSS v2 guide, section 3.2.1; CVSS v3.0 and v3.1 specifications, section 7.1;
//! CVSS v4.0 specification, section 8).

use plimsoll_types::Severity;

/// A version of CVSS, the newest one greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CvssVersion {
    /// 2.0.
    V2,
    /// 3.0.
    V3_0,
    /// 3.1.
    V3_1,
    /// 4.0.
    V4_0,
}

/// A base score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CvssScore {
    /// The version of the vector.
    pub version: CvssVersion,
    /// The base score in tenths: 0 to 100.
    pub tenths: u8,
}

impl CvssScore {
    /// The severity that goes with the score. CVSS 2 has no rating above "high".
    pub fn severity(self) -> Severity {
        let severity = Severity::from_cvss_score(f64::from(self.tenths) / 10.0);
        match self.version {
            CvssVersion::V2 => severity.min(Severity::High),
            _ => severity,
        }
    }
}

/// The scores of a vector with all its metrics. Severities use the base score alone: what a source adds on threats and
/// environments holds at the time and in the place of its writing, not for every image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CvssScores {
    /// The base score.
    pub base: CvssScore,
    /// The temporal score, in tenths; with CVSS 4.0, and where there are no temporal metrics, the base score.
    pub temporal: u8,
    /// The environmental score, in tenths; with CVSS 4.0 the score of all metrics; where there are no environmental
    /// metrics, the temporal score.
    pub environmental: u8,
}

/// All scores of a vector; `None` when it is not a vector of a version that can be scored, or one of its metrics has a
/// value that there is not.
pub fn scores(vector: &str) -> Option<CvssScores> {
    let base = score(vector)?;
    let metrics = vector.split_once('/').map_or("", |(_, metrics)| metrics);
    let (temporal, environmental) = match base.version {
        CvssVersion::V2 => {
            let metrics = vector.trim_start_matches('(').trim_end_matches(')');
            (v2_temporal(metrics, f64::from(base.tenths) / 10.0)?, v2_environmental(metrics)?)
        }
        CvssVersion::V3_0 | CvssVersion::V3_1 => {
            let temporal = f64::from(base.tenths) / 10.0 * v3_temporal(metrics)?;
            (round_up(temporal), v3_environmental(metrics, base.version)?)
        }
        CvssVersion::V4_0 => {
            let vector: cvss::v4::Vector = vector.parse().ok()?;
            let all = (vector.score().value() * 10.0).round().clamp(0.0, 100.0) as u8;
            (base.tenths, all)
        }
    };
    Some(CvssScores { base, temporal, environmental })
}

/// The base score of a vector; `None` when it is not a vector of a version that can be scored. Metrics beyond the base
/// group are passed over.
pub fn score(vector: &str) -> Option<CvssScore> {
    // No real vector is longer; the scan below is linear in any case.
    if vector.len() > 1024 {
        return None;
    }
    if let Some(metrics) = vector.strip_prefix("CVSS:3.1/") {
        Some(CvssScore { version: CvssVersion::V3_1, tenths: v3(metrics)? })
    } else if let Some(metrics) = vector.strip_prefix("CVSS:3.0/") {
        Some(CvssScore { version: CvssVersion::V3_0, tenths: v3(metrics)? })
    } else if let Some(metrics) = vector.strip_prefix("CVSS:4.0/") {
        Some(CvssScore { version: CvssVersion::V4_0, tenths: v4(metrics)? })
    } else if vector.starts_with("CVSS:") {
        None
    } else {
        let metrics = vector.trim_start_matches('(').trim_end_matches(')');
        Some(CvssScore { version: CvssVersion::V2, tenths: v2(metrics)? })
    }
}

/// The value of a metric. A vector that names it twice is not one.
fn metric<'a>(metrics: &'a str, name: &str) -> Option<&'a str> {
    let mut values =
        metrics.split('/').filter_map(|part| part.split_once(':')).filter(|(key, _)| *key == name);
    let (_, value) = values.next()?;
    values.next().is_none().then_some(value)
}

fn weight(metrics: &str, name: &str, weights: &[(&str, f64)]) -> Option<f64> {
    let value = metric(metrics, name)?;
    weights.iter().find(|(key, _)| *key == value).map(|(_, weight)| *weight)
}

/// The weight of a metric that may be missing or not defined: then it is 1.
fn optional(metrics: &str, name: &str, undefined: &str, weights: &[(&str, f64)]) -> Option<f64> {
    match metric(metrics, name) {
        None if !names(metrics, name) => Some(1.0),
        Some(value) if value == undefined => Some(1.0),
        _ => weight(metrics, name, weights),
    }
}

/// Whether a vector names a metric at all.
fn names(metrics: &str, name: &str) -> bool {
    metrics.split('/').any(|part| part.split_once(':').is_some_and(|(key, _)| key == name))
}

/// The product of the temporal metrics (CVSS v3.1, section 7.2).
fn v3_temporal(metrics: &str) -> Option<f64> {
    let maturity = optional(metrics, "E", "X", &[("U", 0.91), ("P", 0.94), ("F", 0.97), ("H", 1.0)])?;
    let level = optional(metrics, "RL", "X", &[("O", 0.95), ("T", 0.96), ("W", 0.97), ("U", 1.0)])?;
    let confidence = optional(metrics, "RC", "X", &[("U", 0.92), ("R", 0.96), ("C", 1.0)])?;
    Some(maturity * level * confidence)
}

/// The environmental score (CVSS v3.0 and v3.1, section 7.3; they differ in one term).
fn v3_environmental(metrics: &str, version: CvssVersion) -> Option<u8> {
    // A modified metric that is missing or not defined is the base metric.
    let modified = |name: &'static str| match metric(metrics, &format!("M{name}")) {
        Some("X") => metric(metrics, name),
        None if names(metrics, &format!("M{name}")) => None,
        None => metric(metrics, name),
        value => value,
    };
    let pick = |name: &'static str, weights: &[(&str, f64)]| {
        let value = modified(name)?;
        weights.iter().find(|(key, _)| *key == value).map(|(_, weight)| *weight)
    };
    let changed = match modified("S")? {
        "U" => false,
        "C" => true,
        _ => return None,
    };
    let impact = |name: &'static str, requirement: &str| {
        let requirement = optional(metrics, requirement, "X", &[("L", 0.5), ("M", 1.0), ("H", 1.5)])?;
        Some(1.0 - requirement * pick(name, &[("H", 0.56), ("L", 0.22), ("N", 0.0)])?)
    };
    let miss = (1.0 - impact("C", "CR")? * impact("I", "IR")? * impact("A", "AR")?).min(0.915);
    let impact = match (changed, version) {
        (false, _) => 6.42 * miss,
        (true, CvssVersion::V3_0) => 7.52 * (miss - 0.029) - 3.25 * (miss - 0.02).powi(15),
        (true, _) => 7.52 * (miss - 0.029) - 3.25 * (miss * 0.9731 - 0.02).powi(13),
    };
    let privileges = if changed { V3_PRIVILEGES_CHANGED } else { V3_PRIVILEGES };
    let exploitability = 8.22
        * pick("AV", &V3_ATTACK_VECTOR)?
        * pick("AC", &V3_COMPLEXITY)?
        * pick("PR", &privileges)?
        * pick("UI", &V3_INTERACTION)?;
    let temporal = v3_temporal(metrics)?;
    if impact <= 0.0 {
        return Some(0);
    }
    let factor = if changed { 1.08 } else { 1.0 };
    let rounded = round_up((factor * (impact + exploitability)).min(10.0));
    Some(round_up(f64::from(rounded) / 10.0 * temporal))
}

const V3_ATTACK_VECTOR: [(&str, f64); 4] = [("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)];
const V3_COMPLEXITY: [(&str, f64); 2] = [("L", 0.77), ("H", 0.44)];
const V3_PRIVILEGES: [(&str, f64); 3] = [("N", 0.85), ("L", 0.62), ("H", 0.27)];
const V3_PRIVILEGES_CHANGED: [(&str, f64); 3] = [("N", 0.85), ("L", 0.68), ("H", 0.5)];
const V3_INTERACTION: [(&str, f64); 2] = [("N", 0.85), ("R", 0.62)];

fn v3(metrics: &str) -> Option<u8> {
    let changed = match metric(metrics, "S")? {
        "U" => false,
        "C" => true,
        _ => return None,
    };
    let attack_vector = weight(metrics, "AV", &V3_ATTACK_VECTOR)?;
    let complexity = weight(metrics, "AC", &V3_COMPLEXITY)?;
    let privileges = if changed { V3_PRIVILEGES_CHANGED } else { V3_PRIVILEGES };
    let privileges = weight(metrics, "PR", &privileges)?;
    let interaction = weight(metrics, "UI", &V3_INTERACTION)?;
    let impact = |name| weight(metrics, name, &[("H", 0.56), ("L", 0.22), ("N", 0.0)]);
    let iss = 1.0 - (1.0 - impact("C")?) * (1.0 - impact("I")?) * (1.0 - impact("A")?);
    let impact = if changed { 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02).powi(15) } else { 6.42 * iss };
    if impact <= 0.0 {
        return Some(0);
    }
    let exploitability = 8.22 * attack_vector * complexity * privileges * interaction;
    let factor = if changed { 1.08 } else { 1.0 };
    Some(round_up((factor * (impact + exploitability)).min(10.0)))
}

/// `Roundup` of CVSS v3.1, appendix A, in tenths: it does not fall for the inexactness of binary fractions. It gives
/// what v3.0 means by rounding up, too.
fn round_up(value: f64) -> u8 {
    let hundred_thousandths = (value * 100_000.0).round();
    let tenths = (hundred_thousandths / 10_000.0).ceil();
    tenths.clamp(0.0, 100.0) as u8
}

fn v2(metrics: &str) -> Option<u8> {
    v2_base(metrics, [1.0; 3])
}

/// The base equation, with the weights of the security requirements (CVSS v2, sections 3.2.1 and 3.2.3).
fn v2_base(metrics: &str, requirements: [f64; 3]) -> Option<u8> {
    let access = weight(metrics, "AV", &[("L", 0.395), ("A", 0.646), ("N", 1.0)])?;
    let complexity = weight(metrics, "AC", &[("H", 0.35), ("M", 0.61), ("L", 0.71)])?;
    let authentication = weight(metrics, "Au", &[("M", 0.45), ("S", 0.56), ("N", 0.704)])?;
    let impact = |name, requirement| {
        Some(1.0 - requirement * weight(metrics, name, &[("N", 0.0), ("P", 0.275), ("C", 0.660)])?)
    };
    let [confidentiality, integrity, availability] = requirements;
    let rest = impact("C", confidentiality)? * impact("I", integrity)? * impact("A", availability)?;
    let impact = (10.41 * (1.0 - rest)).min(if requirements == [1.0; 3] { f64::MAX } else { 10.0 });
    let exploitability = 20.0 * access * complexity * authentication;
    let factor = if impact == 0.0 { 0.0 } else { 1.176 };
    let base = (0.6 * impact + 0.4 * exploitability - 1.5) * factor;
    Some(tenths(base))
}

/// The temporal equation (CVSS v2, section 3.2.2).
fn v2_temporal(metrics: &str, base: f64) -> Option<u8> {
    let exploit = optional(metrics, "E", "ND", &[("U", 0.85), ("POC", 0.9), ("F", 0.95), ("H", 1.0)])?;
    let level = optional(metrics, "RL", "ND", &[("OF", 0.87), ("TF", 0.90), ("W", 0.95), ("U", 1.0)])?;
    let confidence = optional(metrics, "RC", "ND", &[("UC", 0.9), ("UR", 0.95), ("C", 1.0)])?;
    Some(tenths(base * exploit * level * confidence))
}

/// The environmental equation (CVSS v2, section 3.2.3).
fn v2_environmental(metrics: &str) -> Option<u8> {
    let requirement = |name| optional(metrics, name, "ND", &[("L", 0.5), ("M", 1.0), ("H", 1.51)]);
    let adjusted = v2_base(metrics, [requirement("CR")?, requirement("IR")?, requirement("AR")?])?;
    let adjusted = f64::from(v2_temporal(metrics, f64::from(adjusted) / 10.0)?) / 10.0;
    let damage = match metric(metrics, "CDP") {
        None if !names(metrics, "CDP") => 0.0,
        Some("ND") => 0.0,
        _ => weight(metrics, "CDP", &[("N", 0.0), ("L", 0.1), ("LM", 0.3), ("MH", 0.4), ("H", 0.5)])?,
    };
    let targets = optional(metrics, "TD", "ND", &[("N", 0.0), ("L", 0.25), ("M", 0.75), ("H", 1.0)])?;
    Some(tenths((adjusted + (10.0 - adjusted) * damage) * targets))
}

/// Rounded to one decimal, half up, as the second version rounds. The products are exact to a few places only.
fn tenths(score: f64) -> u8 {
    ((score * 1_000_000.0).round() / 100_000.0).round().clamp(0.0, 100.0) as u8
}

/// The base metrics of CVSS 4.0; all of them are mandatory.
const V4_BASE: [&str; 11] = ["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];

/// The score of the base metrics alone: what a source adds on threat or environment does not hold for every image.
fn v4(metrics: &str) -> Option<u8> {
    let mut base = "CVSS:4.0".to_owned();
    for name in V4_BASE {
        base.push('/');
        base.push_str(name);
        base.push(':');
        base.push_str(metric(metrics, name)?);
    }
    let vector: cvss::v4::Vector = base.parse().ok()?;
    Some((vector.score().value() * 10.0).round().clamp(0.0, 100.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_known_vectors() {
        for (vector, tenths) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 100),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L/E:P/RL:O", 53),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 73),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 73),
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 78),
            ("(AV:L/AC:H/Au:N/C:C/I:C/A:C)", 62),
        ] {
            assert_eq!(score(vector).map(|score| score.tenths), Some(tenths), "{vector}");
        }
    }

    type Metrics = &'static [(&'static str, &'static str)];

    /// The number of vectors that can be made of these metrics, the sum of their scores, and the sum of the scores
    /// each times its place (modulo 9973): they notice any difference.
    fn sums(prefix: &str, metrics: Metrics) -> (usize, u64, u64) {
        let count = metrics.iter().map(|(_, values)| values.len()).product();
        let (mut sum, mut weighted) = (0, 0);
        for number in 0..count {
            // The last metric runs fastest.
            let mut rest = number;
            let mut parts = Vec::new();
            for (name, values) in metrics.iter().rev() {
                let value = &values[rest % values.len()..][..1];
                parts.push(format!("{name}:{value}"));
                rest /= values.len();
            }
            parts.reverse();
            let vector = format!("{prefix}{}", parts.join("/"));
            let tenths = u64::from(score(&vector).unwrap().tenths);
            sum += tenths;
            weighted += (number % 9973 + 1) as u64 * tenths;
        }
        (count, sum, weighted)
    }

    // The sums come from Red Hat's `cvss` 3.6 (Python), over all base vectors there are.
    #[test]
    fn all_base_vectors_score_as_in_the_reference() {
        let v2: Metrics =
            &[("AV", "LAN"), ("AC", "HML"), ("Au", "MSN"), ("C", "NPC"), ("I", "NPC"), ("A", "NPC")];
        assert_eq!(sums("", v2), (729, 38_007, 15_283_204));
        let v3: Metrics = &[
            ("AV", "NALP"),
            ("AC", "LH"),
            ("PR", "NLH"),
            ("UI", "NR"),
            ("S", "UC"),
            ("C", "HLN"),
            ("I", "HLN"),
            ("A", "HLN"),
        ];
        assert_eq!(sums("CVSS:3.0/", v3), (2592, 142_706, 172_705_503));
        assert_eq!(sums("CVSS:3.1/", v3), (2592, 142_706, 172_705_503));
        let v4: Metrics = &[
            ("AV", "NALP"),
            ("AC", "LH"),
            ("AT", "NP"),
            ("PR", "NLH"),
            ("UI", "NPA"),
            ("VC", "HLN"),
            ("VI", "HLN"),
            ("VA", "HLN"),
            ("SC", "HLN"),
            ("SI", "HLN"),
            ("SA", "HLN"),
        ];
        assert_eq!(sums("CVSS:4.0/", v4), (104_976, 5_964_883, 28_750_867_355));
    }

    #[test]
    fn all_metrics_score_as_in_the_reference() {
        let mut wrong = Vec::new();
        for line in include_str!("../tests/fixtures/cvss.txt").lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let vector = words.next().unwrap();
            // The reference gives no score (`-`) where there are no metrics for it: then it is the one before.
            let mut expected: Vec<u8> = Vec::new();
            for word in words {
                let last = expected.last().copied();
                expected.push(if word == "-" { last.unwrap() } else { word.parse().unwrap() });
            }
            let found = scores(vector).map(|found| match found.base.version {
                // The reference gives one score for all metrics.
                CvssVersion::V4_0 => vec![found.environmental],
                _ => vec![found.base.tenths, found.temporal, found.environmental],
            });
            if found.as_ref() != Some(&expected) {
                wrong.push(format!("{vector}: {found:?}, not {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{} of 1800:\n{}", wrong.len(), wrong.join("\n"));
        for vector in ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:Q", "AV:N/AC:L/Au:N/C:C/I:C/A:C/TD:Q"]
        {
            assert_eq!(scores(vector), None, "{vector}");
        }
    }

    #[test]
    fn refuses_what_is_no_vector() {
        for vector in [
            "",
            "CVSS:3.1/",
            "CVSS:3.1/AV:N",
            "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:X/C:H/I:H/A:H",
            "CVSS:9.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "AV:N/AC:L/Au:N/C:C/I:C",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:X/VI:N/VA:N/SC:N/SI:N/SA:N",
        ] {
            assert_eq!(score(vector), None, "{vector}");
        }
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        for end in 0..vector.len() {
            assert_eq!(score(&vector[..end]), None, "{}", &vector[..end]);
        }
    }

    #[test]
    fn ratings() {
        let severity = |vector| score(vector).unwrap().severity();
        assert_eq!(severity("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Severity::Critical);
        assert_eq!(severity("AV:N/AC:L/Au:N/C:C/I:C/A:C"), Severity::High);
        assert_eq!(severity("AV:N/AC:L/Au:N/C:N/I:N/A:N"), Severity::Negligible);
    }
}
