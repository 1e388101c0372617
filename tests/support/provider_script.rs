//! What `examples/provider.rs` does with a CLI, scripted so that the mock CLI and the real one with a scripted model do the same.

use std::error::Error;
use std::time::Duration;

use claude_duplex::message::{Edit, Failure, FailureKind};
use claude_duplex::{Decision, Options, RespondError, SessionError};
use futures_lite::{Stream, StreamExt};
use serde_json::{Value, json};

use crate::provider::{Event, HistoryMessage, Part, Provider, Role};

type Done = Result<(), Box<dyn Error>>;

/// Long for a busy machine: a scenario takes seconds.
const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const SYSTEM: &str = "You are a friend of herons.";

fn history_message(role: Role, text: impl Into<String>) -> HistoryMessage {
    HistoryMessage { role, parts: vec![Part::Text(text.into())] }
}

fn user(steps: &[Value]) -> HistoryMessage {
    history_message(Role::User, json!({ "steps": steps }).to_string())
}

/// An answer as its stream tells it.
#[derive(Debug, Default)]
struct Answer {
    /// Text of the answer, put together of its edits.
    shown: String,
    text: String,
    /// Tokens that were reported while it was streamed, and at its end.
    gauges: usize,
    written: Option<u64>,
    cost_usd: Option<f64>,
    confirmed: Vec<String>,
}

async fn next(
    events: &mut (impl Stream<Item = Result<Event, SessionError>> + Unpin),
) -> Result<Option<Event>, Box<dyn Error>> {
    Ok(tokio::time::timeout(LIMIT, events.next()).await?.transpose()?)
}

/// Reads an answer to its end. Tools that wait are decided as given.
async fn answer(
    provider: &Provider,
    model: &str,
    history: &[HistoryMessage],
    decision: Decision,
) -> Result<Answer, Box<dyn Error>> {
    let mut events = provider.stream(model, SYSTEM, history).await?;
    let mut answer = Answer::default();
    while let Some(event) = next(&mut events).await? {
        match event {
            Event::Edit(Edit::Append { block, text, .. }) if block.is_answer() => answer.shown.push_str(&text),
            Event::Edit(Edit::Replace { block, text, .. }) if block.is_answer() => answer.shown = text,
            Event::Edit(_) => {}
            Event::Confirm { id, tool, input } => {
                assert!(input.as_str().starts_with('{'), "{input:?}");
                provider.confirm(&id, decision.clone())?;
                assert_eq!(provider.confirm(&id, Decision::allow()), Err(RespondError::Stale));
                answer.confirmed.push(tool);
            }
            Event::Usage(_) => answer.gauges += 1,
            Event::Done(done) => {
                (answer.text, answer.cost_usd) = (done.text(), done.cost_usd());
                answer.written = done.usage().and_then(|usage| usage.output_tokens);
            }
        }
    }
    Ok(answer)
}

/// The answer comes in parts, with its tokens and its cost; another model answers the next.
pub(crate) async fn streamed(options: Options, models: [&str; 2]) -> Done {
    let provider = Provider::new(options);
    let mut history = vec![user(&[json!({ "text": "one two three", "chunks": 3 })])];
    let first = answer(&provider, models[0], &history, Decision::allow()).await?;
    assert_eq!((&*first.shown, &*first.text), ("one two three", "one two three"));
    assert!(first.gauges > 1 && first.written.is_some() && first.cost_usd.is_some(), "{first:?}");
    history.push(history_message(Role::Assistant, first.text));
    let picture = Part::Image(
        "image/png".into(),
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==".into(),
    );
    let mut second = user(&[json!({ "text": "four" })]);
    second.parts.push(picture);
    history.push(second);
    assert_eq!(answer(&provider, models[1], &history, Decision::allow()).await?.shown, "four");
    Ok(())
}

