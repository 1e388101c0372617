//! Sessions over byte streams of tokio.

use std::time::Duration;

use claude_duplex::driver::tokio::{TokioStreams, over};
use claude_duplex::{Action, CloseReason, Config, Driver, Outcome, Request, RequestError, Seed};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::{bounded, runtimes};

type Duplex = Driver<TokioStreams<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>>;

fn duplex(capacity: usize, adjust: impl FnOnce(&mut Config)) -> (Duplex, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(capacity);
    let (reader, writer) = tokio::io::split(ours);
    let mut config = Config::new(Seed::random());
    adjust(&mut config);
    (over(reader, writer, config), theirs)
}

/// Answers every prompt until it hears no more.
async fn answer(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) -> usize {
    let mut stream = BufReader::new(stream);
    let (mut line, mut prompts) = (String::new(), 0);
    while stream.read_line(&mut line).await.unwrap() > 0 {
        let prompt: serde_json::Value = serde_json::from_str(&line).unwrap();
        let told = format!(
            "{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}}\n\
             {{\"type\":\"user\",\"uuid\":{},\"message\":{{\"role\":\"user\",\"content\":\"hello\"}}}}\n\
             {{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false}}\n",
            prompt["uuid"]
        );
        stream.write_all(told.as_bytes()).await.unwrap();
        line.clear();
        prompts += 1;
    }
    prompts
}

#[test]
fn a_socket_carries_a_session_and_is_shut_down_at_its_end() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (reader, writer) = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap().into_split();
            let other = tokio::spawn(async move { answer(listener.accept().await.unwrap().0).await });
            let mut claude = over(reader, writer, Config::new(Seed::random()));
            claude.prompt("one").unwrap();
            claude.prompt("two").unwrap();
            let mut outcomes = Vec::new();
            while let Some(action) = claude.next().await {
                match action {
                    Action::PromptEnded { outcome, .. } => outcomes.push(outcome),
                    Action::Idle => claude.close(),
                    Action::Closed(closed) => {
                        assert_eq!(
                            (closed.reason, closed.exit, closed.output_held),
                            (CloseReason::Closed, None, false)
                        );
                    }
                    _ => {}
                }
            }
            assert_eq!(outcomes, [Outcome::Success; 2]);
            assert_eq!(other.await.unwrap(), 2);
        }));
    }
}

#[test]
fn a_narrow_stream_carries_all() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let (mut claude, theirs) = duplex(7, |_| ());
            let other = tokio::spawn(answer(theirs));
            claude.prompt(&*"x".repeat(100_000)).unwrap();
            assert_eq!(claude.finish().await.unwrap().reason, CloseReason::Closed);
            assert_eq!(other.await.unwrap(), 1);
        }));
    }
}

#[test]
fn deadlines_keep_to_the_clock_of_the_runtime() {
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    paused.block_on(async {
        let hour = Duration::from_secs(3600);
        let (mut claude, theirs) = duplex(64, |config| config.timeouts.request = Some(hour));
        let started = Instant::now();
        claude.request(Request::new("get_settings")).unwrap();
        let Some(Action::ResponseReceived { response: reply, .. }) = claude.next().await else { panic!("no reply") };
        assert_eq!(reply.unwrap_err(), RequestError::TimedOut);
        assert!(started.elapsed() >= hour && started.elapsed() < 2 * hour);
        drop(theirs);
        claude.finish().await.unwrap();
    });
}

#[test]
fn a_deadline_beyond_all_clocks_is_none() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let (mut claude, theirs) = duplex(64, |config| config.timeouts.request = Some(Duration::MAX));
            claude.request(Request::new("get_settings")).unwrap();
            assert!(futures_lite::future::poll_once(claude.next()).await.is_none());
            drop(theirs);
            let Some(Action::ResponseReceived { response: reply, .. }) = claude.next().await else {
                panic!("no reply")
            };
            assert!(reply.is_err());
        }));
    }
}
