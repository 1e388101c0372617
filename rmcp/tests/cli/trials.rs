//! Scenarios, one function each. The function's name is the name of the trial.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use claude_duplex::request::{McpServerConfig, McpSetServers, McpStatus, McpToggle};
use claude_duplex::{Interrupt, Outcome};
use claude_duplex_rmcp::v3::RmcpServer;
use serde_json::json;

use crate::script::{script, text, tool};
use crate::services::counter::Counter;
use crate::services::office::{Notes, Office, noted};
use crate::stage::{Case, Scene, Trial, until, until_noted};

pub(crate) type Body = fn(Arc<Case>) -> Pin<Box<dyn Future<Output = Trial> + Send>>;

macro_rules! trials {
    ($($list:ident: $($name:ident),+ $(,)?;)+) => {$(
        pub(crate) const $list: &[(&str, Body)] = &[$((stringify!($name), |case| Box::pin($name(case)))),+];
    )+};
}

trials! {
    WITH_BOTH: counter_counts, office_works, two_sessions_have_two_servers_each, interrupt_cancels_a_call,
        session_ends_beside_a_call_that_hangs, services_run_beside_a_session_on_smol;
    WITH_REAL: client_accepts_notifications_of_a_service, requests_of_a_service_are_refused, server_is_connected_again,
        resources_are_read_and_prompts_are_not;
}

fn office(notes: &Notes) -> RmcpServer<impl Fn() -> Office + Send + Sync + use<>> {
    let notes = Arc::clone(notes);
    RmcpServer::new(move || Office::new(&notes))
}

async fn counter_counts(case: Arc<Case>) -> Trial {
    let counter = Counter::new();
    let server = RmcpServer::new(move || counter.clone());
    let scene = Scene::start(case.builder().sdk_mcp_server("counter", server))?;
    let calls = [
        tool("mcp__counter__increment", json!({})),
        tool("mcp__counter__increment", json!({})),
        tool("mcp__counter__sum", json!({ "a": 40, "b": 2 })),
        text("counted"),
    ];
    let end = scene.prompt(script(calls)).await?;
    assert_eq!((end.outcome, end.text()), (Outcome::Success, "counted".to_owned()));
    for expected in ["counter is 1", "counter is 2", "sum is 42"] {
        assert!(scene.results().contains(expected), "{expected}: {}", scene.results());
    }
    if !case.is_mock() {
        let status = scene.claude.call(McpStatus::new()).await?;
        let server = status.servers.iter().find(|server| server.name == "counter").expect("it is known");
        assert_eq!(server.status.to_string(), "connected");
    }
    scene.close().await;
    Ok(())
}

async fn office_works(case: Arc<Case>) -> Trial {
    let notes = Notes::default();
    let scene = Scene::start(case.builder().sdk_mcp_server("office", office(&notes)))?;
    let calls =
        ["measure", "draw", "fail", "refuse", "panic"].map(|name| tool(&format!("mcp__office__{name}"), json!({})));
    let count = tool("mcp__office__count", json!({ "steps": 5 }));
    let end = scene.prompt(script([count].into_iter().chain(calls).chain([text("done")]))).await?;
    assert_eq!(end.outcome, Outcome::Success);
    let results = scene.results();
    for expected in ["21", "a pixel", "out of paper"] {
        assert!(results.contains(expected), "{expected}: {results}");
    }
    // Without a progress token, a service reports none.
    let reported = if case.is_before("2.1.0") { "reported 0 of 5" } else { "reported 5 of 5" };
    assert!(results.contains(reported), "{results}");
    if !case.is_mock() {
        for expected in ["the office is closed", "the roof is on fire"] {
            assert!(results.contains(expected), "{expected}: {results}");
        }
    }
    scene.close().await;
    Ok(())
}

