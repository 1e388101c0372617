//! Models of the state that threads share in a session. loom runs each of them in every order of its steps, shuttle in many
//! random orders. A task that nothing wakes is a deadlock, which both report.
//!
//! For each model, a file in `broken` changes the code so that the model fails.

mod cli;
mod lines;
mod session;
#[cfg(shuttle)]
mod several;
mod waiting;

use std::future::Future;

use crate::message::Message;

#[cfg(loom)]
use loom::{future::block_on, thread};
#[cfg(shuttle)]
use shuttle::{future::block_on, thread};

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
#[cfg(loom)]
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

/// Runs the model in `SHUTTLE_RUNS` random orders, half of which differ in at most `preemptions` places from one in which
/// each thread runs until it waits.
#[cfg(shuttle)]
fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::{PctScheduler, RandomScheduler};

    let runs = std::env::var("SHUTTLE_RUNS").map_or(2000, |runs| runs.parse().expect("a number"));
    let mut config = shuttle::Config::new();
    config.stack_size = STACK;
    let model = std::sync::Arc::new(model);
    let other = std::sync::Arc::clone(&model);
    shuttle::Runner::new(PctScheduler::new(preemptions.max(1), runs / 2), config.clone()).run(move || model());
    shuttle::Runner::new(RandomScheduler::new(runs - runs / 2), config).run(move || other());
}

fn message(line: &str) -> Message {
    Message::parse(line.as_bytes()).expect("a message")
}
