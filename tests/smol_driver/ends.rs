//! Children that end in other ways than in order.

use claude_duplex::{Action, CloseReason, Exit, Lost, Outcome, WhyRejected};

use super::child::{all, bounded, closed, first_message, hasty, messages, prompt_ends, start, start_with};

#[test]
fn an_exit_at_once_is_told_with_its_status_and_stderr() {
    bounded(async {
        let mut claude = start("echo 'unknown option' >&2; exit 3");
        let lost = claude.prompt("hello").unwrap();
        let actions = all(&mut claude).await;
        let end = closed(&actions);
        assert_eq!((end.exit, end.stderr.trim()), (Some(Exit::Code(3)), "unknown option"));
        // Which of the two is seen first is the system's affair.
        assert_eq!(end.why, CloseReason::Exited, "{end:?}");
        assert!(matches!(prompt_ends(&actions)[..], [Outcome::Lost(_)]), "{actions:?}");
        assert!(claude.cancel(lost).is_err() && claude.prompt("more").is_err());
    });
}

#[test]
fn a_death_in_mid_turn_loses_the_prompts() {
    let script = r#"
        read -r line
        uuid=$(printf %s "$line" | sed 's/.*"uuid":"\([^"]*\)".*/\1/')
        echo '{"type":"system","subtype":"init","session_id":"s"}'
        echo '{"type":"user","uuid":"'$uuid'","message":{"role":"user","content":"hello"}}'
        kill -KILL $$
    "#;
    bounded(async {
        let mut claude = start(script);
        claude.prompt("hello").unwrap();
        claude.prompt("and again").unwrap();
        let actions = all(&mut claude).await;
        assert_eq!(prompt_ends(&actions), [Outcome::Lost(Lost::Eof); 2]);
        assert_eq!(actions.iter().filter(|action| matches!(action, Action::TurnEnded { .. })).count(), 1);
        let end = closed(&actions);
        assert_eq!((end.why, end.exit), (CloseReason::Exited, Some(Exit::Signal(9))));
    });
}

#[test]
fn garbage_is_rejected_and_the_session_goes_on() {
    bounded(async {
        let mut claude = start(r#"printf 'garbage\n\377\000\n[]\n\n{"type":"system","subtype":"note"}\n'"#);
        let actions = all(&mut claude).await;
        let rejected: Vec<_> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Rejected(rejected) => Some(rejected.why),
                _ => None,
            })
            .collect();
        assert_eq!(rejected, [WhyRejected::NotJson, WhyRejected::NotJson, WhyRejected::NotAnObject]);
        assert_eq!((messages(&actions), closed(&actions).exit), (1, Some(Exit::Code(0))));
    });
}

#[test]
fn a_last_line_without_its_end_counts_if_it_is_whole() {
    bounded(async {
        let mut claude = start(r#"printf '{"type":"system"}\n{"type":"system","subtype":"note"}'"#);
        assert_eq!(messages(&all(&mut claude).await), 2);
        let mut claude = start(r#"printf '{"type":"system"}\n{"type":"system","subt'"#);
        let actions = all(&mut claude).await;
        assert_eq!(messages(&actions), 1);
        assert!(actions.iter().any(|action| matches!(action, Action::Rejected(cut) if cut.why == WhyRejected::CutOff)));
    });
}

#[test]
fn a_child_that_ignores_the_end_of_stdin_is_asked_to_end() {
    bounded(async {
        let mut claude = start_with("echo '{\"type\":\"system\"}'; exec sleep 1000", hasty);
        first_message(&mut claude).await;
        let end = claude.finish().await.unwrap();
        assert_eq!((end.why, end.exit), (CloseReason::Closed, Some(Exit::Signal(15))));
    });
}

#[test]
fn a_child_that_ignores_that_too_is_killed() {
    bounded(async {
        let mut claude = start_with("trap '' TERM; echo '{\"type\":\"system\"}'; while :; do sleep 1000; done", hasty);
        first_message(&mut claude).await;
        let end = claude.finish().await.unwrap();
        assert_eq!((end.why, end.exit), (CloseReason::Closed, Some(Exit::Signal(9))));
        assert!(!end.output_held);
    });
}

#[test]
fn an_abort_kills_at_once() {
    bounded(async {
        let mut claude = start("echo '{\"type\":\"system\"}'; exec sleep 1000");
        first_message(&mut claude).await;
        claude.prompt("hello").unwrap();
        claude.abort();
        let actions = all(&mut claude).await;
        assert_eq!(prompt_ends(&actions), [Outcome::Lost(Lost::Aborted)]);
        let end = closed(&actions);
        assert_eq!((end.why, end.exit), (CloseReason::Aborted, Some(Exit::Signal(9))));
    });
}

#[test]
fn a_child_that_closes_its_stdin_is_told_as_such() {
    bounded(async {
        let mut claude = start_with("exec <&-; echo '{\"type\":\"system\"}'; exec sleep 1000", hasty);
        first_message(&mut claude).await;
        claude.prompt("hello").unwrap();
        let actions = all(&mut claude).await;
        assert!(matches!(prompt_ends(&actions)[..], [Outcome::Lost(_)]), "{actions:?}");
        let end = closed(&actions);
        assert_eq!((end.why, end.exit), (CloseReason::SendFailed, Some(Exit::Signal(15))));
        assert_eq!(claude.io_error().unwrap().kind(), std::io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_child_that_closes_its_stdout_is_told_as_such() {
    bounded(async {
        let mut claude = start_with("exec >&-; exec sleep 1000", hasty);
        let actions = all(&mut claude).await;
        let end = closed(&actions);
        assert_eq!((end.why, end.exit), (CloseReason::Eof, Some(Exit::Signal(15))));
    });
}
