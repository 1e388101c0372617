//! Control requests.

use std::time::Duration;

use claude_duplex::incoming::hook::HookEvent;
use claude_duplex::request::*;
use claude_duplex::{Action, CloseReason, Config, Decision, DecodeError, Exit, Json, Request, RequestError, Response};
use serde_json::{Value, json};

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::traffic;
use crate::watch::Case;

trials![initialize, every_request_is_settled, unknown_request, request_that_initialize_lists];

async fn initialize(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let initialize = Initialize::new().hook(HookEvent::PreToolUse, HookMatcher::new("guard").for_matching("Bash"));
    let reply = talk.request(initialize.clone().into()).await??;
    let names = reply.decode_as::<Initialize>().map(|view| Initialize::unknown_names(&view));
    traffic::reply(case.name, Initialize::SUBTYPE, &reply, names);
    let reply = reply.decode_as::<Initialize>()?;
    initialize.check(&reply)?;
    let commands = reply.commands.ok_or("no commands")?;
    assert!(commands.iter().any(|command| command.name == "compact"), "{commands:?}");
    let models = reply.models.ok_or("no models")?;
    assert!(models.iter().any(|model| model.value == "default"), "{models:?}");
    talk.request(SetPermissionMode::new("plan").into()).await??;
    let prompt = talk.prompt("hello")?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    let init = talk.messages().find(|message| message.subtype().as_deref() == Some("init")).ok_or("no init")?;
    assert_eq!(init.decode::<Value>()?["permissionMode"], "plan");
    talk.close().await?;
    Ok(())
}

/// Reads a reply by its type, and returns what that does not name.
type Reads = fn(&Response) -> Result<Vec<String>, DecodeError>;

/// A request, and how its reply is read.
fn of<C: TypedRequest>(call: C) -> (Request, Reads) {
    (call.into(), |reply| reply.decode_as::<C>().map(|view| C::unknown_names(&view)))
}

/// Every request with a plain payload (wire reference, section 5).
fn requests() -> Vec<(Request, Reads)> {
    let none = "11111111-1111-4111-8111-111111111111";
    let empty = || Json::from(&json!({}));
    vec![
        of(SetModel::new("claude-haiku-4-5")),
        of(SetModel::reset()),
        of(SetPermissionMode::new("plan")),
        of(SetPermissionMode::new("default")),
        of(SetMaxThinkingTokens::new(1024)),
        of(McpStatus::new()),
        of(McpSetServers::new()),
        of(McpReconnect::server("none")),
        of(McpToggle::disable("none")),
        of(McpCall::tool("mcp__none__none")),
        of(McpReadResource::new("none", "ui://none")),
        of(SetMcpPermissionModeOverride::reset("none")),
        of(CancelAsyncMessage::new(none)),
        of(StopTask::new("none")),
        of(RewindFiles::new(none)),
        of(GetContextUsage::new()),
        of(GetSettings::new()),
        of(ApplyFlagSettings::new(empty())),
        of(UpdateSettings::new(SettingsFile::Local, empty())),
        of(GetSessionCost::new()),
        of(GetBinaryVersion::new()),
        of(GetHooksListing::new()),
        of(GetUsage::new()),
        of(GetTaskOutput::new("none")),
        of(ListModels::new()),
        of(ListPermissionRules::new()),
        of(ReloadPlugins::new()),
        of(ReloadSkills::new()),
        of(ReloadOutputStyles::new()),
        of(FileSuggestions::new("a")),
        of(ReadFile::new("none")),
        of(SeedReadState::new("x", 1)),
        of(BackgroundTasks::new()),
        of(RenameSession::new("t")),
        of(SetColor::new("blue")),
        of(SetHasSubscribers::present()),
        (Request::new("interrupt"), |reply| {
            reply.interrupted().map(|reply| reply.unknown_fields.iter().map(|(name, _)| name.to_owned()).collect())
        }),
    ]
}

