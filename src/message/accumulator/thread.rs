//! Blocks of one thread that are not complete yet, and how they are completed, continued or removed.

use std::sync::Arc;

use super::OVERHEAD;
use super::edit::{AccumulatedBlock, BlockId, BlockKind, Edit};
use crate::message::content::{ContentBlock, ToolUseBlock};

/// State that the threads share: the edits so far, the next number, and the bytes that may still be held.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) edits: Vec<Edit>,
    next: u64,
    held: usize,
    limit: usize,
}

impl Shared {
    pub(super) fn new(limit: usize) -> Self {
        Self { edits: Vec::new(), next: 0, held: 0, limit }
    }

    fn block(&mut self, kind: BlockKind, parent: Option<&Arc<str>>) -> AccumulatedBlock {
        let id = BlockId::new(self.next);
        self.next += 1;
        AccumulatedBlock::new(id, kind, parent.cloned())
    }

    fn fits(&self, bytes: usize) -> bool {
        bytes <= self.limit.saturating_sub(self.held)
    }

    fn take(&mut self, bytes: usize) {
        self.held += bytes;
    }
}

/// A block of a complete message.
pub(super) struct Whole<'a> {
    pub(super) content: ContentBlock,
    /// Id of the answer that the block belongs to.
    pub(super) answer: Option<&'a str>,
    /// The CLI wrote it.
    pub(super) synthetic: bool,
}

/// The main thread, or that of one subagent.
#[derive(Debug, Clone, Default)]
pub(super) struct Thread {
    pub(super) parent: Option<Arc<str>>,
    /// Id of the streamed answer.
    answer: Option<String>,
    /// Blocks without a complete message, in their order. They are the last ones of the thread.
    pending: Vec<Pending>,
    /// Number of pending blocks that belong to the attempt under way. The others are left from attempts that broke off:
    /// the next attempt takes them over as long as it says the same.
    current: usize,
}

#[derive(Debug, Clone)]
struct Pending {
    block: AccumulatedBlock,
    /// Position in the streamed answer.
    index: u64,
    /// Text as it is shown; empty for a call.
    text: String,
    /// Bytes of the text that the attempt under way has said.
    said: usize,
    /// Id of a call.
    call: Option<String>,
}

impl Pending {
    fn size(&self) -> usize {
        OVERHEAD + self.text.len() + self.call.as_ref().map_or(0, String::len)
    }

    /// Returns whether the complete block is this one.
    fn is(&self, whole: &ContentBlock) -> bool {
        match whole {
            ContentBlock::ToolUse(call) => self.call.as_ref() == Some(&call.id),
            whole => self.block.kind == kind(whole),
        }
    }

    /// Returns whether the complete block, of another attempt, continues this one.
    fn is_begun(&self, whole: &ContentBlock) -> bool {
        self.is(whole) && text(whole).is_none_or(|text| text.starts_with(&self.text))
    }
}

impl Thread {
    pub(super) fn new(parent: Option<Arc<str>>) -> Self {
        Self { parent, ..Self::default() }
    }

    /// Notes the id of the answer that is streamed. Another id is another attempt, or the next answer.
    pub(super) fn streams(&mut self, answer: Option<&str>) {
        if answer.is_some() && answer != self.answer.as_deref() {
            self.break_off();
            self.answer = answer.map(str::to_owned);
        }
    }

    /// Begins an answer.
    pub(super) fn start(&mut self, answer: Option<String>) {
        self.break_off();
        self.answer = answer;
    }

    /// Notes that the attempt under way has broken off.
    pub(super) fn break_off(&mut self) {
        self.current = 0;
    }

    /// Notes that blocks of the streamed answer will not be completed.
    pub(super) fn abandon(&mut self, from: u64) {
        self.current = self.pending[..self.current].iter().take_while(|pending| pending.index < from).count();
    }

    /// Begins a block. A block at a place that has begun already is another attempt.
    pub(super) fn begin(&mut self, index: u64, call: Option<ToolUseBlock>, shared: &mut Shared) {
        if self.pending[..self.current].iter().any(|pending| pending.index == index) {
            self.break_off();
        }
        let Some(mut call) = call else { return };
        if call.id.len() > super::ID_BYTES {
            return;
        }
        if let Some(at) = self.open(index, BlockKind::ToolCall, Some(&call.id), 0, shared) {
            call.input = None;
            shared.edits.push(Edit::ToolCall { block: self.pending[at].block.clone(), call });
        }
    }