async fn two_sessions_have_two_servers_each(case: Arc<Case>) -> Trial {
    let server = RmcpServer::new(Counter::new);
    let start =
        || Scene::start(case.builder().sdk_mcp_server("one", server.clone()).sdk_mcp_server("two", server.clone()));
    let scenes = [start()?, start()?];
    let calls = || {
        script([
            tool("mcp__one__increment", json!({})).tool("mcp__two__decrement", json!({})),
            tool("mcp__one__increment", json!({})),
            text("done"),
        ])
    };
    let (first, second) = tokio::join!(scenes[0].prompt(calls()), scenes[1].prompt(calls()));
    assert_eq!((first?.outcome, second?.outcome), (Outcome::Success, Outcome::Success));
    for scene in scenes {
        for expected in ["counter is 1", "counter is 2", "counter is -1"] {
            assert!(scene.results().contains(expected), "{expected}: {}", scene.results());
        }
        scene.close().await;
    }
    Ok(())
}

async fn interrupt_cancels_a_call(case: Arc<Case>) -> Trial {
    let notes = Notes::default();
    let scene = Scene::start(case.builder().sdk_mcp_server("office", office(&notes)))?;
    let prompt = scene.claude.prompt(script([tool("mcp__office__wait", json!({})), text("done")]))?;
    until_noted(&notes, "wait began").await;
    scene.claude.interrupt(Interrupt::running())?.await?;
    assert_eq!(prompt.finish().await.outcome, Outcome::Interrupted);
    until_noted(&notes, "wait cancelled").await;
    // The service goes on.
    let end = scene.prompt(script([tool("mcp__office__measure", json!({})), text("done")])).await?;
    assert_eq!(end.outcome, Outcome::Success);
    assert!(scene.results().contains("21"), "{}", scene.results());
    assert_eq!(notes.lock().unwrap().iter().filter(|note| *note == "made").count(), 1);
    if !case.is_mock() {
        assert_eq!(scene.count("notifications/cancelled"), 1);
    }
    scene.close().await;
    Ok(())
}

async fn session_ends_beside_a_call_that_hangs(case: Arc<Case>) -> Trial {
    let notes = Notes::default();
    let scene = Scene::start(case.builder().sdk_mcp_server("office", office(&notes)))?;
    let prompt = scene.claude.prompt(script([tool("mcp__office__hang", json!({})), text("done")]))?;
    until_noted(&notes, "hang began").await;
    scene.close().await;
    assert_eq!(prompt.finish().await.outcome, Outcome::Interrupted);
    until_noted(&notes, "hang dropped").await;
    Ok(())
}

async fn services_run_beside_a_session_on_smol(case: Arc<Case>) -> Trial {
    let tokio = tokio::runtime::Handle::current();
    // As in a host on smol: the thread knows no tokio runtime.
    let host = std::thread::spawn(move || {
        smol::block_on(async {
            let server = RmcpServer::new(Counter::new).runtime(tokio);
            let claude = case.builder().sdk_mcp_server("counter", server).spawn_thread()?;
            let call = script([tool("mcp__counter__increment", json!({})), text("counted")]);
            let mut prompt = claude.prompt(call)?.keep(1_000_000);
            let mut lines = String::new();
            while let Some(message) = prompt.next().await {
                lines.push_str(&message?.line());
            }
            assert!(lines.contains("counter is 1"), "{lines}");
            claude.close_now();
            claude.wait_for_exit().await;
            Ok(())
        })
    });
    tokio::task::spawn_blocking(|| host.join().expect("no panic")).await?
}

