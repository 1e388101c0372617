//! The first difference between two runs.

use std::fmt;

use super::ReplayStep;
use crate::base::text::Cut;
use crate::base::time::SessionTime;
use crate::protocol::action::Action;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::ChildCommand;

/// Number of bytes of the output that are shown before the first difference.
const BEFORE: usize = 40;

/// Returns the first input whose consequences differ between two runs.
///
/// Every replay of a journal produces the same run. Two runs differ if an input or a setting was changed, e.g. a setting:
///
/// ```
/// # use claude_duplex::{Config, Input, Journal, Prompt, Recorder, Seed, SessionTime};
/// # let (mut file, start) = (Vec::new(), SessionTime::ZERO);
/// # let config = Config::new(Seed::random());
/// # let mut recorder = Recorder::new(&mut file, &config, start, u64::MAX);
/// # recorder.input(start, &Input::Prompt(Prompt::text("hello")));
/// # recorder.input(start, &Input::Prompt(Prompt::text("and again")));
/// use claude_duplex::{WhenBusy, journal::first_difference};
///
/// let journal = Journal::read(&file)?;
/// assert_eq!(first_difference(journal.replay(), journal.replay()), None);
///
/// let mut other = journal.clone();
/// other.config.when_busy = WhenBusy::Send;
/// let difference = first_difference(journal.replay(), other.replay()).unwrap();
/// assert_eq!(difference.at, 1);
/// let text = difference.to_string();
/// assert!(text.starts_with("input 1 at 0 ns: the output differs: nothing, or {"));
/// # Ok::<(), claude_duplex::journal::JournalError>(())
/// ```
#[must_use]
pub fn first_difference<'j>(
    left: impl IntoIterator<Item = ReplayStep<'j>>,
    right: impl IntoIterator<Item = ReplayStep<'j>>,
) -> Option<Difference<'j>> {
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    (0..).find_map(|at| match (left.next(), right.next()) {
        (None, None) => Some(None),
        (Some(left), Some(right)) if left.consequences() == right.consequences() => None,
        (left, right) => Some(Some(Difference { at, left, right })),
    })?
}

/// The first difference between two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference<'j> {
    /// Index of the input in [`Journal::inputs`](super::Journal::inputs).
    pub at: usize,
    /// Step of the first run; `None` if it has no such input.
    pub left: Option<ReplayStep<'j>>,
    /// Step of the second run.
    pub right: Option<ReplayStep<'j>>,
}

type Consequences<'s> = (&'s [Action], &'s [ChildCommand], &'s [u8], usize, Option<(SessionTime, Deadline)>);

impl ReplayStep<'_> {
    /// Returns everything except the time and the input.
    fn consequences(&self) -> Consequences<'_> {
        (&self.actions, &self.children, &self.output, self.unsent, self.deadline)
    }
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input {}", self.at)?;
        let (left, right) = match (&self.left, &self.right) {
            (Some(left), Some(right)) => (left, right),
            (Some(_), None) => return f.write_str(": the right run has ended before it"),
            (None, _) => return f.write_str(": the left run has ended before it"),
        };
        write!(f, " at {} ns: ", left.time.as_nanos())?;
        let actions = first_unequal(&left.actions, &right.actions);
        let children = first_unequal(&left.children, &right.children);
        if let Some(at) = actions {
            write!(f, "action {at} differs: {}, or {}", nth(&left.actions, at), nth(&right.actions, at))
        } else if let Some(at) = children {
            let (left, right) = (nth(&left.children, at), nth(&right.children, at));
            write!(f, "the child commands differ: {left}, or {right}")
        } else if let Some(at) = first_unequal(&left.output, &right.output) {
            write!(f, "the output differs: {}, or {}", from(&left.output, at), from(&right.output, at))
        } else if left.unsent != right.unsent {
            write!(f, "the unwritten bytes differ: {}, or {}", left.unsent, right.unsent)
        } else {
            write!(f, "the deadline differs: {:?}, or {:?}", left.deadline, right.deadline)
        }
    }
}

/// Returns the index of the first item that differs.
fn first_unequal<T: PartialEq>(left: &[T], right: &[T]) -> Option<usize> {
    (0..left.len().max(right.len())).find(|at| left.get(*at) != right.get(*at))
}

fn nth<T: fmt::Debug>(items: &[T], at: usize) -> String {
    items.get(at).map_or("nothing".to_owned(), |item| format!("{item:?}"))
}

fn from(bytes: &[u8], at: usize) -> String {
    match bytes.get(at.saturating_sub(BEFORE)..) {
        None | Some([]) => "nothing".to_owned(),
        Some(bytes) => format!("{:?}", Cut(bytes)),
    }
}
