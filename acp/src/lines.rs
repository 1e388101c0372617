//! Stdin and stdout as lines: those of the client with a limit, those for it with a count of what waits.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use agent_client_protocol::Lines;
use claude_duplex::Json;
use event_listener::{Event, listener};
use futures::{Sink, Stream};
use futures_lite::StreamExt;
use futures_lite::io::{AsyncWrite, AsyncWriteExt};
use serde_json::Value;

use crate::bounded::{self, Line};

/// Longest line of the client, in bytes: 64 MiB, room for several images.
const LONGEST: usize = 64 << 20;

/// Number of updates that may wait for the client to read them, before sessions wait for the client.
const WAITING: usize = 64;

/// Start of each line that is counted.
const COUNTED: &str = r#"{"jsonrpc":"2.0","method":"session/update","#;

/// The updates that the client has not read yet.
///
/// The SDK queues what is sent, without a limit. Sessions that ask for room before they read on keep that queue short.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    waiting: AtomicUsize,
    closed: AtomicBool,
    changed: Event,
}

impl Outlet {
    /// Counts an update that was queued.
    pub(crate) fn queued(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether an update would be written soon.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < WAITING || self.closed.load(Ordering::Relaxed)
    }

    /// Says that the client is gone: nobody waits for it any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.changed.notify(usize::MAX);
    }

    /// Waits until there is room.
    pub(crate) async fn room(&self) {
        while !self.has_room() {
            listener!(self.changed => changed);
            if !self.has_room() {
                changed.await;
            }
        }
    }

    fn written(&self, line: &str) {
        if line.starts_with(COUNTED) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.changed.notify(usize::MAX);
        }
    }
}

/// Returns stdin and stdout as the transport of the SDK.
pub(crate) fn stdio(
    outlet: Arc<Outlet>,
) -> Lines<impl Sink<String, Error = io::Error> + Send + 'static, impl Stream<Item = io::Result<String>> + Send + 'static>
{
    let lines = bounded::Lines::new(io::BufReader::new(io::stdin()), LONGEST);
    // One line is read ahead.
    let lines = blocking::Unblock::with_capacity(1, lines).map(|line| line.map(readable));
    Lines::new(sink(blocking::Unblock::new(io::stdout()), outlet), lines)
}

/// Returns a sink that writes each line and says so to the outlet.
fn sink<W: AsyncWrite + Unpin + Send + 'static>(
    writer: W,
    outlet: Arc<Outlet>,
) -> impl Sink<String, Error = io::Error> + Send + 'static {
    Box::pin(futures::sink::unfold(writer, move |mut writer, mut line: String| {
        let outlet = Arc::clone(&outlet);
        async move {
            line.push('\n');
            writer.write_all(line.as_bytes()).await?;
            writer.flush().await?;
            outlet.written(&line);
            Ok(writer)
        }
    }))
}

/// Returns a line as the SDK takes it. One that is too long, or is not UTF-8, becomes one that the SDK refuses.
fn readable(line: Line) -> String {
    match line {
        Line::TooLong(length) => format!("\"a message of {length} bytes; the limit is {LONGEST}\""),
        Line::Whole(mut line) => {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            let line = String::from_utf8(line).unwrap_or_else(|_| "\"a message that is not UTF-8\"".to_owned());
            with_whole_characters(line)
        }
    }
}

/// Replaces halves of characters (`\ud83d` without its other half), with which the SDK would refuse the whole message.
fn with_whole_characters(line: String) -> String {
    if !line.contains("\\ud") && !line.contains("\\uD") {
        return line;
    }
    let whole = Json::parse(&line).and_then(|json| json.decode::<Value>());
    whole.map_or(line, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn what_is_no_message_is_refused_by_the_sdk() {
        assert_eq!(readable(Line::Whole(b"{}\r".to_vec())), "{}");
        assert_eq!(readable(Line::Whole(b"\xff".to_vec())), "\"a message that is not UTF-8\"");
        assert_eq!(readable(Line::TooLong(70_000_000)), "\"a message of 70000000 bytes; the limit is 67108864\"");
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        for (given, read) in [
            (r#""a \ud83d b""#, "a \u{fffd} b"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\uD83D\n""#, "\u{fffd}\n"),
            (r#""\ud83d\ud83d\ude00é""#, "\u{fffd}\u{1f600}é"),
        ] {
            let whole = with_whole_characters(given.to_owned());
            assert_eq!(serde_json::from_str::<String>(&whole).ok().as_deref(), Some(read), "{given} {whole}");
        }
    }

    #[test]
    fn sessions_wait_for_a_client_that_does_not_read() {
        let outlet = Arc::new(Outlet::default());
        (0..WAITING).for_each(|_| outlet.queued());
        assert!(!outlet.has_room());
        let mut room = Box::pin(outlet.room());
        assert!(block_on(futures_lite::future::poll_once(&mut room)).is_none());
        outlet.written(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
        assert!(block_on(futures_lite::future::poll_once(&mut room)).is_none());
        outlet.written(r#"{"jsonrpc":"2.0","method":"session/update","params":{}}"#);
        assert!(block_on(futures_lite::future::poll_once(&mut room)).is_some());
    }
}