    /// Adds to a block.
    pub(super) fn say(&mut self, index: u64, kind: BlockKind, part: String, shared: &mut Shared) {
        if part.is_empty() {
            return;
        }
        let Some(at) = self.open(index, kind, None, part.len(), shared) else { return };
        let pending = &mut self.pending[at];
        let block = || pending.block.clone();
        if kind == BlockKind::ToolCall {
            shared.edits.push(Edit::Append { block: block(), text: part });
            return;
        }
        let ahead = &pending.text[pending.said..];
        if ahead.starts_with(&*part) {
            pending.said += part.len();
            return;
        }
        // Without room the rest comes with the complete block.
        let (kept, added) = match part.strip_prefix(ahead) {
            Some(rest) => (pending.text.len(), rest),
            None => (pending.said, &*part),
        };
        if !shared.fits(added.len()) {
            return;
        }
        shared.take(added.len());
        if kept == pending.text.len() {
            shared.edits.push(Edit::Append { block: block(), text: added.to_owned() });
            pending.text.push_str(added);
        } else {
            shared.held -= pending.text.len() - kept;
            pending.text.truncate(kept);
            pending.text.push_str(added);
            shared.edits.push(Edit::Replace { block: block(), text: pending.text.clone() });
        }
        pending.said = pending.text.len();
    }

    /// Finds the block at that place of the attempt under way, or makes it: from what an earlier attempt left, or anew. `None`
    /// if the beginning of a call is missing, or there is no room for a new block and `more` bytes in it.
    fn open(
        &mut self,
        index: u64,
        kind: BlockKind,
        call: Option<&str>,
        more: usize,
        shared: &mut Shared,
    ) -> Option<usize> {
        let current = &self.pending[..self.current];
        match current.iter().position(|pending| pending.index == index) {
            Some(at) if current[at].block.kind == kind => return Some(at),
            // Another kind at the same place, or a step back: the beginning of another attempt is missing.
            Some(_) => self.break_off(),
            None if current.last().is_some_and(|last| last.index > index) => self.break_off(),
            None => {}
        }
        let at = self.current;
        match self.pending.get_mut(at) {
            Some(left) if left.block.kind == kind && kind != BlockKind::ToolCall => {
                (left.index, left.said) = (index, 0);
                self.current += 1;
                return Some(at);
            }
            _ => self.remove(at, self.pending.len(), shared),
        }
        let call = match (kind, call) {
            (BlockKind::ToolCall, None) => return None,
            (_, call) => call.map(str::to_owned),
        };
        let size = OVERHEAD + call.as_ref().map_or(0, String::len);
        if !shared.fits(size + more) {
            return None;
        }
        shared.take(size);
        let block = shared.block(kind, self.parent.as_ref());
        self.pending.push(Pending { block, index, text: String::new(), said: 0, call });
        self.current += 1;
        Some(at)
    }

    /// Ends the streamed answer: what it did not take over of an earlier attempt is gone.
    pub(super) fn stop(&mut self, shared: &mut Shared) {
        self.remove(self.current, self.pending.len(), shared);
    }

    /// Completes a block with a complete message's content. Returns the block.
    pub(super) fn complete(&mut self, whole: Whole<'_>, shared: &mut Shared) -> AccumulatedBlock {
        let Whole { content: whole, answer, synthetic } = whole;
        let (block, shown) = match self.find(&whole, answer) {
            Some(at) => {
                self.remove(0, at, shared);
                let pending = self.pending.remove(0);
                self.current = self.current.saturating_sub(1);
                shared.held -= pending.size();
                (pending.block, Some(pending.text))
            }
            None => {
                self.clear(shared);
                (shared.block(kind(&whole), self.parent.as_ref()), None)
            }
        };
        shared.fill(&block, whole, shown.as_deref(), synthetic);
        block
    }

