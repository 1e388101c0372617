//! What the real CLI says to requests.

use std::time::Duration;

use async_io::block_on;
use claude_duplex::request::*;
use claude_duplex::{Action, Decision, Json, RequestError};
use serde_json::json;

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

/// Every request with a plain payload: the reply is of its type, or the CLI does not know it.
pub(crate) fn every_request(case: &Case) -> Trial {
    block_on(async {
        // 1.0.128 and 2.0.76 do not answer what they do not know.
        let configure = |config: &mut claude_duplex::Config| config.timeouts.request = Some(Duration::from_secs(1));
        let mut talk = Talk::with(case, |options| options.host_permission_prompts(), configure)?;
        std::fs::write(case.place.cwd().join("notes.txt"), "one\n")?;
        let mut told = Vec::new();
        macro_rules! ask {
            ($($call:ident: $request:expr,)+) => {$(
                let said = match talk.replied($request).await? {
                    Ok(reply) => {
                        reply.of::<$call>().map_err(|error| format!("{}: {error}", $call::SUBTYPE))?;
                        "answered"
                    }
                    Err(RequestError::Refused { .. }) => "refused",
                    Err(RequestError::TimedOut) => "not answered",
                    Err(other) => return Err(format!("{}: {other}", $call::SUBTYPE).into()),
                };
                told.push((stringify!($call), said));
            )+};
        }
        let empty = || Json::from(&json!({}));
        ask! {
            Initialize: Initialize::new(),
            SetModel: SetModel::to("claude-haiku-4-5"),
            SetModel: SetModel::reset(),
            SetPermissionMode: SetPermissionMode::to("default"),
            SetMaxThinkingTokens: SetMaxThinkingTokens::to(1024),
            McpStatus: McpStatus::new(),
            McpSetServers: McpSetServers::new(),
            McpReconnect: McpReconnect::server("none"),
            McpToggle: McpToggle::off("none"),
            McpCall: McpCall::tool("mcp__none__none"),
            McpReadResource: McpReadResource::of("none", "ui://none"),
            SetMcpPermissionModeOverride: SetMcpPermissionModeOverride::reset("none"),
            GetContextUsage: GetContextUsage::new(),
            GetUsage: GetUsage::new().skip_behaviors(true),
            GetSessionCost: GetSessionCost::new(),
            GetSettings: GetSettings::new(),
            ApplyFlagSettings: ApplyFlagSettings::new(empty()),
            UpdateSettings: UpdateSettings::of(SettingsFile::Local, empty()),
            ListModels: ListModels::new(),
            GetBinaryVersion: GetBinaryVersion::new(),
            GetHooksListing: GetHooksListing::new(),
            ListPermissionRules: ListPermissionRules::new(),
            ReadFile: ReadFile::at("notes.txt").as_base64(),
            FileSuggestions: FileSuggestions::like("notes"),
            SeedReadState: SeedReadState::of("notes.txt", 1),
            RewindFiles: RewindFiles::to("11111111-1111-4111-8111-111111111111").dry_run(true),
            StopTask: StopTask::of("none"),
            BackgroundTasks: BackgroundTasks::new(),
            GetTaskOutput: GetTaskOutput::of("none"),
            ReloadPlugins: ReloadPlugins::new(),
            ReloadSkills: ReloadSkills::new(),
            ReloadOutputStyles: ReloadOutputStyles::new(),
            RenameSession: RenameSession::to("a title"),
            SetColor: SetColor::to("blue"),
            SetHasSubscribers: SetHasSubscribers::to(true),
            CancelAsyncMessage: CancelAsyncMessage::of("11111111-1111-4111-8111-111111111111"),
        }
        for (call, said) in &told {
            println!("{said:<13}{call}");
        }
        let always = ["Initialize", "SetModel", "SetPermissionMode", "McpStatus"];
        let missing = told.iter().find(|(call, said)| always.contains(call) && *said != "answered");
        assert_eq!(missing, None);
        let prompt = talk.prompt("hello")?;
        assert_eq!(talk.ended(prompt).await?.text(), "ok", "the session goes on");
        talk.close().await?;
        Ok(())
    })
}

/// From 2.1.50 on the reply, or the refusal, lists the permission that is open; older ones do not.
pub(crate) fn listed_ask(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        talk.replied(Initialize::new()).await?.map_err(|error| error.to_string())?;
        let steps = [tool("Bash", json!({ "command": "touch made.txt", "description": "make it" })), text("done")];
        let prompt = talk.prompt(script(steps).as_str())?;
        let ask = talk.asked().await?;
        drop(talk.replied(Initialize::new()).await?);
        talk.claude.answer(ask.id(), Decision::allow())?;
        assert_eq!(talk.ended(prompt).await?.text(), "done");
        talk.close().await?;
        let asked = talk.actions.iter().filter(|action| matches!(action, Action::Asked(_))).count();
        assert_eq!((asked, case.place.cwd().join("made.txt").exists()), (1, true));
        Ok(())
    })
}
