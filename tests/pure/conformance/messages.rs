//! What is tolerated in a message, and what is kept of it: cases 19 to 41.

use claude_duplex::message::origin::MessageOriginKind;
use claude_duplex::message::rate_limit::RateLimitStatus;
use claude_duplex::message::result::TerminalReason;
use claude_duplex::message::system::tasks::TaskStatus;
use claude_duplex::message::{MessageView, System};
use claude_duplex::{Action, ContentBlock, DecodeError, Message, MessageKind, Outcome, RejectedReason};

use super::host::{Host, init, messages, outcome, success};

/// The message that a session makes of a line; it still works after it.
fn message(line: &str) -> Message {
    let mut host = Host::new();
    let actions = host.receive_line(line);
    let message = messages(&actions).first().map(|&message| message.clone());
    assert_eq!(messages(&host.receive_line(success())).len(), 1, "the session goes on after {line}");
    message.unwrap_or_else(|| panic!("{line} is no message: {actions:?}"))
}

fn view(line: &str) -> MessageView {
    message(line).view().unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn error(line: &str) -> DecodeError {
    message(line).view().map_or_else(|error| error, |view| panic!("{line} is {view:?}"))
}

fn system(line: &str) -> System {
    message(line).system().unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The line of a kind of message with these fields.
fn assistant(content: &str) -> String {
    format!(r#"{{"type":"assistant","message":{{"model":"m","content":{content}}}}}"#)
}

fn user(content: &str) -> String {
    format!(r#"{{"type":"user","message":{{"role":"user","content":{content}}}}}"#)
}

fn result(fields: &str) -> String {
    format!(r#"{{"type":"result","subtype":"success","is_error":false{fields}}}"#)
}

fn rejected(line: &str) -> RejectedReason {
    let mut host = Host::new();
    let actions = host.receive_line(line);
    assert_eq!(messages(&host.receive_line(success())).len(), 1, "the session goes on after {line}");
    let [Action::RejectedLine(rejected)] = &actions[..] else { panic!("{line} is {actions:?}") };
    assert_eq!(&*rejected.head, line.as_bytes());
    rejected.reason
}

#[test]
fn case_019_a_message_of_unknown_type_is_kept() {
    let line = r#"{"type":"tomorrow","what":{"n":1e400}}"#;
    let message = message(line);
    assert_eq!((message.kind(), &*message.type_name()), (MessageKind::Other, "tomorrow"));
    let MessageView::Other(fields) = view(line) else { panic!("nobody knows it") };
    assert_eq!(fields.get("what").unwrap().as_str(), r#"{"n":1e400}"#);
}

#[test]
fn case_020_only_a_line_without_a_type_is_rejected() {
    assert_eq!(rejected(r#"{"message":{}}"#), RejectedReason::NoType);
    assert_eq!(rejected(r#"{"type":5}"#), RejectedReason::NoType);
}

#[test]
fn case_021_only_a_line_that_is_not_an_object_is_rejected() {
    for line in ["5", r#""text""#, "[1]", "true", "null"] {
        assert_eq!(rejected(line), RejectedReason::NotAnObject, "{line}");
    }
}

#[test]
fn case_022_a_message_of_unknown_subtype_is_kept() {
    let System::Other(fields) = system(r#"{"type":"system","subtype":"tomorrow","what":[1]}"#) else { panic!() };
    assert_eq!(fields.get("subtype").unwrap().as_str(), r#""tomorrow""#);
    assert_eq!(fields.get("what").unwrap().as_str(), "[1]");
}

#[test]
fn case_023_a_missing_required_field_is_an_error_that_names_it() {
    for (line, path) in [
        (r#"{"type":"user"}"#, "message"),
        (r#"{"type":"user","message":{}}"#, "message.content"),
        (r#"{"type":"assistant"}"#, "message"),
        (r#"{"type":"assistant","message":{"model":"m"}}"#, "message.content"),
        (r#"{"type":"system"}"#, "subtype"),
        (r#"{"type":"system","subtype":"task_started"}"#, "task_id"),
        (r#"{"type":"result"}"#, "subtype"),
        (r#"{"type":"stream_event"}"#, "event"),
    ] {
        assert_eq!(error(line).path(), path, "{line}");
    }
    let message = message(r#"{"type":"user"}"#);
    assert_eq!(message.content().unwrap_err().path(), "message");
    assert_eq!(message.to_json().as_str(), r#"{"type":"user"}"#);
}

#[test]
fn case_024_an_assistants_content_is_a_list_of_objects() {
    assert_eq!(error(&assistant(r#""hello""#)).path(), "message.content");
    assert_eq!(message(&assistant(r#""hello""#)).content().unwrap_err().path(), "message.content");
    assert_eq!(error(&assistant(r#"[{"type":"text","text":"a"},"b"]"#)).path(), "message.content.1");
}

#[test]
fn case_025_user_content_is_a_string_or_blocks() {
    let MessageView::User(text) = view(&user(r#""hello""#)) else { panic!() };
    assert_eq!(text.message.content[0].text(), Some("hello"));
    let blocks = r#"[{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"Read","input":{"file_path":"/x"}},
        {"type":"tool_result","tool_use_id":"t","content":"b"},{"type":"tool_result","tool_use_id":"u","is_error":true},
        {"type":"image","source":{"type":"base64"}}]"#
        .replace('\n', "");
    let blocks = message(&user(&blocks)).content().unwrap();
    let [
        ContentBlock::Text(_),
        ContentBlock::ToolUse(call),
        ContentBlock::ToolResult(good),
        ContentBlock::ToolResult(bad),
        ContentBlock::Image(_),
    ] = &blocks[..]
    else {
        panic!("{blocks:?}")
    };
    assert_eq!(call.input.as_ref().unwrap().as_str(), r#"{"file_path":"/x"}"#);
    assert_eq!((&*good.text(), good.is_error, &*bad.text(), bad.is_error), ("b", false, "", true));
}

#[test]
fn case_026_the_structured_tool_result_is_next_to_the_content() {
    let line = r#"{"type":"user","message":{"content":"done"},"tool_use_result":{"filePath":"/x","lines":[1,2]}}"#;
    let user = message(line).user().unwrap();
    assert_eq!(user.tool_use_result.unwrap().as_str(), r#"{"filePath":"/x","lines":[1,2]}"#);
    assert_eq!(user.message.content[0].text(), Some("done"));
}

#[test]
fn case_027_messages_of_a_subagent_are_distinguished() {
    for line in [user(r#""x""#), assistant("[]")] {
        assert!(!message(&line).is_subagent(), "{line}");
        let subagents = line.replacen('{', r#"{"parent_tool_use_id":"toolu_1","#, 1);
        assert!(message(&subagents).is_subagent(), "{subagents}");
        let parent = match view(&subagents) {
            MessageView::User(user) => user.parent_tool_use_id,
            MessageView::Assistant(assistant) => assistant.parent_tool_use_id,
            other => panic!("{other:?}"),
        };
        assert_eq!(parent.as_deref(), Some("toolu_1"));
        assert!(!message(&line.replacen('{', r#"{"parent_tool_use_id":null,"#, 1)).is_subagent());
    }
}

/// No version forwards such lines; one that did would end the turn of somebody else.
#[test]
fn messages_of_a_subagent_do_not_change_the_session() {
    let mut host = Host::new();
    let prompt = host.prompt("go");
    host.receive_line(init());
    let started = format!(r#"{{"type":"command_lifecycle","command_uuid":"{}","state":"started"}}"#, prompt.uuid());
    host.receive_line(&started);
    let ended = started.replace("started", "cancelled");
    for line in [success(), &init().replace(r#""s""#, r#""another""#), &ended] {
        let line = line.replacen('{', r#"{"parent_tool_use_id":"toolu_1","#, 1);
        let actions = host.receive_line(&line);
        assert!(matches!(&actions[..], [Action::Message { turn: Some(_), .. }]), "{line}: {actions:?}");
    }
    assert_eq!(&*host.protocol.session().unwrap().id, "s");
    assert_eq!(outcome(&host.receive_line(success()), prompt), Some(Outcome::Success));
}

#[test]
fn case_028_server_tools_and_their_results_keep_their_content() {
    let blocks = r#"[{"type":"server_tool_use","id":"s1","name":"advisor","input":{}},
        {"type":"advisor_tool_result","tool_use_id":"s1","content":{"type":"advisor_redacted_result","encrypted_content":"x"}}]"#;
    let blocks = message(&assistant(&blocks.replace('\n', ""))).content().unwrap();
    let [ContentBlock::ServerToolUse(call), ContentBlock::ServerToolResult(result)] = &blocks[..] else {
        panic!("{blocks:?}")
    };
    assert_eq!((call.id.as_str(), call.name.as_str()), ("s1", "advisor"));
    assert_eq!((result.kind.as_str(), result.tool_use_id.as_str()), ("advisor_tool_result", "s1"));
    let content = result.content.as_ref().unwrap().as_str();
    assert_eq!(content, r#"{"type":"advisor_redacted_result","encrypted_content":"x"}"#);
}

#[test]
fn case_029_fields_of_an_assistant_message_are_optional() {
    let bare = message(&assistant("[]")).assistant().unwrap();
    assert_eq!((bare.uuid, bare.session_id, bare.error, bare.message.id), (None, None, None, None));
    assert!(bare.message.usage.is_none() && bare.message.stop_reason.is_none());
    let full = message(
        r#"{"type":"assistant","message":{"id":"msg_1","content":[],"stop_reason":"end_turn","usage":{"input_tokens":3,
        "output_tokens":4,"new":5}},"error":"rate_limit","session_id":"s","uuid":"u"}"#
            .replace('\n', "")
            .as_str(),
    );
    let full = full.assistant().unwrap();
    assert_eq!(
        (full.uuid.as_deref(), full.session_id.as_deref(), full.message.id.as_deref()),
        (Some("u"), Some("s"), Some("msg_1"))
    );
    assert_eq!(full.error.unwrap().as_str(), "rate_limit");
    assert_eq!(full.message.stop_reason.unwrap().as_str(), "end_turn");
    let usage = full.message.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.unknown_fields.len()), (Some(3), Some(4), 1));
}

#[test]
fn case_030_the_terminal_reason_of_a_result_is_optional() {
    let old = message(&result(r#","stop_reason":null"#)).result().unwrap();
    assert_eq!((old.stop_reason, old.terminal_reason), (None, None));
    let new = message(&result(r#","stop_reason":"end_turn","terminal_reason":"completed""#)).result().unwrap();
    assert_eq!((new.stop_reason.unwrap().as_str(), new.terminal_reason), ("end_turn", Some(TerminalReason::Completed)));
}

#[test]
fn case_031_counts_and_lists_of_a_result_are_kept() {
    let fields = r#","modelUsage":{"m":{"inputTokens":3,"costUSD":0.5,"contextWindow":200000}},
        "permission_denials":[{"tool_name":"Bash","tool_use_id":"t","tool_input":{"command":"rm"}}],
        "errors":["a","b"],"api_error_status":529,"deferred_tool_use":{"id":"t","name":"Ask","input":{"q":1}}"#;
    let result = message(&result(&fields.replace('\n', ""))).result().unwrap();
    let model = &result.model_usage.unwrap()["m"];
    assert_eq!((model.input_tokens, model.cost_usd, model.context_window), (3, Some(0.5), Some(200_000)));
    let [denial] = &result.permission_denials[..] else { panic!() };
    assert_eq!((denial.tool_name.as_str(), denial.tool_use_id.as_deref()), ("Bash", Some("t")));
    assert_eq!(denial.tool_input.as_ref().unwrap().as_str(), r#"{"command":"rm"}"#);
    assert_eq!((result.errors.unwrap().len(), result.api_error_status), (2, Some(529)));
    let deferred = result.deferred_tool_use.unwrap();
    assert_eq!((deferred.id.as_str(), deferred.name.as_str()), ("t", "Ask"));
    assert_eq!(deferred.input.unwrap().as_str(), r#"{"q":1}"#);
}

/// The prompts that a line names: the last one, and all of them.
fn named(line: &str) -> (Option<String>, Option<Vec<String>>) {
    match view(line) {
        MessageView::Assistant(line) => (line.user_message_uuid, line.user_message_uuids),
        MessageView::StreamEvent(line) => (line.user_message_uuid, line.user_message_uuids),
        MessageView::Result(line) => (line.user_message_uuid, line.user_message_uuids),
        other => panic!("{other:?}"),
    }
}

#[test]
fn case_032_a_result_names_its_prompts() {
    let event = r#"{"type":"stream_event","event":{"type":"message_stop"}}"#;
    for line in [assistant("[]"), event.to_owned(), result("")] {
        assert_eq!(named(&line), (None, None), "{line}");
        let old = line.replacen('{', r#"{"user_message_uuid":"b","#, 1);
        assert_eq!(named(&old), (Some("b".into()), None), "{old}");
        let new = old.replacen('{', r#"{"user_message_uuids":["a","b"],"#, 1);
        assert_eq!(named(&new), (Some("b".into()), Some(vec!["a".into(), "b".into()])), "{new}");
    }
}

#[test]
fn case_033_an_empty_list_of_prompts_differs_from_an_absent_one() {
    assert_eq!(named(&result(r#","user_message_uuids":[]"#)).1, Some(Vec::new()));
    assert_eq!(named(&result("")).1, None);
}

#[test]
fn case_034_any_origin_is_kept_and_a_malformed_one_is_none() {
    let origin = |json: &str| message(&result(&format!(r#","origin":{json}"#))).result().unwrap().origin;
    assert_eq!(origin(r#"{"kind":"task-notification"}"#).unwrap().kind, MessageOriginKind::TaskNotification);
    let new = origin(r#"{"kind":"tomorrow","where":1}"#).unwrap();
    assert_eq!((new.kind.as_str(), new.unknown_fields.get("where").unwrap().as_str()), ("tomorrow", "1"));
    for broken in ["null", "5", r#""human""#, "{}", r#"{"kind":5}"#, "[]"] {
        assert_eq!(origin(broken), None, "{broken}");
        let line = user(r#""x""#).replacen('{', &format!(r#"{{"origin":{broken},"#), 1);
        assert_eq!(message(&line).user().unwrap().origin, None, "{broken}");
    }
}

#[test]
fn case_035_a_rate_limit_requires_only_its_status() {
    let limit = |json: &str| match view(&format!(r#"{{"type":"rate_limit_event","rate_limit_info":{json}}}"#)) {
        MessageView::RateLimit(event) => event.rate_limit_info,
        other => panic!("{other:?}"),
    };
    let bare = limit(r#"{"status":"allowed"}"#);
    assert_eq!((bare.status, bare.resets_at, bare.limit), (RateLimitStatus::Allowed, None, None));
    let full = limit(r#"{"status":"rejected","resetsAt":1700000000,"rateLimitType":"five_hour","tomorrow":{"a":1}}"#);
    assert_eq!((full.resets_at, full.limit.unwrap().as_str()), (Some(1.7e9), "five_hour"));
    assert_eq!(full.unknown_fields.get("tomorrow").unwrap().as_str(), r#"{"a":1}"#);
    assert_eq!(error(r#"{"type":"rate_limit_event","rate_limit_info":{}}"#).path(), "rate_limit_info.status");
}

#[test]
fn case_036_a_reset_names_the_new_conversation() {
    let line = r#"{"type":"conversation_reset","new_conversation_id":"n","session_id":"old","trigger":"clear"}"#;
    let MessageView::ConversationReset(reset) = view(line) else { panic!() };
    assert_eq!((reset.new_conversation_id.as_str(), reset.session_id.as_deref()), ("n", Some("old")));
    assert_eq!(error(r#"{"type":"conversation_reset"}"#).path(), "new_conversation_id");
}

#[test]
fn case_037_hook_messages_without_a_session_and_with_a_name_only_decode() {
    let started = |fields: &str| match system(&format!(r#"{{"type":"system","subtype":"hook_started"{fields}}}"#)) {
        System::HookStarted(hook) => hook,
        other => panic!("{other:?}"),
    };
    assert_eq!(started(r#","hook_name":"SessionStart""#).event(), Some("SessionStart"));
    assert_eq!(started(r#","hook_name":"n","hook_event":"Setup""#).event(), Some("Setup"));
    assert_eq!(started("").event(), None);
    let line = r#"{"type":"system","subtype":"hook_response","hook_name":"Stop","output":"o","exit_code":2,"outcome":"error"}"#;
    let System::HookResponse(hook) = system(line) else { panic!() };
    assert_eq!(
        (hook.event(), hook.exit_code, hook.outcome.as_ref().unwrap().as_str()),
        (Some("Stop"), Some(2), "error")
    );
}

#[test]
fn case_038_init_fields_are_kept_and_capabilities_are_optional() {
    let line = r#"{"type":"system","subtype":"init","session_id":"s","tools":["Bash"],"tomorrow":1}"#;
    let System::Init(init) = system(line) else { panic!() };
    assert_eq!((init.capabilities, init.tools.len(), init.unknown_fields.len()), (None, 1, 1));
    let line = r#"{"type":"system","subtype":"init","capabilities":["interrupt_receipt_v1"],
        "mcp_servers":[{"name":"calc","status":"connected"}],"permissionMode":"tomorrow"}"#;
    let System::Init(init) = system(&line.replace('\n', "")) else { panic!() };
    assert_eq!(init.capabilities.unwrap(), ["interrupt_receipt_v1"]);
    assert_eq!((init.mcp_servers[0].name.as_str(), init.permission_mode.unwrap().as_str()), ("calc", "tomorrow"));
}

/// What a `task_updated` with these fields says: how far the task is, and whether it is over.
fn updated(fields: &str) -> (Option<TaskStatus>, bool) {
    let System::TaskUpdated(task) =
        system(&format!(r#"{{"type":"system","subtype":"task_updated","task_id":"t"{fields}}}"#))
    else {
        panic!("{fields}")
    };
    let over = task.is_over();
    (task.patch.and_then(|patch| patch.status), over)
}

#[test]
fn case_039_a_task_update_may_be_empty() {
    for fields in ["", r#","patch":null"#, r#","patch":"x""#, r#","patch":{}"#, r#","patch":{"status":5,"end_time":1}"#]
    {
        assert_eq!(updated(fields), (None, false), "{fields}");
    }
}

#[test]
fn case_040_a_task_ends_when_it_completed_failed_or_was_killed() {
    for (status, over) in [
        ("completed", true),
        ("failed", true),
        ("killed", true),
        ("pending", false),
        ("running", false),
        ("new", false),
    ] {
        let (status_text, is_over) = updated(&format!(r#","patch":{{"status":"{status}"}}"#));
        assert_eq!((status_text.unwrap().as_str(), is_over), (status, over));
    }
    let line = r#"{"type":"system","subtype":"task_notification","task_id":"t","status":"stopped"}"#;
    let System::TaskNotification(task) = system(line) else { panic!() };
    assert!(task.status.unwrap().is_over());
}

#[test]
fn case_041_the_notice_of_a_spilled_result_is_kept_verbatim() {
    let spilled = "<persisted-output>\nOutput too large (80.1 KB). Full output saved to: /x/y.txt\n\nPreview:\n a  b\n</persisted-output>";
    let json = serde_json::to_string(spilled).unwrap();
    for content in [json.clone(), format!(r#"[{{"type":"text","text":{json}}}]"#)] {
        let block = format!(r#"[{{"type":"tool_result","tool_use_id":"t","content":{content}}}]"#);
        let blocks = message(&user(&block)).content().unwrap();
        let [ContentBlock::ToolResult(result)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(result.text(), spilled);
    }
}

/// Names that 2.1.329 to 2.1.332 brought, in lines, and in the SDKs' typings of that time.
#[test]
fn fields_up_to_2_1_332_have_names() {
    let peer = r#"{"kind":"peer","from":"s","fromMode":"bypass","name":"n","fromSession":"f","senderTaskId":"t","body":"b",
        "verifiedPeerPid":7}"#;
    let scheduled = r#"{"kind":"task-notification","subkind":"external-event","fireReason":"retry","server":"m"}"#;
    for line in [
        r#"{"type":"assistant","message":{"content":[],"stop_reason":"tool_deferred"},"api_error":"connection_failed",
            "local_command_outcome":{"kind":"unknown","suggestion":"compact"},"refused_message_id":"m"}"#
            .to_owned(),
        r#"{"type":"system","subtype":"status","status":"compacting","compact_output_chars":7}"#.to_owned(),
        format!(
            r#"{{"type":"result","subtype":"error_during_execution","api_error":"connection_failed","origin":{peer},
                "startup_failure_reason":"sideload_flags_disabled","stop_reason":"tool_deferred","invalid_config_file":
                {{"path":"/c","is_global":true,"backup_searched":true,"backup_path":"/b"}}}}"#
        ),
        format!(
            r#"{{"type":"user","message":{{"content":"x"}},"refused_message_id":"m","refusal_retry":true,"origin":{scheduled}}}"#
        ),
        r#"{"type":"system","subtype":"init","sandbox_enabled":true}"#.to_owned(),
        r#"{"type":"system","subtype":"compact_boundary","logical_parent_uuid":"u",
            "compact_metadata":{"cumulative_dropped_tokens":7}}"#
            .to_owned(),
        r#"{"type":"system","subtype":"informational","content":"c","prompt_submit_outcome":
            {"kind":"no_verdict","no_verdict_kind":"callback_timed_out"}}"#
            .to_owned(),
        r#"{"type":"system","subtype":"task_started","task_id":"t","owned_by_subagent":true}"#.to_owned(),
        r#"{"type":"system","subtype":"task_notification","task_id":"t","status":"stopped","owned_by_subagent":true}"#
            .to_owned(),
    ] {
        let line = line.replace('\n', " ");
        let view = message(&line).view().unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(view.unknown_names(), Vec::<String>::new(), "{line}");
    }
    let line = r#"{"type":"result","subtype":"success","invalid_config_file":{"path":"/c","is_global":true}}"#;
    let file = message(line).result().unwrap().invalid_config_file.unwrap();
    assert_eq!((&*file.path, file.is_global, file.backup_searched, file.backup_path), ("/c", true, false, None));
}
