//! The session itself: title, color, version, end, and questions outside the conversation.

use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

use super::Ack;

sent! {
    /// `rename_session`: sets the title of a session. Seen since 2.1.250.
    pub struct RenameSession as "rename_session" -> Ack {
        must {
            /// New title of the session.
            title: String,
        }
        may {
            /// Author of the title.
            source: RenamedBy,
        }
        into {
            /// Id of another session. Without it, the current session is renamed.
            session_id: String,
        }
    }

    /// `set_color`: sets the color of the session: one of the agents' colors, or `default`. Known from the SDKs; all
    /// recorded versions refuse it (`unsupported_request`).
    pub struct SetColor as "set_color" -> Ack {
        must {
            /// Name of the color.
            color: String,
        }
    }

    /// `set_has_subscribers`: reports if any reader follows the stream. Without readers the CLI holds back partial
    /// messages. Seen since 2.1.329.
    pub struct SetHasSubscribers as "set_has_subscribers" -> Ack {
        must {
            /// `true` if a reader follows the stream. `None` resets the setting to its default.
            has_subscribers: Option<bool>,
        }
    }

    /// `get_binary_version`: returns the version of the CLI. Seen since 2.1.143.
    pub struct GetBinaryVersion as "get_binary_version" -> GetBinaryVersionResponse {}

    /// `side_question`: asks the model a question that does not become part of the conversation. `control_request_progress`
    /// messages can arrive before the response. Seen since 2.1.143.
    pub struct SideQuestion as "side_question" -> SideQuestionResponse {
        must {
            /// Text of the question.
            question: String,
        }
    }

    /// `end_session`: ends the session once stdin is closed. Seen since 2.1.143. [`close`](crate::Protocol::close) does not
    /// need it.
    pub struct EndSession as "end_session" -> Ack {
        into {
            /// Reason for the end.
            reason: String,
        }
    }
}

bare! { GetBinaryVersion, EndSession, }

words! {
    /// Author of a session's title.
    pub enum RenamedBy {
        /// The host of the session.
        Host = "host",
        /// A remote client of the session.
        Remote = "remote",
    }
}

impl RenameSession {
    /// Creates a request with a title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self::bare(title.into())
    }
}

impl SetColor {
    /// Creates a request with a color.
    #[must_use]
    pub fn new(color: impl Into<String>) -> Self {
        Self::bare(color.into())
    }
}

impl SetHasSubscribers {
    /// Creates a request that reports a reader of the stream.
    #[must_use]
    pub fn present() -> Self {
        Self::bare(Some(true))
    }

    /// Creates a request that reports the absence of readers: partial messages are held back.
    #[must_use]
    pub fn absent() -> Self {
        Self::bare(Some(false))
    }

    /// Creates a request that resets the setting to its default.
    #[must_use]
    pub fn reset() -> Self {
        Self::bare(None)
    }
}

impl SideQuestion {
    /// Creates a request with a question.
    #[must_use]
    pub fn new(question: impl Into<String>) -> Self {
        Self::bare(question.into())
    }
}

view! {
    /// Version of the CLI.
    pub struct GetBinaryVersionResponse {
        must {
            /// Version number, e.g. `2.1.329`.
            version: String,
        }
        may {
            /// Time of the build: an ISO 8601 instant.
            build_time = "buildTime": String,
            /// Oldest release of the TypeScript SDK that the CLI works with in Claude Desktop. Since 2.1.330.
            oldest_desktop_sdk = "oldestDesktopSdk": String,
        }
    }

    /// Response to `side_question`.
    pub struct SideQuestionResponse {
        must {
            /// Answer of the model.
            response: String,
        }
        may {
            /// `true` if the CLI wrote the answer because the model returned none.
            synthetic: bool,
        }
    }
}
