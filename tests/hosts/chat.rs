//! `tools/chat` as a person meets it: with nothing installed, and with a `claude` that is none.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Long for a busy machine; the chat itself needs a second.
const LIMIT: Duration = Duration::from_secs(60);

/// The example's program, which `cargo test` builds beside this one.
fn chat() -> Command {
    let this = std::env::current_exe().expect("a test has a path");
    let program = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples/chat");
    assert!(program.exists(), "{} is not built: run the whole `cargo test --all-features`", program.display());
    let mut command = Command::new(program);
    // A `claude` of this machine must not be found.
    command.env_remove("CLAUDE_BIN").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

/// Runs it to its end, or fails when that does not come.
fn run(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the chat starts");
    let (id, (done, end)) = (child.id(), mpsc::channel());
    std::thread::spawn(move || done.send(child.wait_with_output()));
    match end.recv_timeout(LIMIT) {
        Ok(output) => output.expect("it can be waited for"),
        Err(_) => {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            panic!("the chat hangs");
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A program of that shell script, in a folder of its own.
fn program(name: &str, script: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("claude");
    // By another process: what this one opens for writing, each child that another test forks holds until it runs its program,
    // and a file that is open for writing is busy for who would execute it.
    let write = r#"printf '%s\n' '#!/bin/sh' "$1" >"$0" && chmod 755 "$0""#;
    let written = Command::new("sh").args(["-c", write]).arg(&path).arg(script).status();
    assert!(written.expect("there is a shell").success());
    path
}

/// What it says where there is no answer: one line on stderr, and the exit status 2.
fn refusal(command: &mut Command) -> String {
    let output = run(command.args(["--prompt", "hello"]));
    let error_text = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error_text}");
    assert_eq!(error_text.lines().count(), 1, "{error_text}");
    assert_eq!(text(&output.stdout), "");
    error_text
}

#[test]
fn without_a_claude_the_chat_uses_the_mock_cli() {
    let output = run(chat().args(["--prompt", "hello"]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("hello"));
    let hint = text(&output.stderr);
    assert!(hint.starts_with("no claude was found") && hint.contains("`run: ls`") && hint.contains("`slow`"), "{hint}");
}

#[test]
fn a_silent_cli_is_reported_with_the_reason() {
    let script = r#"while read -r line; do
        case "$line" in *'"type":"user"'*) printf '%s\n' \
            '{"type":"system","subtype":"init","session_id":"s"}' \
            '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}]}}';;
        esac
    done"#;
    let claude = program("stalls", script);
    let mut talk = Talk::of(chat().args(["--stall", "0.2", "--claude"]).arg(&claude));
    talk.types("build it\n");
    talk.until("(waiting for the tool \"Bash\", for 0 s)");
}

#[test]
fn the_answer_always_avoids_the_next_question() {
    let mut talk = Talk::of(&mut chat());
    talk.types("run: ls\n");
    talk.until("may it run Bash");
    talk.until("(y / n / always)\n? ");
    talk.types("always\n");
    talk.until("\n> ");
    talk.types("run: ls\nrun: rm\n");
    talk.until("rm\",\"description\":\"run\"}? (y");
    talk.types("n\n");
    let shown = talk.end();
    let questions: Vec<&str> = shown.lines().filter(|line| line.contains("may it run")).collect();
    assert!(matches!(questions[..], [ls, rm] if ls.contains("ls") && rm.contains("rm")), "{shown}");
    assert_eq!(shown.matches("[-> ").count(), 2, "{shown}");
}

#[test]
fn ctrl_c_stops_an_answer_and_the_session_continues() {
    let mut talk = Talk::of(&mut chat());
    talk.types("slow\n");
    talk.until("1 2 3 ");
    talk.interrupts();
    talk.until("interrupted\n> ");
    talk.types("hello\n");
    talk.until("hello");
    let shown = talk.end();
    assert!(!shown.contains("100"), "{shown}");
}

#[test]
fn without_a_terminal_tools_are_denied() {
    let output = run(chat().args(["--prompt", "run: ls"]));
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("no handler for this permission request"), "{}", text(&output.stderr));
}

#[test]
fn a_missing_program_is_an_error_that_names_it() {
    let error_text = refusal(chat().args(["--claude", "/nowhere/claude"]));
    assert!(error_text.contains("/nowhere/claude") && error_text.contains("no such file"), "{error_text}");
}

#[test]
fn an_immediate_exit_is_reported_with_status_and_stderr() {
    let claude = program("exits", "echo first line >&2; echo 'not logged in' >&2; exit 3");
    let error_text = refusal(chat().arg("--claude").arg(claude));
    assert!(error_text.contains("exit status 3") && error_text.contains("not logged in"), "{error_text}");
}

#[test]
fn a_program_with_other_output_is_reported() {
    let claude = program("noise", "while :; do echo 'Welcome to another program'; done");
    let error_text = refusal(chat().arg("--claude").arg(claude));
    assert!(error_text.contains("not claude") && error_text.contains("Welcome"), "{error_text}");
}

#[test]
fn a_bad_argument_is_an_error_that_names_it() {
    let error_text = refusal(chat().arg("--no-such-flag"));
    assert!(error_text.contains("--no-such-flag"), "{error_text}");
}

#[test]
fn the_children_of_a_killed_chat_end() {
    let claude = program("grandchild", "sleep 1234 & echo $! > \"$0.pid\"; echo gone wrong >&2; exit 1");
    refusal(chat().arg("--claude").arg(&claude));
    let id = fs::read_to_string(claude.with_extension("pid")).expect("it wrote its child's id");
    let state = Command::new("ps").args(["-o", "stat=", "-p", id.trim()]).output().expect("ps runs");
    let state = text(&state.stdout);
    assert!(state.trim().is_empty() || state.starts_with('Z'), "{id} still runs: {state}");
}

/// A `claude` that says `$first` after `initialize`, answers each prompt, and keeps what it is told in a file.
fn scripted(name: &str, first: &str) -> PathBuf {
    let script = r#"read -r line; id=$(printf '%s' "$line" | sed 's/.*"request_id":"\([^"]*\)".*/\1/')
printf '{"type":"system","subtype":"init","session_id":"s"}\n{"type":"result","subtype":"success"}\n'
printf '{"type":"control_response","response":{"subtype":"success","request_id":"%s"}}\n' "$id"
printf '%s\n' FIRST
: > "$0.heard"
while read -r line; do
    printf '%s\n' "$line" >> "$0.heard"
    case "$line" in *'"type":"user"'*) printf '{"type":"system","subtype":"init","session_id":"s"}\n{"type":"result","subtype":"success"}\n';; esac
done"#;
    program(name, &script.replace("FIRST", first))
}

fn permission_request(id: &str) -> String {
    format!(
        r#"'{{"type":"control_request","request_id":"{id}","request":{{"subtype":"can_use_tool","tool_name":"Tool-{id}","input":{{}}}}}}'"#
    )
}

/// A chat that is spoken with, and all that it has shown so far.
struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    parts: mpsc::Receiver<String>,
    shown: String,
}

