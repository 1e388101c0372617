//! What is said both ways.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use claude_duplex::incoming::hook::HookOutput;
use claude_duplex::request::SetPermissionMode;
use claude_duplex::testing::{Script, Step, ToolStep};
use claude_duplex::{
    Action, Decision, Handlers, IncomingResponse, Interrupt, LocalHandlers, MessageKind, Outcome, Overflow,
    RefusedReason, Request, ResponseKind, StreamDelta,
};
use futures_lite::future::{or, zip};

use crate::stage::{Stage, all, scenarios};

const MOMENT: Duration = Duration::from_millis(20);
const HOUR: Duration = Duration::from_secs(3600);

fn shell(commands: usize) -> Step {
    Step::tools_at_once((0..commands).map(|number| ToolStep::bash(format!("echo {number}")).requires_permission()))
}

fn saying_it_back() -> Script {
    Script::default().answering(|prompt| vec![Step::text_in_parts(format!("re {prompt}"), 3, MOMENT)])
}

scenarios! {
    a_prompt_handle_yields_messages_and_an_end: saying_it_back(),
    prompts_on_separate_tasks_get_their_own_messages: saying_it_back(),
    a_future_dropped_at_any_point_loses_no_action: Script::default().then([
        Step::text_in_parts("a b c d", 4, MOMENT),
        shell(3),
        Step::text("done"),
    ]),
    handlers_run_as_a_task: Script::default().then([shell(20), Step::hook("h", "PreToolUse"), Step::text("done")]),
    local_handlers_need_not_be_send: Script::default().then([shell(2), Step::text("done")]),
    an_interrupt_does_not_wait_for_a_sleeping_handler: Script::default().then([shell(1), Step::text("done")]),
    other_observers_learn_that_a_request_was_answered: Script::default().then([shell(2), Step::text("done")]),
    a_slow_subscriber_learns_the_number_of_lost_actions: Script::default().then([Step::flood(10_000)]),
    an_unread_subscriber_does_not_delay_the_session: Script::default().then([Step::flood(10_000)]),
    two_sessions_do_not_mix: saying_it_back(),
}

async fn a_prompt_handle_yields_messages_and_an_end(stage: &Stage) {
    let (claude, run) = stage.open();
    claude.call(SetPermissionMode::new("plan")).await.unwrap();
    claude.ping(HOUR).await.unwrap();
    let mut turn = claude.prompt("one").unwrap();
    let (mut streamed, mut messages) = (String::new(), Vec::new());
    while let Some(message) = turn.next().await {
        let message = message.unwrap();
        if let Some(StreamDelta::Text(text)) = message.delta() {
            streamed.push_str(&text);
        }
        messages.push(message);
    }
    let end = turn.ended().await;
    assert_eq!((end.outcome, &*end.text(), &*streamed), (Outcome::Success, "re one", "re one"));
    assert_eq!((end.result.as_ref(), end.session_id().as_deref()), (messages.last(), claude.session_id().as_deref()));
    claude.close();
    assert!(run.await.exit.is_some_and(claude_duplex::Exit::is_success));
}

async fn prompts_on_separate_tasks_get_their_own_messages(stage: &Stage) {
    let (claude, run) = stage.open();
    let turns: Vec<_> = (0..5)
        .map(|number| {
            let claude = claude.clone();
            stage.spawn(async move {
                let prompt = format!("number {number}");
                let mut turn = claude.prompt(&*prompt).unwrap();
                let mut streamed = Vec::new();
                while let Some(message) = turn.next().await {
                    streamed.extend(Some(message.unwrap()).filter(|message| message.kind() == MessageKind::Assistant));
                }
                assert!(streamed.len() == 1 && streamed[0].line().contains(&prompt), "{prompt}: {streamed:?}");
                turn.finish().await.text()
            })
        })
        .collect();
    for (number, turn) in turns.into_iter().enumerate() {
        assert_eq!(turn.await, format!("re number {number}"));
    }
    drop(claude);
    run.await;
}

