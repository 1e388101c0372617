//! Models of the state that threads share in a session. loom runs each of them in every order of its steps. A task that
//! nothing wakes is a deadlock, which it reports.
//!
//! For each model, a file in `broken` changes the code so that the model fails.

mod cli;
mod lines;
mod session;
mod waiting;

use std::future::Future;

use crate::message::Message;

use loom::{future::block_on, thread};

/// Enough for the driver.
const STACK: usize = 512 << 10;

/// A thread of a model.
struct Thread<T>(thread::JoinHandle<T>);

impl<T> Thread<T> {
    fn join(self) -> T {
        self.0.join().expect("a thread of a model")
    }
}

fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Thread<T> {
    Thread(thread::Builder::new().stack_size(STACK).spawn(body).expect("a thread of a model"))
}

/// Waits for a future in a thread of its own.
fn spawn_future<F: Future<Output: Send> + Send + 'static>(future: F) -> Thread<F::Output> {
    spawn(move || block_on(future))
}

/// Runs the model in every order that differs in at most `preemptions` places from one in which each thread runs until
/// it waits. `LOOM_MAX_PREEMPTIONS` sets another number.
fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.max_branches = 100_000;
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&runs);
    builder.check(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        model();
    });
    println!("{} orders", runs.load(std::sync::atomic::Ordering::Relaxed));
}

fn message(line: &str) -> Message {
    Message::parse(line.as_bytes()).expect("a message")
}
