//! Stdin and stdout as lines. Lines of the client have a limit, and lines that wait to be written are counted.

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

/// Maximum length of a line of the client, in bytes: 64 MiB, room for several images.
const LONGEST: usize = 64 << 20;

/// Number of updates that may wait for the client to read them, before sessions wait for the client. The same number of
/// responses may wait, before the agent stops reading requests.
const WAITING: usize = 64;

/// Start of each line with an update.
const UPDATE: &str = r#"{"jsonrpc":"2.0","method":"session/update","#;

/// Count of the lines that the client has not read yet.
///
/// The queue of the SDK has no limit. It stays short, because a session waits for room before it reads on, and because no
/// request of a client is read while the client reads no responses.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    updates: AtomicUsize,
    /// Lines of the client that have no response yet.
    without_response: AtomicUsize,
    /// A line is being written.
    writing: AtomicBool,
    closed: AtomicBool,
    changed: Event,
}

impl Outlet {
    /// Counts an update that was queued.
    pub(crate) fn queued(&self) {
        self.updates.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns `true` if fewer updates than the limit wait.
    pub(crate) fn has_room(&self) -> bool {
        self.updates.load(Ordering::Relaxed) < WAITING || self.closed.load(Ordering::Relaxed)
    }

    /// Ends all waits, because the client is gone.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.changed.notify(usize::MAX);
    }

    /// Waits until there is room.
    pub(crate) async fn room(&self) {
        self.wait(Self::has_room).await;
    }

    /// Counts a line of the client. Waits while too many responses wait for the client to read them.
    async fn received(&self, line: &str) {
        if needs_response(line) {
            self.without_response.fetch_add(1, Ordering::Relaxed);
        }
        let may_read_on = |this: &Self| {
            let is_stuck = this.writing.load(Ordering::Relaxed) && !this.closed.load(Ordering::Relaxed);
            !is_stuck || this.without_response.load(Ordering::Relaxed) < WAITING
        };
        self.wait(may_read_on).await;
    }

    async fn wait(&self, is_over: impl Fn(&Self) -> bool) {
        while !is_over(self) {
            listener!(self.changed => changed);
            if !is_over(self) {
                changed.await;
            }
        }
    }

    fn begun(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }

    fn written(&self, line: &str) {
        self.writing.store(false, Ordering::Relaxed);
        if line.starts_with(UPDATE) {
            self.updates.fetch_sub(1, Ordering::Relaxed);
        } else if is_response(line) {
            let less = |count: usize| Some(count.saturating_sub(1));
            let _ = self.without_response.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
        self.changed.notify(usize::MAX);
    }
}

/// Returns `true` if a line of the client gets a response: it is a request, or a damaged line, which gets an error.
fn needs_response(line: &str) -> bool {
    line.contains("\"method\"") == line.contains("\"id\"")
}

/// Returns whether a line of the agent is a response.
fn is_response(line: &str) -> bool {
    let method = line.find("\"method\":").unwrap_or(line.len());
    [line.find("\"result\":"), line.find("\"error\":")].into_iter().flatten().any(|at| at < method)
}

/// Returns stdin and stdout as the transport of the SDK.
pub(crate) fn stdio(
    outlet: Arc<Outlet>,
) -> Lines<impl Sink<String, Error = io::Error> + Send + 'static, impl Stream<Item = io::Result<String>> + Send + 'static>
{
    let lines = bounded::Lines::new(io::BufReader::new(io::stdin()), LONGEST);
    // One line is read ahead.
    let lines = blocking::Unblock::with_capacity(1, lines);
    let receiving = Arc::clone(&outlet);
    let lines = lines.then(move |line| {
        let outlet = Arc::clone(&receiving);
        async move {
            let line = line.map(readable);
            if let Ok(line) = &line {
                outlet.received(line).await;
            }
            line
        }
    });
    Lines::new(sink(blocking::Unblock::new(io::stdout()), outlet), Box::pin(lines))
}

/// Returns a sink that writes each line, and reports it to the outlet.
fn sink<W: AsyncWrite + Unpin + Send + 'static>(
    writer: W,
    outlet: Arc<Outlet>,
) -> impl Sink<String, Error = io::Error> + Send + 'static {
    Box::pin(futures::sink::unfold(writer, move |mut writer, mut line: String| {
        let outlet = Arc::clone(&outlet);
        async move {
            line.push('\n');
            outlet.begun();
            writer.write_all(line.as_bytes()).await?;
            writer.flush().await?;
            outlet.written(&line);
            Ok(writer)
        }
    }))
}

/// Returns a line in a form that the SDK accepts. A line that is too long or is not UTF-8 is replaced by one that the SDK
/// refuses. The error of the SDK has no details. They are written to stderr, which editors log.
fn readable(line: Line) -> String {
    let refused = |reason: String| {
        eprintln!("claude-duplex-acp: the client sent {reason}");
        format!("\"{reason}\"")
    };
    match line {
        Line::TooLong(length) => refused(format!("a message of {length} bytes; the limit is {LONGEST}")),
        Line::Whole(mut line) => {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            let line = String::from_utf8(line).unwrap_or_else(|_| refused("a message that is not UTF-8".to_owned()));
            with_whole_characters(line)
        }
    }
}

/// Replaces lone surrogates, e.g. `\ud83d` without its other half. The SDK would refuse the whole message.
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
    fn invalid_messages_are_refused_by_the_sdk() {
        assert_eq!(readable(Line::Whole(b"{}\r".to_vec())), "{}");
        assert_eq!(readable(Line::Whole(b"\xff".to_vec())), "\"a message that is not UTF-8\"");
        assert_eq!(readable(Line::TooLong(70_000_000)), "\"a message of 70000000 bytes; the limit is 67108864\"");
    }

    #[test]
    fn lone_surrogates_are_replaced() {
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
    fn messages_of_a_client_that_does_not_read_wait() {
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#;
        let outlet = Outlet::default();
        let received = |line| block_on(futures_lite::future::poll_once(Box::pin(outlet.received(line)))).is_some();
        // One that reads is heard, however many requests are open.
        (0..2 * WAITING).for_each(|_| assert!(received(request)));
        outlet.begun();
        assert!(!received(request));
        assert!(!received("garbage"));
        assert!(!received(r#"{"jsonrpc":"2.0","method":"session/cancel","params":{}}"#));
        let open = outlet.without_response.load(Ordering::Relaxed);
        assert_eq!(open, 2 * WAITING + 2);
        outlet.written(r#"{"jsonrpc":"2.0","id":3,"method":"session/request_permission","params":{"result":1}}"#);
        assert_eq!(outlet.without_response.load(Ordering::Relaxed), open);
        outlet.written(r#"{"jsonrpc":"2.0","id":1,"result":{"method":"x"}}"#);
        outlet.begun();
        assert_eq!(outlet.without_response.load(Ordering::Relaxed), open - 1);
        (0..WAITING + 3).for_each(|_| outlet.written(r#"{"jsonrpc":"2.0","id":null,"error":{}}"#));
        outlet.begun();
        assert!(received("garbage"));
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