impl Talk {
    fn start(claude: &Path) -> Self {
        Self::of(chat().arg("--claude").arg(claude))
    }

    fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the chat starts");
        let (stdin, mut stdout) = (child.stdin.take(), child.stdout.take().expect("it was piped"));
        let (send, parts) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut buffer) {
                if send.send(text(&buffer[..count])).is_err() {
                    break;
                }
            }
        });
        Self { child, stdin, parts, shown: String::new() }
    }

    fn until(&mut self, wanted: &str) {
        while !self.shown.contains(wanted) {
            match self.parts.recv_timeout(LIMIT) {
                Ok(part) => self.shown.push_str(&part),
                Err(reason) => panic!("{wanted:?} is not shown ({reason}): {}", self.shown),
            }
        }
    }

    /// All in one write.
    fn types(&mut self, text: &str) {
        self.stdin.as_mut().expect("it is open").write_all(text.as_bytes()).expect("the chat reads");
    }

    /// As Ctrl-C does.
    fn interrupts(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// The end of the input, and all that was shown.
    fn end(mut self) -> String {
        self.stdin = None;
        while let Ok(part) = self.parts.recv_timeout(LIMIT) {
            self.shown.push_str(&part);
        }
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0), "{}", self.shown);
        std::mem::take(&mut self.shown)
    }

    /// The end of the input, and what its claude was told.
    fn leave(self, claude: &Path) -> String {
        self.end();
        fs::read_to_string(claude.with_extension("heard")).expect("it kept what it was told")
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The line of the answer to that ask.
fn answer<'h>(received: &'h str, id: &str) -> &'h str {
    let id = format!(r#""request_id":"{id}""#);
    let mut lines = received.lines().filter(|line| line.contains("control_response") && line.contains(&id));
    let line = lines.next().unwrap_or_else(|| panic!("{id} has no answer: {received}"));
    assert_eq!(lines.next(), None, "{received}");
    line
}

