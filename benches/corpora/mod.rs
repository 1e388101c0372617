//! What the CLI writes, in the shapes of the recordings of 2.1.329, the same in every run.

use std::fmt::Write as _;

/// Lines, each with its line end.
pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    /// Begins the turn in which the corpus comes; empty where the corpus begins it.
    pub(crate) before: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: usize,
    pub(crate) longest: usize,
}

const KIB: usize = 1000;
const TOOL_RESULT: usize = 100 * KIB;
const LONGEST: usize = 5000 * KIB;

/// A working session: some of everything.
pub(crate) fn mixed() -> Corpus {
    let mut writer = Writer::new();
    let init = writer.init();
    let mut lines = vec![init];
    // Ten rounds of thought, each with the tools that it used; one of them read something large.
    for round in 0..10 {
        lines.extend((0..1000).map(|_| writer.delta(300)));
        lines.extend((0..50).map(|at| writer.assistant(KIB + 20 * at)));
        lines.extend((0..5).map(|_| writer.tool_result(TOOL_RESULT)));
        if round == 6 {
            lines.push(writer.image(LONGEST));
        }
    }
    lines.push(writer.result());
    Corpus::of("mixed", Vec::new(), lines)
}

/// An answer that streams.
pub(crate) fn deltas() -> Corpus {
    let mut writer = Writer::new();
    let init = writer.init();
    let lines = (0..10_000).map(|_| writer.delta(300)).collect();
    Corpus::of("deltas", init, lines)
}

/// Large files that were read.
pub(crate) fn big() -> Corpus {
    let mut writer = Writer::new();
    let init = writer.init();
    let mut lines: Vec<_> = (0..50).map(|_| writer.tool_result(TOOL_RESULT)).collect();
    lines.push(writer.image(LONGEST));
    Corpus::of("big", init, lines)
}

/// One image that a tool read.
pub(crate) fn image() -> Corpus {
    let mut writer = Writer::new();
    let init = writer.init();
    Corpus::of("image", init, vec![writer.image(LONGEST)])
}

impl Corpus {
    fn of(name: &'static str, before: Vec<u8>, lines: Vec<Vec<u8>>) -> Self {
        let longest = lines.iter().map(Vec::len).max().unwrap_or_default();
        Self { name, before, bytes: lines.concat(), lines: lines.len(), longest }
    }
}

const WORDS: [&str; 16] = [
    "the", "session", "keeps", "fn", "a", "result", "for", "each", "prompt", "and", "let", "writes", "it", "down",
    "once", "->",
];

/// Writes lines, each with a uuid that no other has.
pub(crate) struct Writer {
    number: u64,
    state: u64,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { number: 0, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// An xorshift: the words have to vary, not to be random.
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % end
    }

    fn uuid(&mut self) -> String {
        self.number += 1;
        format!("{:08x}-0000-4000-a000-{:012x}", 0x0c11_0000, self.number)
    }

    /// Prose or code of that length, as it stands in a JSON string: a line break every 60 bytes or so, some quotes.
    fn text(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        let mut line = 0;
        while text.len() < length {
            let word = WORDS[self.below(WORDS.len())];
            match self.below(40) {
                0 => write!(text, "\\\"{word}\\\" "),
                1 => write!(text, "{word}\u{2026} "),
                _ => write!(text, "{word} "),
            }
            .expect("a string takes everything");
            line += word.len() + 1;
            if line > 60 {
                text.push_str("\\n    ");
                line = 0;
            }
        }
        text
    }

    pub(crate) fn init(&mut self) -> Vec<u8> {
        let uuid = self.uuid();
        let tools: Vec<String> = (0..150).map(|tool| format!("\"mcp__server__tool_{tool:03}\"")).collect();
        let line = format!(
            r#"{{"type":"system","subtype":"init","cwd":"/home/user/project","session_id":"{SESSION}","tools":[{}],"mcp_servers":[{{"name":"server","status":"connected"}}],"model":"claude-opus-5-5","permissionMode":"default","slash_commands":["clear","compact","context"],"apiKeySource":"none","claude_code_version":"2.1.329","output_style":"default","capabilities":["interrupt_receipt_v1","msg_lifecycle_v1"],"uuid":"{uuid}"}}"#,
            tools.join(",")
        );
        ended(line)
    }