/// Where a version may never answer, a deadline is what is tested. Where each does, a busy machine is no answer.
fn impatient(case: &Case, config: &mut Config, seconds: u64) {
    if case.is_before("2.1.40") {
        config.timeouts.request = Some(Duration::from_secs(seconds));
    }
}

/// Known, refused or never answered: each has one reply, and the session goes on.
async fn every_request_is_settled(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.host_permission_prompts(), |config| impatient(case, config, 5))?;
    talk.initialize(json!({})).await?;
    let mut open = Vec::new();
    for (request, reads) in requests() {
        let subtype = request.subtype().to_owned();
        open.push((subtype, reads, talk.claude.request(request)?));
    }
    let (mut unknown, mut silent) = (Vec::new(), Vec::new());
    for (subtype, reads, request) in open {
        match talk.replied(request).await? {
            Ok(reply) => {
                let names = reads(&reply).map_err(|error| format!("{subtype}: {error}"))?;
                traffic::reply(case.name, &subtype, &reply, Ok(names));
            }
            Err(RequestError::TimedOut) => silent.push(subtype),
            Err(RequestError::Refused { message, .. }) if message.contains("nsupported control request") => {
                unknown.push(subtype);
            }
            Err(RequestError::Refused { message, .. }) => assert!(!message.is_empty(), "{subtype}"),
            Err(error) => return Err(format!("{subtype}: {error}").into()),
        }
    }
    assert!(silent.is_empty() || case.is_before("2.1.40"), "{silent:?}");
    for (kind, list) in [("never answers", silent), ("does not know", unknown)] {
        assert!(
            !list.iter().any(|subtype| ["set_model", "set_permission_mode", "interrupt"].contains(&subtype.as_str())),
            "{list:?}"
        );
        if !list.is_empty() {
            case.differs(&format!(
                "{kind} {}",
                list.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ));
        }
    }
    let prompt = talk.prompt("hello")?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    talk.close().await?;
    Ok(())
}

async fn unknown_request(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options, |config| impatient(case, config, 2))?;
    let prompt = talk.prompt("hello")?;
    talk.ended(prompt).await?;
    match talk.request(Request::new("no_such_subtype")).await? {
        Err(RequestError::TimedOut) => assert!(case.before("2.1.40", "it is never answered, and times out")),
        Err(RequestError::Refused { message, .. }) => {
            assert!(!case.is_before("2.1.40") && message.contains("no_such_subtype"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let again = talk.prompt("hello")?;
    assert_eq!(talk.ended(again).await?.text(), "ok");
    talk.close().await?;
    Ok(())
}

/// From 2.1.50 on the reply, or the refusal, lists the permission that is open: it is asked once.
async fn request_that_initialize_lists(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    talk.request(Initialize::new().into()).await??;
    let steps = [tool("Bash", json!({ "command": "touch made.txt", "description": "make it" })), text("done")];
    let prompt = talk.prompt(script(steps))?;
    let incoming_request = talk.next_request().await?;
    let ends_the_cli =
        !case.is_before("2.0.28") && case.before("2.0.74", "a second initialize ends the CLI while a request is open");
    if ends_the_cli {
        talk.claude.request(Initialize::new())?;
        let closed = talk.closed().await?;
        assert!(talk.ended(prompt).await?.is_lost());
        assert_eq!((closed.exit, closed.reason), (Some(Exit::Code(1)), CloseReason::Exited));
        assert!(closed.stderr.contains("getPendingPermissionRequests"), "{}", closed.stderr);
        assert!(!case.place.cwd().join("made.txt").exists(), "the tool ran without a permission");
        return Ok(());
    }
    drop(talk.request(Initialize::new().into()).await?);
    talk.claude.respond(incoming_request.id(), Decision::allow())?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    talk.close().await?;
    let request_count = talk.actions.iter().filter(|action| matches!(action, Action::IncomingRequest(_))).count();
    assert_eq!((request_count, case.place.cwd().join("made.txt").exists()), (1, true));
    Ok(())
}
