//! What runs beside a turn: subagents, background commands, and the turns that the CLI starts by itself.

use claude_duplex::{
    Action, CloseWhen, Config, Decision, Exit, IncomingKind, Outcome as Ended, Prompt, TurnId, TurnOrigin, WhenBusy,
};
use serde_json::json;

use crate::script::{Step, script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![
    subagent,
    permission_of_a_subagent,
    background_command,
    own_turn_overlaps_a_prompt,
    background_command_ends_while_prompts_wait,
];

/// A command that ends once there is a file `go`: one that ended within the turn that started it would cause no turn.
fn background() -> Step {
    let command = "until [ -e go ]; do sleep 0.05; done; touch ran.txt";
    tool("Bash", json!({ "command": command, "description": "beside", "run_in_background": true }))
}

/// What a background command's end brings.
#[derive(PartialEq)]
enum AtItsEnd {
    Nothing,
    /// The process dies at it, or at the next prompt.
    Death,
    OwnTurn,
}

impl AtItsEnd {
    fn of(case: &Case) -> Self {
        if !case.is_before("2.1.41") {
            Self::OwnTurn
        } else if case.is_before("2.1.7") && !case.is_before("2.0.62") {
            Self::Death
        } else {
            Self::Nothing
        }
    }
}

fn own_turns(talk: &Talk<'_>) -> Vec<TurnId> {
    let own = |action: &Action| match action {
        Action::TurnEnded { turn, origin: TurnOrigin::Own(_), .. } => Some(*turn),
        _ => None,
    };
    talk.actions.iter().filter_map(own).collect()
}

async fn subagent(case: &Case) -> Trial {
    let mut talk = Talk::with(
        case,
        |options| options.dangerously_skip_permissions(),
        |config| {
            config.close_when = CloseWhen::Idle;
        },
    )?;
    let look = json!({
        "description": "look", "prompt": script([text("the agent has looked")]), "subagent_type": "general-purpose",
        "run_in_background": false,
    });
    let prompt = talk.prompt(Prompt::text(script([tool("Task", look), text("done")])))?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    assert!(talk.tool_results().contains("the agent has looked"), "{}", talk.tool_results());
    let untold = case.before("2.0.28", "the subagent's messages are not told, only its result");
    assert_eq!(talk.messages().any(|message| message.is_subagent()), !untold);
    assert_eq!(talk.turns(), 1, "a subagent's frames begin and end no turn");
    talk.close().await?;
    Ok(())
}

/// The host decides for the subagent as for the main thread, and learns which agent it is.
async fn permission_of_a_subagent(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let touch = json!({ "command": "touch made.txt", "description": "make it" });
    let look = json!({
        "description": "look", "prompt": script([tool("Bash", touch), text("the agent has made it")]),
        "subagent_type": "general-purpose", "run_in_background": false,
    });
    let prompt = talk.prompt(Prompt::text(script([tool("Task", look), text("done")])))?;
    let mut agents = Vec::new();
    let end = talk.ended_with(prompt, |incoming| {
        assert_eq!(incoming.kind(), IncomingKind::Permission);
        let permission = incoming.permission().expect("a permission request");
        assert_eq!(permission.tool_name, "Bash");
        agents.push(permission.agent_id);
        Some(Decision::allow().into())
    });
    assert_eq!(end.await?.text(), "done");
    assert_eq!(agents.len(), 1);
    if agents[0].is_none() {
        assert!(case.is_before("2.1.329"), "the request does not name the agent");
        case.differs("the request does not name the agent");
    }
    assert!(case.place.cwd().join("made.txt").exists());
    assert!(talk.tool_results().contains("the agent has made it"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

/// Its end is a turn of the CLI's own, for which the session waits if it is told to.
async fn background_command(case: &Case) -> Trial {
    let mut talk = Talk::with(
        case,
        |options| options.dangerously_skip_permissions(),
        |config: &mut Config| {
            config.close_when = CloseWhen::Idle;
        },
    )?;
    let prompt = talk.prompt(Prompt::text(script([background(), text("started"), text("it has ended")])))?;
    assert_eq!(talk.ended(prompt).await?.text(), "started");
    std::fs::write(case.place.cwd().join("go"), "")?;
    talk.file("ran.txt").await;
    match AtItsEnd::of(case) {
        AtItsEnd::Nothing => {
            case.lacks("its end starts no turn");
            talk.close().await?;
            assert_eq!(talk.turns(), 1);
        }
        AtItsEnd::Death => {
            case.differs("its end starts no turn, and may end the process: an error result that answers nobody");
            let closed = talk.close().await?;
            assert!(matches!(closed.exit, Some(Exit::Code(0 | 1))), "{closed:?}");
            assert!(own_turns(&talk).is_empty());
        }
        AtItsEnd::OwnTurn => {
            talk.message("it has ended").await?;
            talk.close().await?;
            assert_eq!(own_turns(&talk).len(), 1);
        }
    }
    Ok(())
}

/// A prompt that is sent while the CLI's own turn runs gets a turn and a result of its own behind it.
async fn own_turn_overlaps_a_prompt(case: &Case) -> Trial {
    let mut talk =
        Talk::with(case, |options| options.dangerously_skip_permissions().include_partial_messages(), |_| ())?;
    let steps = [background(), text("started"), text("of its own").chunks(4).hold("own")];
    let first = talk.prompt(Prompt::text(script(steps)))?;
    assert_eq!(talk.ended(first).await?.text(), "started");
    std::fs::write(case.place.cwd().join("go"), "")?;
    talk.file("ran.txt").await;
    let at_its_end = AtItsEnd::of(case);
    if at_its_end == AtItsEnd::OwnTurn {
        talk.message("content_block_delta").await?;
    }
    let second = talk.prompt(Prompt::text(script([text("two")])).when_busy(WhenBusy::Send))?;
    case.api.release("own");
    let end = talk.ended(second).await?;
    let own = own_turns(&talk);
    match at_its_end {
        AtItsEnd::Nothing => {
            case.lacks("there are no turns of its own");
            assert_eq!((end.text(), own.len(), talk.turns()), ("two", 0, 2));
        }
        AtItsEnd::Death => {
            case.differs(
                "the process dies when a background command ends: a prompt that comes then is answered or lost",
            );
            assert!(end.is_lost() || end.text() == "two");
            return Ok(());
        }
        AtItsEnd::OwnTurn => {
            assert_eq!((end.outcome, end.text()), (Ended::Success, "two"));
            assert_eq!(own.len(), 1);
            assert!(talk.turn_of(second).is_some_and(|turn| turn != own[0]));
        }
    }
    talk.close().await?;
    Ok(())
}

/// The command ends while a turn runs and another prompt waits: the prompt has an end of its own, whatever the end of the
/// command brings.
async fn background_command_ends_while_prompts_wait(case: &Case) -> Trial {
    let mut talk = Talk::with(
        case,
        |options| options.dangerously_skip_permissions().include_partial_messages(),
        |config: &mut Config| config.close_when = CloseWhen::Idle,
    )?;
    let first = talk.prompt(Prompt::text(script([background(), text("started").chunks(2).hold("mid")])))?;
    talk.message("text_delta").await?;
    let second = talk.prompt(Prompt::text(script([text("two")])).when_busy(WhenBusy::Send))?;
    talk.read_up_to_here().await?;
    std::fs::write(case.place.cwd().join("go"), "")?;
    talk.file("ran.txt").await;
    case.api.release("mid");
    assert_eq!(talk.ended(first).await?.text(), "started");
    let end = talk.ended(second).await?;
    if AtItsEnd::of(case) == AtItsEnd::Death {
        case.differs("the process dies when a background command ends: a prompt that waits is answered or lost");
        assert!(end.is_lost() || end.text() == "two", "{end:?}");
        return Ok(());
    }
    assert_eq!(end.text(), "two");
    talk.close().await?;
    assert!(own_turns(&talk).len() <= 1);
    Ok(())
}