async fn a_future_dropped_at_any_point_loses_no_action(stage: &Stage) {
    let (claude, run) = stage.open();
    let whole = claude.subscribe(100_000, Overflow::Oldest);
    let mut watch = claude.subscribe(100_000, Overflow::Oldest);
    let mut incoming_requests = claude.incoming().unwrap();
    let mut turn = claude.prompt("go").unwrap();
    let answering = stage.spawn(async move {
        for _ in 0..3 {
            let responder = poll_fn(|cx| pin!(incoming_requests.next()).poll(cx)).await.unwrap();
            responder.respond(Decision::allow()).unwrap();
        }
    });
    let mut received = 0;
    while let Some(message) = poll_fn(|cx| pin!(turn.next()).poll(cx)).await {
        message.unwrap();
        received += 1;
    }
    let end = poll_fn(|cx| pin!(turn.ended()).poll(cx)).await;
    assert_eq!((end.outcome, received > 10), (Outcome::Success, true));
    answering.await;
    claude.close();
    let mut reported = Vec::new();
    while let Some(action) = poll_fn(|cx| pin!(watch.next()).poll(cx)).await {
        reported.push(action.unwrap());
    }
    assert_eq!(reported, all(whole).await);
    run.await;
}

async fn handlers_run_as_a_task(stage: &Stage) {
    let (claude, run) = stage.open();
    let watch = claude.subscribe(100_000, Overflow::Oldest);
    let clock = stage.clock();
    let handlers = Handlers::new()
        .permission(move |tool| {
            let sleep = clock(MOMENT);
            async move {
                sleep.await;
                if tool.input.as_str().contains("echo 7") { Decision::deny("no") } else { Decision::allow() }
            }
        })
        .any_hook(async |_| HookOutput::new());
    let serving = stage.spawn(claude.incoming().unwrap().serve(handlers).unwrap());
    assert_eq!(claude.prompt("go").unwrap().finish().await.outcome, Outcome::Success);
    claude.close();
    run.await;
    serving.await;
    let reported = all(watch).await;
    let count = |wanted| {
        let is_wanted =
            |action: &&Action| matches!(action, Action::IncomingAnswered { response, .. } if *response == wanted);
        reported.iter().filter(is_wanted).count()
    };
    assert_eq!((count(ResponseKind::Allowed), count(ResponseKind::Denied), count(ResponseKind::Answered)), (19, 1, 1));
}

async fn local_handlers_need_not_be_send(stage: &Stage) {
    let (claude, run) = stage.open();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let handlers = LocalHandlers::new().permission(|tool| {
        let (note, sleep) = (Rc::clone(&seen), stage.sleep(MOMENT));
        async move {
            sleep.await;
            note.borrow_mut().push(tool.input.as_str().to_owned());
            Decision::allow()
        }
    });
    let serving = claude.incoming().unwrap().serve(handlers).unwrap();
    or(async { assert_eq!(claude.prompt("go").unwrap().finish().await.outcome, Outcome::Success) }, serving).await;
    assert_eq!(seen.borrow().len(), 2);
    drop(claude);
    run.await;
}

async fn an_interrupt_does_not_wait_for_a_sleeping_handler(stage: &Stage) {
    let (claude, run) = stage.open();
    let mut watch = claude.subscribe(100_000, Overflow::Oldest);
    let clock = stage.clock();
    let handlers = Handlers::new().permission(move |_| {
        let sleep = clock(HOUR);
        async move {
            sleep.await;
            Decision::allow()
        }
    });
    let serving = stage.spawn(claude.incoming().unwrap().serve(handlers).unwrap());
    let turn = claude.prompt("go").unwrap();
    while !matches!(watch.next().await.unwrap().unwrap(), Action::IncomingRequest(_)) {}
    claude.interrupt(Interrupt::running()).unwrap().await.unwrap();
    assert_eq!(turn.finish().await.outcome, Outcome::Interrupted);
    claude.close();
    zip(run, serving).await;
}

