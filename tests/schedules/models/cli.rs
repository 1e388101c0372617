//! A CLI that answers at once, and that a thread of the model can let say something.

use std::io;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::base::time::SessionTime;
use crate::driver::sync::{Mutex, MutexGuard};
use crate::driver::transport::Transport;
use crate::protocol::end::Exit;

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.332"}"#;
const ANSWER: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"hi"}]},"session_id":"s"}"#;
const RESULT: &str = r#"{"type":"result","subtype":"success","is_error":false,"result":"hi","session_id":"s"}"#;

/// The CLI, as the threads of a model see it.
#[derive(Clone)]
pub(super) struct Cli(Arc<Mutex<State>>);

/// The transport of the session.
pub(super) struct Pipes(Cli);

#[derive(Default)]
struct State {
    input: Vec<u8>,
    output: Vec<u8>,
    has_exited: bool,
    /// The task that waits for any of the pipes.
    task: Option<Waker>,
}

impl Cli {
    pub(super) fn new() -> (Self, Pipes) {
        let cli = Self(Arc::new(Mutex::new(State::default())));
        (cli.clone(), Pipes(cli))
    }

    /// Says a line.
    pub(super) fn say(&self, line: &str) {
        let task = {
            let mut state = self.state();
            state.say(line);
            state.task.take()
        };
        task.into_iter().for_each(Waker::wake);
    }

    /// Returns the lines that the host has written.
    pub(super) fn written(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.state().input).lines().map(str::to_owned).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn say(&mut self, line: &str) {
        // A child that has exited says nothing more.
        if !self.has_exited {
            self.output.extend_from_slice(line.as_bytes());
            self.output.push(b'\n');
        }
    }

    /// Answers the complete lines that one write brings. The driver writes no part of a line.
    fn receive(&mut self, bytes: &[u8]) {
        let from = self.input.len();
        self.input.extend_from_slice(bytes);
        let lines = String::from_utf8_lossy(&self.input[from..]).into_owned();
        for line in lines.lines() {
            if line.contains(r#""type":"user""#) {
                [INIT, ANSWER, RESULT].iter().for_each(|line| self.say(line));
            } else if line.contains(r#""type":"control_request""#) {
                let id = line.split(r#""request_id":""#).nth(1).and_then(|rest| rest.split('"').next());
                let id = id.expect("a control request has an id");
                self.say(&format!(
                    r#"{{"type":"control_response","response":{{"subtype":"success","request_id":"{id}","response":{{}}}}}}"#
                ));
            }
        }
    }

    fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.task = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Transport for Pipes {
    /// Time does not pass: what a model waits for, happens.
    fn now(&self) -> SessionTime {
        SessionTime::ZERO
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.state();
        if state.output.is_empty() {
            return if state.has_exited { Poll::Ready(Ok(0)) } else { state.wait(cx) };
        }
        let count = state.output.len().min(buffer.len());
        buffer[..count].copy_from_slice(&state.output[..count]);
        state.output.drain(..count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.state().receive(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.state().has_exited = true;
        Poll::Ready(Ok(()))
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let mut state = self.0.state();
        if state.has_exited { Poll::Ready(Exit::Code(0)) } else { state.wait(cx) }
    }

    fn poll_timer(&mut self, _: &mut Context<'_>, _: SessionTime) -> Poll<()> {
        Poll::Pending
    }

    fn terminate(&mut self) {
        self.kill();
    }

    fn kill(&mut self) {
        let mut state = self.0.state();
        state.has_exited = true;
        let task = state.task.take();
        drop(state);
        task.into_iter().for_each(Waker::wake);
    }
}
