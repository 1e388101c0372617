//! Sessions over byte streams of tokio.

use std::time::Duration;

use claude_duplex::driver::tokio::{TokioStreams, over, over_with_exit};
use claude_duplex::{Action, CloseReason, Config, Driver, Exit, Outcome, Request, RequestError, Seed, Session};
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
        let reported = format!(
            "{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}}\n\
             {{\"type\":\"user\",\"uuid\":{},\"message\":{{\"role\":\"user\",\"content\":\"hello\"}}}}\n\
             {{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false}}\n",
            prompt["uuid"]
        );
        stream.write_all(reported.as_bytes()).await.unwrap();
        line.clear();
        prompts += 1;
    }
    prompts
}

#[test]
fn a_session_over_a_socket_shuts_it_down_at_the_end() {
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
fn a_stream_with_a_small_buffer_carries_all_bytes() {
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
fn deadlines_follow_the_clock_of_the_runtime() {
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
fn a_deadline_beyond_the_clock_sets_no_timer() {
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

#[test]
fn a_status_before_the_output_loses_nothing() {
    for runtime in runtimes() {
        runtime.block_on(bounded(async {
            let (ours, mut theirs) = tokio::io::duplex(64);
            let (reader, writer) = tokio::io::split(ours);
            let (exits, exited) = smol::channel::bounded(1);
            let exit = async move {
                exits.send(()).await.unwrap();
                Exit::Code(0)
            };
            let other = tokio::spawn(async move {
                exited.recv().await.unwrap();
                for number in 0..1000 {
                    let line = format!("{{\"type\":\"system\",\"subtype\":\"note\",\"number\":{number}}}\n");
                    theirs.write_all(line.as_bytes()).await.unwrap();
                }
            });
            let mut config = Config::new(Seed::random());
            config.timeouts.shutdown.pipes = Duration::from_secs(60);
            let mut claude = over_with_exit(reader, writer, exit, config);
            let mut messages = 0;
            while let Some(action) = claude.next().await {
                match action {
                    Action::Message { .. } => messages += 1,
                    Action::Closed(closed) => {
                        assert_eq!((closed.reason, closed.exit), (CloseReason::Exited, Some(Exit::Code(0))));
                    }
                    _ => {}
                }
            }
            other.await.unwrap();
            assert_eq!(messages, 1000);
        }));
    }
}

#[test]
fn a_lost_link_ends_handles_without_a_wait() {
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    paused.block_on(async {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(ours);
        let (loses, lost) = smol::channel::bounded::<()>(1);
        let exit = async move {
            let _ = lost.recv().await;
            Exit::Unknown
        };
        let link = async move {
            let mut theirs = BufReader::new(theirs);
            let mut line = String::new();
            theirs.read_line(&mut line).await.unwrap();
            theirs
                .write_all(b"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n{\"type\":")
                .await
                .unwrap();
            drop(theirs);
            drop(loses);
        };
        let started = Instant::now();
        let builder = Session::builder();
        let (claude, runner) = builder.open_driver(|config| over_with_exit(reader, writer, exit, config));
        let prompt = claude.prompt("hello").unwrap();
        let (closed, ()) = futures_lite::future::zip(runner, link).await;
        assert!(closed.to_string().starts_with("the CLI closed its output; exit status unknown;"), "{closed}");
        assert_eq!((closed.reason, closed.exit), (CloseReason::Eof, Some(Exit::Unknown)));
        assert!(matches!(prompt.finish().await.outcome, Outcome::Lost(_)));
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    });
}
