//! `examples/kanban.rs` and `examples/provider.rs`, on tokio's runtime with several threads or with one.

use std::future::Future;

use claude_duplex::Options;

use crate::kanban_script::{self, Stage};
use crate::provider_script;
use crate::talk::Trial;
use crate::transport::Carrier;
use crate::watch::Case;

trials![
    kanban_runs_what_is_approved,
    kanban_denies,
    kanban_does_not_wait_for_ever,
    kanban_is_interrupted_and_goes_on,
    kanban_carries_out_a_plan,
    kanban_answers_questions,
    kanban_is_stopped,
    kanban_finds_models_and_commands,
    kanban_says_why_it_cannot_start,
    provider_streams,
    provider_confirms,
    provider_interrupts_what_is_dropped,
    provider_tells_the_history,
    provider_tells_failures_apart,
];

/// Runs it where tokio's children can be started: within its runtime, or from outside of one.
async fn on_tokio(case: &Case, scenario: impl Future<Output = Trial>) -> Trial {
    match case.carrier {
        Carrier::Tokio => scenario.await,
        Carrier::Smol => tokio::runtime::Runtime::new()?.block_on(scenario),
    }
}

fn options(case: &Case) -> Options {
    let plain = Options::new().program(case.cli.named()).current_dir(case.place.cwd()).env_clear();
    case.environment().into_iter().fold(plain, |options, (name, value)| options.env(name, value))
}

fn stage(case: &Case) -> Stage {
    Stage { options: options(case), directory: case.place.cwd() }
}

async fn kanban_runs_what_is_approved(case: &Case) -> Trial {
    on_tokio(case, kanban_script::approved(&stage(case))).await
}

async fn kanban_denies(case: &Case) -> Trial {
    on_tokio(case, kanban_script::denied(&stage(case))).await
}

async fn kanban_does_not_wait_for_ever(case: &Case) -> Trial {
    on_tokio(case, kanban_script::not_in_time(&stage(case))).await
}

async fn kanban_is_interrupted_and_goes_on(case: &Case) -> Trial {
    on_tokio(case, kanban_script::interrupted(&stage(case))).await
}

async fn kanban_carries_out_a_plan(case: &Case) -> Trial {
    if case
        .before("2.0.55", "`--allow-dangerously-skip-permissions` is unknown: the agent does not start, and says why")
    {
        return on_tokio(case, kanban_script::plans_not(&stage(case))).await;
    }
    on_tokio(case, kanban_script::planned(&stage(case))).await
}

async fn kanban_answers_questions(case: &Case) -> Trial {
    if case.before("2.0.76", "there is no such tool: the call fails, and nobody is asked") {
        return on_tokio(case, kanban_script::asks_nobody(&stage(case))).await;
    }
    on_tokio(case, kanban_script::question_answered(&stage(case))).await
}

async fn kanban_is_stopped(case: &Case) -> Trial {
    on_tokio(case, kanban_script::stopped(&stage(case))).await
}

async fn kanban_finds_models_and_commands(case: &Case) -> Trial {
    on_tokio(case, kanban_script::discovered(&stage(case))).await?;
    assert!(case.api.calls().iter().all(|call| call.tools == 0), "the model was asked");
    Ok(())
}

async fn kanban_says_why_it_cannot_start(case: &Case) -> Trial {
    on_tokio(case, kanban_script::broken(case.place.cwd())).await
}

async fn provider_streams(case: &Case) -> Trial {
    on_tokio(case, provider_script::streamed(options(case), ["sonnet", "opus"])).await?;
    let calls: Vec<_> = case.api.calls().into_iter().filter(|call| call.tools > 0).collect();
    let [first, .., last] = &calls[..] else { panic!("{calls:?}") };
    assert!(first.model.contains("sonnet") && last.model.contains("opus"), "{} {}", first.model, last.model);
    assert!(first.system.contains(provider_script::SYSTEM), "{}", first.system);
    Ok(())
}

async fn provider_confirms(case: &Case) -> Trial {
    on_tokio(case, provider_script::confirmed(options(case))).await?;
    assert!(case.place.cwd().join("made.txt").exists());
    Ok(())
}

async fn provider_interrupts_what_is_dropped(case: &Case) -> Trial {
    on_tokio(case, provider_script::dropped(options(case))).await?;
    assert!(!case.place.cwd().join("made.txt").exists());
    Ok(())
}

async fn provider_tells_the_history(case: &Case) -> Trial {
    on_tokio(case, provider_script::resumed(options(case))).await?;
    let calls = case.api.calls();
    let reported =
        calls.iter().flat_map(|call| &call.messages).any(|message| message.text.contains("My bird is a heron."));
    assert!(reported, "{calls:?}");
    Ok(())
}

async fn provider_tells_failures_apart(case: &Case) -> Trial {
    on_tokio(case, provider_script::failed(options(case))).await
}