/// Tools are confirmed, and refused, by the ids of their requests.
pub(crate) async fn confirmed(options: Options) -> Done {
    let provider = Provider::new(options);
    let tool = json!({ "tool": "Bash", "input": { "command": "touch made.txt", "description": "make it" } });
    for (decision, end) in [(Decision::deny("not now"), "refused"), (Decision::allow(), "made")] {
        let history = [user(&[tool.clone(), json!({ "text": end })])];
        let answer = answer(&provider, "default", &history, decision).await?;
        assert_eq!((&*answer.text, &answer.confirmed[..]), (end, &["Bash".to_owned()][..]));
    }
    assert_eq!(provider.confirm("of nobody", Decision::allow()), Err(RespondError::Stale));
    Ok(())
}

/// A stream that is dropped interrupts its answer, and takes back what waits for a confirmation. The next call has its own answer.
pub(crate) async fn dropped(options: Options) -> Done {
    let provider = Provider::new(options);
    let long = user(&[json!({ "text": "a long answer ".repeat(40), "chunks": 40, "delay_ms": 500 })]);
    let mut events = provider.stream("default", SYSTEM, &[long]).await?;
    while !matches!(next(&mut events).await?.expect("the answer goes on"), Event::Edit(Edit::Append { .. })) {}
    drop(events);
    let tool = json!({ "tool": "Bash", "input": { "command": "touch made.txt", "description": "make it" } });
    let mut events = provider.stream("default", SYSTEM, &[user(&[tool, json!({ "text": "never said" })])]).await?;
    let id = loop {
        if let Event::Confirm { id, .. } = next(&mut events).await?.expect("the answer goes on") {
            break id;
        }
    };
    drop(events);
    assert_eq!(provider.confirm(&id, Decision::allow()), Err(RespondError::Stale));
    let last = answer(&provider, "default", &[user(&[json!({ "text": "short" })])], Decision::allow()).await?;
    assert_eq!((&*last.shown, &*last.text), ("short", "short"));
    Ok(())
}

/// A provider that was not there before tells the model the history.
pub(crate) async fn resumed(options: Options) -> Done {
    let history = [
        history_message(Role::User, "My bird is a heron."),
        history_message(Role::Assistant, "Noted."),
        user(&[json!({ "text": "a heron" })]),
    ];
    assert_eq!(answer(&Provider::new(options), "default", &history, Decision::allow()).await?.text, "a heron");
    Ok(())
}

/// Failures are told apart, with their texts.
pub(crate) async fn failed(options: Options) -> Done {
    // The CLI would try a key that is not accepted ten times.
    let provider = Provider::new(options.env("CLAUDE_CODE_MAX_RETRIES", "0"));
    let fails = async |history: [HistoryMessage; 1]| -> Failure {
        let error = answer(&provider, "default", &history, Decision::allow()).await.expect_err("it fails");
        let error = error.downcast::<SessionError>().expect("an error of the provider");
        error.failure().unwrap_or_else(|| panic!("{error} is no failure of a turn"))
    };
    let too_long = said_error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum");
    let failure = fails(too_long).await;
    assert_eq!(failure.kind, FailureKind::ContextOverflow);
    assert!(failure.message.contains("long"), "{failure:?}");
    let failure = fails(said_error(401, "authentication_error", "invalid x-api-key")).await;
    assert_eq!(failure.kind, FailureKind::Authentication);
    let short = [user(&[json!({ "text": "well again" })])];
    assert_eq!(answer(&provider, "default", &short, Decision::allow()).await?.text, "well again");
    let nowhere = Provider::new(Options::new().program("/nowhere/claude"));
    let error = answer(&nowhere, "default", &short, Decision::allow()).await.expect_err("no such program");
    assert!(error.to_string().contains("/nowhere/claude"), "{error}");
    Ok(())
}

fn said_error(status: u16, kind: &str, message: &str) -> [HistoryMessage; 1] {
    let error = json!({ "type": "error", "error": { "type": kind, "message": message } });
    [user(&[json!({ "status": status, "body": error })])]
}
