//! Law 1: between two other inputs, any split of the same bytes at one time gives the same actions and output.

use std::borrow::Cow;

use claude_duplex::{Input, Time};

use super::Case;
use crate::history::History;

pub(crate) fn judge(case: &Case) -> usize {
    let history = &case.history;
    // The seed is as arbitrary as any other bytes, and it is at hand.
    let sizes = history.config.seed.0;
    let cut = |(at, input)| split(input, usize::from(sizes[at % sizes.len()] % 16) + 1);
    let cut = History { inputs: history.inputs.iter().enumerate().flat_map(cut).collect(), ..history.clone() };
    let (whole, parts) = (&case.trace, cut.play());
    assert_eq!(whole.actions, parts.actions);
    assert_eq!(whole.written, parts.written);
    assert_eq!(whole.children, parts.children);
    assert_eq!(whole.deadlines.last(), parts.deadlines.last());
    assert_eq!(whole.unsent, parts.unsent);
    cut.inputs.len() - history.inputs.len()
}

/// The input in parts of that size, an empty one behind them, if it is bytes.
fn split(input: &(Time, Input<'static>), size: usize) -> Vec<(Time, Input<'static>)> {
    let part = |bytes: &[u8]| (input.0, Input::Receive(Cow::Owned(bytes.to_vec())));
    match &input.1 {
        Input::Receive(bytes) => bytes.chunks(size).map(part).chain([part(&[])]).collect(),
        _ => vec![input.clone()],
    }
}
