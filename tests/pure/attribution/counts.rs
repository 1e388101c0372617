//! What was judged, and what is known to be wrong.

/// How the prompts of many histories were judged.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) cases: u64,
    pub(crate) prompts: u64,
    /// Answered by a result, by evidence.
    pub(crate) named: u64,
    /// Answered by a result, by the written fallback.
    pub(crate) fallback: u64,
    /// Of these, those to which it gives another result than the true one: nothing could have told.
    pub(crate) mistaken: u64,
    /// Answered inside the CLI, but neither evidence nor the fallback says so.
    pub(crate) untold: u64,
    /// Cancelled, or blocked at a fold.
    pub(crate) without: u64,
    /// The CLI died first.
    pub(crate) lost: u64,
    pub(crate) interrupted: u64,
    pub(crate) shared: u64,
    /// Those whose own turn ended otherwise than the result says that answers it, because its own was held back.
    pub(crate) held_otherwise: u64,
    /// Those that are said to have run in an earlier turn, one of which the result was held back.
    pub(crate) held_turns: u64,
    /// Sessions with a turn of a prompt that is said to be the CLI's own.
    pub(crate) misjudged: u64,
    /// What went wrong because a reply had come late.
    pub(crate) unheard: u64,
    /// Aimed interrupts that were judged.
    pub(crate) aims: u64,
    /// Of these, those that ran to their end.
    pub(crate) aims_lost: u64,
    /// Sessions of which a prompt stayed open after all was over, behind one that nothing names.
    pub(crate) stuck: u64,
}
