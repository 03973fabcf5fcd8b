//! Specifications of installed gems: `specifications/NAME-VERSION[-PLATFORM].gemspec`, the Ruby program that RubyGems
//! writes at installation (`Gem::Specification#to_ruby`), with a comment of the same facts in its second line
//! (`Gem::StubSpecification`).
//!
//! No Ruby is run: a value counts where it is a literal, as in everything RubyGems writes itself. A version that a
//! hand-written specification computes is taken from the comment or else from the file's name.

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};

use crate::limits;

pub(super) struct Gemspec;

impl Analyzer for Gemspec {
    fn id(&self) -> &'static str {
        "gem/gemspec"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            suffixes: &[".gemspec"],
            // A gem brings its own gemspec among its files, and so do source trees: those are not installed.
            wants: |path| path.starts_with(b"specifications/") || path.contains_str("/specifications/"),
            max_size: 16 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let text = bytes.to_str_lossy();
        let mut gem = Specification::read(&text)?;
        let stem = file.name().strip_suffix(b".gemspec").unwrap_or(file.name()).to_str_lossy();
        gem.complete(&text, &stem);
        if gem.name.is_empty() {
            return Err(AnalyzeError::malformed("the specification has no name that can be read"));
        }
        limits::state(
            PackageFact {
                ecosystem: "gem".to_owned(),
                name: gem.name,
                version: gem.version,
                // Advisories know no platform, and a version carries none; it is what a binary package's
                // architecture is.
                arch: if gem.platform == "ruby" { String::new() } else { gem.platform },
                licenses: gem.licenses,
                vendor: gem.authors.join(", "),
                ..PackageFact::default()
            },
            out,
        );
        Ok(())
    }
}

#[derive(Default)]
struct Specification {
    name: String,
    version: String,
    platform: String,
    licenses: Vec<String>,
    authors: Vec<String>,
}

impl Specification {
    /// Takes the assignments of literals; as in Ruby, a later one wins.
    fn read(text: &str) -> Result<Specification, AnalyzeError> {
        /// RubyGems writes some 25. The value of one may run over many lines, so their number bounds the work.
        const MAX: usize = 1_000;
        let mut gem = Specification::default();
        for (count, (attribute, value)) in lines(text).filter_map(assignment).enumerate() {
            if count == MAX {
                return Err(AnalyzeError::malformed(format!(
                    "the specification has more than {MAX} assignments"
                )));
            }
            match attribute {
                "name" => literal(value).into_iter().for_each(|value| gem.name = value),
                "version" => literal(version_value(value)).into_iter().for_each(|value| gem.version = value),
                "platform" => literal(value).into_iter().for_each(|value| gem.platform = value),
                "license" => literal(value).into_iter().for_each(|value| gem.licenses = vec![value]),
                "author" => literal(value).into_iter().for_each(|value| gem.authors = vec![value]),
                "licenses" => gem.licenses = list(value),
                "authors" => gem.authors = list(value),
                _ => {}
            }
        }
        Ok(gem)
    }

    /// Fills in what the program did not say in literals.
    fn complete(&mut self, text: &str, stem: &str) {
        // `# stub: nokogiri 1.13.9 x86_64-linux lib`
        let stub = text.lines().take(4).find_map(|line| line.strip_prefix("# stub: "));
        let mut words = stub.unwrap_or_default().split(' ');
        for field in [&mut self.name, &mut self.version, &mut self.platform] {
            let word = words.next().unwrap_or_default();
            if field.is_empty() {
                word.clone_into(field);
            }
        }
        if self.version.is_empty() {
            // In a file's name neither a version nor what follows the name begins with anything but a digit.
            let rest = stem
                .strip_prefix(self.name.as_str())
                .and_then(|rest| rest.strip_prefix('-'))
                .unwrap_or_default();
            let version = rest.split('-').next().unwrap_or_default();
            if !self.name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()) {
                version.clone_into(&mut self.version);
            }
        }
    }
}

/// The lines of `text`, each with all that follows it, since an array may run over several.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
    starts.filter_map(|start| text.get(start..))
}

/// Takes `  s.name = VALUE` apart: a local variable, an attribute, its value and all that follows.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = identifier(text.trim_start_matches([' ', '\t']))?;
    let (attribute, rest) = identifier(rest.strip_prefix('.')?)?;
    let value = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?;
    // `==`, `=~`, `=>` compare or pair.
    (!value.starts_with(['=', '~', '>'])).then(|| (attribute, value.trim_start_matches([' ', '\t'])))
}

fn identifier(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    text.split_at_checked(end).filter(|_| end > 0)
}

/// The inside of `Gem::Version.new("1.2")`.
fn version_value(value: &str) -> &str {
    value.strip_prefix("Gem::Version.new(").unwrap_or(value)
}

/// The value of a string literal at the beginning of `text`, when nothing in it is computed.
fn literal(text: &str) -> Option<String> {
    string(text).map(|(value, _)| value)
}

/// The strings of an array literal, or a single one; what is computed ends it.
fn list(text: &str) -> Vec<String> {
    const MAX: usize = 64;
    let mut strings = Vec::new();
    let Some(mut rest) = text.strip_prefix('[') else { return literal(text).into_iter().collect() };
    while let Some((value, after)) = string(rest.trim_start()).filter(|_| strings.len() < MAX) {
        strings.push(value);
        let after = after.strip_prefix(".freeze").unwrap_or(after).trim_start();
        let Some(next) = after.strip_prefix(',') else { break };
        rest = next;
    }
    strings
}

