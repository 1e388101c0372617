//! Children on tokio.

use std::process::Stdio;
use std::time::Duration;

use claude_duplex::driver::tokio::{TokioTransport, adopt, spawn};
use claude_duplex::{Action, CloseReason, Config, Driver, Exit, Options, Seed, SessionClosed};
use tokio::process::Command;

use super::{bounded, runtimes};
use crate::version;

fn config() -> Config {
    let mut config = Config::new(Seed::random());
    // For prompts that nobody answers.
    config.timeouts.shutdown.turn = Duration::from_millis(50);
    config
}

fn start(script: &str) -> Driver<TokioTransport> {
    spawn(&Options::new().program("sh").global_arg("-c").global_arg(script), config()).unwrap()
}

async fn first_message(claude: &mut Driver<TokioTransport>) {
    while !matches!(claude.next().await.expect("the child says something"), Action::Message { .. }) {}
}

/// There is no event of it to wait for: the runtime collects the child when it comes to it.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_child_is_killed_and_reaped() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let mut claude = start("trap '' TERM; echo '{\"type\":\"system\"}'; while :; do sleep 1000; done");
            first_message(&mut claude).await;
            let process = std::path::PathBuf::from(format!("/proc/{}", claude.transport().id()));
            assert!(process.exists());
            drop(claude);
            while process.exists() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }));
    }
}

#[test]
fn a_driver_can_be_dropped_after_its_runtime() {
    for runtime in runtimes() {
        let mut claude = runtime.block_on(async { start("echo '{\"type\":\"system\"}'; exec sleep 1000") });
        runtime.block_on(bounded(first_message(&mut claude)));
        drop(runtime);
        claude.abort();
        drop(claude);
    }
}

#[test]
fn a_driver_runs_as_a_task_and_moves_between_them() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let mut claude = start("read -r line; exit 4");
            // Registers this task, and hands over to another one.
            assert!(futures_lite::future::poll_once(claude.next()).await.is_none());
            let task = tokio::spawn(async move {
                claude.prompt("hello").unwrap();
                claude.finish().await.unwrap()
            });
            assert_eq!(task.await.unwrap().exit, Some(Exit::Code(4)));
        }));
    }
}

#[test]
fn an_existing_child_can_be_adopted() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let mut command = Command::new("sh");
            command.args(["-c", "echo said >&2; echo '{\"type\":\"system\"}'; cat >&2; exit 5"]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            // It shares our group and our stderr, and none of them comes to harm.
            let mut claude = adopt(command.stderr(Stdio::piped()).spawn().unwrap(), config()).unwrap();
            first_message(&mut claude).await;
            claude.prompt("hello").unwrap();
            let SessionClosed { reason, exit, stderr, .. } = claude.finish().await.unwrap();
            assert_eq!((reason, exit), (CloseReason::Closed, Some(Exit::Code(5))));
            assert!(stderr.starts_with("said\n{") && stderr.contains("hello"), "{stderr:?}");
            let mut deaf = Command::new("sleep");
            deaf.arg("1000").stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut claude = adopt(deaf.spawn().unwrap(), config()).unwrap();
            claude.abort();
            let closed = claude.finish().await.unwrap();
            assert_eq!((closed.exit, &*closed.stderr), (Some(Exit::Signal(9)), ""));
        }));
    }
}

#[test]
fn a_child_without_pipes_is_refused() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let mut command = Command::new("true");
            let error = adopt(command.stdin(Stdio::null()).spawn().unwrap(), config()).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let stdin = child.stdin.take();
            child.wait().await.unwrap();
            child.stdin = stdin;
            let error = adopt(child, config()).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        }));
    }
}

#[test]
fn version_runs_the_program_with_its_version_flag() {
    let runtime = &runtimes()[0];
    version::check_version(|options, limit| runtime.block_on(claude_duplex::driver::tokio::version(options, limit)));
}
