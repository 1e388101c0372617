//! The mock CLI: a prompt with `steps` is a script, every other is repeated.

use std::process::ExitCode;

use claude_duplex::testing::{Script, Step, serve_stdio, steps_in};

pub(crate) fn serve() -> ExitCode {
    let script =
        Script::default().replay_user_messages(true).include_partial_messages(true).answering(|prompt| match steps_in(
            prompt, true,
        ) {
            steps if steps.is_empty() => vec![Step::text(format!("You said: {prompt}"))],
            steps => steps,
        });
    serve_stdio(script)
}
