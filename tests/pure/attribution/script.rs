//! What the host does and in which order things pass, as plain data from seeded bytes.

use arbitrary::{Result, Unstructured};

#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) hooks: bool,
    pub(crate) partial: bool,
    /// `--replay-user-messages`
    pub(crate) replay: bool,
    /// The session is closed while the CLI still has work.
    pub(crate) closes_early: bool,
    /// Every prompt waits until the session is free, or is refused.
    pub(crate) queue_only: bool,
    /// Nothing is under way between two steps.
    pub(crate) prompt_pipes: bool,
    /// Results are lost.
    pub(crate) is_lossy: bool,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Prompt {
        kind: u8,
        busy: u8,
    },
    Cancel(u8),
    Interrupt {
        target: Option<u8>,
        cancel_queued: bool,
    },
    Answer {
        incoming: u8,
        how: u8,
    },
    /// Bytes go to the CLI's stdin.
    Send(u16),
    /// The CLI reads a line.
    Read,
    /// Something goes on inside the CLI.
    Run(u8),
    /// Bytes come from the CLI's stdout.
    Deliver(u16),
    /// All that is under way arrives, both ways.
    Flush,
    /// That many seconds pass: requests may time out.
    Wait(u8),
    /// The CLI is killed; of what it has written, that much is kept.
    Die(u8),
}

pub(crate) fn script(u: &mut Unstructured<'_>) -> Result<Script> {
    let (hooks, queue_only) = (u.ratio(1, 3)?, u.ratio(1, 4)?);
    let (partial, prompt_pipes) = (u.arbitrary()?, u.ratio(1, 4)?);
    let (replay, closes_early, deadly) = (u.ratio(5, 6)?, u.ratio(1, 4)?, u.ratio(1, 5)?);
    let mut steps = if u.ratio(1, 5)? { race(u)? } else { Vec::new() };
    while !u.is_empty() {
        steps.push(step(u, deadly)?);
    }
    Ok(Script { hooks, partial, replay, closes_early, queue_only, prompt_pipes, is_lossy: false, steps })
}

/// A prompt and an interrupt that is aimed at it, and each line of what follows passes by itself.
fn race(u: &mut Unstructured<'_>) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for _ in 0..u.int_in_range(0..=2)? {
        steps.push(Step::Prompt { kind: 15, busy: 7 });
        steps.extend(u.ratio(1, 2)?.then_some(Step::Flush));
    }
    steps.push(Step::Prompt { kind: 15, busy: 7 });
    steps.push(Step::Interrupt { target: Some(0), cancel_queued: false });
    for _ in 0..u.int_in_range(5..=25)? {
        steps.push(match u.int_in_range(0..=3)? {
            0 => Step::Send(900),
            1 => Step::Read,
            2 => Step::Run(u.arbitrary()?),
            _ => Step::Deliver(900),
        });
    }
    Ok(steps)
}

fn step(u: &mut Unstructured<'_>, deadly: bool) -> Result<Step> {
    Ok(match u.int_in_range(0..=199)? {
        0..=23 => Step::Prompt { kind: u.arbitrary()?, busy: u.arbitrary()? },
        24..=28 => Step::Cancel(u.arbitrary()?),
        29..=38 => Step::Interrupt {
            target: if u.ratio(1, 2)? { Some(u.arbitrary()?) } else { None },
            cancel_queued: u.ratio(1, 8)?,
        },
        39..=46 => Step::Answer { incoming: u.arbitrary()?, how: u.arbitrary()? },
        47..=69 => Step::Send(u.int_in_range(1..=900)?),
        70..=96 => Step::Read,
        97..=149 => Step::Run(u.arbitrary()?),
        150..=179 => Step::Deliver(u.int_in_range(1..=900)?),
        180..=196 => Step::Flush,
        197 => Step::Wait(*u.choose(&[11, 61])?),
        _ if deadly => Step::Die(u.arbitrary()?),
        _ => Step::Read,
    })
}