async fn other_observers_learn_that_a_request_was_answered(stage: &Stage) {
    let (claude, run) = stage.open();
    // Two who show what is asked; what is over, they take away.
    let shows = [(); 2].map(|()| {
        let mut watch = claude.subscribe(1000, Overflow::DeltasFirst);
        stage.spawn(async move {
            let (mut shown, mut taken_away) = (Vec::new(), Vec::new());
            while let Some(reported) = watch.next().await {
                match reported.unwrap() {
                    Action::IncomingRequest(incoming) => shown.push(incoming.id()),
                    Action::IncomingAnswered { id: incoming, response: verdict, .. } => {
                        shown.retain(|open| *open != incoming);
                        taken_away.push(verdict);
                    }
                    _ => {}
                }
            }
            assert!(shown.is_empty(), "{shown:?}");
            taken_away
        })
    });
    let mut incoming_requests = claude.incoming().unwrap();
    let turn = claude.prompt("go").unwrap();
    let (first, second) = (incoming_requests.next().await.unwrap(), incoming_requests.next().await.unwrap());
    second.respond(IncomingResponse::from(Decision::deny("no"))).unwrap();
    first.respond(Decision::allow()).unwrap();
    turn.finish().await;
    claude.close();
    run.await;
    for show in shows {
        assert_eq!(show.await, [ResponseKind::Denied, ResponseKind::Allowed]);
    }
}

async fn a_slow_subscriber_learns_the_number_of_lost_actions(stage: &Stage) {
    let (claude, run) = stage.open();
    let mut slow = claude.subscribe(256, Overflow::Oldest);
    let quick = stage.spawn(all(claude.subscribe(100_000, Overflow::Oldest)));
    let mut turn = claude.prompt("flood").unwrap();
    let mut read = 0;
    while let Some(message) = turn.next().await {
        read += message.map_or_else(|lagged| lagged.missed, |_| 1);
    }
    claude.close();
    run.await;
    let whole = quick.await;
    let messages = whole.iter().filter(|action| matches!(action, Action::Message { turn: Some(_), .. })).count();
    assert!(messages > 10_000 && read == messages as u64, "{read} of {messages}");
    let (mut at, mut missed) = (0, 0);
    while let Some(reported) = slow.next().await {
        match reported {
            Ok(action) => {
                assert_eq!(action, whole[at]);
                at += 1;
            }
            Err(lagged) => {
                missed += lagged.missed;
                at += usize::try_from(lagged.missed).unwrap();
            }
        }
    }
    assert!(at == whole.len() && missed > 9_000, "{missed} missed, {at} of {}", whole.len());
}

async fn an_unread_subscriber_does_not_delay_the_session(stage: &Stage) {
    let (claude, run) = stage.open();
    let unread = [(); 10].map(|()| claude.subscribe(1, Overflow::Oldest));
    assert_eq!(claude.prompt("flood").unwrap().finish().await.outcome, Outcome::Success);
    drop(claude);
    run.await;
    for mut watch in unread {
        assert!(watch.next().await.unwrap().is_err_and(|lagged| lagged.missed > 10_000));
        assert!(matches!(watch.next().await, Some(Ok(Action::Closed(_)))));
    }
}

async fn two_sessions_do_not_mix(stage: &Stage) {
    let ((here, here_runs), (there, there_runs)) = (stage.open(), stage.open());
    let (one, other) = (here.prompt("here").unwrap(), there.prompt("there").unwrap());
    assert_ne!(one.id(), other.id());
    here.cancel(other.id()).unwrap_err();
    let interrupt = here.interrupt(Interrupt::prompt(other.id())).unwrap_err();
    assert_eq!(interrupt.reason(), RefusedReason::NotRunning);
    let (first, second) = (here.request(Request::new("mcp_status")), there.request(Request::new("mcp_status")));
    assert_ne!(first.as_ref().unwrap().id(), second.as_ref().unwrap().id());
    zip(async { first.unwrap().await.unwrap() }, async { second.unwrap().await.unwrap() }).await;
    let ends = zip(one.finish(), other.finish()).await;
    assert_eq!((&*ends.0.text(), &*ends.1.text()), ("re here", "re there"));
    // The end of one is not the other's.
    here.abort();
    here_runs.await;
    assert_eq!(there.prompt("still").unwrap().finish().await.text(), "re still");
    drop(there);
    there_runs.await;
}
