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
    // `python3 -m pip install …`
    if program.starts_with("python") && arguments.first().is_some_and(|word| word == "-m") {
        program = arguments.get(1)?.as_str();
        arguments = arguments.get(2..)?;
    }
    let manager = match program {
        "apt-get" | "apt" | "aptitude" | "apt-fast" => Manager::Apt,
        "apk" => Manager::Apk,
        "yum" | "dnf" | "dnf5" | "microdnf" | "tdnf" | "zypper" => Manager::Rpm,
        "pacman" => Manager::Pacman,
        "npm" | "yarn" | "pnpm" => Manager::Npm,
        "gem" => Manager::Gem,
        "go" => Manager::Go,
        _ if program
            .strip_prefix("pip")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit())) =>
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
        | (Manager::Rpm, "install" | "in" | "localinstall" | "groupinstall")
        | (Manager::Pip | Manager::Gem | Manager::Go, "install")
        | (Manager::Npm, "install" | "i" | "add") => Task::Install(words.collect()),
        (Manager::Npm, "global") if words.next() == Some("add") => Task::Install(words.collect()),
        _ => Task::Other,
    };
    Some((manager, task))
}

/// Options whose value is the next word.
fn values(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Apt => &["-t", "-o", "-c", "--target-release", "--option"],
        Manager::Apk => &["-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir"],
        Manager::Rpm => &["-c", "-x", "--installroot", "--releasever", "--setopt", "--repo", "-r", "--from"],
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
    let whole = match manager {
        Manager::Pip => {
            command.option("-r").or(command.option("--requirement")).is_some()
                || command.has("--require-hashes")
        }
        Manager::Gem => command.option("-v").or(command.option("--version")).is_some(),
        _ => false,
    };
    if whole {
        return Vec::new();
    }
    let is_fixed = |package: &str| {
        let is_path = package.starts_with(['.', '/', '~', '$', '<', '>', '{'])
            || package.contains("$")
            || package.contains("://")
            || package.contains('*');
        is_path
            || match manager {
                Manager::Apt | Manager::Apk => {
                    package.contains(['=', '~', '<', '>'])
                        || package.ends_with(".deb")
                        || package.starts_with('.')
                }
                Manager::Rpm => {
                    package.contains(['=', '@'])
                        || package.ends_with(".rpm")
                        || package
                            .split('-')
                            .skip(1)
                            .any(|part| part.starts_with(|c: char| c.is_ascii_digit()))
                }
                Manager::Pacman => true,
                Manager::Pip => package.contains("==") || package.ends_with(".whl") || package.contains('@'),
                Manager::Npm => {
                    let name = package.get(1..).unwrap_or_default();
                    name.contains('@') && !package.ends_with("@latest") || package.ends_with(".tgz")
                }
                Manager::Gem => package.contains(':') || package.ends_with(".gem"),
                Manager::Go => !package.ends_with("@latest"),
            }
    };
    packages.iter().copied().filter(|package| !is_fixed(package)).collect()
}
