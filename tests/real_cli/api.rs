//! A stand-in for the Messages API on loopback, whose answers the prompts themselves script (`script.rs`).
//!
//! One thread per connection; dropping the `Api` ends and joins them all, whatever they wait for.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::answer::{After, Answer};
use crate::holds::Holds;
use crate::http::{self, Request};
use crate::script::{Running, Step, text, texts};

pub(crate) struct Api {
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// A request for a message, as far as tests ask about it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// How many tools were on offer. The CLI's requests on the side (warm-ups, summaries of output) have none.
    pub(crate) tools: usize,
    /// The step of the script that answered; `None` where no script was running, or it was over.
    pub(crate) step: Option<usize>,
    pub(crate) model: String,
    /// All text of the system prompt.
    pub(crate) system: String,
    pub(crate) messages: Vec<ApiMessage>,
}

/// A message of the conversation that a request carried.
#[derive(Clone, Debug)]
pub(crate) struct ApiMessage {
    /// All text in it, tool results included, one block a line.
    pub(crate) text: String,
    /// Number of images among its blocks.
    pub(crate) images: usize,
}

#[derive(Default)]
struct Shared {
    holds: Holds,
    ids: AtomicU64,
    calls: Mutex<Vec<Call>>,
    /// Method and path of everything that was asked.
    lines: Mutex<Vec<String>>,
    /// Answers everything while it is there.
    everything: Mutex<Option<Step>>,
    /// How often each failure has happened.
    failed: Mutex<BTreeMap<String, u64>>,
    open: Mutex<BTreeMap<u64, TcpStream>>,
}

impl Api {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        let accepting = thread::Builder::new().name("api".to_owned()).spawn(move || served.accept(&listener))?;
        Ok(Self { addr, shared, accepting: Some(accepting) })
    }

    /// For `ANTHROPIC_BASE_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Lets the answer at this hold go on, now or when it comes there.
    pub(crate) fn release(&self, hold: &str) {
        self.shared.holds.release(hold);
    }

    /// Answers each request for a message by that step from now on; by the prompts' scripts again with `None`.
    pub(crate) fn answer_everything(&self, step: Option<Step>) {
        *lock(&self.shared.everything) = step;
    }

    /// Returns when an answer has reached this hold. Panics when the API is stopped first, as the watchdog does.
    pub(crate) fn wait_for(&self, hold: &str) {
        let reached = self.shared.holds.wait_for(hold);
        assert!(reached.is_ok(), "nothing reached the hold {hold:?}");
    }

    /// The requests for a message so far, in the order of their arrival.
    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// Everything that was asked so far, as `POST /v1/messages?beta=true`.
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.shared.lines).clone()
    }

    /// Ends every answer and every wait. Nothing is answered any more.
    pub(crate) fn stop(&self) {
        self.shared.holds.stop();
        for stream in lock(&self.shared.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.stop();
        // Wakes the accepting thread; where that fails, joining it would hang.
        let woken = TcpStream::connect(self.addr).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let ended = accepting.join();
            assert!(ended.is_ok() || thread::panicking(), "the API panicked");
        }
    }
}

impl Shared {
    fn accept(&self, listener: &TcpListener) {
        thread::scope(|scope| {
            for (id, stream) in (0..).zip(listener.incoming()) {
                if self.holds.is_stopped() {
                    break;
                }
                let Some((stream, registered)) = stream.ok().and_then(both) else {
                    continue;
                };
                lock(&self.open).insert(id, registered);
                scope.spawn(move || {
                    // A client that went away is no event: the CLI drops its connections as it likes.
                    let _ = self.serve(&stream);
                    let _ = stream.shutdown(Shutdown::Both);
                    lock(&self.open).remove(&id);
                });
            }
            for stream in lock(&self.open).values() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        let mut writer = stream;
        while let Some(request) = http::read_request(&mut reader)? {
            if self.holds.is_stopped() || self.answer(&request, &mut writer)? == After::Drop {
                break;
            }
        }
        Ok(())
    }

    fn answer(&self, request: &Request, to: &mut &TcpStream) -> io::Result<After> {
        let Request { method, path, body } = request;
        lock(&self.lines).push(format!("{method} {path}"));
        match (method.as_str(), path.split('?').next().unwrap_or_default()) {
            ("HEAD", _) => http::empty(to)?,
            ("POST", "/v1/messages/count_tokens") => {
                http::json(to, 200, r#"{"input_tokens":10}"#)?;
            }
            ("POST", "/v1/messages") => return self.message(body, to),
            _ => http::json(to, 404, &error("not_found_error", path))?,
        }
        Ok(After::Keep)
    }

    fn message(&self, body: &[u8], to: &mut &TcpStream) -> io::Result<After> {
        let request_json: Value = match serde_json::from_slice(body) {
            Ok(request_json) => request_json,
            Err(reason) => return refuse(to, &format!("a body that is not JSON: {reason}")),
        };
        let messages = request_json["messages"].as_array().map_or(&[][..], Vec::as_slice);
        let running = match Running::find(messages) {
            Ok(running) => running,
            Err(reason) => return refuse(to, &format!("a script that cannot be followed: {reason}")),
        };
        let everything = lock(&self.everything).clone();
        let next = running.as_ref().map(|running| running.next(|key, times| self.fails(key, times)));
        let (at, step) = match (&everything, next) {
            (Some(step), _) => (None, step),
            (None, None) => (None, &text("ok")),
            (None, Some(None)) => (None, &text("done")),
            (None, Some(Some((at, step)))) => (Some(at), step),
        };
        let stream = request_json["stream"] == true;
        let model = request_json["model"].as_str().unwrap_or_default();
        lock(&self.calls).push(Call {
            tools: request_json["tools"].as_array().map_or(0, Vec::len),
            step: at,
            model: model.to_owned(),
            system: texts(&request_json["system"]).join("\n"),
            messages: messages.iter().map(ApiMessage::of).collect(),
        });
        self.send(step, model, stream, to)
    }

    fn send(&self, step: &Step, model: &str, stream: bool, to: &mut &TcpStream) -> io::Result<After> {
        let (holds, ids) = (&self.holds, &self.ids);
        let answer = Answer { step, model, holds, ids };
        answer.send(to, stream)
    }

    /// Counts a failure, unless it happened as often as it should.
    fn fails(&self, key: String, times: u64) -> bool {
        let mut failed = lock(&self.failed);
        let count = failed.entry(key).or_default();
        let again = *count < times;
        *count += u64::from(again);
        again
    }
}

impl ApiMessage {
    fn of(message: &Value) -> Self {
        let blocks = message["content"].as_array().into_iter().flatten();
        let images = blocks.filter(|block| block["type"] == "image").count();
        Self { text: texts(&message["content"]).join("\n"), images }
    }
}

fn both(stream: TcpStream) -> Option<(TcpStream, TcpStream)> {
    let again = stream.try_clone().ok()?;
    Some((stream, again))
}

fn refuse(to: &mut &TcpStream, reason: &str) -> io::Result<After> {
    http::json(to, 400, &error("invalid_request_error", reason))?;
    Ok(After::Keep)
}

fn error(kind: &str, message: &str) -> String {
    json!({ "type": "error", "error": { "type": kind, "message": message } }).to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
