//! A permission policy in ten lines, tried on a mock CLI in memory.
//!
//!     cargo run --example permissions --features session

#[path = "shared/end.rs"]
mod end;

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;

use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
use claude_duplex::{Decision, Deny, Handlers, Json, PermissionRequest, Session};

/// What may run: looking at things, and git as long as it stays here.
fn policy(tool: &PermissionRequest) -> Decision {
    let input = tool.input.as_str();
    match &*tool.tool_name {
        "Read" | "Grep" | "Glob" => Decision::allow(),
        "Bash" if input.contains("git push") => Decision::deny("nothing leaves this machine"),
        "Bash" if input.contains("\"git ") => Decision::allow(),
        "Write" if input.contains(".env") => Deny::new("that file has secrets in it").and_interrupt().into(),
        name => Decision::deny(format!("{name} is not on the list")),
    }
}

/// What the model wants to do.
fn script() -> Script {
    let write = ToolStep::new("Write", Json::parse(r#"{"file_path":"/src/.env","content":""}"#).expect("JSON"));
    let read = ToolStep::new("Read", Json::parse(r#"{"file_path":"README.md"}"#).expect("JSON"));
    let commands =
        ["git status", "git push", "curl example.org"].map(|command| ToolStep::bash(command).requires_permission());
    Script::default()
        .then([Step::tools(commands), Step::from(read.requires_permission()), Step::text("I have looked around.")])
        .then([Step::from(write.requires_permission()), Step::text("this is never said")])
}

fn main() -> ExitCode {
    end::status(run())
}

fn run() -> Result<(), Box<dyn Error>> {
    let world = TestRuntime::new();
    let handlers = Handlers::new().permission(async |tool| {
        let decision = policy(&tool);
        let said = match &decision {
            Decision::Deny(deny) => format!("no: {}", deny.message),
            _ => "yes".to_owned(),
        };
        // Whether anybody reads it is found out below.
        let _ = writeln!(stdout(), "{:6} {:52} {said}", tool.tool_name, tool.input.as_str());
        decision
    });
    let (claude, runner) = Session::builder().handlers(handlers).open_on(world.start(script()));
    let talk = async {
        for prompt in ["look around", "and change something"] {
            let end = claude.prompt(prompt)?.finish().await;
            writeln!(stdout(), "{prompt}: {}\n", end.outcome)?;
        }
        Ok(())
    };
    world.run(runner.run_until(talk))
}