    /// Finds the pending block that a complete one completes.
    fn find(&self, whole: &ContentBlock, answer: Option<&str>) -> Option<usize> {
        let same = answer.is_some() && answer == self.answer.as_deref();
        let streamed = same.then(|| self.pending[..self.current].iter().position(|pending| pending.is(whole)));
        // Another attempt than the streamed one, or all that was streamed of the block is missing.
        streamed.flatten().or_else(|| {
            let at = if same { self.current } else { 0 };
            self.pending.get(at).filter(|pending| pending.is_begun(whole)).map(|_| at)
        })
    }

    /// Removes what is left of another answer than the one that a complete message belongs to.
    pub(super) fn settle(&mut self, answer: Option<&str>, shared: &mut Shared) {
        if answer.is_none() || answer != self.answer.as_deref() {
            self.clear(shared);
            self.answer = answer.map(str::to_owned);
        }
    }

    /// Removes all blocks that are not complete.
    pub(super) fn clear(&mut self, shared: &mut Shared) {
        self.remove(0, self.pending.len(), shared);
    }

    /// Leaves the blocks that are not complete as they are shown, for good.
    pub(super) fn leave(&mut self, shared: &mut Shared) {
        shared.held -= self.pending.drain(..).map(|pending| pending.size()).sum::<usize>();
        self.current = 0;
    }

    fn remove(&mut self, from: usize, to: usize, shared: &mut Shared) {
        let [first, ..] = &self.pending[from..to] else { return };
        let last = self.pending[to - 1].block.id;
        shared.edits.push(Edit::Remove { from_block: first.block.clone(), to: last });
        shared.held -= self.pending.drain(from..to).map(|pending| pending.size()).sum::<usize>();
        self.current -= self.current.min(to) - self.current.min(from);
    }
}

impl Shared {
    /// Adds a complete block to the end of a thread.
    pub(super) fn add(&mut self, whole: Whole<'_>, parent: Option<&Arc<str>>) -> AccumulatedBlock {
        let block = self.block(kind(&whole.content), parent);
        self.fill(&block, whole.content, None, whole.synthetic);
        block
    }

    /// Adds a complete text to the end of the main thread.
    pub(super) fn say(&mut self, text: String) {
        let block = self.block(BlockKind::Text, None);
        self.edits.push(Edit::Append { block: block.clone(), text });
        self.edits.push(Edit::Complete { block, synthetic: true });
    }

    /// Gives a block its final content, of which `shown` is shown.
    fn fill(&mut self, block: &AccumulatedBlock, whole: ContentBlock, shown: Option<&str>, synthetic: bool) {
        let own = || block.clone();
        match whole {
            ContentBlock::ToolUse(call) => self.edits.push(Edit::ToolCall { block: own(), call }),
            whole => match (text(&whole), shown) {
                (Some(text), Some(shown)) => match text.strip_prefix(shown) {
                    Some("") => {}
                    Some(rest) => self.edits.push(Edit::Append { block: own(), text: rest.to_owned() }),
                    None => self.edits.push(Edit::Replace { block: own(), text: text.to_owned() }),
                },
                (Some(_), None) => self.edits.push(Edit::Append { block: own(), text: into_text(whole) }),
                (None, _) => self.edits.push(Edit::Content { block: own(), content: whole }),
            },
        }
        self.edits.push(Edit::Complete { block: own(), synthetic });
    }
}

fn kind(content: &ContentBlock) -> BlockKind {
    match content {
        ContentBlock::Text(_) => BlockKind::Text,
        ContentBlock::Thinking(_) => BlockKind::Thinking,
        ContentBlock::ToolUse(_) => BlockKind::ToolCall,
        _ => BlockKind::Other,
    }
}

fn text(content: &ContentBlock) -> Option<&str> {
    match content {
        ContentBlock::Text(text) => Some(&text.text),
        ContentBlock::Thinking(thinking) => Some(&thinking.thinking),
        _ => None,
    }
}

fn into_text(content: ContentBlock) -> String {
    match content {
        ContentBlock::Text(text) => text.text,
        ContentBlock::Thinking(thinking) => thinking.thinking,
        _ => String::new(),
    }
}
