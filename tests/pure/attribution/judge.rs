//! Whether the session told the truth.

use std::collections::BTreeMap;

use claude_duplex::{LostReason, Outcome, PromptId};

use super::counts::Counts;
use super::generation::Generation;
use super::model::Truth;
use super::world::{End, World};

/// Before the session is closed: with the CLI alive and idle, nothing may be left open.
pub(crate) fn nothing_hangs(world: &World, counts: &mut Counts) -> Result<(), String> {
    let open: Vec<PromptId> =
        world.prompts.iter().filter(|prompt| !world.ends.contains_key(*prompt)).copied().collect();
    if world.model.dead || open.is_empty() {
        return Ok(());
    }
    let untold =
        |prompt: &&PromptId| world.model.truths.get(&prompt.uuid().to_string()).is_some_and(|truth| !truth.evidence);
    // KNOWN: without echoes, what runs before a subagent ends stays open for ever (2.1.50 and 2.1.143; finding C).
    let held = world.model.generation.holds_back() && !world.model.replay;
    // KNOWN: that a withdrawal was confirmed is not heard once it has timed out (2.1.143; finding H).
    let unheard = world.late_reply && world.model.generation == Generation::V2_1_143;
    if unheard {
        counts.wrong.unheard += 1;
        return Ok(());
    }
    if world.queue_only && !held || !open.iter().any(|prompt| untold(&prompt)) {
        return Err(format!("hangs: {open:?}"));
    }
    counts.wrong.stuck += 1;
    Ok(())
}

pub(crate) fn judge(world: &World, counts: &mut Counts) -> Result<(), String> {
    counts.cases += 1;
    if !world.closed {
        return Err("the session is not closed".into());
    }
    if let Some((turn, ended)) = world.turns.iter().find(|(_, ended)| **ended != 1) {
        return Err(format!("turn {turn} was ended {ended} times"));
    }
    // KNOWN: a notification within a turn that ends without a further word makes the next turn the CLI's own, and where the
    // result is held back nothing corrects that (2.1.143; finding F).
    let held = world.model.generation == Generation::V2_1_143 && world.model.reached.contains("a result held back");
    counts.wrong.misjudged += u64::from(held && world.misjudged.is_some());
    if let Some(turn) = world.misjudged.filter(|_| !held) {
        return Err(format!("of turn {turn} it is told wrongly whether it is the CLI's own"));
    }
    let mut answers: BTreeMap<&str, u64> = BTreeMap::new();
    for prompt in &world.prompts {
        counts.prompts += 1;
        let ends = world.ends.get(prompt).map(Vec::as_slice).unwrap_or_default();
        let [end @ End { outcome, result, turn, inferred }] = ends else {
            return Err(format!("prompt {} was ended {} times", prompt.number(), ends.len()));
        };
        let how = if *inferred { ", inferred" } else { "" };
        let say = |reason: &str| format!("prompt {}: {reason}, told {outcome:?} {result:?}{how}", prompt.number());
        one(world, *prompt, end, counts).map_err(|reason| say(&reason))?;
        let truth = world.model.truths.get(&prompt.uuid().to_string());
        if let Some(truth) = truth.filter(|truth| truth.evidence && result.is_some() && truth.result == *result) {
            // KNOWN: the first echoes of a batch come before its `init`, and where the turn before it has no result they are
            // counted as its (2.1.143; finding E). The result is the same.
            let held = world.model.generation == Generation::V2_1_143 && truth.turn > *turn && turn.is_some();
            // KNOWN: the same where that result was lost: the first joined prompt is echoed before it is said to start (2.1.250).
            let is_lossy = world.model.out.is_lossy && truth.turn > *turn;
            if held && world.model.reached.contains("a result held back") {
                counts.wrong.held_turns += 1;
            } else if truth.turn.is_some() && truth.turn != *turn && !is_lossy {
                return Err(say(&format!("its turn is {:?}, and not {turn:?}", truth.turn)));
            }
        }
        if let Some(result) = result {
            let shared = answers.entry(result).or_default();
            *shared += 1;
            counts.shared += u64::from(*shared > 1);
            if world.queue_only && *shared > 1 {
                return Err(say("its result is another's too"));
            }
        }
    }
    Ok(())
}

