//! The small examples as a person meets them: without arguments, with nothing installed.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Long for a busy machine; each needs a second.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs an example, which `cargo test` builds beside this one, to its end, or fails when that does not come.
fn run(name: &str, typed: &str) -> Output {
    let this = std::env::current_exe().expect("a test has a path");
    let program = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples").join(name);
    assert!(program.exists(), "{} is not built: run the whole `cargo test --all-features`", program.display());
    let mut command = Command::new(program);
    // A `claude` of this machine must not be found.
    command.env_remove("CLAUDE_BIN").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the example starts");
    child.stdin.take().expect("it was piped").write_all(typed.as_bytes()).expect("it takes what is typed");
    let (id, (done, end)) = (child.id(), mpsc::channel());
    std::thread::spawn(move || done.send(child.wait_with_output()));
    match end.recv_timeout(LIMIT) {
        Ok(output) => output.expect("it can be waited for"),
        Err(_) => {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            panic!("{name} hangs");
        }
    }
}

/// The lines that it prints.
fn lines(name: &str, typed: &str) -> Vec<String> {
    let output = run(name, typed);
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {}: {error}", output.status);
    out.lines().map(str::to_owned).collect()
}

#[test]
fn blocking_asks_and_refuses() {
    let lines = lines("blocking", "");
    assert!(lines[0].starts_with("may it run Bash") && lines[0].ends_with("? no"), "{lines:?}");
    assert!(lines[1].starts_with("Success: ") && lines[2..] == ["closed by the host"], "{lines:?}");
}

#[test]
fn remote_talks_over_a_socket() {
    let lines = lines("remote", "");
    assert!(lines[0].starts_with("Success: ") && lines[0].contains("hello"), "{lines:?}");
    assert_eq!(lines[1..], ["closed by the host"]);
}

#[test]
fn custom_loop_shows_the_answer_as_it_comes() {
    let lines = lines("custom_loop", "");
    assert!(lines[0].contains("hello"), "{lines:?}");
    assert_eq!(lines[1..], ["Success", "closed by the host"]);
}

#[test]
fn permissions_keeps_to_its_policy() {
    let lines = lines("permissions", "");
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(
        has("yes") && has("no: nothing leaves this machine") && has("no: that file has secrets in it"),
        "{lines:?}"
    );
}

#[test]
fn many_sessions_are_on_one_thread() {
    let lines = lines("many_sessions", "");
    assert!(lines[0].starts_with("1000 sessions on one thread: each had its own answer"), "{lines:?}");
}

#[test]
fn agent_server_tells_the_one_that_watches_what_the_other_decides() {
    let lines = lines("agent_server", "");
    let at = |line: &str| {
        let at = lines.iter().position(|own| own.starts_with(line));
        at.unwrap_or_else(|| panic!("no {line:?}: {lines:#?}"))
    };
    for (number, verdict) in [(1, "allowed"), (2, "denied")] {
        assert!(at(&format!("watcher  < asks {number}")) < at(&format!("watcher  < {verdict} {number}")));
    }
    assert_eq!(lines.last().map(String::as_str), Some("closed by the host"));
}

#[test]
fn tokio_chat_answers_every_line_that_is_typed() {
    let answers = lines("tokio_chat", "one\n\ntwo\n");
    assert!(answers[0].contains("one") && answers[1].contains("two"), "{answers:?}");
    assert_eq!(answers[2..], ["closed by the host"]);
    assert!(lines("tokio_chat", "")[0].contains("hello"));
}
