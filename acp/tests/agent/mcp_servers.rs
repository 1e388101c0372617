//! The client's MCP servers, as the CLI gets them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::client::{Agent, Directory, Setup, mock_cli, script};

/// Returns a CLI that copies the file with the servers, and notes its path and mode.
fn cli_that_copies_servers(directory: &Directory) -> String {
    let program = directory.0.join("claude");
    let text = format!(
        "#!/bin/sh\nfor word; do\n  case $word in\n    --mcp-config=*) file=${{word#*=}} ;;\n  esac\n  \
         [ \"$last\" = --mcp-config ] && file=$word\n  last=$word\ndone\n\
         [ -z \"$file\" ] || {{ cp \"$file\" '{0}/servers'; echo \"$file\" >'{0}/path'; stat -c %a \"$file\" >'{0}/mode'; }}\n\
         exec '{1}' \"$@\"\n",
        directory.path(),
        mock_cli().display(),
    );
    fs::write(&program, text).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("it is ours");
    program.to_str().expect("Unicode").to_owned()
}

#[test]
fn servers_are_passed_on() {
    let directory = Directory::new("servers");
    let program = cli_that_copies_servers(&directory);
    let mut agent = Agent::start(&Setup { agent: &["--claude", &program], ..Setup::default() });
    let servers = json!([
        { "name": "notes", "command": "/bin/notes", "args": ["--all", "a b"], "env": [{ "name": "KEY", "value": "secret" }] },
        { "type": "http", "name": "web", "url": "http://localhost:1/mcp", "headers": [{ "name": "X-Key", "value": "v" }] },
        { "type": "sse", "name": "old", "url": "http://localhost:1/sse", "headers": [] },
    ]);
    let new = agent.request("session/new", json!({ "cwd": "/tmp", "mcpServers": servers }));
    let response = agent.response(new);
    let session = response["result"]["sessionId"].as_str().unwrap_or_else(|| panic!("{response}")).to_owned();
    let read = |name: &str| fs::read_to_string(directory.0.join(name)).expect("the CLI was started");
    let passed: Value = serde_json::from_str(&read("servers")).expect("JSON");
    let expected = json!({ "mcpServers": {
        "notes": { "type": "stdio", "command": "/bin/notes", "args": ["--all", "a b"], "env": { "KEY": "secret" } },
        "web": { "type": "http", "url": "http://localhost:1/mcp", "headers": { "X-Key": "v" } },
        "old": { "type": "sse", "url": "http://localhost:1/sse" },
    } });
    assert_eq!(passed, expected);
    assert_eq!(read("mode").trim(), "600");
    // The CLI has read the file, and its secrets are gone.
    assert!(!fs::exists(read("path").trim()).expect("a path"));
    let prompt = agent.prompt(&session, &script(json!([{ "text": "on" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
}

#[test]
fn a_server_of_an_unknown_kind_is_refused() {
    let mut agent = Agent::start(&Setup::default());
    let servers = json!([{ "type": "carrier pigeon", "name": "p", "url": "coop:1" }]);
    let new = agent.request("session/new", json!({ "cwd": "/tmp", "mcpServers": servers }));
    let response = agent.response(new);
    assert_eq!(response["error"]["code"], -32602, "{response}");
}
