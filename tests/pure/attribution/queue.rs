//! What of the queue becomes a turn, and what is folded into one.

use claude_duplex::Outcome;
use serde_json::json;

use super::generation::Generation;
use super::lines::Seen;
use super::model::{Kind, Model, Queued};
use super::turn::{Stage, Turn};

impl Model {
    /// Begins the next turn: the CLI's own, or one of the prompts that wait.
    pub(crate) fn dequeue(&mut self, choice: u8) {
        // To the queue, a notice is for later.
        let is_behind =
            self.generation == Generation::V2_1_73 && self.queue.iter().any(|next| next.kind != Kind::Later);
        let own = self.notices > 0 && (self.queue.is_empty() || !is_behind && choice % 2 == 0);
        if own {
            self.notices -= 1;
            if !self.generation.reports_lifecycle() {
                self.notice();
            }
            return self.start(true, Vec::new());
        }
        let Some(first) = self.next() else { return };
        if self.doomed {
            return self.die();
        }
        let mut batch = vec![first];
        if self.generation.joins() && self.waited && self.is_joined(batch[0].kind) {
            while self.front().is_some_and(|at| self.is_joined(self.queue[at].kind)) {
                batch.extend(self.next());
            }
        }
        self.waited &= !self.queue.is_empty();
        self.start(false, batch);
    }

    fn next(&mut self) -> Option<Queued> {
        self.queue.remove(self.front()?)
    }

    /// The place of the next prompt, by priority: now, then the rest, then later.
    fn front(&self) -> Option<usize> {
        let rank = |queued: &Queued| match queued.kind {
            Kind::Now => 0,
            Kind::Later => 2,
            _ => 1,
        };
        (0..self.queue.len()).min_by_key(|at| rank(&self.queue[*at]))
    }

    fn is_joined(&self, kind: Kind) -> bool {
        match kind {
            Kind::Plain => true,
            Kind::Local | Kind::Unknown | Kind::Later | Kind::Now => self.generation == Generation::V2_1_143,
            Kind::NoQuery => false,
        }
    }

    fn start(&mut self, own: bool, batch: Vec<Queued>) {
        let kind = match batch.as_slice() {
            // 2.1.329 sends an unknown command to the model.
            [only] if only.kind == Kind::Unknown && self.generation.names() => Kind::Plain,
            [only] => only.kind,
            [first, ..] => {
                let slash = matches!(first.kind, Kind::Local | Kind::Unknown);
                self.reached.insert(if slash { "a joined slash command" } else { "joined prompts" });
                Kind::Plain
            }
            [] => Kind::Plain,
        };
        let prompts: Vec<String> = batch.into_iter().map(|queued| queued.uuid).collect();
        if let Some((_, before)) = prompts.split_last() {
            before.iter().for_each(|uuid| self.echo(uuid));
        }
        if self.generation.reports_lifecycle() {
            for uuid in &prompts {
                self.out.life('s', "started", uuid);
                self.truth(uuid).evidence = true;
            }
        }
        let echo = prompts.last().cloned();
        let mut turn = Turn { own, prompts, folded: Vec::new(), kind, echo, stage: Stage::Init };
        if turn.is_atomic() {
            turn.prompts.iter().for_each(|uuid| self.truth(uuid).atomic = true);
        } else if self.hooks && !own {
            turn.stage = Stage::Hook;
        }
        let abort = std::mem::take(&mut self.abort_first) && !own && !turn.is_atomic();
        if abort {
            self.reached.insert("the first prompt is aborted");
            turn.prompts.iter().for_each(|uuid| self.truth(uuid).interrupted = true);
            turn.stage = Stage::Aborting { from: super::turn::From::Start { echo: true }, for_now: false };
        }
        self.turn = Some(turn);
    }

    /// A tool has returned: what waits is folded into the running turn.
    pub(crate) fn fold(&mut self, choice: u8) {
        let modern = self.generation.is_modern();
        let folds = |queued: &Queued| if modern { queued.kind == Kind::Plain } else { queued.kind != Kind::Later };
        let (mut folded, left): (Vec<Queued>, Vec<Queued>) = self.queue.drain(..).partition(folds);
        self.queue = left.into();
        if self.hooks && self.generation.names() {
            folded = self.judge_folded(folded, choice);
        }
        let turn = Some(self.inits);
        for queued in &folded {
            self.truth(&queued.uuid).turn = turn;
            let own = self.turn.as_ref().is_some_and(|turn| turn.own);
            self.reached.insert(if own { "a fold into an own turn" } else { "a fold" });
            self.echo(&queued.uuid);
        }
        for queued in folded {
            if self.generation.reports_lifecycle() {
                self.out.life('s', "started", &queued.uuid);
                self.truth(&queued.uuid).evidence = true;
            }
            if let Some(turn) = &mut self.turn {
                turn.folded.push(queued.uuid);
            }
        }
        if self.notices > 0 && modern {
            self.notices = 0;
            if !self.generation.reports_lifecycle() {
                self.notice();
            }
            self.out.user("user:notice");
        }
        if self.notices > 0 {
            self.notices = 0;
        }
    }

    /// 2.1.329 asks the hook at a fold too: a blocked prompt is over, a stopped one waits for a turn of its own.
    fn judge_folded(&mut self, folded: Vec<Queued>, choice: u8) -> Vec<Queued> {
        let mut passed = Vec::new();
        for (at, queued) in folded.into_iter().enumerate() {
            match (usize::from(choice / 10) + at) % 4 {
                2 => {
                    self.out.life('s', "started", &queued.uuid);
                    self.out.life('c', "completed", &queued.uuid);
                    let what = json!({ "level": "warning", "prevent_continuation": true });
                    self.out.system("informational", Seen::Other, "informational", &what);
                    self.reached.insert("a blocked fold");
                    let truth = self.truth(&queued.uuid);
                    truth.outcome = Some(Outcome::Blocked);
                    truth.evidence = true;
                }
                3 => self.queue.push_front(queued),
                _ => passed.push(queued),
            }
        }
        passed
    }
}
