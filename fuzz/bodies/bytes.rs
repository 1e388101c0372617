//! Any bytes as the CLI's output, in any cuts: the cuts change nothing, each line is accounted for once, and the end
//! comes.

use claude_duplex::{
    Action, Config, Exit, IncomingKind, IncomingKinds, Interrupt, Prompt, Protocol, Request, Seed, SessionTime,
    UnknownIncoming,
};

/// The first bytes say how the rest is cut: each the size of one read, over and over.
const CUTS: usize = 8;

pub(crate) fn body(data: &[u8]) {
    let Some((cuts, output)) = data.split_at_checked(CUTS) else { return };
    for owned in [IncomingKinds::NONE, IncomingKinds::ALL] {
        let whole = played(owned, [output].into_iter());
        let parts = played(owned, Parts { rest: output, cuts: cuts.iter().cycle() });
        assert_eq!(whole, parts);
    }
}

/// The reads of an output; a size of zero is 256 bytes.
struct Parts<'d, C> {
    rest: &'d [u8],
    cuts: C,
}

impl<'d, C: Iterator<Item = &'d u8>> Iterator for Parts<'d, C> {
    type Item = &'d [u8];

    fn next(&mut self) -> Option<&'d [u8]> {
        let size = usize::from(self.cuts.next()?.wrapping_sub(1)) + 1;
        let (part, rest) = self.rest.split_at(size.min(self.rest.len()));
        self.rest = rest;
        (!part.is_empty()).then_some(part)
    }
}

/// What follows from that output, and what is written, in a session that has a prompt and two requests open.
fn played<'d>(owned: IncomingKinds, parts: impl Iterator<Item = &'d [u8]>) -> (Vec<Action>, Vec<u8>) {
    let now = SessionTime::ZERO;
    let mut config = Config::new(Seed::from_bytes([0; 16]));
    config.handled = owned;
    if owned.contains(IncomingKind::Unknown) {
        config.unknown_incoming = UnknownIncoming::Deliver;
    }
    config.limits.line = 4096;
    config.limits.open_incoming = 4;
    let mut session = Protocol::new(config, now);
    // No `initialize`: a reply to it tells of more incoming requests than it is lines.
    session.request(now, Request::new("mcp_status").id("r")).expect("there is room");
    session.interrupt(now, Interrupt::running().id("i")).expect("there is room");
    session.prompt(now, Prompt::text("hello")).expect("there is room");
    let mut lines = Lines::default();
    for part in parts {
        lines.read(part);
        session.receive(now, part);
    }
    session.eof(now);
    let counts = session.stats();
    session.stderr_eof(now);
    let written = session.poll_transmit().to_vec();
    session.exited(now, Exit::Code(0));
    assert!(session.is_closed());
    let actions: Vec<Action> = std::iter::from_fn(|| session.poll_action()).collect();
    assert!(matches!(actions.last(), Some(Action::Closed(_))));
    let reported = actions.iter().filter(|action| is_a_line(action)).count() as u64;
    // A damaged line is accounted for by its report, whatever stands in it.
    let inside: u64 = actions.iter().map(messages_inside).sum();
    let silent = counts.blank + counts.keep_alive + counts.echoed_responses + counts.repeated_requests;
    assert_eq!(
        reported + silent,
        lines.count() + inside,
        "lines of the output, of which {silent} are accounted for silently"
    );
    (actions, written)
}

/// Whether the action tells of a line of the CLI that no other action tells of.
fn is_a_line(action: &Action) -> bool {
    use claude_duplex::{CancelledReason, RequestError};
    match action {
        Action::Message { .. }
        | Action::IncomingRequest(_)
        | Action::IncomingDeclined { .. }
        | Action::RejectedLine(_)
        | Action::DamagedLine(_)
        | Action::UnmatchedResponse(_) => true,
        Action::ResponseReceived { response, .. } => matches!(response, Ok(_) | Err(RequestError::Refused { .. })),
        Action::IncomingCancelled { reason, .. } => *reason == CancelledReason::Cli,
        _ => false,
    }
}

/// How many messages stand in a damaged line.
fn messages_inside(action: &Action) -> u64 {
    match action {
        Action::DamagedLine(line) => line.messages as u64,
        _ => 0,
    }
}

/// Counts lines; a last one without a line end counts, if there is anything in it.
#[derive(Default)]
struct Lines {
    ended: u64,
    begun: bool,
}

impl Lines {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.begun = *byte != b'\n';
            self.ended += u64::from(!self.begun);
        }
    }

    fn count(&self) -> u64 {
        self.ended + u64::from(self.begun)
    }
}
