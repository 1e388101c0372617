//! The session itself.

use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

use super::Ack;

sent! {
    /// `rename_session`: gives the session a title. Seen from 2.1.250.
    pub struct RenameSession as "rename_session" -> Ack {
        must {
            /// The title.
            title: String,
        }
        may {
            /// Who gives it.
            source: RenamedBy,
        }
        into {
            /// Another session than this one.
            session_id: String,
        }
    }

    /// `set_color`: the session's color, by the name of one of the agents' colors, or `default`. From the SDKs; refused
    /// by all recorded versions (`unsupported_request`).
    pub struct SetColor as "set_color" -> Ack {
        must {
            /// The color.
            color: String,
        }
    }

    /// `set_has_subscribers`: whether anybody looks at the stream; where nobody does, partial messages are held back.
    /// Seen from 2.1.329.
    pub struct SetHasSubscribers as "set_has_subscribers" -> Ack {
        must {
            /// Whether anybody does; none, as if it had never been said.
            has_subscribers: Option<bool>,
        }
    }

    /// `get_binary_version`: which CLI it is. Seen from 2.1.143.
    pub struct GetBinaryVersion as "get_binary_version" -> GetBinaryVersionResponse {}

    /// `side_question`: asks the model beside the conversation; nothing of it stays there. `control_request_progress`
    /// messages may come before the reply. Seen from 2.1.143.
    pub struct SideQuestion as "side_question" -> SideQuestionResponse {
        must {
            /// The question.
            question: String,
        }
    }

    /// `end_session`: the session ends once stdin does. Seen from 2.1.143. [`close`](crate::Protocol::close) does
    /// not need it.
    pub struct EndSession as "end_session" -> Ack {
        into {
            /// Why.
            reason: String,
        }
    }
}

bare! { GetBinaryVersion, EndSession, }

words! {
    /// Who gives a session its title.
    pub enum RenamedBy {
        /// The host.
        Host = "host",
        /// Somebody elsewhere.
        Remote = "remote",
    }
}

impl RenameSession {
    /// That title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self::bare(title.into())
    }
}

impl SetColor {
    /// That color.
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

    /// As if it had never been said.
    #[must_use]
    pub fn reset() -> Self {
        Self::bare(None)
    }
}

impl SideQuestion {
    /// That question.
    #[must_use]
    pub fn new(question: impl Into<String>) -> Self {
        Self::bare(question.into())
    }
}

view! {
    /// Which CLI it is.
    pub struct GetBinaryVersionResponse {
        must {
            /// Its version, as `2.1.329`.
            version: String,
        }
        may {
            /// When it was built: an ISO 8601 instant.
            build_time = "buildTime": String,
            /// Oldest release of the TypeScript SDK that the CLI works with in Claude Desktop. Since 2.1.330.
            oldest_desktop_sdk = "oldestDesktopSdk": String,
        }
    }

    /// What the model said beside the conversation.
    pub struct SideQuestionResponse {
        must {
            /// Its answer.
            response: String,
        }
        may {
            /// Whether the CLI made it up, because the model gave none.
            synthetic: bool,
        }
    }
}
