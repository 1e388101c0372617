//! Arbitrary values: on the command line none becomes a flag, and on the wire none becomes a line.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use claude_duplex::options::{
    Effort, EnvChange, InitializeField, PermissionMode, Platform, SettingSource, Skills, ThinkingDisplay, Tools,
    Worktree,
};
use claude_duplex::{
    Action, Config, Decision, IncomingKinds, IncomingResponse, Interrupt, Json, Options, Prompt, Protocol, Request,
    Seed, SessionTime,
};
use serde::de::IgnoredAny;
use serde_json::json;

type With = fn(Options, &str) -> Options;

/// Every method that takes text from the caller into the command line, with the flag that it writes.
const TEXTS: [(&str, With); 37] = [
    ("--model", |o, v| o.model(v)),
    ("--fallback-model", |o, v| o.fallback_model(v)),
    ("--agent", |o, v| o.agent(v)),
    ("--effort", |o, v| o.effort(Effort::from(v))),
    ("--thinking-display", |o, v| o.thinking_display(ThinkingDisplay::from(v))),
    ("--betas", |o, v| o.beta(v)),
    ("--system-prompt", |o, v| o.system_prompt(v)),
    ("--system-prompt-file", |o, v| o.system_prompt_file(v)),
    ("--append-system-prompt", |o, v| o.append_system_prompt(v)),
    ("--append-system-prompt-file", |o, v| o.append_system_prompt_file(v)),
    ("--tools", |o, v| o.tools(Tools::Named(vec![v.to_owned()]))),
    ("--allowedTools", |o, v| o.allowed_tools([v])),
    ("--disallowedTools", |o, v| o.disallowed_tools([v])),
    ("--allowedTools", |o, v| o.skills(Skills::Named(vec![v.to_owned()]))),
    ("--permission-mode", |o, v| o.permission_mode(PermissionMode::from(v))),
    ("--permission-prompt-tool", |o, v| o.permission_prompt_tool(v)),
    ("--add-dir", |o, v| o.add_dir(v)),
    ("--mcp-config", |o, v| o.mcp_config_file(v)),
    ("--plugin-dir", |o, v| o.plugin_dir(v)),
    ("--plugin-dir-no-mcp", |o, v| o.plugin_dir_no_mcp(v)),
    ("--resume", |o, v| o.resume(v)),
    ("--session-id", |o, v| o.session_id(v)),
    ("--resume-session-at", |o, v| o.resume_session_at(v)),
    ("--resume-drops-turn", |o, v| o.resume_drops_turn(v)),
    ("--worktree", |o, v| o.worktree(Worktree::Named(v.to_owned()))),
    ("--settings", |o, v| o.settings_file(v)),
    ("--setting-sources", |o, v| o.setting_sources([SettingSource::from(v), SettingSource::User])),
    ("--initialize-fields", |o, v| o.await_initialize().initialize_fields([InitializeField::from(v)])),
    ("--project-config-root", |o, v| o.project_config_root(v)),
    ("--debug", |o, v| o.debug_filter(v)),
    ("--debug-file", |o, v| o.debug_file(v)),
    ("--agents", |o, v| o.agents(json!({ v: v }))),
    ("--mcp-config", |o, v| o.mcp_server(v, json!({ "command": v }))),
    ("--mcp-config", |o, v| o.host_mcp_server(v)),
    ("--settings", |o, v| o.settings(json!({ v: v }))),
    ("--managed-settings", |o, v| o.managed_settings(json!({ v: v }))),
    ("--json-schema", |o, v| o.json_schema(json!({ v: v }))),
];

/// Those that are written as two words.
const PAIRS: [&str; 2] = ["--settings", "--setting-sources"];

/// What every command line ends with.
const FIXED: [&str; 7] = [
    "--print",
    "--verbose",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--replay-user-messages",
];

pub(crate) fn body(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let _ = command_line(&mut bytes).and_then(|()| wire(&mut bytes));
}

