//! Incoming requests that are answered by their ids.

use claude_duplex::testing::{Script, Step, ToolStep};
use claude_duplex::{Action, Decision, IncomingRequest, OpenRequests, Outcome, Overflow, RespondError};

use super::fixture::{SECOND, open, until};

fn shell(commands: &[&str]) -> Step {
    Step::tools_at_once(commands.iter().map(|command| ToolStep::bash(command).requires_permission()))
}

fn input(request: &IncomingRequest) -> String {
    request.permission().unwrap().input.as_str().to_owned()
}

#[test]
fn a_request_is_answered_by_its_id_once() {
    let rig = open(Script::default().then([shell(&["one", "two", "three"]), Step::text("done")]));
    let log = rig.log.clone();
    rig.run(async |claude| {
        let (mut incoming, requests) = (claude.incoming().unwrap(), OpenRequests::new());
        let turn = claude.prompt("go").unwrap();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let request = incoming.next().await.unwrap();
            let id = request.request_id();
            assert_eq!(requests.insert(request), id);
            ids.push(id);
        }
        let shown: Vec<String> = requests.requests().iter().map(IncomingRequest::request_id).collect();
        assert_eq!(shown, ids, "in the order in which they came");
        assert!(input(&requests.get(&ids[1]).unwrap()).contains("two"));
        let elsewhere = requests.clone();
        let second = ids[1].clone();
        std::thread::spawn(move || elsewhere.respond(&second, Decision::deny("no")).unwrap()).join().unwrap();
        assert_eq!(requests.respond(&ids[1], Decision::allow()), Err(RespondError::Stale));
        assert_eq!(requests.respond("of nobody", Decision::allow()), Err(RespondError::Stale));
        assert!(requests.get(&ids[1]).is_none());
        requests.respond(&ids[0], Decision::allow()).unwrap();
        requests.respond(&ids[2], Decision::allow()).unwrap();
        assert!(requests.requests().is_empty());
        assert_eq!(turn.finish().await.outcome, Outcome::Success);
    });
    assert_eq!(log.answers().iter().filter(|answer| answer.contains("\"allow\"")).count(), 2);
}

#[test]
fn a_request_that_the_cli_cancels_is_not_open() {
    let rig = open(Script::default().then([shell(&["one"]).withdrawn_after(5 * SECOND), Step::text("done")]));
    let log = rig.log.clone();
    rig.run(async |claude| {
        let mut watch = claude.subscribe(1000, Overflow::Oldest);
        let (mut incoming, requests) = (claude.incoming().unwrap(), OpenRequests::new());
        let turn = claude.prompt("go").unwrap();
        let id = requests.insert(incoming.next().await.unwrap());
        assert!(requests.get(&id).is_some());
        until(&mut watch, |action| matches!(action, Action::IncomingCancelled { .. })).await;
        assert!(requests.get(&id).is_none() && requests.requests().is_empty());
        assert_eq!(requests.respond(&id, Decision::allow()), Err(RespondError::Stale));
        turn.finish().await;
    });
    assert!(log.answers().is_empty());
}

#[test]
fn open_requests_are_declined_with_the_last_clone_or_at_once() {
    for at_once in [true, false] {
        let rig = open(Script::default().then([shell(&["one", "two"]), Step::text("done")]));
        let log = rig.log.clone();
        rig.run(async |claude| {
            let (mut incoming, requests) = (claude.incoming().unwrap(), OpenRequests::new());
            let turn = claude.prompt("go").unwrap();
            for _ in 0..2 {
                requests.insert(incoming.next().await.unwrap());
            }
            let clone = requests.clone();
            drop(requests);
            assert_eq!(clone.requests().len(), 2, "a clone has them still");
            if at_once {
                clone.decline_all();
            } else {
                drop(clone);
            }
            assert_eq!(turn.finish().await.outcome, Outcome::Success);
        });
        assert_eq!(log.answers().iter().filter(|answer| answer.contains("\"deny\"")).count(), 2);
    }
}
