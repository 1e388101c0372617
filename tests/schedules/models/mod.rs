//! Models of the state that threads share in a session. loom runs each of them in every order of its steps, shuttle runs
//! whole sessions in random orders. A task that nothing wakes is a deadlock, which both report.
//!
//! What can go wrong, and where it was tried out, is in the README of this package.

mod cli;
mod session;
#[cfg(loom)]
mod waiting;

use std::future::Future;

use crate::message::Message;

#[cfg(loom)]
use loom::{future::block_on, thread};
#[cfg(shuttle)]
use shuttle::{future::block_on, thread};

/// Enough for the driver in a build that is not optimized.
#[cfg(loom)]
const STACK: usize = 512 << 10;

/// A thread of a model.
struct Thread<T>(thread::JoinHandle<T>);

impl<T> Thread<T> {
    fn join(self) -> T {
        self.0.join().expect("a thread of a model")
    }
}

fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Thread<T> {
    #[cfg(loom)]
    return Thread(thread::Builder::new().stack_size(STACK).spawn(body).expect("a thread of a model"));
    #[cfg(shuttle)]
    return Thread(thread::spawn(body));
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
    let (counted, model) = (std::sync::Arc::clone(&runs), std::sync::Arc::new(model));
    builder.check(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        // The stack of loom's first thread is too small for a session.
        let model = std::sync::Arc::clone(&model);
        spawn(move || model()).join();
    });
    println!("{} orders", runs.load(std::sync::atomic::Ordering::Relaxed));
}

/// Runs the model in random orders: half of them with few preemptions at random places, which finds rare orders sooner.
/// `SCHEDULES` sets the number.
#[cfg(shuttle)]
fn explore(_: usize, model: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::{PctScheduler, RandomScheduler};

    let orders = std::env::var("SCHEDULES").map_or(1000, |orders| orders.parse().expect("a number"));
    let model = std::sync::Arc::new(model);
    let mut config = shuttle::Config::new();
    config.stack_size = 512 << 10;
    let body = std::sync::Arc::clone(&model);
    shuttle::Runner::new(RandomScheduler::new(orders / 2), config.clone()).run(move || body());
    shuttle::Runner::new(PctScheduler::new(5, orders / 2), config).run(move || model());
    println!("{orders} orders");
}

fn message(line: &str) -> Message {
    Message::parse(line.as_bytes()).expect("a message")
}
