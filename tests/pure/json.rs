//! The stable JSON form of actions: each kind of action in each form, compared with `tests/json/actions.golden`, and its members
//! with `docs/json.md`. `BLESS=1 cargo test --test pure json::` writes the file anew: a member that goes away or changes its meaning
//! needs a new `Action::JSON_VERSION`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use claude_duplex::{
    Action, Config, Decision, Exit, IncomingKinds, Interrupt, Json, Prompt, Protocol, Request, Seed, SessionTime,
    WhenBusy,
};
use serde_json::{Value, json};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/json/actions.golden");

/// A session, and the JSON of what happened in it.
struct Scene {
    protocol: Protocol,
    now: u64,
    lines: Vec<String>,
}

impl Scene {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(Seed::from_bytes([9; 16]));
        (config.handled, config.when_busy) = (IncomingKinds::ALL, WhenBusy::Send);
        change(&mut config);
        Self { protocol: Protocol::new(config, SessionTime::ZERO), now: 0, lines: Vec::new() }
    }

    fn now(&self) -> SessionTime {
        SessionTime::from(Duration::from_secs(self.now))
    }

    fn prompt(&mut self, prompt: impl Into<Prompt>) -> String {
        let id = self.protocol.prompt(self.now(), prompt).expect("there is room");
        self.sent();
        id.uuid().to_string()
    }

    fn request(&mut self, id: &str) {
        self.protocol.request(self.now(), Request::new("mcp_status").id(id)).expect("there is room");
        self.sent();
    }

    fn sent(&mut self) {
        let length = self.protocol.poll_transmit().len();
        self.protocol.sent(self.now(), length);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.protocol.receive(self.now(), bytes);
        self.take();
    }

    fn receive_line(&mut self, lines: &[Value]) {
        lines.iter().for_each(|line| self.bytes(format!("{line}\n").as_bytes()));
    }

    /// Lets everything happen that is due until then.
    fn waits(&mut self, seconds: u64) {
        self.now = seconds;
        self.protocol.handle_timeout(self.now());
        self.take();
    }

    fn exits(&mut self, exit: Exit) {
        self.protocol.eof(self.now());
        self.protocol.stderr_eof(self.now());
        self.protocol.exited(self.now(), exit);
        self.take();
    }

    fn take(&mut self) {
        let actions = std::iter::from_fn(|| self.protocol.poll_action());
        self.lines.extend(actions.map(|action| serde_json::to_string(&action).expect("an action can be written")));
    }
}

fn init() -> Value {
    json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": "2.1.332", "capabilities": ["a"] })
}

fn life(prompt: &str, state: &str) -> Value {
    json!({ "type": "command_lifecycle", "command_uuid": prompt, "state": state })
}

fn result(fields: Value) -> Value {
    let mut line = json!({ "type": "result", "subtype": "success", "is_error": false, "result": "done" });
    for (name, value) in fields.as_object().expect("an object") {
        line[name] = value.clone();
    }
    line
}

fn request_line(id: &str, request: Value) -> Value {
    json!({ "type": "control_request", "request_id": id, "request": request })
}

fn responds(response: Value) -> Value {
    json!({ "type": "control_response", "response": response })
}

