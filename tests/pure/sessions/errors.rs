//! One error type for all that a session does.

use claude_duplex::incoming::hook::HookOutput;
use claude_duplex::message::FailureKind;
use claude_duplex::request::GetSettings;
use claude_duplex::testing::{Fault, Script, Step, ToolStep};
use claude_duplex::{Lagged, RespondError, Session, SessionError};

use super::fixture::open;

async fn prompt_text(claude: &Session) -> Result<String, SessionError> {
    Ok(claude.prompt("hello")?.await?.text())
}

#[test]
fn a_failure_of_a_turn_is_that_of_its_prompt() {
    let rig = open(Script::default().then([Step::api_error(529, "overloaded", 0)]));
    rig.run(async |claude| {
        let error = prompt_text(&claude).await.unwrap_err();
        assert_eq!(error.failure().unwrap().kind, FailureKind::Overloaded);
        assert!(error.closed().is_none() && matches!(error, SessionError::Prompt(_)), "{error:?}");
    });
}

/// Whatever is tried with a session whose CLI cannot work, the reason is in the error.
#[test]
fn every_error_of_a_dead_session_has_its_end() {
    let rig = open(Script::default().fault(Fault::Exit { code: 1, message: "Invalid API key".into() }));
    rig.run(async |claude| {
        let prompt = prompt_text(&claude).await.unwrap_err();
        let refused = prompt_text(&claude).await.unwrap_err();
        let call = SessionError::from(claude.call(GetSettings::new()).await.unwrap_err());
        assert!(matches!(prompt, SessionError::Prompt(_)), "{prompt:?}");
        assert!(matches!(refused, SessionError::Refused(_)), "{refused:?}");
        assert!(matches!(call, SessionError::Call(_)), "{call:?}");
        for error in [prompt, refused, call] {
            assert!(error.to_string().contains("Invalid API key"), "{error}");
            assert!(error.closed().is_some_and(|closed| closed.stderr.contains("Invalid API key")), "{error:?}");
            assert!(error.failure().is_none());
        }
    });
}

#[test]
fn other_errors_keep_their_texts() {
    let script = Script::default().then([ToolStep::bash("ls").requires_permission().into(), Step::text("done")]);
    open(script).run(async |claude| {
        let mut incoming = claude.incoming().unwrap();
        let taken = claude.incoming().unwrap_err();
        assert_eq!(SessionError::from(taken).to_string(), taken.to_string());
        let turn = claude.prompt("go").unwrap();
        let request = incoming.next().await.unwrap();
        let mismatch = request.respond(HookOutput::new()).unwrap_err();
        assert_eq!(SessionError::from(mismatch.clone()).to_string(), mismatch.to_string());
        turn.finish().await;
    });
    let stale = SessionError::from(RespondError::Stale);
    assert!(stale.closed().is_none() && stale.failure().is_none());
    fn is_an_error<E: Into<SessionError>>() {}
    is_an_error::<Lagged>();
}