async fn client_accepts_notifications_of_a_service(case: Arc<Case>) -> Trial {
    let notes = Notes::default();
    let scene = Scene::start(case.builder().sdk_mcp_server("office", office(&notes)))?;
    let calls = || script([tool("mcp__office__change", json!({})), text("done")]);
    assert_eq!(scene.prompt(calls()).await?.outcome, Outcome::Success);
    assert!(scene.results().contains("sent 4"), "{}", scene.results());
    // The CLI declares no capability, and accepts every notification.
    assert!(noted(&notes, "client {}") && noted(&notes, "protocol 2025-11-25"), "{notes:?}");
    assert_eq!(scene.acknowledged(), 4);
    match case.is_before("2.1.144") {
        // The CLI reads no list again, not even for the next prompt.
        true => {
            assert_eq!(scene.prompt(calls()).await?.outcome, Outcome::Success);
            assert_eq!(scene.count("tools/list"), 1);
        }
        false => until(|| scene.count("tools/list") > 1).await,
    }
    assert_eq!((scene.count("resources/list"), scene.count("prompts/list")), (0, 0));
    scene.close().await;
    Ok(())
}

async fn requests_of_a_service_are_refused(case: Arc<Case>) -> Trial {
    let notes = Notes::default();
    let scene = Scene::start(case.builder().sdk_mcp_server("office", office(&notes)))?;
    let calls = ["ask", "sample", "roots"].map(|name| tool(&format!("mcp__office__{name}"), json!({})));
    assert_eq!(scene.prompt(script(calls.into_iter().chain([text("done")]))).await?.outcome, Outcome::Success);
    let results = scene.results();
    for expected in [
        "elicitation failed: Client does not support elicitation",
        "sampling failed: Mcp error: -32601: Method not found",
        "roots failed: Mcp error: -32601: Method not found",
    ] {
        assert!(results.contains(expected), "{expected}: {results}");
    }
    scene.close().await;
    Ok(())
}

async fn server_is_connected_again(case: Arc<Case>) -> Trial {
    let notes = Notes::default();
    let made = || notes.lock().unwrap().iter().filter(|note| *note == "made").count();
    let scene = Scene::start(case.builder().sdk_mcp_server("office", office(&notes)))?;
    let call = || script([tool("mcp__office__measure", json!({})), text("done")]);
    assert_eq!(scene.prompt(call()).await?.outcome, Outcome::Success);
    assert_eq!(made(), 1);
    let removed = scene.claude.call(McpSetServers::new()).await?;
    assert_eq!(removed.removed.unwrap_or_default(), ["office"]);
    let again = McpSetServers::new().server("office", McpServerConfig::sdk("office"));
    assert_eq!(scene.claude.call(again).await?.added.unwrap_or_default(), ["office"]);
    assert_eq!(scene.prompt(call()).await?.outcome, Outcome::Success);
    let greeted = made();
    assert!(greeted > 1);
    if case.is_before("2.1.144") {
        // The CLI sends `initialize` twice at once, and may then call neither (`Not connected`).
        scene.close().await;
        return Ok(());
    }
    scene.claude.call(McpToggle::disable("office")).await?;
    scene.claude.call(McpToggle::enable("office")).await?;
    assert_eq!(scene.prompt(call()).await?.outcome, Outcome::Success);
    assert_eq!(made(), greeted + 1);
    assert_eq!(scene.results().matches("21").count(), 3, "{}", scene.results());
    scene.close().await;
    Ok(())
}

async fn resources_are_read_and_prompts_are_not(case: Arc<Case>) -> Trial {
    let notes = Notes::default();
    let scene = Scene::start(case.builder().sdk_mcp_server("office", office(&notes)))?;
    let calls = script([
        tool("ListMcpResourcesTool", json!({ "server": "office" })),
        tool("ReadMcpResourceTool", json!({ "server": "office", "uri": "memo://lunch" })),
        text("done"),
    ]);
    assert_eq!(scene.prompt(calls).await?.outcome, Outcome::Success);
    let results = scene.results();
    let expected = if case.is_before("2.1.144") { "No such tool available" } else { "soup at noon" };
    assert!(results.contains(expected), "{results}");
    // A command of that name is not known.
    scene.prompt("/mcp__office__greet".to_owned()).await?;
    assert!(!noted(&notes, "prompt taken"));
    scene.close().await;
    Ok(())
}