    pub(crate) fn delta(&mut self, length: usize) -> Vec<u8> {
        let uuid = self.uuid();
        let head = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#;
        let tail = format!(
            r#""}}}},"session_id":"{SESSION}","parent_tool_use_id":null,"uuid":"{uuid}","api_message_id":"msg_000001"}}"#
        );
        let text = self.text(length.saturating_sub(head.len() + tail.len()));
        ended(format!("{head}{text}{tail}"))
    }

    pub(crate) fn assistant(&mut self, length: usize) -> Vec<u8> {
        let uuid = self.uuid();
        let head = r#"{"type":"assistant","message":{"id":"msg_000001","container":null,"model":"claude-opus-5-5","role":"assistant","stop_details":null,"stop_reason":"tool_use","stop_sequence":null,"type":"message","usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":1204,"output_tokens":20,"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0},"service_tier":null},"content":[{"type":"text","text":""#;
        let tail = format!(
            r#""}}],"context_management":null}},"parent_tool_use_id":null,"session_id":"{SESSION}","uuid":"{uuid}","timestamp":"2026-11-20T19:03:23.016Z"}}"#
        );
        let text = self.text(length.saturating_sub(head.len() + tail.len()));
        ended(format!("{head}{text}{tail}"))
    }

    /// What a tool printed: for the model, and once more for the host, as the CLI does it.
    pub(crate) fn tool_result(&mut self, length: usize) -> Vec<u8> {
        let (uuid, text) = (self.uuid(), self.text(length / 2 - 200));
        ended(format!(
            r#"{{"type":"user","message":{{"role":"user","content":[{{"tool_use_id":"toolu_000003","type":"tool_result","content":"{text}","is_error":false}}]}},"parent_tool_use_id":null,"session_id":"{SESSION}","uuid":"{uuid}","timestamp":"2026-11-20T19:00:35.324Z","tool_use_result":{{"stdout":"{text}","stderr":"","interrupted":false,"isImage":false}}}}"#
        ))
    }

    /// An image that a tool read.
    pub(crate) fn image(&mut self, length: usize) -> Vec<u8> {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let uuid = self.uuid();
        let data: String = (0..length - 400).map(|_| char::from(DIGITS[self.below(64)])).collect();
        ended(format!(
            r#"{{"type":"user","message":{{"role":"user","content":[{{"tool_use_id":"toolu_000004","type":"tool_result","content":[{{"type":"image","source":{{"type":"base64","data":"{data}","media_type":"image/png"}}}}]}}]}},"parent_tool_use_id":null,"session_id":"{SESSION}","uuid":"{uuid}","timestamp":"2026-11-20T19:00:35.324Z"}}"#
        ))
    }

    /// Its `type` stands late, as 2.1.329 writes it.
    pub(crate) fn result(&mut self) -> Vec<u8> {
        let uuid = self.uuid();
        let text = self.text(600);
        ended(format!(
            r#"{{"duration_api_ms":50,"stop_reason":"end_turn","session_id":"{SESSION}","total_cost_usd":0.00044,"usage":{{"input_tokens":10,"output_tokens":20,"service_tier":"standard"}},"modelUsage":{{}},"permission_denials":[],"terminal_reason":"completed","is_error":false,"subtype":"success","type":"result","duration_ms":61,"num_turns":50,"result":"{text}","uuid":"{uuid}"}}"#
        ))
    }
}

const SESSION: &str = "4dda2f8c-ad68-4af3-9241-97de4f293286";

fn ended(mut line: String) -> Vec<u8> {
    line.push('\n');
    line.into_bytes()
}