fn command_line(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let mut options = Options::new().program("claude");
    let mut flags = vec!["--await-initialize"];
    for _ in 0..u.int_in_range(1..=4)? {
        let (flag, with) = *u.choose(&TEXTS)?;
        options = with(options, u.arbitrary()?);
        flags.push(flag);
    }
    let (name, value): (&str, &str) = u.arbitrary()?;
    options = options.env(name, value).current_dir(<&str>::arbitrary(u)?);
    assert!(!format!("{options:?}").chars().any(char::is_control), "{options:?}");
    if let Err(error) = options.invocation_for(Platform::Windows) {
        assert!(!error.to_string().is_empty());
    }
    let Ok(invocation) = options.invocation_for(Platform::Unix) else { return Ok(()) };
    assert_eq!(invocation.program, "claude");
    let args: Vec<&str> = invocation.args.iter().map(|arg| arg.to_str().expect("texts in, texts out")).collect();
    assert!(!args.iter().any(|arg| arg.contains('\0')), "{args:?}");
    let ours = args.strip_suffix(&FIXED).expect("every command line ends alike");
    let mut words = ours.iter();
    while let Some(word) = words.next() {
        let (flag, bound) = word.split_once('=').map_or((*word, false), |(flag, _)| (flag, true));
        assert!(flags.contains(&flag), "{word:?} is no flag that was set: {args:?}");
        if PAIRS.contains(&flag) {
            let value = words.next().expect("a flag of two words");
            assert!(!bound && !value.starts_with('-'), "{args:?}");
        } else {
            assert_eq!(bound, flag != "--await-initialize", "{args:?}");
        }
    }
    for change in &invocation.env {
        let name = change.variable().as_encoded_bytes();
        assert!(!name.is_empty() && !name.contains(&b'=') && !name.contains(&0));
        if let EnvChange::Set(_, value) = change {
            assert!(!value.as_encoded_bytes().contains(&0));
        }
    }
    Ok(())
}

/// A JSON value as people write it, over several lines, or none.
fn json(text: &str) -> Json {
    Json::parse(text)
        .unwrap_or_else(|_| Json::parse(&format!("[\n{}\r\n]", Json::from_text(text).as_str())).expect("JSON"))
}

fn wire(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let now = SessionTime::ZERO;
    let mut config = Config::new(Seed::from_bytes([0; 16]));
    config.handled = IncomingKinds::ALL;
    let mut session = Protocol::new(config, now);
    let (text, name, id, value): (&str, &str, &str, &str) = u.arbitrary()?;
    let mut lines = 0;
    let mut count = |accepted: bool| lines += usize::from(accepted);
    count(session.prompt(now, Prompt::text(text).field(name, json(value))).is_ok());
    count(session.interrupt(now, Interrupt::running().id(id)).is_ok());
    count(session.request(now, Request::new(text).field(name, json(value)).id(name)).is_ok());
    let input = json(value);
    for (at, answer) in [
        IncomingResponse::from(Decision::deny(text)),
        Decision::allow_with(Json::from(json!({ name: text, "value": input.as_str() }))).into(),
        Decision::allow().into(),
        IncomingResponse::Raw(json(value)),
        IncomingResponse::Error { message: text.to_owned() },
    ]
    .into_iter()
    .enumerate()
    {
        let incoming = json!({ "type": "control_request", "request_id": format!("{id}{at}"), "request": {
            "subtype": "can_use_tool", "tool_name": name, "input": { text: name } } });
        session.receive(now, format!("{incoming}\n").as_bytes());
        let actions: Vec<Action> = std::iter::from_fn(|| session.poll_action()).collect();
        let incoming_request = actions.iter().find_map(|action| match action {
            Action::IncomingRequest(incoming) => Some(incoming.id()),
            _ => None,
        });
        // A request whose id is too long is declined.
        let is_declined = |action: &Action| matches!(action, Action::RejectedLine(line) if line.declined.is_some());
        count(actions.iter().any(is_declined));
        count(incoming_request.is_some_and(|incoming| session.respond(now, incoming, answer).is_ok()));
    }
    let output = session.poll_transmit();
    let written: Vec<&[u8]> = output.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(written.len(), lines, "{}", output.escape_ascii());
    for line in written {
        let line = line.strip_suffix(b"\n").expect("whole lines");
        assert!(!line.contains(&b'\r'), "{}", line.escape_ascii());
        // A number may be greater than any that a tree can hold.
        let object: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_slice(line);
        assert!(object.is_ok(), "{}", line.escape_ascii());
    }
    Ok(())
}
