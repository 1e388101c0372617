//! A thousand sessions on one thread, each with a mock CLI in memory, a turn of several seconds and a permission to
//! give. Time is simulated: it passes when no session has work left.
//!
//!     cargo run --release --example many_sessions --features session

#[path = "shared/end.rs"]
mod end;

use std::cell::Cell;
use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use claude_duplex::testing::{CliVersion, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{Config, Decision, Driver, IncomingKind, LocalHandlers, Outcome, Seed};
use futures_lite::future::zip;
use smol::LocalExecutor;

const SESSIONS: usize = 1000;

/// Every session is another: its CLI's version, its pace, what it answers.
fn script(number: usize) -> Script {
    let tool = ToolStep::bash(format!("sleep {}", number % 5))
        .requires_permission()
        .duration(Duration::from_secs(number as u64 % 5));
    let text = format!("I am number {number}");
    let answer = Step::text_in_parts(text, 4, Duration::from_millis(250 + number as u64 % 100));
    Script::new(CliVersion::ALL[number % CliVersion::ALL.len()]).then([Step::from(tool), answer])
}

fn main() -> ExitCode {
    end::status(run())
}

fn run() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let (allowed, messages) = (Cell::new(0), Cell::new(0));
    let (runtime, executor) = (TestRuntime::new(), LocalExecutor::new());
    let answers: Vec<String> = runtime.run(executor.run(async {
        let session = |number: usize| {
            let mut seed = [0; 16];
            seed[..8].copy_from_slice(&number.to_be_bytes());
            let config = Config::new(Seed::from_bytes(seed)).handle(IncomingKind::Permission);
            let (claude, runner) = Driver::new(config, runtime.start(script(number))).into_session();
            let (allowed, messages) = (&allowed, &messages);
            async move {
                let handlers = LocalHandlers::new().permission(async |_| {
                    allowed.set(allowed.get() + 1);
                    Decision::allow()
                });
                let serving = claude.incoming().expect("the first owner").serve(handlers).unwrap();
                let talk = async move {
                    let mut turn = claude.prompt("who are you?").expect("there is room");
                    while let Some(Ok(_)) = turn.next().await {
                        messages.set(messages.get() + 1);
                    }
                    let end = turn.finish().await;
                    assert_eq!(end.outcome, Outcome::Success);
                    end.text()
                };
                zip(runner.run_until(talk), serving).await.0
            }
        };
        let tasks: Vec<_> = (0..SESSIONS).map(|number| executor.spawn(session(number))).collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await);
        }
        answers
    }));
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, format!("I am number {number}"));
    }
    let mut out = stdout();
    writeln!(out, "{SESSIONS} sessions on one thread: each had its own answer, as \"{}\"", answers[SESSIONS / 2])?;
    writeln!(out, "{} permissions given, {} messages read", allowed.get(), messages.get())?;
    let theirs = runtime.now().saturating_duration_since(claude_duplex::SessionTime::ZERO);
    writeln!(out, "{theirs:?} for them, {:.1?} for us", started.elapsed())?;
    Ok(())
}
