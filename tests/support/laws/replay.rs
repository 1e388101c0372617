//! Law 4: settings and inputs that were written and read back give the same actions and bytes.

use claude_duplex::{Journal, Recorder};

use super::Case;
use crate::history::History;

pub(crate) fn judge(case: &Case) -> usize {
    let history = &case.history;
    let text = serde_json::to_string(&(&history.config, &history.inputs)).expect("inputs are plain data");
    let (config, inputs) = serde_json::from_str(&text).expect("what was written can be read");
    let again = History { config, start: history.start, inputs };
    assert_eq!(history.inputs, again.inputs);
    assert_eq!(case.trace, again.play());

    let mut recorder = Recorder::new(Vec::new(), &history.config, history.start, u64::MAX);
    history.inputs.iter().for_each(|(now, input)| recorder.input(*now, input));
    let journal = Journal::read(&recorder.into_inner()).expect("what was recorded can be read");
    let actions: Vec<_> = journal.replay().flat_map(|step| step.actions).collect();
    assert_eq!(case.trace.actions, actions);
    history.inputs.len()
}
