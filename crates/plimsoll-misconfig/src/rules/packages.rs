//! What commands tell package managers to do.

use crate::shell::Command;

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Manager {
    Apt,
    Apk,
    Rpm,
    Pacman,
    Pip,
    Npm,
    Gem,
    Go,
}

impl Manager {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Manager::Apt => "apt",
            Manager::Apk => "apk",
            Manager::Rpm => "dnf",
            Manager::Pacman => "pacman",
            Manager::Pip => "pip",
            Manager::Npm => "npm",
            Manager::Gem => "gem",
            Manager::Go => "go",
        }
    }

    /// True when the packages are those of a distribution.
    pub(super) const fn is_os(self) -> bool {
        matches!(self, Manager::Apt | Manager::Apk | Manager::Rpm | Manager::Pacman)
    }
}

/// What a package manager is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task<'a> {
    /// To read what there is anew.
    Update,
    /// To replace all packages, also by removing some.
    Upgrade { all: bool },
    /// To install these.
    Install(Vec<&'a str>),
    /// To do something else that needs its lists.
    Other,
}

/// The package manager that `command` calls and what for.
pub(super) fn task(command: &Command) -> Option<(Manager, Task<'_>)> {
    let mut program = command.program();
    let mut arguments = command.arguments();
    // `python3 -I -m pip install …`, `uv pip install …`
    if program.starts_with("python") {
        let module =
            arguments.iter().take_while(|word| word.starts_with('-')).position(|word| word == "-m")?;
        program = arguments.get(module + 1)?.as_str();
        arguments = arguments.get(module + 2..)?;
    } else if program == "uv" && arguments.first().is_some_and(|word| word == "pip" || word == "tool") {
        program = "pip";
        arguments = arguments.get(1..)?;
    }
    let manager = match program {
        "apt-get" | "apt" | "aptitude" | "apt-fast" => Manager::Apt,
        "apk" => Manager::Apk,
        "yum" | "dnf" | "dnf5" | "microdnf" | "tdnf" | "zypper" => Manager::Rpm,
        "pacman" => Manager::Pacman,
        "npm" | "yarn" | "pnpm" => Manager::Npm,
        "gem" => Manager::Gem,
        "go" => Manager::Go,
        _ if program.strip_prefix("pip").is_some_and(|rest| {
            matches!(rest, "" | "x") || rest.starts_with(|c: char| c.is_ascii_digit())
        }) =>
        {
            Manager::Pip
        }
        // Others that need package lists and install with them.
        "mk-build-deps" | "gdebi" | "tasksel" | "apt-file" | "add-apt-repository" | "install_packages" => {
            return Some((Manager::Apt, Task::Other));
        }
        _ => return None,
    };
    if manager == Manager::Pacman {
        let letters = arguments.iter().find_map(|word| word.strip_prefix("-S"))?;
        let packages: Vec<&str> = operands(arguments, values(manager)).collect();
        return Some((
            manager,
            match (packages.is_empty(), letters.contains('u'), letters.contains('y')) {
                (false, ..) => Task::Install(packages),
                (true, true, _) => Task::Upgrade { all: false },
                (true, false, true) => Task::Update,
                _ => Task::Other,
            },
        ));
    }
    let mut words = operands(arguments, values(manager));
    let verb = words.next()?;
    let task = match (manager, verb) {
        (Manager::Apt, "update") | (Manager::Apk, "update") => Task::Update,
        (Manager::Rpm, "makecache" | "check-update" | "refresh" | "ref") => Task::Update,
        (Manager::Apt, "dist-upgrade" | "full-upgrade") => Task::Upgrade { all: true },
        (Manager::Rpm, "dup" | "dist-upgrade" | "distro-sync" | "system-upgrade") => {
            Task::Upgrade { all: true }
        }
        (Manager::Apt | Manager::Apk | Manager::Rpm, "upgrade" | "safe-upgrade" | "update" | "up") => {
            Task::Upgrade { all: false }
        }
        (Manager::Apt, "install")
        | (Manager::Apk, "add")
        | (Manager::Rpm, "install" | "in" | "localinstall")
        | (Manager::Pip, "install")
        | (Manager::Gem, "install" | "i")
        | (Manager::Go, "install" | "get")
        | (Manager::Npm, "install" | "i" | "add") => Task::Install(words.collect()),
        (Manager::Npm, "global") if words.next() == Some("add") => Task::Install(words.collect()),
        // What follows the first are the program's own arguments.
        (Manager::Go, "run") => Task::Install(words.take(1).collect()),
        // Groups have no versions, modules have.
        (Manager::Rpm, "module") if words.next() == Some("install") => Task::Install(words.collect()),
        _ => Task::Other,
    };
    Some((manager, task))
}

