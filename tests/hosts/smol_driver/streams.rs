//! Sessions over byte streams of smol.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use claude_duplex::driver::smol::{over, over_with_exit};
use claude_duplex::{Action, CloseReason, Config, Exit, Outcome, Seed, Session};
use smol::Async;
use smol::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split};
use smol::net::{TcpListener, TcpStream};

use super::{bounded, polls_of_silence};

/// Answers every prompt until it hears no more.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin) -> usize {
    let (reader, mut writer) = split(stream);
    let (mut reader, mut line, mut prompts) = (BufReader::new(reader), String::new(), 0);
    while reader.read_line(&mut line).await.unwrap() > 0 {
        let prompt: serde_json::Value = serde_json::from_str(&line).unwrap();
        let reported = format!(
            "{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}}\n\
             {{\"type\":\"user\",\"uuid\":{},\"message\":{{\"role\":\"user\",\"content\":\"hello\"}}}}\n\
             {{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false}}\n",
            prompt["uuid"]
        );
        writer.write_all(reported.as_bytes()).await.unwrap();
        line.clear();
        prompts += 1;
    }
    prompts
}

#[test]
fn a_session_over_a_socket_shuts_it_down_at_the_end() {
    bounded(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (reader, writer) = split(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        let other = smol::spawn(async move { answer(listener.accept().await.unwrap().0).await });
        let mut claude = over(reader, writer, Config::new(Seed::random()));
        claude.prompt("one").unwrap();
        claude.prompt(&*"x".repeat(1_000_000)).unwrap();
        let mut outcomes = Vec::new();
        while let Some(action) = claude.next().await {
            match action {
                Action::PromptEnded { outcome, .. } => outcomes.push(outcome),
                Action::Idle => claude.close(),
                Action::Closed(closed) => {
                    assert_eq!((closed.reason, closed.exit, closed.output_held), (CloseReason::Closed, None, false));
                }
                _ => {}
            }
        }
        assert_eq!(outcomes, [Outcome::Success; 2]);
        assert_eq!(other.await, 2);
    });
}

#[test]
fn an_abort_closes_the_socket() {
    bounded(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (reader, writer) = split(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        let other = smol::spawn(async move { answer(listener.accept().await.unwrap().0).await });
        let mut claude = over(reader, writer, Config::new(Seed::random()));
        claude.abort();
        assert_eq!(claude.finish().await.unwrap().reason, CloseReason::Aborted);
        assert_eq!(other.await, 0);
    });
}

#[test]
fn waiting_for_a_silent_stream_does_not_poll_repeatedly() {
    let (ours, _theirs) = Async::<UnixStream>::pair().unwrap();
    let (reader, writer) = split(ours);
    let mut claude = over(reader, writer, Config::new(Seed::random()));
    let polls = polls_of_silence(&mut claude);
    assert!(polls < 50, "{polls} polls");
}

#[test]
fn a_lost_link_ends_handles_without_a_wait() {
    bounded(async {
        let (ours, theirs) = Async::<UnixStream>::pair().unwrap();
        let (reader, writer) = split(ours);
        let (loses, lost) = smol::channel::bounded::<()>(1);
        let exit = async move {
            let _ = lost.recv().await;
            Exit::Unknown
        };
        let link = async move {
            let mut theirs = BufReader::new(theirs);
            theirs.read_line(&mut String::new()).await.unwrap();
            theirs.get_mut().write_all(b"{\"type\":\"system\",\"subtype\":\"init\"").await.unwrap();
            drop(theirs);
            drop(loses);
        };
        let mut config = Config::new(Seed::random());
        // A wait for the status would be longer than the test.
        config.timeouts.shutdown.pipes = Duration::from_secs(3600);
        let builder = Session::builder().config(config);
        let (claude, runner) = builder.open_driver(|config| over_with_exit(reader, writer, exit, config));
        let prompt = claude.prompt("hello").unwrap();
        let (closed, ()) = smol::future::zip(runner, link).await;
        assert!(closed.to_string().starts_with("the CLI closed its output; exit status unknown;"), "{closed}");
        assert_eq!((closed.reason, closed.exit), (CloseReason::Eof, Some(Exit::Unknown)));
        assert!(matches!(prompt.finish().await.outcome, Outcome::Lost(_)));
    });
}
