//! The table that `cargo xtask bench` prints.

use std::fmt::Write as _;

/// How a figure stands to its bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Fail,
    /// There is no bar.
    Shown,
    /// It could not be measured.
    Skipped,
}

/// A row: a figure, its bar, and how they stand.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    figure: String,
    measured: String,
    bar: String,
    ratio: String,
    verdict: Verdict,
}

impl Row {
    /// A figure that must not be above a bar.
    pub(crate) fn limit(figure: &str, value: f64, bar: f64, unit: Unit) -> Row {
        Row {
            figure: figure.to_owned(),
            measured: unit.show(value),
            bar: format!("≤ {}", unit.show(bar)),
            ratio: format!("{:.2}", value / bar),
            verdict: if value <= bar { Verdict::Pass } else { Verdict::Fail },
        }
    }

    /// A figure that must not be above `bar` times another; `of` names the other.
    pub(crate) fn relative(figure: &str, value: f64, other: f64, bar: f64, of: &str, unit: Unit) -> Row {
        let ratio = value / other;
        let show =
            |ratio: f64| if ratio < 0.5 { format!("1/{:.1}", 1.0 / ratio) } else { format!("{ratio:.2}") };
        Row {
            figure: figure.to_owned(),
            measured: unit.show(value),
            bar: format!("≤ {} × {of} ({})", show(bar), unit.show(other)),
            ratio: show(ratio),
            verdict: if ratio <= bar { Verdict::Pass } else { Verdict::Fail },
        }
    }

    /// A figure without a bar.
    pub(crate) fn shown(figure: &str, measured: String) -> Row {
        Row {
            figure: figure.to_owned(),
            measured,
            bar: String::new(),
            ratio: String::new(),
            verdict: Verdict::Shown,
        }
    }

    /// A yes or no.
    pub(crate) fn check(figure: &str, bar: &str, measured: String, pass: bool) -> Row {
        Row {
            figure: figure.to_owned(),
            measured,
            bar: bar.to_owned(),
            ratio: String::new(),
            verdict: if pass { Verdict::Pass } else { Verdict::Fail },
        }
    }

    /// A figure that could not be measured, with the reason.
    pub(crate) fn skipped(figure: &str, reason: &str) -> Row {
        Row {
            figure: figure.to_owned(),
            measured: reason.to_owned(),
            bar: String::new(),
            ratio: String::new(),
            verdict: Verdict::Skipped,
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    /// The row in Markdown.
    pub(crate) fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "**fail**",
            Verdict::Shown => "",
            Verdict::Skipped => "not measured",
        };
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        format!(
            "| {} | {} | {} | {} | {verdict} |",
            cell(&self.figure),
            cell(&self.measured),
            cell(&self.bar),
            cell(&self.ratio)
        )
    }
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds of processor time, user and system.
    Cpu,
    /// Seconds on the wall's clock.
    Seconds,
    /// Bytes, shown in units of 1,000,000.
    Bytes,
}

impl Unit {
    pub(crate) fn show(self, value: f64) -> String {
        let time = |seconds: f64| match seconds {
            s if s.abs() < 1e-3 => format!("{:.1} µs", s * 1e6),
            s if s.abs() < 1.0 => format!("{:.1} ms", s * 1e3),
            s => format!("{s:.2} s"),
        };
        match self {
            Unit::Cpu => format!("{} CPU", time(value)),
            Unit::Seconds => time(value),
            Unit::Bytes => format!("{:.1} MB", value / 1e6),
        }
    }
}

/// The rows as a Markdown table.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| figure | measured | bar | ratio | |\n| --- | --- | --- | --- | --- |\n");
    for row in rows {
        let _ = writeln!(text, "{}", row.line());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_to_their_bars() {
        let fast = Row::limit("open", 0.004, 0.005, Unit::Seconds);
        assert_eq!(fast.line(), "| open | 4.0 ms | ≤ 5.0 ms | 0.80 | pass |");
        assert!(Row::limit("open", 0.0051, 0.005, Unit::Seconds).failed());
        let against = Row::relative("scan", 2.0, 60.0, 1.0 / 15.0, "Syft", Unit::Cpu);
        assert_eq!(against.line(), "| scan | 2.00 s CPU | ≤ 1/15.0 × Syft (60.00 s CPU) | 1/30.0 | pass |");
        assert!(Row::relative("scan", 1.3, 1.0, 1.25, "inflating", Unit::Cpu).failed());
        assert!(!Row::skipped("scan", "there is no Syft").failed());
    }
}
