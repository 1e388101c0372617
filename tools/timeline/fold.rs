//! Prompts that repeat the one before them, in a row: one bar stands for all but the first and the last.

use claude_duplex::SessionTime;

use crate::story::{Prompt, Story};

/// Prompts in a row that are worth a fold.
const ENOUGH: usize = 4;

impl Story {
    /// Folds prompts that have the same text and outcome, and a turn for each in which nothing else happened.
    pub(crate) fn fold(&mut self) {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while at < self.prompts.len() {
            let mut end = at + 1;
            while end < self.prompts.len() && self.repeats(end - 1, end) {
                end += 1;
            }
            if end - at >= ENOUGH {
                runs.push((at + 1, end - 1));
            }
            at = end;
        }
        // From the last to the first, as places behind a fold move.
        for (first, end) in runs.into_iter().rev() {
            self.fold_run(first, end);
        }
    }

    /// Whether the second prompt is as the first, and begins when that is over.
    fn repeats(&self, first: usize, second: usize) -> bool {
        let (before, after) = (&self.prompts[first], &self.prompts[second]);
        let is_alike = before.span.text == after.span.text && before.end == after.end;
        let (Some((from, until)), Some((next, _))) = (self.plain(before), self.plain(after)) else { return false };
        is_alike && next >= until && from < until
    }

    /// When a prompt that has a turn for itself began, and when both were over. `None` if something else happened meanwhile.
    fn plain(&self, prompt: &Prompt) -> Option<(SessionTime, SessionTime)> {
        let (_, id) = prompt.taken?;
        let turns = self.turns.partition_point(|turn| turn.from < prompt.span.from);
        let turn = self.turns[turns..].iter().find(|turn| turn.id == id)?;
        let (from, until) = (prompt.span.from, prompt.span.until?.max(turn.until?));
        let within = |time: SessionTime| time >= from && time <= until;
        let spans = self.permissions.iter().chain(&self.requests).any(|span| within(span.from));
        let marks = self.host.iter().chain(&self.end).any(|mark| within(mark.time));
        (!spans && !marks).then_some((from, until))
    }

    fn fold_run(&mut self, first: usize, end: usize) {
        let Some((from, _)) = self.plain(&self.prompts[first]) else { return };
        let Some((_, until)) = self.plain(&self.prompts[end - 1]) else { return };
        let count = end - first;
        self.turns.retain(|turn| turn.from < from || turn.from > until);
        self.texts.retain(|(time, _)| *time < from || *time > until);
        let prompts: Vec<Prompt> = self.prompts.drain(first..end).collect();
        let Some(mut prompt) = prompts.into_iter().next() else { return };
        (prompt.span.from, prompt.span.until, prompt.taken) = (from, Some(until), None);
        prompt.span.text = format!("{count} more like it");
        self.prompts.insert(first, prompt);
        self.folds.push((from, until));
    }
}
