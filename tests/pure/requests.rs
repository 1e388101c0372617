//! Every request and prompt that a host wrote in the recordings can be written by the typed ones, and every reply of the
//! CLI there can be read as its type.

use std::collections::{BTreeMap, BTreeSet};

use crate::play::{Event, Player};
use crate::recorded::{name, recordings};
use crate::recording::What;
use claude_duplex::options::ThinkingDisplay;
use claude_duplex::request::response::*;
use claude_duplex::request::*;
use claude_duplex::{
    Action, Config, DecodeError, Interrupt, Json, Priority, Prompt, Protocol, Request, RequestError, Response, Seed,
    SessionTime,
};
use serde_json::{Value, json};

macro_rules! calls {
    ($($call:ident,)+) => {
        const SUBTYPES: &[&str] = &[$($call::SUBTYPE,)+];

        /// The request of a line, by way of its type.
        fn typed(request: &Value) -> Option<Request> {
            match request["subtype"].as_str()? {
                $($call::SUBTYPE => Some(serde_json::from_value::<$call>(request.clone()).expect("its type").into()),)+
                _ => None,
            }
        }

        /// What the type of a reply does not name.
        pub(crate) fn unknown_names(subtype: &str, reply: &Response) -> Option<Result<Vec<String>, DecodeError>> {
            match subtype {
                $($call::SUBTYPE => Some(reply.decode_as::<$call>().map(|view| $call::unknown_names(&view))),)+
                "interrupt" => {
                    let names = |reply: InterruptResponse| reply.unknown_fields.iter().map(|(name, _)| name.to_owned()).collect();
                    Some(reply.interrupted().map(names))
                }
                _ => None,
            }
        }
    };
}

calls! {
    ApplyFlagSettings, BackgroundTasks, CancelAsyncMessage, EndSession, FileSuggestions, GetBinaryVersion,
    GetContextUsage, GetHooksListing, GetSessionCost, GetSettings, GetTaskOutput, GetUsage, Initialize, ListModels,
    ListPermissionRules, McpCall, McpMessage, McpReadResource, McpReconnect, McpSetServers, McpStatus, McpToggle,
    ReadFile, RegisterRepoRoot, ReloadOutputStyles, ReloadPlugins, ReloadSkills, RenameSession, RewindFiles,
    SeedReadState, SetColor, SetHasSubscribers, SetMaxThinkingTokens, SetMcpPermissionModeOverride, SetModel,
    SetPermissionMode, SideQuestion, StopTask, UpdateSettings,
}

/// Sent in the recordings, and known to no version there: whatever else is sent has a type.
const UNKNOWN: [&str; 3] = ["edit_hook", "no_such_subtype", "set_settings"];

/// The lines that the host wrote, with the recording that they stand in.
fn host_lines() -> Vec<(String, Value)> {
    let mut lines = Vec::new();
    for (path, recorded) in recordings() {
        for line in recorded {
            let What::In(bytes) = line.what else { continue };
            lines.push((name(&path), serde_json::from_slice(&bytes).expect("a host's line is JSON")));
        }
    }
    lines
}

fn written(command: impl FnOnce(&mut Protocol)) -> Value {
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([3; 16])), SessionTime::ZERO);
    command(&mut protocol);
    let line = protocol.poll_transmit();
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1, "it is one line");
    serde_json::from_slice(line).expect("a line is JSON")
}

#[test]
fn every_recorded_request_can_be_written_from_its_type() {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for (recording, line) in host_lines() {
        if line["type"] != "control_request" {
            continue;
        }
        let request = &line["request"];
        let (id, subtype) = (line["request_id"].as_str().expect("an id"), request["subtype"].as_str().expect("a name"));
        *seen.entry(subtype.to_owned()).or_default() += 1;
        let again = written(|protocol| {
            if subtype == "interrupt" {
                let interrupt = Interrupt::running().id(id);
                let all = request["cancel_queued"] == true;
                let interrupt = if all { interrupt.cancel_queued() } else { interrupt };
                protocol.interrupt(SessionTime::ZERO, interrupt).expect("it is taken");
            } else {
                let request = typed(request).or_else(|| UNKNOWN.contains(&subtype).then(|| raw(request)));
                let request = request.unwrap_or_else(|| panic!("{recording}: {subtype} has no type"));
                protocol.request(SessionTime::ZERO, request.id(id)).expect("it is taken");
            }
        });
        assert_eq!(again, line, "{recording}");
    }
    println!("{} requests of {} kinds", seen.values().sum::<u64>(), seen.len());
    let untried: Vec<&&str> = SUBTYPES.iter().filter(|subtype| !seen.contains_key(**subtype)).collect();
    assert!(untried.is_empty(), "no recording has {untried:?}");
}

fn raw(request: &Value) -> Request {
    let fields = request.as_object().into_iter().flatten().filter(|(name, _)| *name != "subtype");
    let request = Request::new(request["subtype"].as_str().unwrap_or_default());
    fields.fold(request, |request, (name, value)| request.field(name, Json::from(value)))
}

