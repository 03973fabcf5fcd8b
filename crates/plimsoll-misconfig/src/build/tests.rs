//! Histories as builders write them.

use plimsoll_image::HistoryStep;

use super::*;

fn history(steps: &[&str]) -> Vec<HistoryStep> {
    let step = |text: &&str| HistoryStep {
        created_by: text.trim_start_matches('~').to_owned(),
        empty_layer: text.starts_with('~'),
        ..HistoryStep::default()
    };
    steps.iter().map(step).collect()
}

fn one(text: &str) -> Instruction {
    from_history(&history(&[text])).remove(0)
}

/// The forms are those in which docker 20.10 and 27 (BuildKit), buildah 1.33 and kaniko 1.20 write a history.
#[test]
fn every_builder_is_understood() {
    for (text, keyword, arguments) in [
        ("/bin/sh -c #(nop) ADD file:6c3a in / ", Keyword::Add, "file:6c3a /"),
        ("/bin/sh -c #(nop)  CMD [\"/bin/sh\"]", Keyword::Cmd, "/bin/sh"),
        ("/bin/sh -c #(nop) COPY multi:ab in /app/ ", Keyword::Copy, "multi:ab /app/"),
        ("/bin/sh -c apk add --no-cache curl", Keyword::Run, "apk add --no-cache curl"),
        ("|2 A=b C=d e /bin/sh -c make $A", Keyword::Run, "make $A"),
        ("RUN /bin/sh -c apt-get update # buildkit", Keyword::Run, "apt-get update"),
        ("RUN |1 A=b /bin/bash -o pipefail -c a | b # buildkit", Keyword::Run, "a | b"),
        ("RUN apt-get update", Keyword::Run, "apt-get update"),
        ("RUN apt-get update # buildkit", Keyword::Run, "apt-get update"),
        ("COPY . /app # buildkit", Keyword::Copy, ". /app"),
        ("COPY --from=build --chown=1:1 /a /b # buildkit", Keyword::Copy, "/a /b"),
        ("ENTRYPOINT [\"/a\" \"b\"]", Keyword::Entrypoint, "[\"/a\" \"b\"]"),
        ("ENV A=b", Keyword::Env, "A=b"),
        ("EXPOSE map[22/tcp:{}]", Keyword::Expose, "map[22/tcp:{}]"),
        ("ko build ko://example.org/app", Keyword::Other, "ko build ko://example.org/app"),
        ("# debian.sh --arch 'amd64' out/", Keyword::Other, "# debian.sh --arch 'amd64' out/"),
        ("copy of something", Keyword::Other, "of something"),
        ("/bin/sh -c #(nop) ENV PATH=/bin", Keyword::Env, "PATH=/bin"),
        ("bash", Keyword::Other, "bash"),
        ("cmd /S /C echo a", Keyword::Run, "echo a"),
        ("|9", Keyword::Run, "|9"),
    ] {
        let found = one(text);
        assert_eq!((found.keyword, found.text().as_str()), (keyword, arguments), "{text}");
    }
    assert!(one("cmd /S /C curl x | sh").script().commands.is_empty());
    assert_eq!(one("COPY --from=build --chown=1:1 /a /b # buildkit").flag("chown"), Some("1:1"));
    assert_eq!(one("RUN |1 A=b /bin/bash -o pipefail -c a # buildkit").shell[1..], ["-o", "pipefail", "-c"]);
    let scripts = one("RUN /bin/sh -c a\nb c\n # buildkit").script();
    assert_eq!(scripts.commands.len(), 2);
}

#[test]
fn the_shell_of_the_build_is_known() {
    let found = from_history(&history(&["~SHELL [\"/bin/bash\",\"-o\",\"pipefail\",\"-c\"]", "RUN a | b"]));
    assert_eq!(found[1].shell[2], "pipefail");
}

#[test]
fn steps_of_the_base_are_told() {
    let inherited = |steps: &[&str]| -> Vec<bool> {
        from_history(&history(steps)).iter().map(|instruction| instruction.inherited).collect()
    };
    assert_eq!(
        inherited(&["ADD file:a in /", "~CMD [\"sh\"]", "RUN a", "~CMD [\"b\"]"]),
        [true, true, false, false]
    );
    assert_eq!(inherited(&["ADD file:a in /", "RUN a", "~CMD [\"b\"]"]), [false, false, false]);
    assert_eq!(inherited(&[]), [false; 0]);
}

#[test]
fn words_pairs_and_flags() {
    let file = Origin::File { line: 1, end_line: 2 };
    let read = |text: &str| Instruction::parse(text, file);
    assert_eq!(read("ENV A=b C=\"d e\" F=g\\ h").pairs().len(), 3);
    assert_eq!(read("ENV A=b C=\"d e\"").pairs()[1], ("C".to_owned(), "d e".to_owned()));
    assert_eq!(read("env A b c").pairs(), [("A".to_owned(), "b c".to_owned())]);
    assert_eq!(read("ARG A").pairs(), [("A".to_owned(), String::new())]);
    let add = read("ADD --checksum=sha256:00 \\\n  https://example.org/a /a");
    assert_eq!(add.flag("checksum"), Some("sha256:00"));
    assert_eq!(add.words(), ["https://example.org/a", "/a"]);
    let run = read("RUN --mount=type=cache,target=/x --network=none apt-get update");
    assert_eq!(run.flags.len(), 2);
    assert_eq!(run.script().commands[0].program(), "apt-get");
    assert_eq!(read("RUN [\"sh\", \"-c\", \"a | b\"]").script().commands.len(), 3);
    assert_eq!(read("HEALTHCHECK --interval=5s CMD curl x").script().commands[0].program(), "curl");
    assert_eq!(read("HEALTHCHECK NONE").script().commands.len(), 0);
}

#[test]
fn every_prefix_is_read() {
    let text =
        "RUN |2 A=b C=d é /bin/bash -o pipefail -c set -e && ADD --x=\"y\" [\"a\", 'b'] \\\n # buildkit";
    for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
        let found = from_history(&history(&[&text[..end]]));
        found
            .iter()
            .for_each(|instruction| drop((instruction.script(), instruction.words(), instruction.pairs())));
    }
}
