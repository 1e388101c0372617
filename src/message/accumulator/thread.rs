//! Incomplete blocks of one thread, and the rules by which they are completed, continued or removed.

use std::sync::Arc;

use super::OVERHEAD;
use super::edit::{AccumulatedBlock, BlockId, BlockKind, Edit};
use crate::message::content::{ContentBlock, ToolUseBlock};

/// State shared by all threads: the edits so far, the next block number, and the stored bytes with their limit.
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

/// Block of a complete message.
pub(super) struct Whole<'a> {
    pub(super) content: ContentBlock,
    /// Identifier of the answer that contains the block.
    pub(super) answer: Option<&'a str>,
    /// `true` if the CLI wrote the block, not a model.
    pub(super) synthetic: bool,
}

/// Main thread, or the thread of one subagent.
#[derive(Debug, Clone, Default)]
pub(super) struct Thread {
    pub(super) parent: Option<Arc<str>>,
    /// Identifier of the streamed answer.
    answer: Option<String>,
    /// Blocks without a complete message, in order. They are the last blocks of the thread.
    pending: Vec<Pending>,
    /// Number of pending blocks that belong to the current attempt. The others remain from attempts that broke off: the
    /// current attempt takes them over while its content is the same.
    current: usize,
}

#[derive(Debug, Clone)]
struct Pending {
    block: AccumulatedBlock,
    /// Index of the block in the streamed answer.
    index: u64,
    /// Text that is displayed; empty for a call.
    text: String,
    /// Number of bytes of `text` that the current attempt has streamed.
    emitted: usize,
    /// Identifier of a tool call.
    call: Option<String>,
}

impl Pending {
    fn size(&self) -> usize {
        OVERHEAD + self.text.len() + self.call.as_ref().map_or(0, String::len)
    }

    /// Returns `true` if `whole` completes this block.
    fn is(&self, whole: &ContentBlock) -> bool {
        match whole {
            ContentBlock::ToolUse(call) => self.call.as_ref() == Some(&call.id),
            whole => self.block.kind == kind(whole),
        }
    }

    /// Returns `true` if `whole`, a block of another attempt, continues this block.
    fn is_begun(&self, whole: &ContentBlock) -> bool {
        self.is(whole) && text(whole).is_none_or(|text| text.starts_with(&self.text))
    }
}

impl Thread {
    pub(super) fn new(parent: Option<Arc<str>>) -> Self {
        Self { parent, ..Self::default() }
    }

    /// Records the identifier of the streamed answer. A different one means another attempt, or the next answer.
    pub(super) fn streams(&mut self, answer: Option<&str>) {
        if answer.is_some() && answer != self.answer.as_deref() {
            self.break_off();
            self.answer = answer.map(str::to_owned);
        }
    }

    /// Starts a streamed answer.
    pub(super) fn start(&mut self, answer: Option<String>) {
        self.break_off();
        self.answer = answer;
    }

    /// Records that the current attempt has broken off.
    pub(super) fn break_off(&mut self) {
        self.current = 0;
    }

    /// Records that the blocks from index `from` on will not be completed.
    pub(super) fn abandon(&mut self, from: u64) {
        self.current = self.pending[..self.current].iter().take_while(|pending| pending.index < from).count();
    }

    /// Starts a block. If a block with this index has already started, the block belongs to another attempt.
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

    /// Adds a streamed part to a block.
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
        let ahead = &pending.text[pending.emitted..];
        if ahead.starts_with(&*part) {
            pending.emitted += part.len();
            return;
        }
        // Beyond the limit, the rest appears with the complete block.
        let (kept, added) = match part.strip_prefix(ahead) {
            Some(rest) => (pending.text.len(), rest),
            None => (pending.emitted, &*part),
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
        pending.emitted = pending.text.len();
    }

    /// Finds the block with this index in the current attempt, takes it over from an earlier attempt, or creates it.
    ///
    /// Returns `None` if the start of a tool call is missing, or if a new block with `more` bytes would exceed the
    /// limit.
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
            // Another kind at the same index, or a lower index: the start of another attempt is missing.
            Some(_) => self.break_off(),
            None if current.last().is_some_and(|last| last.index > index) => self.break_off(),
            None => {}
        }
        let at = self.current;
        match self.pending.get_mut(at) {
            Some(left) if left.block.kind == kind && kind != BlockKind::ToolCall => {
                (left.index, left.emitted) = (index, 0);
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
        self.pending.push(Pending { block, index, text: String::new(), emitted: 0, call });
        self.current += 1;
        Some(at)
    }

    /// Ends the streamed answer, and removes the blocks of earlier attempts that it did not take over.
    pub(super) fn stop(&mut self, shared: &mut Shared) {
        self.remove(self.current, self.pending.len(), shared);
    }

    /// Completes a block with the content of a complete message. Returns the block.
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

    /// Finds the pending block that belongs to a complete block.
    fn find(&self, whole: &ContentBlock, answer: Option<&str>) -> Option<usize> {
        let same = answer.is_some() && answer == self.answer.as_deref();
        let streamed = same.then(|| self.pending[..self.current].iter().position(|pending| pending.is(whole)));
        // The message belongs to another attempt than the streamed one, or the streamed parts of the block are missing.
        streamed.flatten().or_else(|| {
            let at = if same { self.current } else { 0 };
            self.pending.get(at).filter(|pending| pending.is_begun(whole)).map(|_| at)
        })
    }

    /// Removes the remaining blocks if they belong to another answer than the complete message.
    pub(super) fn settle(&mut self, answer: Option<&str>, shared: &mut Shared) {
        if answer.is_none() || answer != self.answer.as_deref() {
            self.clear(shared);
            self.answer = answer.map(str::to_owned);
        }
    }

    /// Removes all incomplete blocks.
    pub(super) fn clear(&mut self, shared: &mut Shared) {
        self.remove(0, self.pending.len(), shared);
    }

    /// Keeps the incomplete blocks as they are displayed, and forgets them.
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

    /// Sets the final content of a block; `shown` is the text that is already displayed.
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