#[test]
fn every_recorded_prompt_can_be_written_from_its_fields() {
    let mut count = 0;
    for (recording, mut line) in host_lines() {
        if line["type"] != "user" {
            continue;
        }
        let mut again = written(|protocol| {
            let mut prompt = match &line["message"]["content"] {
                Value::String(text) => Prompt::text(text),
                blocks => Prompt::from_json(Json::from(blocks)).expect("content blocks"),
            };
            for (name, value) in line.as_object().expect("an object") {
                let text = value.as_str().unwrap_or_default();
                let texts = || value.as_array().into_iter().flatten().filter_map(Value::as_str);
                prompt = match name.as_str() {
                    "type" | "message" | "parent_tool_use_id" => prompt,
                    "uuid" => prompt.uuid(text.parse().expect("a uuid")),
                    "priority" => prompt.priority(Priority::from(text)),
                    "shouldQuery" if value == false => prompt.without_query(),
                    "isSynthetic" if value == true => prompt.synthetic(),
                    "client_composed" if value == true => prompt.verbatim(),
                    "origin" if *value == json!({ "kind": "human" }) => prompt.from_human(),
                    "pasted_content" => prompt.pasted(texts()),
                    "inline_pastes" => prompt.inline_pastes(texts()),
                    "timestamp" => prompt.timestamp(text),
                    "session_id" => prompt.session_id(text),
                    name => panic!("{recording}: {name} is not named"),
                };
            }
            protocol.prompt(SessionTime::ZERO, prompt).expect("it is taken");
        });
        if line.get("uuid").is_none() {
            // The crate always gives one: it is how a prompt finds its result.
            assert!(again["uuid"].is_string());
            line["uuid"] = again["uuid"].take();
            again["uuid"] = line["uuid"].clone();
        }
        assert_eq!(again, line, "{recording}");
        count += 1;
    }
    assert!(count > 600, "only {count} prompts");
}

/// By subtype and version: how many replies were read and refused, and what no view names.
type Table = BTreeMap<String, BTreeMap<String, (u64, u64, BTreeSet<String>)>>;