/// Options whose value is the next word.
fn values(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Apt => &["-t", "-o", "-c", "--target-release", "--option"],
        Manager::Apk => &["-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir"],
        Manager::Rpm => &[
            "-c",
            "-d",
            "-e",
            "-x",
            "-r",
            "--advisory",
            "--config",
            "--destdir",
            "--disableplugin",
            "--disablerepo",
            "--downloaddir",
            "--enableplugin",
            "--enablerepo",
            "--exclude",
            "--forcearch",
            "--from",
            "--installroot",
            "--releasever",
            "--repo",
            "--repofrompath",
            "--repoid",
            "--setopt",
        ],
        Manager::Pip => &[
            "-r",
            "--requirement",
            "-c",
            "--constraint",
            "-i",
            "--index-url",
            "--extra-index-url",
            "--trusted-host",
            "-t",
            "--target",
            "--prefix",
            "-f",
            "--find-links",
            "--cache-dir",
            "--timeout",
            "--retries",
            "-e",
            "--editable",
            "--root",
            "--platform",
            "--python-version",
            "--log",
        ],
        Manager::Npm => &["--prefix", "--registry", "--cache", "-C", "--loglevel", "--workspace", "-w"],
        Manager::Gem => &["-v", "--version", "-n", "-i", "-s", "--source", "-P", "--platform"],
        Manager::Go => &["-ldflags", "-tags", "-mod"],
        Manager::Pacman => &["--cachedir", "-r", "-b", "--root"],
    }
}

/// The arguments that are neither options nor values of options.
fn operands<'a>(
    arguments: &'a [String],
    values: &'static [&'static str],
) -> impl Iterator<Item = &'a str> + 'a {
    let mut is_value = false;
    arguments.iter().map(String::as_str).filter(move |word| {
        if std::mem::take(&mut is_value) {
            return false;
        }
        is_value = values.contains(word);
        !word.starts_with('-')
    })
}

/// The packages among `packages` that are asked for in any version.
pub(super) fn unpinned<'a>(manager: Manager, command: &Command, packages: &[&'a str]) -> Vec<&'a str> {
    let begins = |option: &str| command.arguments().iter().any(|word| word.starts_with(option));
    let whole = match manager {
        // Constraints name the versions.
        Manager::Pip => {
            command.has("--require-hashes") || command.has("-c") || command.option("--constraint").is_some()
        }
        Manager::Gem => begins("-v") || command.option("--version").is_some(),
        _ => false,
    };
    // Only what is newly added to the module is asked for in any version; the rest has that of its go.mod.
    let is_get = manager == Manager::Go && command.has("get");
    if whole {
        return Vec::new();
    }
    let is_fixed = |package: &str| {
        if let Some(fixed) = repository(manager, package) {
            return fixed;
        }
        let is_path = package.starts_with(['.', '/', '~', '$', '<', '>', '{', '*'])
            || package.contains('$')
            || package.contains("://")
            || package.contains('*') && package.contains('/');
        is_path
            || match manager {
                Manager::Apt => package.contains('=') || package.ends_with(".deb"),
                Manager::Apk => package.contains(['=', '~', '<', '>']) || package.ends_with(".apk"),
                Manager::Rpm => {
                    // `name-version-release.arch`, `@group`, `module:stream`. Digits in the middle may be part of the name.
                    package.contains(['=', '@'])
                        || package.ends_with(".rpm")
                        || command.has("module") && package.contains(':')
                        || package
                            .rsplit_once('-')
                            .is_some_and(|(_, last)| last.starts_with(|c: char| c.is_ascii_digit()))
                }
                Manager::Pacman => true,
                Manager::Pip => {
                    package.contains("==")
                        || package.contains("~=")
                        || package.contains('@')
                        || [".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz"]
                            .iter()
                            .any(|ending| package.ends_with(ending))
                }
                Manager::Npm => {
                    let version = package.get(1..).and_then(|name| name.rsplit_once('@')).map(|(_, v)| v);
                    // Letters alone are a tag, which moves.
                    version.is_some_and(|version| version.contains(|c: char| !c.is_ascii_alphabetic()))
                        || [".tgz", ".tar.gz", ".tar"].iter().any(|ending| package.ends_with(ending))
                }
                Manager::Gem => package.contains(':') || package.ends_with(".gem"),
                Manager::Go => match package.split_once('@') {
                    Some((_, version)) => !moves(version),
                    // The standard library's have no domain in front.
                    None => !is_get || !package.split('/').next().unwrap_or_default().contains('.'),
                },
            }
    };
    packages.iter().copied().filter(|package| !is_fixed(package)).collect()
}

/// Whether a package that is a repository of source code is asked for in a fixed state; `None` when it is none.
fn repository(manager: Manager, package: &str) -> Option<bool> {
    let address = match manager {
        // `name @ git+https://…`
        Manager::Pip => package.split_once(" @ ").map_or(package, |(_, address)| address.trim_start()),
        Manager::Npm => package,
        _ => return None,
    };
    let (scheme, rest) = address.split_once("://")?;
    let is_repository = matches!(scheme, "git" | "github" | "gitlab" | "bitbucket")
        || ["git+", "hg+", "svn+", "bzr+"].iter().any(|kind| scheme.starts_with(kind));
    if !is_repository {
        return None;
    }
    let (path, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let reference = match manager {
        Manager::Npm => fragment,
        // A name before the host may hold an `@`, too.
        _ => path.split_once('/').and_then(|(_, path)| path.rsplit_once('@')).map_or("", |(_, tag)| tag),
    };
    Some(!reference.is_empty() && !moves(reference))
}

/// True for names of states that move by design (go.dev/ref/mod, "Version queries", and the usual names of main branches).
fn moves(reference: &str) -> bool {
    matches!(
        reference,
        "latest" | "upgrade" | "patch" | "main" | "master" | "trunk" | "develop" | "devel" | "dev" | "HEAD"
    )
}