fn permission(id: &str) -> Value {
    request_line(id, json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": { "command": "ls" } }))
}

/// A turn that goes well, with every kind of incoming request.
fn answered() -> Scene {
    let mut scene = Scene::new(|_| {});
    let prompt = scene.prompt("hello");
    scene.receive_line(&[life(&prompt, "started"), init()]);
    scene.bytes(b" {\"type\" : \"assistant\", \"message\":{\"content\":[{\"n\":1e400,\"text\":\"a\xff\"}]}}\n");
    scene.receive_line(&[
        permission("p"),
        permission("q"),
        request_line(
            "h",
            json!({ "subtype": "hook_callback", "callback_id": "h", "input": { "hook_event_name": "Stop" } }),
        ),
        request_line("m", json!({ "subtype": "mcp_message", "server_name": "s", "message": {} })),
        request_line("e", json!({ "subtype": "elicitation", "mcp_server_name": "s", "message": "?" })),
        request_line("u", json!({ "subtype": "tomorrow" })),
        request_line("d", json!({ "subtype": "request_user_dialog", "dialog_kind": "other" })),
    ]);
    let open: Vec<_> = scene.protocol.open_incoming().map(|open| (open.id(), open.request_id())).collect();
    for (id, name) in open {
        match name.as_str() {
            "p" => scene.protocol.respond(scene.now(), id, Decision::allow()).expect("it is open"),
            "q" => scene.protocol.respond(scene.now(), id, Decision::deny("no")).expect("it is open"),
            _ => {}
        }
    }
    scene.take();
    scene.receive_line(&[
        json!({ "type": "control_cancel_request", "request_id": "h" }),
        json!({ "type": "control_cancel_request", "request_id": "h" }),
        result(json!({ "uuid": "r-1", "user_message_uuids": [prompt], "terminal_reason": "completed" })),
    ]);
    scene.protocol.close(scene.now());
    scene.take();
    scene.protocol.stderr(scene.now(), b"a warning\n");
    scene.exits(Exit::Code(0));
    scene
}

/// Every outcome that is not a success.
fn failed() -> Scene {
    let mut scene = Scene::new(|config| config.timeouts.missing_result = Some(Duration::from_secs(10)));
    scene.receive_line(&[init(), result(json!({ "uuid": "r-0", "origin": { "kind": "task-notification" } }))]);
    for fields in [
        json!({ "num_turns": 0 }),
        json!({ "is_error": true, "terminal_reason": "api_error" }),
        json!({ "terminal_reason": "aborted_streaming" }),
        json!({ "terminal_reason": "hook_stopped" }),
        json!({ "terminal_reason": "tool_deferred" }),
    ] {
        let is_command = fields.get("num_turns").is_some();
        let prompt = scene.prompt(if is_command { "/a" } else { "a" });
        scene.receive_line(&[life(&prompt, "started"), init(), result(fields)]);
    }
    let prompt = scene.prompt("cancelled");
    scene.receive_line(&[life(&prompt, "cancelled")]);
    let prompt = scene.prompt("seen before");
    scene.receive_line(&[life(&prompt, "completed")]);
    let prompt = scene.prompt("lost");
    scene.receive_line(&[life(&prompt, "started"), init(), life(&prompt, "completed")]);
    scene.waits(10);
    let prompt = scene.prompt(Prompt::text("too slow").time_limit(Duration::from_secs(5)));
    scene.receive_line(&[life(&prompt, "started"), init()]);
    scene.waits(15);
    scene.receive_line(&[result(json!({ "uuid": "r-2", "terminal_reason": "aborted_streaming" }))]);
    let prompt = scene.prompt(Prompt::text("stubborn").time_limit(Duration::from_secs(5)));
    scene.receive_line(&[life(&prompt, "started"), init()]);
    scene.waits(20);
    scene.waits(30);
    scene.protocol.abort(scene.now());
    scene.take();
    scene.exits(Exit::Signal(9));
    scene
}

/// Requests of the host with each kind of response.
fn requested() -> Scene {
    let mut scene = Scene::new(|config| {
        config.limits.line = 300;
        config.timeouts.request = Some(Duration::from_secs(5));
    });
    ["a", "b", "c", "d"].into_iter().for_each(|id| scene.request(id));
    scene.protocol.interrupt(scene.now(), Interrupt::running().id("i")).expect("there is room");
    scene.receive_line(&[
        responds(json!({ "subtype": "success", "request_id": "a", "response": { "servers": [] } })),
        responds(json!({ "subtype": "success", "request_id": "i" })),
        responds(json!({ "subtype": "error", "request_id": "b", "error": "no", "error_code": "busy" })),
        responds(json!({ "subtype": "success", "request_id": "other" })),
    ]);
    let long = "x".repeat(300);
    let start =
        "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"c\",\"response\":";
    scene.bytes(format!("{start}\"{long}\"}}}}\n").as_bytes());
    scene.waits(5);
    scene.request("e");
    scene.exits(Exit::Unknown);
    scene
}

/// An error result without a turn, with which the CLI ends.
fn crashed() -> Scene {
    let mut scene = Scene::new(|_| {});
    scene.request("a");
    scene.prompt("hello");
    scene.receive_line(&[
        json!({ "type": "result", "subtype": "error_during_execution", "is_error": true, "errors": ["no session"] }),
    ]);
    scene.exits(Exit::Code(1));
    scene
}

/// Lines that are not messages, or not alone.
fn rejected() -> Scene {
    let mut scene = Scene::new(|config| config.limits.open_incoming = 1);
    scene.bytes(b"npm warn \xff\n[]\n{}\n");
    scene.receive_line(&[
        request_line("", json!({})),
        json!({ "type": "control_request" }),
        permission("p"),
        permission("p"),
        permission("q"),
    ]);
    scene.bytes(b"\x1b[H{\"type\":\"active_goal\"}{\"type\":\"keep_alive\"}\n");
    scene.request("a");
    let listed = [json!("text"), json!({ "type": "keep_alive" })];
    let response = json!({ "subtype": "success", "request_id": "init", "pending_permission_requests": listed });
    scene.protocol.request(scene.now(), Request::initialize().id("init")).expect("there is room");
    scene.receive_line(&[responds(response)]);
    scene.prompt("hello");
    let long = "x".repeat(16 << 10);
    let unread = format!(
        "{{\"type\":\"control_request\",\"request_id\":\"{}\",\"request\":{{\"subtype\":\"can_use_tool\"}}}}\n",
        &long[..300]
    );
    scene.bytes(unread.as_bytes());
    scene.bytes(b"{\"type\":\"resu");
    scene.exits(Exit::Code(3));
    scene
}

/// Lines as they are on the pipes.
fn raw() -> Scene {
    let mut scene = Scene::new(|config| {
        (config.stderr_lines, config.wire_lines) = (true, true);
        (config.limits.stderr_line, config.limits.line) = (8, 100);
    });
    scene.request("a");
    scene.bytes(b"{\"type\":\"keep_alive\"}\n\xff\n");
    scene.bytes(format!("{}\n", "x".repeat(300)).as_bytes());
    scene.protocol.stderr(scene.now(), b"short\na line of stderr\nlast");
    scene.exits(Exit::Code(0));
    scene
}

/// Each reason for which a session waits.
fn stalled() -> Scene {
    let mut scene = Scene::new(|config| {
        config.timeouts.stall = Some(Duration::from_secs(1));
        config.timeouts.turn = Some(Duration::from_secs(60));
        config.timeouts.missing_result = None;
        config.limits.unsent = 200;
    });
    scene.protocol.prompt(scene.now(), "hello").expect("there is room");
    assert!(scene.protocol.prompt(scene.now(), "x".repeat(100)).is_err());
    scene.waits(1);
    scene.sent();
    scene.take();
    scene.receive_line(&[json!({ "type": "system", "subtype": "status" })]);
    scene.waits(2);
    scene.receive_line(&[init()]);
    scene.waits(3);
    scene.receive_line(&[json!({ "type": "assistant", "message": { "content": [{ "type": "tool_use", "id": "t", "name": "Bash", "input": {} }] } })]);
    scene.waits(5);
    scene.receive_line(&[
        json!({ "type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10, "error_status": 529 }),
    ]);
    scene.waits(6);
    scene.receive_line(&[permission("p")]);
    scene.waits(70);
    scene.receive_line(&[
        json!({ "type": "control_cancel_request", "request_id": "p" }),
        json!({ "type": "system", "subtype": "session_state_changed", "state": "idle" }),
        json!({ "type": "system", "subtype": "session_state_changed", "state": "running" }),
        json!({ "type": "system", "subtype": "session_state_changed", "state": "idle" }),
    ]);
    scene.waits(72);
    scene.receive_line(&[
        result(json!({})),
        json!({ "type": "system", "subtype": "session_state_changed", "state": "running" }),
        json!({ "type": "system", "subtype": "task_started", "task_id": "b", "task_type": "local_agent" }),
    ]);
    scene.waits(74);
    scene.request("a");
    scene.waits(76);
    scene.protocol.request(scene.now(), Request::new("mcp_status")).expect("there is room");
    scene.protocol.sent(scene.now(), 10);
    scene.protocol.send_failed(scene.now());
    scene.take();
    scene.waits(100);
    scene.waits(200);
    scene.waits(300);
    scene
}

type NamedScene = (&'static str, fn() -> Scene);

/// Every scene by its name.
const SCENES: [NamedScene; 7] = [
    ("answered", answered),
    ("failed", failed),
    ("requested", requested),
    ("crashed", crashed),
    ("rejected", rejected),
    ("stalled", stalled),
    ("raw", raw),
];

fn lines() -> Vec<Value> {
    let lines = SCENES.iter().flat_map(|(_, scene)| scene().lines);
    // A number of a line may be greater than a tree can hold.
    lines.map(|line| serde_json::from_str(&line.replace("1e400", "1")).expect("JSON")).collect()
}

#[test]
fn the_json_of_actions_is_unchanged() {
    let mut now = format!("version {}\n", Action::JSON_VERSION);
    for (name, scene) in SCENES {
        writeln!(now, "-- {name}").expect("a text takes all");
        scene().lines.iter().for_each(|line| writeln!(now, "{line}").expect("a text takes all"));
    }
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(GOLDEN, now).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(GOLDEN).expect("the golden file");
    let differ = now.lines().zip(expected.lines()).find(|(now, expected)| now != expected);
    assert_eq!(differ, None);
    assert_eq!(now.len(), expected.len());
}

/// Members of an object, and those among them that every such object has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Members {
    all: BTreeSet<String>,
    always: BTreeSet<String>,
}

/// Reads the tables of the page whose first column is of that name.
fn documented(column: &str) -> BTreeMap<String, Members> {
    let page = include_str!("../../docs/json.md");
    let mut tables: BTreeMap<String, Members> = BTreeMap::new();
    let mut kind = String::new();
    let rows = page.lines().skip_while(|line| !line.starts_with(&format!("| {column} |"))).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        if !cells[1].is_empty() {
            kind = cells[1].to_owned();
        }
        let members = tables.entry(kind.clone()).or_default();
        if !cells[2].is_empty() {
            members.all.insert(cells[2].to_owned());
            members.always.extend((cells[3] == "yes").then(|| cells[2].to_owned()));
        }
    }
    tables
}

/// Gathers the members of objects by that member, which names their kind.
fn written<'v>(objects: impl Iterator<Item = &'v Value>, kind: &str) -> BTreeMap<String, Members> {
    let mut seen: BTreeMap<String, Members> = BTreeMap::new();
    for object in objects {
        let object = object.as_object().expect("an object");
        let name = object[kind].as_str().expect("a name").to_owned();
        let members: BTreeSet<String> = object.keys().filter(|name| *name != kind).cloned().collect();
        let is_first = !seen.contains_key(&name);
        let entry = seen.entry(name).or_default();
        entry.always = if is_first { members.clone() } else { &entry.always & &members };
        entry.all.extend(members);
    }
    seen
}

#[test]
fn documented_members_are_the_written_members() {
    let lines = lines();
    let errors = lines.iter().filter_map(|line| line.get("error"));
    for (documented, written) in
        [(documented("Action"), written(lines.iter(), "action")), (documented("`reason`"), written(errors, "reason"))]
    {
        assert_eq!(Vec::from_iter(documented.keys()), Vec::from_iter(written.keys()));
        for (kind, members) in &documented {
            assert_eq!(members.all, written[kind].all, "{kind}");
            let missing: Vec<_> = members.always.difference(&written[kind].always).collect();
            assert!(missing.is_empty(), "{kind} does not always have {missing:?}");
        }
    }
}

/// The names that a member can have are those that its row lists.
#[test]
fn every_documented_name_is_written() {
    let lines = lines();
    let page = include_str!("../../docs/json.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.split(" | ").map(str::trim).collect())
        .collect();
    for (action, member) in [
        ("prompt_ended", "outcome"),
        ("rejected_line", "reason"),
        ("deadline_exceeded", "reason"),
        ("incoming_request", "kind"),
    ] {
        let named: BTreeSet<&str> =
            lines.iter().filter(|line| line["action"] == action).filter_map(|line| line[member].as_str()).collect();
        let row = rows.iter().find(|cells| {
            cells.get(1) == Some(&&*format!("`{member}`"))
                && named.iter().any(|name| cells[3].contains(&format!("`{name}`")))
        });
        let row = row.unwrap_or_else(|| panic!("{action} has no row for {member}"));
        let listed: BTreeSet<&str> = row[3].split('`').skip(1).step_by(2).collect();
        let unlisted: Vec<_> = named.difference(&listed).collect();
        assert!(unlisted.is_empty(), "{action}, {member}: {unlisted:?} are not listed");
    }
}

/// A value that an action contains is written as it is in its action.
#[test]
fn equal_contents_of_actions_are_written_equally() {
    let mut scene = Scene::new(|_| {});
    scene.protocol.receive(SessionTime::ZERO, format!("text\n{}\n{}\n", init(), permission("p")).as_bytes());
    while let Some(action) = scene.protocol.poll_action() {
        let whole = serde_json::to_value(&action).expect("an action can be written");
        let (part, name) = match &action {
            Action::Session(session) => (serde_json::to_value(session), "session"),
            Action::RejectedLine(line) => (serde_json::to_value(line), "rejected_line"),
            Action::IncomingRequest(request) => (serde_json::to_value(request), "incoming_request"),
            _ => continue,
        };
        let mut part = part.expect("it can be written");
        part["action"] = name.into();
        assert_eq!(part, whole);
    }
    let raw = Json::parse("{\"a\":1}").expect("JSON");
    assert_eq!(serde_json::to_string(&raw).expect("it is JSON"), "{\"a\":1}");
}
