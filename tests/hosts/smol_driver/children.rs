//! Children on smol.

use std::io::ErrorKind;
use std::process::Stdio;
use std::task::Poll;
use std::time::Duration;

use async_process::Command;
use claude_duplex::driver::smol::{SmolTransport, adopt, spawn};
use claude_duplex::{Action, CloseReason, Config, Driver, Exit, IncomingKind, Options, Outcome, Seed};
use smol::stream::StreamExt;

use super::{bounded, polls_of_silence};
use crate::version;

/// Says that it is there, reads prompts and answers each, until its input ends.
const POLITE: &str = r#"
    echo '{"type":"system","subtype":"note"}'
    while read -r line; do
        uuid=$(printf %s "$line" | sed 's/.*"uuid":"\([^"]*\)".*/\1/')
        echo '{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.329"}'
        echo '{"type":"user","uuid":"'$uuid'","message":{"role":"user","content":"hello"}}'
        echo '{"type":"result","subtype":"success","is_error":false,"result":"hi"}'
    done
"#;

fn start(script: &str) -> Driver<SmolTransport> {
    let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    let options = Options::new().program("sh").global_arg("-c").global_arg(script);
    spawn(&options.host_permission_prompts(), config).unwrap()
}

async fn first_message(claude: &mut Driver<SmolTransport>) {
    while !matches!(claude.next().await.expect("the child says something"), Action::Message { .. }) {}
}

fn outcomes(actions: &[Action]) -> Vec<Outcome> {
    let outcome = |action: &Action| match action {
        Action::PromptEnded { outcome, .. } => Some(*outcome),
        _ => None,
    };
    actions.iter().filter_map(outcome).collect()
}

#[test]
fn finish_closes_and_waits() {
    let mut claude = start(POLITE);
    claude.prompt("hello").unwrap();
    let end = bounded(claude.finish()).unwrap();
    assert_eq!((end.reason, end.exit), (CloseReason::Closed, Some(Exit::Code(0))));
    assert_eq!(claude.finish_blocking(), None);
    let end = start(POLITE).finish_blocking().unwrap();
    assert_eq!((end.reason, end.exit), (CloseReason::Closed, Some(Exit::Code(0))));
}

#[test]
fn finish_refuses_incoming_requests() {
    let script = r#"
        read -r prompt
        echo '{"type":"system","subtype":"init","session_id":"s"}'
        echo '{"type":"control_request","request_id":"a1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}'
        read -r answer
        echo "$answer" >&2
        echo '{"type":"result","subtype":"success","is_error":false}'
        cat >/dev/null
    "#;
    let mut claude = start(script);
    claude.prompt("hello").unwrap();
    let end = bounded(claude.finish()).unwrap();
    assert!(end.stderr.contains(r#""request_id":"a1","response":{"behavior":"deny""#), "{end:?}");
    assert_eq!(end.exit, Some(Exit::Code(0)));
}

#[test]
fn a_command_between_two_polls_is_written_by_the_next_poll() {
    bounded(async {
        let mut claude = start(POLITE);
        first_message(&mut claude).await;
        // The child has nothing to say now, and the driver's task sleeps.
        let nothing = smol::future::poll_once(claude.next()).await;
        assert!(nothing.is_none(), "{nothing:?}");
        claude.prompt("hello").unwrap();
        claude.close();
        let actions: Vec<Action> = claude.collect().await;
        assert_eq!(outcomes(&actions), [Outcome::Success]);
    });
}

#[test]
fn the_driver_is_a_stream_and_can_be_moved() {
    fn anywhere<T: Send + 'static>(it: T) -> T {
        it
    }
    bounded(async {
        let mut claude = anywhere(start(POLITE));
        claude.prompt("hello").unwrap();
        claude.close();
        let actions: Vec<Action> = smol::spawn(claude.collect()).await;
        assert_eq!(outcomes(&actions), [Outcome::Success]);
        assert!(matches!(actions.last(), Some(Action::Closed(_))));
    });
}

#[test]
fn another_task_may_continue_polling() {
    bounded(async {
        let mut claude = start(POLITE);
        claude.prompt("hello").unwrap();
        // Registers this task, and hands over to another one.
        let first = std::future::poll_fn(|cx| Poll::Ready(claude.poll_next(cx))).await;
        assert!(matches!(first, Poll::Pending | Poll::Ready(Some(Action::Message { .. }))), "{first:?}");
        claude.close();
        let actions: Vec<Action> = smol::spawn(claude.collect()).await;
        assert_eq!(outcomes(&actions), [Outcome::Success]);
    });
}

#[test]
fn the_first_error_of_a_pipe_is_kept() {
    bounded(async {
        let mut claude = start("exec <&-; echo '{\"type\":\"system\"}'; exec sleep 1000");
        // Noticed by the write of the prompt, or before it.
        first_message(&mut claude).await;
        let _ = claude.prompt("hello");
        while claude.next().await.is_some() {}
        assert_eq!(claude.io_error().map(std::io::Error::kind), Some(ErrorKind::BrokenPipe));
    });
}

/// There is no event of it to wait for: another thread collects the child.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_child_is_reaped() {
    bounded(async {
        let mut claude = start("echo '{\"type\":\"system\"}'; exec sleep 1000");
        first_message(&mut claude).await;
        let process = std::path::PathBuf::from(format!("/proc/{}", claude.transport().id()));
        assert!(process.exists());
        drop(claude);
        while process.exists() {
            smol::Timer::after(Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn an_existing_child_can_be_adopted() {
    bounded(async {
        let mut command = Command::new("sh");
        command.args(["-c", "echo said >&2; echo '{\"type\":\"system\"}'; cat >&2; exit 5"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut config = Config::new(Seed::random());
        // For a prompt that nobody answers.
        config.timeouts.shutdown.turn = Duration::from_millis(50);
        // It is of our own group, and none of us comes to harm.
        let mut claude = adopt(command.spawn().unwrap(), config.clone()).unwrap();
        first_message(&mut claude).await;
        claude.prompt("hello").unwrap();
        let end = claude.finish().await.unwrap();
        assert_eq!((end.reason, end.exit), (CloseReason::Closed, Some(Exit::Code(5))));
        assert!(end.stderr.starts_with("said\n{") && end.stderr.contains("hello"), "{end:?}");
        let mut deaf = Command::new("sleep");
        let deaf = deaf.arg("1000").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut claude = adopt(deaf, config).unwrap();
        claude.abort();
        let end = claude.finish().await.unwrap();
        assert_eq!((end.exit, &*end.stderr), (Some(Exit::Signal(9)), ""));
    });
}

#[test]
fn a_child_without_pipes_is_refused() {
    bounded(async {
        let child = Command::new("true").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let error = adopt(child, Config::new(Seed::random())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn waiting_for_a_silent_child_does_not_poll_repeatedly() {
    let polls = polls_of_silence(&mut start("exec sleep 600"));
    assert!(polls < 50, "{polls} polls");
}

#[test]
fn version_runs_the_program_with_its_version_flag() {
    version::check_version(|options, limit| async_io::block_on(claude_duplex::driver::smol::version(options, limit)));
}
