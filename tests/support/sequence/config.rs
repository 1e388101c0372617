//! Arbitrary settings.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use claude_duplex::{CloseWhen, Config, IncomingKind, Seed, TransportKind, UnknownIncoming, WhenBusy};

/// Small limits, so that a short input sequence reaches them.
pub(crate) fn config(u: &mut Unstructured<'_>) -> Result<Config> {
    let mut config = Config::new(Seed::from_bytes(u.arbitrary()?));
    config.when_busy = *u.choose(&[WhenBusy::Queue, WhenBusy::Queue, WhenBusy::Send, WhenBusy::Reject])?;
    for &kind in IncomingKind::KNOWN {
        if u.ratio(3, 4)? {
            config = config.handle(kind);
        }
    }
    config.unknown_incoming = *u.choose(&[UnknownIncoming::Decline, UnknownIncoming::Deliver])?;
    config.transport = *u.choose(&[TransportKind::Process, TransportKind::Process, TransportKind::Streams])?;
    config.close_when = *u.choose(&[CloseWhen::TurnEnded, CloseWhen::Idle])?;
    config.kill_group = u.arbitrary()?;
    config.stderr_lines = u.ratio(1, 4)?;
    config.wire_lines = u.ratio(1, 4)?;
    config.limits.stderr_line = 12;
    config.limits.line = *u.choose(&[400, 4000])?;
    config.limits.unread = 2000;
    config.limits.unread_after_exit = 6000;
    config.limits.unsent = *u.choose(&[300, 100_000])?;
    config.limits.unsent_hard = *u.choose(&[1500, 200_000])?;
    config.limits.open_prompts = 4;
    config.limits.open_requests = 3;
    config.limits.open_incoming = 3;
    config.limits.open_incoming_bytes = *u.choose(&[400, 1000])?;
    config.limits.stderr_tail = 10;
    config.limits.rejected_tail = 20;
    config.timeouts.turn = *u.choose(&[None, Some(Duration::from_millis(900))])?;
    config.timeouts.stall = *u.choose(&[None, Some(Duration::from_millis(500))])?;
    config.timeouts.request = *u.choose(&[None, Some(Duration::from_millis(700))])?;
    config.timeouts.interrupt = *u.choose(&[None, Some(Duration::from_millis(300))])?;
    config.timeouts.prompt = *u.choose(&[None, None, None, Some(Duration::from_millis(600))])?;
    config.timeouts.prompt_grace = Duration::from_millis(300);
    config.timeouts.missing_result = *u.choose(&[None, Some(Duration::from_millis(400))])?;
    Ok(config)
}
