//! Steps of a build as histories and build files have them: instructions, the scripts in them, and the rules over both.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_image::HistoryStep;
use plimsoll_misconfig::build::{Build, Instruction, Origin, from_history};
use plimsoll_misconfig::rules::check_build;
use plimsoll_misconfig::shell::{MAX_COMMANDS, Script};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let script = Script::parse(&text);
    assert!(script.commands.len() <= MAX_COMMANDS + 1);
    for (number, command) in script.commands.iter().enumerate() {
        assert!(command.feeds.is_none_or(|(target, _)| target < number));
        assert!(command.inside.is_none_or(|outer| outer < number));
    }
    // Lines are steps, so that steps can depend on each other.
    let steps = text.split('\n').map(|line| HistoryStep { created_by: line.to_owned(), ..HistoryStep::default() });
    let history = from_history(&steps.collect::<Vec<_>>());
    let whole = Instruction::parse(&text, Origin::File { line: 1, end_line: 1 });
    for build in [Build::new(history), Build::new(vec![whole])] {
        for fault in check_build(&build) {
            assert!(fault.step < build.steps.len());
        }
    }
});