#[test]
fn input_typed_before_a_question_does_not_answer_it() {
    let claude = scripted("two_questions", &format!("{} {}", permission_request("one"), permission_request("two")));
    let mut talk = Talk::start(&claude);
    talk.until("Tool-one");
    talk.types("y\ny\n");
    talk.until("Tool-two");
    let received = talk.leave(&claude);
    assert!(answer(&received, "one").contains("allow"), "{received}");
    assert!(answer(&received, "two").contains("deny"), "nobody has seen that question: {received}");
    assert!(!received.contains(r#""type":"user""#), "it is no prompt either: {received}");
}

#[test]
fn input_typed_after_a_question_answers_it() {
    let claude = scripted("two_answers", &format!("{} {}", permission_request("one"), permission_request("two")));
    let mut talk = Talk::start(&claude);
    talk.until("Tool-one");
    talk.types("y\n");
    talk.until("Tool-two");
    talk.types("y\n");
    let received = talk.leave(&claude);
    assert!(answer(&received, "one").contains("allow") && answer(&received, "two").contains("allow"), "{received}");
}

#[test]
fn an_answer_to_a_withdrawn_question_is_not_sent_as_a_prompt() {
    let withdraw = r#"'{"type":"control_cancel_request","request_id":"one"}'"#;
    let claude = scripted("withdrawn", &format!("{} {withdraw}", permission_request("one")));
    let mut talk = Talk::start(&claude);
    talk.until("withdrawn");
    talk.types("y\nhello\n");
    let received = talk.leave(&claude);
    let prompts: Vec<&str> = received.lines().filter(|line| line.contains(r#""type":"user""#)).collect();
    assert!(matches!(&prompts[..], [hello] if hello.contains("hello")), "{received}");
}

#[test]
fn a_withdrawn_question_is_followed_by_the_next() {
    let withdraw = r#"'{"type":"control_cancel_request","request_id":"one"}'"#;
    let claude =
        scripted("next_question", &format!("{} {} {withdraw}", permission_request("one"), permission_request("two")));
    let mut talk = Talk::start(&claude);
    talk.until("withdrawn");
    talk.until("may it run Tool-two");
    // It may have been meant for the one that has gone.
    talk.types("y\n");
    talk.until("that question was withdrawn");
    talk.types("y\n");
    let received = talk.leave(&claude);
    assert!(answer(&received, "two").contains("allow"), "{received}");
    assert!(!received.contains(r#""request_id":"one""#), "{received}");
}

/// A `claude` that answers `initialize`, and the first prompt by these lines.
fn answers(name: &str, lines: &[&str]) -> PathBuf {
    let lines: Vec<String> = lines.iter().map(|line| format!("printf '%s\\n' '{line}'")).collect();
    let script = r#"read -r line; id=$(printf '%s' "$line" | sed 's/.*"request_id":"\([^"]*\)".*/\1/')
printf '{"type":"control_response","response":{"subtype":"success","request_id":"%s"}}\n' "$id"
read -r prompt
LINES
while read -r line; do :; done"#;
    program(name, &script.replace("LINES", &lines.join("\n")))
}

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.329"}"#;
const START: &str = r#"{"type":"stream_event","event":{"type":"message_start","message":{"id":"m1","content":[]}}}"#;

fn part(text: &str) -> String {
    format!(
        r#"{{"type":"stream_event","event":{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}}}"#
    )
}

fn whole(text: &str) -> [String; 2] {
    [
        format!(r#"{{"type":"assistant","message":{{"id":"m1","content":[{{"type":"text","text":"{text}"}}]}}}}"#),
        format!(r#"{{"type":"result","subtype":"success","is_error":false,"result":"{text}"}}"#),
    ]
}

/// What is shown at the end, in a chat and to a program that reads it, is the final message's text, once.
#[test]
fn a_broken_stream_is_shown_once() {
    let retry = r#"{"type":"system","subtype":"api_retry","attempt":1,"error_status":529}"#;
    let again = START.replace("m1", "m2");
    let abandoned = r#"{"type":"stream_event","event":{"type":"message_stop"},"api_message_id":"m1","abandoned_blocks":{"api_message_id":"m1","from_block_index":0}}"#;
    let anew = [INIT, START, &part("Hello wor"), retry, &again, &part("Hello "), &part("world")].map(str::to_owned);
    let at_once = [INIT, START, &part("one two "), abandoned].map(str::to_owned);
    let unlike = [INIT, START, &part("Well, "), abandoned].map(str::to_owned);
    let silent = [INIT.to_owned()];
    let cases: [(&str, &[String], &str, &str); 4] = [
        ("anew", &anew, "Hello world", "Hello world"),
        ("at_once", &at_once, "one two three four", "one two three four"),
        ("unlike", &unlike, "another", "Well, \n(the answer broke off; that part is withdrawn)\nanother"),
        ("unstreamed", &silent, "all at once", "all at once"),
    ];
    for (name, streamed, text_at_end, talked) in cases {
        let whole = whole(text_at_end);
        let lines: Vec<&str> = streamed.iter().chain(&whole).map(String::as_str).collect();
        let claude = answers(&format!("stream_{name}"), &lines);
        let output = run(chat().arg("--claude").arg(&claude).args(["--prompt", "hello"]));
        assert_eq!(text(&output.stdout), format!("{text_at_end}\n"), "{name}");
        let mut talk = Talk::start(&claude);
        talk.types("hello\n");
        talk.until(text_at_end);
        let shown = talk.end();
        assert_eq!(shown.replace("> ", "").trim_end(), talked, "{name}");
    }
}
