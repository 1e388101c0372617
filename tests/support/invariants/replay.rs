//! Invariant 4: settings and inputs that were written and read back give the same actions and bytes.

use claude_duplex::{Config, Input, Journal, Recorder};

use super::Case;

/// As text, bytes are lists of numbers; more of them say no more. The journal, below, has them all.
const MOST_BYTES: usize = 64;

pub(crate) fn judge(case: &Case) -> usize {
    let (sequence, trace) = (&case.sequence, &case.trace);
    let is_short = |input: &&Input<'static>| match input {
        Input::Receive(bytes) | Input::Stderr(bytes) => bytes.len() <= MOST_BYTES,
        _ => true,
    };
    let inputs: Vec<&Input<'static>> = sequence.inputs.iter().map(|(_, input)| input).filter(is_short).collect();
    let text = serde_json::to_string(&(&sequence.config, &inputs)).expect("inputs are plain data");
    let (config, again): (Config, Vec<Input<'static>>) =
        serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(config, sequence.config);
    assert!(again.iter().eq(inputs));

    let mut recorder = Recorder::new(Vec::new(), &sequence.config, sequence.start, u64::MAX);
    sequence.inputs.iter().for_each(|(now, input)| recorder.input(*now, input));
    let journal = Journal::read(&recorder.into_inner()).expect("what was recorded can be read");
    assert_eq!((&journal.config, journal.start), (&sequence.config, sequence.start));
    let (mut actions, mut children) = (Vec::new(), Vec::new());
    let mut replay = journal.replay();
    for step in &mut replay {
        actions.extend(step.actions);
        children.extend(step.children);
    }
    assert_eq!((&actions, &children), (&trace.actions, &trace.children));
    assert_eq!(replay.protocol().poll_transmit(), trace.unsent);
    sequence.inputs.len()
}
