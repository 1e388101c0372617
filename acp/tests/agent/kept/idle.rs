//! Clients that end before the CLI has reported that it is idle.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::json;

use super::User;
use crate::client::{Directory, mock_cli, script};

/// Returns a CLI that reports that it is idle when a line is written to a pipe, and the path of the pipe.
fn cli_that_reports_later(directory: &Directory) -> (String, String) {
    let (program, pipe) = (directory.0.join("claude"), format!("{}/pipe", directory.path()));
    let text = format!(
        "#!/bin/sh\n'{}' \"$@\" | while IFS= read -r line; do\n  case $line in\n    \
         *'\"state\":\"idle\"'*) read -r word <'{pipe}' ;;\n  esac\n  printf '%s\\n' \"$line\"\ndone\n",
        mock_cli().display(),
    );
    fs::write(&program, text).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("it is ours");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    (program.to_str().expect("Unicode").to_owned(), pipe)
}

#[test]
fn a_session_is_closed_if_its_client_ends_right_after_the_response() {
    let (user, directory) = (User::new("idle"), Directory::new("idle-cli"));
    let (program, pipe) = cli_that_reports_later(&directory);
    let mut agent = user.agent(&["--keep", "--claude", &program]);
    let session = agent.session();
    let prompt = agent.prompt(&session, &script(json!([{ "text": "hello" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
    drop(agent.take_stdin());
    // The CLI opens the pipe at its report.
    fs::write(pipe, "go on\n").expect("the CLI reads");
    assert_eq!(agent.exit(), Some(0));
    assert_eq!(user.kept(), []);
    user.wait_until_empty();
}