fn print_table(table: &Table) {
    let versions: BTreeSet<&String> = table.values().flat_map(BTreeMap::keys).collect();
    println!("replies read/refused, `-` for none");
    println!("{:<33}{}", "", versions.iter().map(|version| format!("{version:>9}")).collect::<String>());
    for (subtype, row) in table {
        let cell = |version: &&String| match row.get(*version) {
            Some((0, 0, _)) | None => format!("{:>9}", "-"),
            Some((read, refused, _)) => format!("{:>9}", format!("{read}/{refused}")),
        };
        println!("{subtype:<33}{}", versions.iter().map(cell).collect::<String>());
        for (version, (_, _, names)) in row.iter().filter(|(_, (_, _, names))| !names.is_empty()) {
            println!("    not named in {version}: {}", names.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        }
    }
}

#[test]
fn every_recorded_response_decodes_as_its_type() {
    let mut table = Table::new();
    for (path, lines) in recordings() {
        let recording = name(&path);
        let version = recording.split('/').next().unwrap_or_default().to_owned();
        let mut subtypes = BTreeMap::new();
        for line in &lines {
            let What::In(bytes) = &line.what else { continue };
            let Ok(line) = serde_json::from_slice::<Value>(bytes) else { continue };
            if let (Some(id), Some(subtype)) = (line["request_id"].as_str(), line["request"]["subtype"].as_str()) {
                subtypes.insert(id.to_owned(), subtype.to_owned());
            }
        }
        let played = Player::new().play(&lines);
        for (_, event) in &played.events {
            let Event::Action(Action::ResponseReceived { request, response: reply, .. }) = event else { continue };
            let subtype = &subtypes[&played.requests[request]];
            let row = table.entry(subtype.clone()).or_default().entry(version.clone()).or_default();
            match reply {
                Ok(reply) => {
                    let names =
                        unknown_names(subtype, reply).unwrap_or_else(|| panic!("{recording}: {subtype} has no type"));
                    row.0 += 1;
                    row.2.extend(names.unwrap_or_else(|error| panic!("{recording}: {subtype}: {error}")));
                }
                Err(RequestError::Refused { .. }) => row.1 += 1,
                Err(_) => {}
            }
        }
    }
    print_table(&table);
    let read: u64 = table.values().flat_map(BTreeMap::values).map(|row| row.0).sum();
    assert!(read > 340, "only {read} replies");
}

/// What no recording has: spellings by the wire reference, section 5.
#[test]
fn request_fields_have_their_wire_names() {
    let manifest = SdkMcpServerManifest::new(Json::parse("{}").unwrap());
    let cases: Vec<(Request, Value)> = vec![
        (
            Initialize::new()
                .json_schema(Json::parse(r#"{"type":"object"}"#).unwrap())
                .sdk_mcp_server("calc")
                .sdk_mcp_server_configs([("calc".into(), SdkMcpServerConfig::new().timeout(1000))].into())
                .sdk_mcp_server_manifests([("calc".into(), manifest)].into())
                .sdk_mcp_server_manifests_origin(ManifestsOrigin::HostPerSend)
                .into(),
            json!({ "jsonSchema": { "type": "object" }, "sdkMcpServers": ["calc"],
                "sdkMcpServerConfigs": { "calc": { "timeout": 1000 } },
                "sdkMcpServerManifests": { "calc": { "initializeResult": {} } },
                "sdkMcpServerManifestsOrigin": "host_per_send" }),
        ),
        (
            Initialize::new().plugins([PluginConfig::local("/p").skip_mcp_discovery(true)]).into(),
            json!({ "plugins": [{ "type": "local", "path": "/p", "skipMcpDiscovery": true }] }),
        ),
        (
            McpCall::tool("mcp__a__b")
                .expires_at("2026-01-01T00:00:00Z")
                .input_files([Json::parse(r#"{"name":"n","lane_path":"l"}"#).unwrap()])
                .into(),
            json!({ "tool": "mcp__a__b", "expires_at": "2026-01-01T00:00:00Z",
                "input_files": [{ "name": "n", "lane_path": "l" }] }),
        ),
        (McpCall::tool("t").soft_error_result(true).into(), json!({ "tool": "t", "soft_error_result": true })),
        (
            Initialize::new()
                .sdk_mcp_server_configs(
                    [("calc".into(), SdkMcpServerConfig::new().remote_control_meta_keys(["progress"]))].into(),
                )
                .into(),
            json!({ "sdkMcpServerConfigs": { "calc": { "remoteControlMetaKeys": ["progress"] } } }),
        ),
        (
            RenameSession::new("t").source(RenamedBy::Remote).session_id("s").into(),
            json!({ "title": "t", "source": "remote", "session_id": "s" }),
        ),
        (
            SetMaxThinkingTokens::reset().thinking_display(None).into(),
            json!({ "max_thinking_tokens": null, "thinking_display": null }),
        ),
        (
            SetMaxThinkingTokens::new(7).show(ThinkingDisplay::Highlights).into(),
            json!({ "max_thinking_tokens": 7, "thinking_display": "highlights" }),
        ),
        (SetModel::reset().into(), json!({})),
        (SetMcpPermissionModeOverride::reset("s").into(), json!({ "serverName": "s", "mode": null })),
        (
            McpSetServers::new()
                .server("a", McpServerConfig::http("https://a").header("x-a", "1").timeout(1000))
                .server("b", McpServerConfig::sse("https://b"))
                .server("c", McpServerConfig::stdio("c").args(["-v"]).env("A", "1"))
                .into(),
            json!({ "servers": {
                "a": { "type": "http", "url": "https://a", "headers": { "x-a": "1" }, "timeout": 1000 },
                "b": { "type": "sse", "url": "https://b" },
                "c": { "type": "stdio", "command": "c", "args": ["-v"], "env": { "A": "1" } },
            } }),
        ),
        (
            UpdateSettings::new(SettingsFile::User, Json::parse("{}").unwrap()).into(),
            json!({ "source": "userSettings", "settings": {} }),
        ),
        (
            ReadFile::new("f").as_base64().max_bytes(9).field("new", Json::from_text("x")).into(),
            json!({ "path": "f", "encoding": "base64", "max_bytes": 9, "new": "x" }),
        ),
    ];
    for (request, fields) in cases {
        let subtype = request.subtype().to_owned();
        let mut line = written(|protocol| {
            protocol.request(SessionTime::ZERO, request).expect("it is taken");
        });
        let mut request = line["request"].take();
        assert_eq!(request.as_object_mut().and_then(|request| request.remove("subtype")), Some(json!(subtype)));
        assert_eq!(request, fields, "{subtype}");
        // And back.
        let mut whole = fields.clone();
        whole["subtype"] = subtype.clone().into();
        let again = written(|protocol| drop(protocol.request(SessionTime::ZERO, typed(&whole).expect("a type"))));
        assert_eq!(again["request"], whole, "{subtype}");
    }
}

#[test]
fn a_request_with_another_name_or_a_missing_field_does_not_decode() {
    let read = |value: Value| serde_json::from_value::<McpToggle>(value).map_err(|error| error.to_string());
    assert_eq!(read(json!({ "serverName": "a", "enabled": true })), Ok(McpToggle::enable("a")));
    let other = read(json!({ "subtype": "set_color", "serverName": "a", "enabled": true })).unwrap_err();
    assert!(other.contains("`subtype` is not mcp_toggle"), "{other}");
    let lacks = read(json!({ "enabled": true })).unwrap_err();
    assert!(lacks.contains("`serverName` is missing"), "{lacks}");
}