fn one(world: &World, prompt: PromptId, end: &End, counts: &mut Counts) -> Result<(), String> {
    let uuid = prompt.uuid().to_string();
    let truth = world.model.truths.get(&uuid).cloned().unwrap_or_default();
    if end.outcome == Outcome::Lost(LostReason::NoResult) {
        // Its result was lost, or came late, and is then nobody's.
        counts.missing += 1;
        let is_lost = truth.result.is_some_and(|result| !world.results.contains(&result));
        let may_be = world.model.generation.reports_lifecycle() && (world.was_slow || is_lost);
        return if may_be { Ok(()) } else { Err("its result came in time".into()) };
    }
    // What evidence says is true. What a rule says may be another turn's result, or another outcome: both are counted.
    let mistaken = end.inferred && end.result != truth.result;
    if mistaken && world.queue_only {
        return Err("it has the result of another turn".into());
    }
    let chased = truth.chased || truth.atomic || truth.interrupted || world.cancelled.contains(&prompt);
    if truth.missed && truth.late_withdrawal && !chased && world.targeted.contains(&prompt) && !world.model.dead {
        return Err("an interrupt missed it, it was withdrawn too late, and not interrupted again".into());
    }
    if end.inferred {
        if end.result.as_ref().is_none_or(|result| !world.results.contains(result)) {
            return Err("a rule gives it a result that never came".into());
        }
        if world.model.generation.reports_lifecycle() {
            return Err("each prompt is named, and no rule is needed".into());
        }
        counts.inferred += 1;
        counts.wrong.mistaken += u64::from(mistaken);
        counts.wrong.otherwise += u64::from(!mistaken && Some(end.outcome) != truth.inside.or(truth.outcome));
    } else {
        let expected = expected(world, prompt, &truth, counts);
        if !expected.contains(&(kind(end.outcome), end.result.clone())) {
            return Err(format!("expected {expected:?} of {truth:?}"));
        }
    }
    counts.interrupted += u64::from(end.outcome == Outcome::Interrupted);
    if end.outcome == Outcome::Interrupted && !truth.interrupted && !end.inferred {
        return Err("it was never interrupted".into());
    }
    if world.interrupt_targets.contains(&prompt) && !truth.atomic && !mistaken {
        counts.interrupt_targets += 1;
        let ran = matches!(truth.outcome, Some(Outcome::Success | Outcome::Error)) && !world.model.dead;
        // KNOWN: up to 2.1.143 no receipt says that it missed, and nothing is done about it (finding A).
        if ran && !world.model.generation.reports_lifecycle() {
            counts.wrong.targets_lost += 1;
        } else if ran {
            return Err("it was aimed at, and ran to its end".into());
        }
    }
    if truth.missed && !truth.withdrawal && world.interrupt_targets.contains(&prompt) && !world.model.dead {
        return Err("an interrupt missed it, and it was not withdrawn".into());
    }
    Ok(())
}

/// All ways to be lost are one here.
fn kind(outcome: Outcome) -> Option<Outcome> {
    Some(outcome).filter(|outcome| !matches!(outcome, Outcome::Lost(_)))
}

type May = (Option<Outcome>, Option<String>);

/// What may be told of a prompt as certain; more than one thing only where the CLI's output was lost.
fn expected(world: &World, prompt: PromptId, truth: &Truth, counts: &mut Counts) -> Vec<May> {
    let lost = (None, None);
    let arrived = |result: &String| world.results.contains(result);
    let never_ran = vec![(Some(Outcome::Cancelled), None), lost.clone()];
    match (&truth.result, truth.outcome) {
        (Some(result), outcome) if arrived(result) && truth.evidence => {
            counts.named += 1;
            vec![(outcome, Some(result.clone()))]
        }
        (Some(result), _) if arrived(result) => {
            counts.wrong.untold += 1;
            vec![lost]
        }
        (None, Some(outcome)) => {
            counts.without += 1;
            let mut may = vec![(Some(outcome), None)];
            may.extend((world.lost_output || world.model.dead || world.late_reply).then_some(lost));
            may
        }
        (None, None) if !world.written.contains(&prompt) => {
            counts.without += 1;
            never_ran
        }
        _ => {
            counts.lost += 1;
            vec![lost]
        }
    }
}