/// Reads one string literal: `'…'`, `"…"`, `%q(…)` or `%Q(…)`. Gives its value and what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    /// The longest literal that is read, in bytes: no name or licence is longer, and it bounds the work.
    const MAX: usize = 4_096;
    let (close, open, double, body) = if let Some(body) = text.strip_prefix('\'') {
        ('\'', None, false, body)
    } else if let Some(body) = text.strip_prefix('"') {
        ('"', None, true, body)
    } else {
        let (double, rest) = match text.strip_prefix("%q") {
            Some(rest) => (false, rest),
            None => (true, text.strip_prefix("%Q").or_else(|| text.strip_prefix('%'))?),
        };
        let open = rest.chars().next().filter(char::is_ascii_punctuation)?;
        let close = match open {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        (close, (open != close).then_some(open), double, rest.get(1..)?)
    };
    let mut value = String::new();
    let mut depth = 0usize;
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        if at > MAX {
            return None;
        }
        match c {
            '\\' => {
                let (_, escaped) = chars.next()?;
                if double {
                    escape(escaped, &mut chars, &mut value)?;
                } else {
                    if escaped != '\\' && escaped != close {
                        value.push('\\');
                    }
                    value.push(escaped);
                }
            }
            '#' if double && body.get(at + 1..).is_some_and(|rest| rest.starts_with(['{', '$', '@'])) => {
                return None;
            }
            c if c == close && depth == 0 => return Some((value, body.get(at + c.len_utf8()..)?)),
            c => {
                if Some(c) == open {
                    depth += 1;
                } else if c == close {
                    depth -= 1;
                }
                value.push(c);
            }
        }
    }
    None
}

/// Writes what `\` and `escaped` mean in a double-quoted literal.
fn escape(escaped: char, chars: &mut std::str::CharIndices<'_>, value: &mut String) -> Option<()> {
    value.push(match escaped {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        's' => ' ',
        'u' if chars.as_str().starts_with('{') => {
            chars.next();
            let c = code_point(chars, 6)?;
            (chars.next()?.1 == '}').then_some(c)?
        }
        'u' => code_point(chars, 4)?,
        'x' => code_point(chars, 2)?,
        other => other,
    });
    Some(())
}

/// Takes up to `most` hexadecimal digits.
fn code_point(chars: &mut std::str::CharIndices<'_>, most: usize) -> Option<char> {
    let rest = chars.as_str();
    let digits = rest.get(..rest.bytes().take(most).take_while(u8::is_ascii_hexdigit).count())?;
    if !digits.is_empty() {
        chars.nth(digits.len() - 1);
    }
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    macro_rules! check_fixture {
        ($name:literal, $expected:expr) => {
            check(
                &Gemspec,
                concat!("usr/lib/ruby/gems/3.0.0/specifications/", $name),
                include_bytes!(concat!("../../../tests/fixtures/gem/gemspec/", $name)),
                &$expected,
            )
        };
    }

    // Expected: `Gem::Specification.load` of RubyGems 3.3 for what it can load without the gem's own files.
    #[test]
    fn reads_specifications() {
        check_fixture!(
            "nokogiri-1.13.9-x86_64-linux.gemspec",
            ["nokogiri 1.13.9 [arch: x86_64-linux] [licenses: MIT; Ruby] \
              [vendor: Mike Dalessio, Aaron \"tender\" Patterson, João]"]
        );
        check_fixture!("abstract-1.0.0.gemspec", ["abstract 1.0.0 [vendor: makoto kuwata]"]);
    }

    #[test]
    fn a_computed_version_comes_from_the_comment_or_the_file_name() {
        check_fixture!(
            "json-2.6.1.gemspec",
            ["json 2.6.1 [licenses: Ruby] [vendor: Daniel Luca, Florian Frank]"]
        );
        check_fixture!("bundled-0.9.gemspec", ["bundled 0.9"]);
        check_fixture!("empty-1.gemspec", ["error: the specification has no name that can be read"]);
    }

    // Expected: what `ruby -e 'p VALUE'` prints.
    #[test]
    fn string_literals() {
        for (text, expected) in [
            (r#""a".freeze"#, Some("a")),
            (r#""a\"\\\u00e9\u{1F600}\x41""#, Some("a\"\\é😀A")),
            (r"'a\'\\\n'", Some(r"a'\\n")),
            ("%q{a{b}c}", Some("a{b}c")),
            ("%q<racc>", Some("racc")),
            ("%Q(x)", Some("x")),
            ("%(x)", Some("x")),
            ("\"a#b\"", Some("a#b")),
            ("\"#{v}\"", None),
            ("\"open", None),
            ("VERSION", None),
            ("%", None),
            ("\"\\", None),
            ("\"\\u{zz}\"", None),
        ] {
            assert_eq!(literal(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn assignments() {
        for (text, expected) in [
            ("  s.name = 'x'", Some(("name", "'x'"))),
            ("spec.version= VERSION", Some(("version", "VERSION"))),
            ("s.name == 'x'", None),
            ("s.name =~ /x/", None),
            ("# s.name = 'x'", None),
            ("s.add_dependency('x')", None),
            ("name = 'x'", None),
        ] {
            assert_eq!(assignment(text), expected, "{text}");
        }
    }

    #[test]
    fn wants_installed_specifications_only() {
        assert!(wants(&Gemspec, "usr/lib/ruby/gems/3.0.0/specifications/default/json-2.6.1.gemspec"));
        assert!(!wants(&Gemspec, "usr/lib/ruby/gems/3.0.0/gems/json-2.6.1/json.gemspec"));
    }
}
