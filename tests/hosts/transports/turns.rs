//! Sessions in which nothing goes wrong, and deadlines.

use std::time::Duration;

use claude_duplex::{Action, CloseReason, Decision, Exit, Interrupt, Message, Outcome, Request, RequestError};

use crate::child::Step;
use crate::stage::{Scenario, Stage};

pub(crate) const ALL: &[Scenario] = &[
    ("prompts_are_answered_and_the_session_ends_in_order", prompts_are_answered_and_the_session_ends_in_order),
    ("twenty_prompts_are_answered_in_order", twenty_prompts_are_answered_in_order),
    ("incoming_requests_are_answered", incoming_requests_are_answered),
    ("deadlines_pass_while_the_child_is_silent", deadlines_pass_while_the_child_is_silent),
];

/// Says that it is there, reads prompts and answers each, until its input ends.
fn polite() -> [Step; 2] {
    [Step::Say(r#"{"type":"system","subtype":"note"}"#.to_owned()), Step::AnswerEach]
}

fn prompts_are_answered_and_the_session_ends_in_order(stage: &Stage) {
    let mut session = stage.child(&polite());
    session.until_message();
    session.prompt("hello");
    session.until("rest", |action| *action == Action::Idle);
    session.prompt("and again");
    session.until("rest", |action| *action == Action::Idle);
    let end = session.close_and_end();
    assert_eq!((end.reason, end.exit), (CloseReason::Closed, Some(Exit::Code(0))));
    assert!(!end.cut_input && !end.output_held);
    assert_eq!(session.outcomes(), [Outcome::Success; 2]);
}

fn twenty_prompts_are_answered_in_order(stage: &Stage) {
    let mut session = stage.child(&polite());
    let prompts: Vec<_> = (0..20).map(|_| session.prompt("hello")).collect();
    session.until("rest", |action| *action == Action::Idle);
    session.close_and_end();
    let ended = session.actions.iter().filter_map(|action| match action {
        Action::PromptEnded { prompt, outcome: Outcome::Success, result: Some(result), .. } => {
            assert_eq!(result.result().unwrap().result.as_deref(), Some("hi"));
            Some(*prompt)
        }
        _ => None,
    });
    assert!(ended.eq(prompts));
}

fn incoming_requests_are_answered(stage: &Stage) {
    let mut session = stage.peer(&[], |_| ());
    session.request(Request::initialize());
    session.prompt("run: echo listed");
    let incoming = session.until_request();
    session.answer(incoming, Decision::allow()).unwrap();
    session.until_prompt_ended();
    let gave = |message: &Message| message.line().contains("tool_result") && message.line().contains(r#":"listed""#);
    assert!(session.messages().any(gave));
    assert_eq!((session.close_and_end().exit, session.outcomes()), (Some(Exit::Code(0)), vec![Outcome::Success]));
}

fn deadlines_pass_while_the_child_is_silent(stage: &Stage) {
    let mut session = stage.child_with(&[Step::Drain], |config| {
        config.timeouts.request = Some(Duration::from_millis(30));
        config.timeouts.interrupt = Some(Duration::from_millis(20));
    });
    session.request(Request::new("get_settings"));
    session.interrupt(Interrupt::running());
    session.until("rest", |action| *action == Action::Idle);
    session.close_and_end();
    let late =
        |action: &&Action| matches!(action, Action::ResponseReceived { response: Err(RequestError::TimedOut), .. });
    assert_eq!(session.actions.iter().filter(late).count(), 2);
}
