//! Commands that fetch something, and what they do with it. After the manuals of curl 8, GNU wget 1.24 and aria2 1.37.

use crate::shell::{Command, Input, base_name, interpreter_input};

/// What a command fetches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fetch {
    /// The addresses.
    pub(crate) urls: Vec<String>,
    /// The file that it goes to; `None` for the standard output.
    pub(crate) file: Option<String>,
}

impl Fetch {
    /// An address to show.
    pub(crate) fn shown(&self) -> String {
        self.urls.first().map(|url| crate::evidence::text(url)).unwrap_or_default()
    }

    /// True when one of the addresses is not encrypted.
    pub(crate) fn is_plain(&self) -> bool {
        self.urls.iter().any(|url| url.starts_with("http://") || url.starts_with("ftp://"))
    }
}

/// How a program's options are to be read.
struct Tool {
    name: &'static str,
    /// Letters of options with a value.
    values: &'static str,
    /// Long options with a value, beside those below.
    long_values: &'static [&'static str],
    /// The letter and the long option that name the file.
    output: (char, &'static str),
    /// True when it writes to a file named after the address if nothing else is said.
    names_file: bool,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "curl",
        values: "AbcCdDeEFHKmoPQrtTuUwxXyYzZ",
        long_values: &[
            "--cacert",
            "--cert",
            "--connect-timeout",
            "--cookie",
            "--data",
            "--data-raw",
            "--form",
            "--header",
            "--key",
            "--limit-rate",
            "--max-time",
            "--output-dir",
            "--proto",
            "--proxy",
            "--referer",
            "--request",
            "--resolve",
            "--retry",
            "--retry-delay",
            "--retry-max-time",
            "--user",
            "--user-agent",
            "--write-out",
        ],
        output: ('o', "--output"),
        names_file: false,
    },
    Tool {
        name: "wget",
        values: "aBDeiIAlOoPQRtTUwX",
        long_values: &["--header", "--tries", "--timeout", "--user-agent", "--directory-prefix", "--execute"],
        output: ('O', "--output-document"),
        names_file: true,
    },
    Tool { name: "fetch", values: "ohr", long_values: &[], output: ('o', "--output"), names_file: true },
    Tool {
        name: "aria2c",
        values: "odxsj",
        long_values: &["--dir"],
        output: ('o', "--out"),
        names_file: true,
    },
    Tool { name: "axel", values: "on", long_values: &[], output: ('o', "--output"), names_file: true },
    Tool {
        name: "http",
        values: "oah",
        long_values: &["--auth"],
        output: ('o', "--output"),
        names_file: false,
    },
    Tool { name: "lynx", values: "", long_values: &[], output: ('\0', ""), names_file: false },
    Tool { name: "GET", values: "", long_values: &[], output: ('\0', ""), names_file: false },
];

/// Words in code that fetch something.
const CODE: &[&str] =
    &["urlopen", "urllib", "requests.get", "urlretrieve", "LWP::Simple", "Net::HTTP", "open-uri"];

/// What `command` fetches; `None` when it fetches nothing.
pub(crate) fn fetch(command: &Command) -> Option<Fetch> {
    let program = command.program();
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == program) else {
        let Input::Code(at) = interpreter_input(program, command.arguments()) else { return None };
        let code = command.arguments().get(at)?;
        let fetches = !crate::shell::is_shell(program) && CODE.iter().any(|word| code.contains(word));
        return fetches.then(|| Fetch { urls: urls_in(code), file: redirected(command) });
    };
    let mut found = Fetch::default();
    let (mut file, mut named) = (None, tool.names_file);
    let mut arguments = command.arguments().iter().map(String::as_str);
    while let Some(word) = arguments.next() {
        if word == "--" {
            found.urls.extend(arguments.by_ref().map(str::to_owned));
        } else if word == tool.output.1 {
            file = arguments.next().map(str::to_owned);
        } else if let Some(value) = word.strip_prefix(tool.output.1).and_then(|rest| rest.strip_prefix('=')) {
            file = Some(value.to_owned());
        } else if word == "--url" {
            found.urls.extend(arguments.next().map(str::to_owned));
        } else if word.starts_with("--") {
            named |= matches!(word, "--remote-name" | "--remote-name-all");
            if tool.long_values.contains(&word) {
                arguments.next();
            }
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            for (at, letter) in letters.char_indices() {
                named |= tool.name == "curl" && letter == 'O';
                if !tool.values.contains(letter) {
                    continue;
                }
                let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
                let value = if rest.is_empty() { arguments.next().unwrap_or_default() } else { rest };
                if letter == tool.output.0 {
                    file = Some(value.to_owned());
                }
                break;
            }
        } else {
            found.urls.push(word.to_owned());
        }
    }
    if found.urls.is_empty() {
        return None;
    }
    let from_url = || {
        let url = found.urls.first()?;
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = base_name(path);
        (named && !name.is_empty()).then(|| name.to_owned())
    };
    found.file = match file {
        Some(file) if matches!(file.as_str(), "-" | "/dev/stdout" | "/proc/self/fd/1") => redirected(command),
        Some(file) => Some(file),
        None => redirected(command).or_else(from_url),
    };
    Some(found)
}

/// The file that the standard output is redirected to.
fn redirected(command: &Command) -> Option<String> {
    let file =
        command.redirects.iter().find(|redirect| matches!(redirect.operator, ">" | ">>" | ">|" | "&>"))?;
    (!file.target.starts_with("/dev/")).then(|| file.target.clone())
}

fn urls_in(code: &str) -> Vec<String> {
    let begin = |text: &str| ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min();
    let mut urls = Vec::new();
    let mut rest = code;
    while let Some(at) = begin(rest).filter(|_| urls.len() < 10) {
        let url = rest.get(at..).unwrap_or_default();
        let end = url.find(['"', '\'', ' ', ')', '\n', '`']).unwrap_or(url.len());
        urls.push(url.get(..end).unwrap_or_default().to_owned());
        rest = url.get(end..).unwrap_or_default();
    }
    urls
}

/// True for a command that checks a digest or a signature.
pub(crate) fn checks(command: &Command) -> bool {
    let program = command.program();
    // `php -r`, `python -c` and the like that compute a digest.
    if let Input::Code(at) = interpreter_input(program, command.arguments())
        && !crate::shell::is_shell(program)
    {
        let code = command.arguments().get(at).map_or("", String::as_str);
        return ["hash_file", "hash(", "hashlib", "Digest::", "createHash"]
            .iter()
            .any(|word| code.contains(word));
    }
    match program {
        "gpg" | "gpg2" => command.has("--verify") || command.has("--decrypt"),
        "openssl" => command
            .arguments()
            .first()
            .is_some_and(|word| matches!(word.as_str(), "dgst" | "sha256" | "sha512")),
        "rpm" => command.has("--checksig") || command.has("-K"),
        "cosign" | "slsa-verifier" | "notation" => {
            command.arguments().first().is_some_and(|word| word.starts_with("verify"))
        }
        "gpgv" | "gpgv2" | "sqv" | "rpmkeys" | "minisign" | "signify" | "shasum" | "digest" | "cksum"
        | "debsig-verify" => true,
        _ => {
            program.ends_with("sum")
                && (program.starts_with("sha") || matches!(program, "md5sum" | "b2sum" | "b3sum"))
        }
    }
}
