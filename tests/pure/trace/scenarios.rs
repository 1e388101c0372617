//! Sessions in which everything happens, with one text wherever a content can be.

use std::time::Duration;

use claude_duplex::incoming::hook::HookEvent;
use claude_duplex::incoming::hook::HookOutput;
use claude_duplex::incoming::{DialogResponse, ElicitationResponse};
use claude_duplex::request::{HookMatcher, Initialize, McpServerConfig, McpSetServers};
use claude_duplex::testing::{CliVersion, Fault, InMemory, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, Advice, Config, Decision, Driver, Exit, IncomingKind, IncomingKinds, IncomingRequest, IncomingResponse,
    Interrupt, Json, Options, Prompt, Request, Seed, Tracer,
};
use serde_json::json;

/// What stands in every content, and nowhere else.
pub(crate) const SECRET: &str = "s3cret-b1rd";

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) type Claude = Driver<InMemory>;

pub(crate) fn config(number: u8) -> Config {
    let mut config = Config::new(Seed::from_bytes([number; 16]));
    config.handled = IncomingKinds::ALL;
    config
}

/// A text like those that are told, with the secret in it.
pub(crate) fn secret(text: &str) -> String {
    format!("{text} {SECRET}")
}

fn object(name: &str) -> Json {
    Json::from(&json!({ (name): secret(name) }))
}

/// Runs one session to its end, whatever the talk left of it.
pub(crate) fn session(config: Config, script: Script, talk: impl AsyncFnOnce(&mut Claude)) {
    let runtime = TestRuntime::new();
    let mut claude = Driver::new(config, runtime.start(script));
    runtime.run(async {
        talk(&mut claude).await;
        claude.close();
        while claude.next().await.is_some() {}
    });
}

/// Goes on until then, and answers what is asked but for one tool.
pub(crate) async fn answer_until(claude: &mut Claude, mut over: impl FnMut(&Action) -> bool) {
    while let Some(action) = claude.next().await {
        if let Action::IncomingRequest(incoming_request) = &action {
            if !incoming_request.permission().is_ok_and(|tool| tool.tool_name == "Slow") {
                claude.respond(incoming_request.id(), answer(incoming_request)).unwrap();
            }
        }
        if over(&action) {
            return;
        }
    }
}

pub(crate) async fn answer_until_idle(claude: &mut Claude) {
    answer_until(claude, |action| matches!(action, Action::Idle)).await;
}

/// Nothing that the host says to the incoming request is without the secret.
fn answer(incoming_request: &IncomingRequest) -> IncomingResponse {
    match incoming_request.kind() {
        IncomingKind::Permission => match incoming_request.permission().unwrap().tool_name.as_str() {
            "Bash" => Decision::allow_with(object("command")).into(),
            "Raw" => IncomingResponse::Raw(Json::from(&json!({ "behavior": "deny", "message": SECRET }))),
            _ => Decision::deny(secret("no")).into(),
        },
        IncomingKind::Hook => HookOutput::new().system_message(secret("mind")).into(),
        IncomingKind::Mcp => incoming_request.mcp().unwrap().result(&object("text")).into(),
        IncomingKind::Elicitation => ElicitationResponse::accept_with(object("name")).into(),
        IncomingKind::Dialog => DialogResponse::completed(object("picked")).into(),
        _ => IncomingResponse::Error { message: secret("what is that") },
    }
}

pub(crate) type Scene = fn();

/// All of them; together they have every event.
pub(crate) const SCENES: [Scene; 11] =
    [everything, trouble, failed, queue, stopped, unhandled, unserved, late, dead_at_once, dropped, advised];

