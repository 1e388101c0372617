//! The stand-in for the CLI: this program, run as its own child over real pipes. It answers in parts, asks for permission
//! when it is told to run something, and takes its time when it is to be slow.

use std::process::ExitCode;
use std::time::Duration;

use claude_duplex::testing::{CliVersion, Script, Step, ToolStep, serve_stdio};

/// The first argument by which this program is the stand-in.
pub(crate) const FLAG: &str = "--stand-in";

pub(crate) fn run() -> ExitCode {
    serve_stdio(Script::new(CliVersion::V2_1_329).include_partial_messages(true).answering(answer))
}

fn answer(prompt: &str) -> Vec<Step> {
    if let Some(command) = prompt.trim().strip_prefix("run:").map(str::trim) {
        let tool = ToolStep::bash(command)
            .requires_permission()
            .returns("(a stand-in runs nothing)")
            .duration(Duration::from_millis(300));
        return vec![Step::tools([tool]), in_parts("That is all I can do.")];
    }
    if prompt.contains("slow") {
        let numbers: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
        return vec![Step::text_in_parts(numbers.join(" "), numbers.len(), Duration::from_millis(200))];
    }
    vec![in_parts(&format!("I am a stand-in for claude and only repeat what I hear: \u{201c}{prompt}\u{201d}."))]
}

fn in_parts(text: &str) -> Step {
    Step::text_in_parts(text, text.split_whitespace().count(), Duration::from_millis(40))
}
