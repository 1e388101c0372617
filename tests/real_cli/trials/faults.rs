//! The CLI dies, is ended, or does not read.

use claude_duplex::{Decision, Exit, Json, Outcome, Prompt};
use serde_json::json;

use crate::place::signal;
use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![sigkill_in_mid_turn, sigterm_in_mid_turn, full_pipe_while_an_answer_is_written];

async fn sigkill_in_mid_turn(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([text("never").chunks(5).hold("mid")])))?;
    let second = talk.prompt("waits")?;
    talk.message("content_block_delta").await?;
    signal("KILL", talk.claude.transport().id());
    let closed = talk.closed().await?;
    assert!(talk.ended(prompt).await?.is_lost());
    assert!(talk.ended(second).await?.is_lost());
    assert_eq!(closed.exit, Some(Exit::Signal(9)));
    Ok(())
}

async fn sigterm_in_mid_turn(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([text("never").chunks(5).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    signal("TERM", talk.claude.transport().id());
    let closed = talk.closed().await?;
    let end = talk.ended(prompt).await?;
    if !end.is_lost() {
        // Some versions between 2.1.143 and 2.1.250 end the turn before they exit (2.1.222).
        assert_eq!(end.outcome, Outcome::Interrupted);
        case.differs("the turn is interrupted and has a result, then the process exits.");
    }
    assert_eq!(closed.exit, Some(Exit::Code(143)));
    Ok(())
}

/// The CLI is stopped while a megabyte is written to it: nothing of it is lost, and the session waits.
async fn full_pipe_while_an_answer_is_written(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let touch = json!({ "command": "touch made.txt", "description": "make it" });
    let prompt = talk.prompt(Prompt::text(script([tool("Bash", touch), text("done")])))?;
    let incoming = talk.next_request().await?;
    let child = talk.claude.transport().id();
    signal("STOP", child);
    let large = json!({ "command": "touch other.txt", "description": "x".repeat(1 << 20) });
    talk.claude.respond(incoming.id(), Decision::allow_with(Json::from_value(&large)?))?;
    let whole = talk.unsent();
    while talk.unsent() == whole {
        talk.quiet().await;
    }
    assert!(talk.unsent() > 0, "the pipe took all of it");
    signal("CONT", child);
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    assert_eq!(talk.unsent(), 0);
    assert!(case.place.cwd().join("other.txt").exists());
    talk.close().await?;
    Ok(())
}
