//! The rules that are written at the top of `src/protocol/ledger.rs` for what nothing names, read by themselves over the
//! lines that the host has seen. From 2.1.250 on every prompt is named.

use std::collections::BTreeMap;

use super::generation::Generation;
use super::lines::Seen;

#[derive(Debug)]
pub(crate) struct Fallback {
    generation: Generation,
    open: Vec<Open>,
    turns: Vec<Began>,
    order: u64,
    last_result: u64,
    task_ended: bool,
    /// A prompt was echoed.
    echoes: bool,
    /// The prompts that a result answers by these rules alone.
    pub(crate) claimed: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Open {
    uuid: String,
    slash: bool,
    order: u64,
    named: bool,
    /// Named, but by no turn yet.
    due: bool,
}

#[derive(Debug)]
struct Began {
    order: u64,
    own: bool,
    /// It took something before its `init`.
    batch: bool,
    /// It took something, or spoke, after its `init`.
    spoke: bool,
    took: bool,
}

impl Fallback {
    pub(crate) fn new(generation: Generation) -> Self {
        let (open, turns, claimed) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { generation, open, turns, order: 0, last_result: 0, task_ended: false, echoes: false, claimed }
    }

    pub(crate) fn written(&mut self, uuid: &str, slash: bool) {
        self.order += 1;
        self.open.push(Open { uuid: uuid.into(), slash, order: self.order, named: false, due: false });
    }

    pub(crate) fn over(&mut self, uuid: &str) {
        self.open.retain(|open| open.uuid != uuid);
    }

    pub(crate) fn seen(&mut self, seen: &Seen) {
        if self.generation.tells_life() {
            return;
        }
        match seen {
            Seen::Init { .. } => self.init(),
            Seen::Echo(uuid) => {
                let running = self.turns.last_mut();
                if let Some(open) = self.open.iter_mut().find(|open| open.uuid == *uuid) {
                    open.named = true;
                    self.echoes = true;
                    open.due = running.is_none();
                    self.task_ended = false;
                    if let Some(turn) = running {
                        turn.spoke = true;
                        turn.took = true;
                    }
                }
            }
            Seen::Spoke => {
                self.task_ended = false;
                if let Some(turn) = self.turns.last_mut() {
                    turn.spoke = true;
                }
            }
            Seen::TaskEnded => self.task_ended = true,
            Seen::Result { uuid, own } => self.result(uuid, *own),
            Seen::Other => {}
        }
    }

    fn init(&mut self) {
        self.order += 1;
        let due = self.open.iter().any(|open| open.due);
        self.open.iter_mut().for_each(|open| open.due = false);
        let own = std::mem::take(&mut self.task_ended) && !due;
        self.turns.push(Began { order: self.order, own, batch: due, spoke: false, took: due });
    }

    fn result(&mut self, uuid: &str, own: bool) {
        let mut turns = std::mem::take(&mut self.turns);
        if let Some(last) = turns.last_mut().filter(|_| self.generation.is_modern()) {
            last.own = own;
        }
        for turn in turns {
            let blocked_batch = turn.batch && !turn.spoke;
            if !blocked_batch && (turn.took || turn.own) {
                continue;
            }
            let waited = |open: &Open| open.order < self.last_result;
            let unnamed =
                |open: &Open| !open.named && open.order < turn.order && !self.claimed.contains_key(&open.uuid);
            let mut waiting = self.open.iter().filter(|open| unnamed(open));
            let Some(first) = waiting.next() else { continue };
            let joins = self.generation.joins() && !self.echoes;
            let joined = joins && turn.spoke && !first.slash && waited(first);
            let mut due = vec![first.uuid.clone()];
            due.extend(waiting.take_while(|open| joined && waited(open)).map(|open| open.uuid.clone()));
            self.claimed.extend(due.into_iter().map(|prompt| (prompt, uuid.to_owned())));
        }
        self.task_ended = false;
        self.open.retain(|open| !open.named && !self.claimed.contains_key(&open.uuid));
        self.order += 1;
        self.last_result = self.order;
    }
}