/// Tools, asks of every kind, lines that are none, requests.
pub(crate) fn everything() {
    let call = Json::from(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "add", "arguments": { "a": SECRET } } }));
    let hook = json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": { "command": SECRET } });
    let steps = [
        Step::thinking(secret("hm")),
        Step::text_in_parts(secret("I look around"), 3, SECOND),
        ToolStep::bash(secret("ls")).requires_permission().returns(secret("a file")).into(),
        ToolStep::new("Write", object("text")).requires_permission().into(),
        ToolStep::new("Raw", object("text")).requires_permission().fails().into(),
        Step::request("hook_callback", [("callback_id", Json::from_text("guard")), ("input", Json::from(&hook))]),
        Step::mcp("docs", call),
        Step::elicitation("docs", &secret("who are you?")),
        Step::dialog("pick", object("choices")),
        Step::dialog("undeclared", object("choices")).withdrawn_after(SECOND),
        Step::request("newest", [("text", Json::from_text(SECRET))]),
        Step::from(ToolStep::new("Slow", object("text")).requires_permission()).withdrawn_after(SECOND),
        Step::raw(format!("{SECRET} is not JSON\n")),
        Step::raw(format!("[\"{SECRET}\"]\n")),
        Step::raw(format!("\x1b]0;{SECRET}\x07{{\"type\":\"newest\"}}\n")),
        Step::raw(format!("{{\"type\":\"newest\",\"text\":\"{SECRET}\"}}\n")),
        Step::raw(format!(
            "{}\n",
            json!({ "type": "control_response",
            "response": { "subtype": "success", "request_id": "none", "response": { "text": SECRET } } })
        )),
        Step::background(SECOND, vec![Step::text(secret("it is done"))]),
        Step::text(secret("done").repeat(1000)),
    ];
    session(config(1), Script::default().then(steps), async |claude| {
        let server = McpServerConfig::stdio("mcp").env("API_KEY", SECRET).header("authorization", SECRET);
        let initialize = Initialize::new()
            .hook(HookEvent::PreToolUse, HookMatcher::new("guard"))
            .supported_dialog_kinds(["pick"])
            .append_system_prompt(SECRET)
            .mcp_server("docs", server.clone());
        claude.request(initialize).unwrap();
        claude.request(McpSetServers::new().server("docs", server)).unwrap();
        claude.request(Request::new("no_such_request").field("text", Json::from_text(SECRET))).unwrap();
        claude.prompt(Prompt::text(secret("look around")).pasted([SECRET])).unwrap();
        answer_until_idle(claude).await;
    });
}

/// Errors of the model's service, an interrupt, a death.
pub(crate) fn trouble() {
    let script = Script::default()
        .then([Step::api_error(529, secret("overloaded"), 2)])
        .then([Step::nothing()])
        .then([Step::text(secret("I")), Step::pause(SECOND), Step::die(Exit::Signal(11))]);
    session(config(2), script, async |claude| {
        claude.prompt(secret("one")).unwrap();
        answer_until_idle(claude).await;
        let second = claude.prompt(secret("two")).unwrap();
        answer_until(claude, |action| matches!(action, Action::PromptTaken { .. })).await;
        claude.interrupt(Interrupt::prompt(second)).unwrap();
        answer_until_idle(claude).await;
        claude.request(Request::new("mcp_status")).unwrap();
        claude.prompt(secret("three")).unwrap();
        answer_until(claude, |action| matches!(action, Action::PromptEnded { .. })).await;
    });
}

/// An error is the last that is heard.
pub(crate) fn failed() {
    session(config(10), Script::default().then([Step::api_error(529, secret("overloaded"), 0)]), async |claude| {
        claude.prompt(secret("one")).unwrap();
        answer_until_idle(claude).await;
    });
}

/// Prompts that wait, are withdrawn and refused; a room that was full.
pub(crate) fn queue() {
    let mut config = config(3);
    config.limits.open_prompts = 2;
    session(config, Script::default().then([Step::pause(SECOND)]), async |claude| {
        claude.prompt(secret("one")).unwrap();
        let second = claude.prompt(secret("two")).unwrap();
        assert!(claude.prompt(secret("three")).is_err());
        claude.cancel(second).unwrap();
        assert!(claude.cancel(second).is_err());
        answer_until_idle(claude).await;
        claude.close();
        assert!(claude.prompt(SECRET).is_err());
        assert!(claude.request(Request::new("late").field("text", Json::from_text(SECRET))).is_err());
    });
}

/// A CLI that obeys nothing, in a turn that takes long, and is given up.
pub(crate) fn stopped() {
    let mut config = config(4);
    config.timeouts.turn = Some(SECOND);
    let script = Script::new(CliVersion::V2_0_76);
    let script = script.then([Step::nothing()]).fault(Fault::IgnoreTerminate);
    session(config, script, async |claude| {
        claude.prompt(secret("go on")).unwrap();
        answer_until(claude, |action| matches!(action, Action::DeadlineExceeded { .. })).await;
    });
    let slow = Script::default().then([Step::from(ToolStep::bash(SECRET).duration(3 * SECOND))]);
    let mut config = self::config(12);
    config.timeouts.turn = Some(SECOND);
    session(config, slow, async |claude| {
        claude.prompt(secret("go on")).unwrap();
        answer_until_idle(claude).await;
    });
    session(self::config(5), Script::default().then([Step::nothing()]), async |claude| {
        claude.prompt(secret("go on")).unwrap();
        answer_until(claude, |action| matches!(action, Action::TurnStarted { .. })).await;
        claude.abort();
    });
}

/// The host does not handle permission requests.
pub(crate) fn unhandled() {
    let script = Script::default().then([ToolStep::bash(SECRET).requires_permission()].map(Step::from));
    session(Config::new(Seed::from_bytes([6; 16])), script, async |claude| {
        claude.prompt(secret("go on")).unwrap();
        answer_until_idle(claude).await;
    });
}

/// The host handles permission requests, and responds to none.
pub(crate) fn unserved() {
    let script = Script::default().then([ToolStep::bash(SECRET).requires_permission().into(), Step::text(SECRET)]);
    session(config(11), script, async |claude| {
        claude.prompt(SECRET).unwrap();
        while let Some(action) = claude.next().await {
            match action {
                Action::IncomingRequest(request) => claude.respond(request.id(), IncomingResponse::Decline).unwrap(),
                Action::Idle => break,
                _ => {}
            }
        }
    });
}

/// A host with a loop of its own heeds the advice about its options.
pub(crate) fn advised() {
    let config = config(12);
    let options = Options::new().host_permission_prompts().allowed_tools([SECRET]);
    let mut tracer = Tracer::new(&config, None);
    let advice = options.advice(&config);
    assert_eq!(advice, [Advice::RulesAllow(1)]);
    advice.iter().for_each(|advice| tracer.advice(advice));
}

/// A request that is never answered, one whose answers say too much, and one that is open when the CLI dies.
pub(crate) fn late() {
    let initialize = || Request::from(Initialize::new().append_system_prompt(SECRET)).id("r");
    let silent = || Script::default().fault(Fault::NeverInitialize);
    session(config(7), silent(), async |claude| {
        claude.request(initialize()).unwrap();
        answer_until_idle(claude).await;
    });
    for response in [
        json!({ "subtype": "success", "request_id": "r", "response": { "text": SECRET } }),
        json!({ "subtype": "error", "request_id": "r", "error": SECRET, "error_code": "busy" }),
    ] {
        let line = json!({ "type": "control_response", "response": response });
        session(config(11), silent().then([Step::raw(format!("{line}\n"))]), async |claude| {
            claude.request(initialize()).unwrap();
            claude.prompt(secret("go on")).unwrap();
            answer_until_idle(claude).await;
        });
    }
    session(config(12), silent().then([Step::die(Exit::Code(1))]), async |claude| {
        claude.request(initialize()).unwrap();
        claude.prompt(secret("go on")).unwrap();
        answer_until(claude, |action| matches!(action, Action::Closed(_))).await;
    });
}

/// One that says why on its stderr, and one that goes while a request is open.
pub(crate) fn dead_at_once() {
    let script = Script::default().fault(Fault::Exit { code: 1, message: secret("no such option") });
    session(config(8), script, async |claude| {
        let _ = claude.prompt(secret("go on"));
        let _ = claude.request(Request::new("mcp_status"));
        while claude.next().await.is_some() {}
        // Nothing is told of what is over.
        let _ = claude.prompt(SECRET);
    });
}

/// A host that leaves in the middle of a turn.
pub(crate) fn dropped() {
    let runtime = TestRuntime::new();
    let script = Script::default().then([Step::text(secret("I")), Step::nothing()]);
    let mut claude = Driver::new(config(9), runtime.start(script));
    claude.prompt(secret("go on")).unwrap();
    runtime.run(async {
        answer_until(&mut claude, |action| matches!(action, Action::Message { turn: Some(_), .. })).await;
    });
}
