//! Questions of the model to the user.

use std::fmt;

use serde::Serialize;
use serde::ser::SerializeMap;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::{Quoted, TruncatedList};
use crate::incoming::{Decision, PermissionRequest};
use crate::wire::fields::Fields;
use crate::wire::view::{FromJson, view, words};

/// Name of the tool that sends the questions.
const TOOL: &str = "AskUserQuestion";

/// Questions of the tool `AskUserQuestion`: one to four, each with two to four choices. Source: the recording
/// `ask_user` of 2.1.329.
///
/// The answers are sent in the input of an allow. After an allow without answers, the model reads that the
/// user did not answer.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestSession, ToolStep};
/// use claude_duplex::{
///     Action, Config, Decision, IncomingKind, Json, PermissionRequest, Seed,
/// };
///
/// type Error = Box<dyn std::error::Error>;
///
/// fn first_of_each(permission: &PermissionRequest) -> Result<Decision, Error> {
///     let questions = permission.questions()?;
///     let mut reply = questions.reply();
///     for question in &questions.list {
///         if let Some(choice) = question.choices.iter().flatten().next() {
///             reply = reply.choose(&question.question, &choice.label)?;
///         }
///     }
///     Ok(reply.decision())
/// }
///
/// let input = r#"{"questions":[
///     {"question":"Which?","options":[{"label":"A"},{"label":"B"}]}]}"#;
/// let tool = ToolStep::new("AskUserQuestion", Json::parse(input)?);
/// let script = Script::default().then([Step::from(tool.requires_permission())]);
/// let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
/// let mut session = TestSession::new(config, script);
/// session.prompt("ask me");
/// let Action::IncomingRequest(request) =
///     session.run_until(|action| matches!(action, Action::IncomingRequest(_)))
/// else {
///     unreachable!()
/// };
/// session.respond(request.id(), first_of_each(&request.permission()?)?);
/// session.run_until_idle();
/// let answers = r#""answers":{"Which?":"A"}"#;
/// assert!(session.host_lines().iter().any(|line| line.as_str().contains(answers)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Questions {
    /// Questions, in the order of the CLI.
    pub list: Vec<Question>,
    input: Json,
}

view! {
    /// Question to the user.
    pub struct Question {
        must {
            /// Text of the question. The text also identifies the question in an answer.
            question: String,
        }
        may {
            /// Short heading of the question.
            header: String,
            /// Choices. The host may offer free text in addition.
            choices = "options": Vec<QuestionOption>,
            /// `true` if the user can select several choices.
            multi_select = "multiSelect": bool,
        }
    }

    /// Choice that answers a question.
    pub struct QuestionOption {
        must {
            /// Label of the choice, which is also the answer.
            label: String,
        }
        may {
            /// Description of the choice.
            description: String,
            /// Preview of the choice, as text.
            preview: String,
        }
    }
}

words! {
    /// Reason why a question was not answered. The model does not see the reason; the text of the answer should contain
    /// it.
    ///
    /// Use it only if the `capabilities` of the session contain `ask_user_question_unanswered_v1` (2.1.329). An older
    /// CLI may refuse the whole answer.
    pub enum UnansweredKind {
        /// The user skipped the question.
        Skipped = "skipped",
        /// The user replied with a message in the chat.
        RepliedInChat = "replied_in_chat",
        /// The user closed the question.
        Dismissed = "dismissed",
    }
}

impl PermissionRequest {
    /// Decodes the questions of the model to the user, if the tool is `AskUserQuestion`. Respond with the answers:
    /// after a plain allow, the model reads that the user did not answer.
    ///
    /// # Errors
    /// [`DecodeError`] if the request is for another tool, or if its input has no questions.
    pub fn questions(&self) -> Result<Questions, DecodeError> {
        Questions::of(self)
    }
}

impl Questions {
    pub(crate) fn of(permission: &PermissionRequest) -> Result<Self, DecodeError> {
        if permission.tool_name != TOOL {
            return Err(DecodeError::other(format!(
                "the permission request is for the tool {:?}, not {TOOL:?}",
                Quoted(&permission.tool_name)
            )));
        }
        let input = permission.input.clone();
        let mut fields = Fields::from_json(&input).map_err(|error| error.within("input"))?;
        Ok(Self { list: fields.require("questions").map_err(|error| error.within("input"))?, input })
    }

    /// Creates a response without answers; add them with [`QuestionResponse::choose`].
    #[must_use]
    pub fn reply(&self) -> QuestionResponse {
        let questions = self.list.iter().map(|question| question.question.clone()).collect();
        QuestionResponse { questions, input: self.input.clone(), answers: Vec::new(), annotations: Vec::new() }
    }

    /// Creates a reply with an answer to each question, in their order: the label of a choice, or a text of the user's own. Questions
    /// beyond the last answer stay unanswered, and answers beyond the last question are ignored.
    ///
    /// ```
    /// use claude_duplex::{Json, PermissionRequest};
    ///
    /// let options = r#"[{"label":"A"},{"label":"B"}]"#;
    /// let input =
    ///     format!(r#"{{"questions":[{{"question":"Which?","options":{options}}}]}}"#);
    /// let request =
    ///     PermissionRequest::new("AskUserQuestion", Json::parse(&input)?);
    /// let questions = request.questions()?;
    /// let reply = questions.reply().choose("Which?", "B")?;
    /// assert_eq!(questions.reply_with(["B"]), reply);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reply_with<A: Into<String>>(&self, answers: impl IntoIterator<Item = A>) -> QuestionResponse {
        let mut reply = self.reply();
        for (question, answer) in self.list.iter().zip(answers) {
            *entry(&mut reply.answers, &question.question) = answer.into();
        }
        reply
    }

    /// Creates a denial for a host without a user. The message instructs the model to decide by itself. Every version
    /// accepts the denial.
    #[must_use]
    pub fn decline(&self) -> Decision {
        Decision::deny("there is no user to answer; decide what fits best, and say what you assumed")
    }
}

/// Answers of the user to [`Questions`]. If a question is answered twice, the last answer counts.
#[derive(Clone, PartialEq, Eq)]
pub struct QuestionResponse {
    questions: Vec<String>,
    input: Json,
    answers: Vec<(String, String)>,
    annotations: Vec<(String, Annotation)>,
}

/// Error of an answer to an unknown question. The CLI would ignore the answer, and the model would read that the user
/// did not answer.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request has no question {:?}; use the complete text of one of its questions", Quoted(question))]
#[non_exhaustive]
pub struct UnknownQuestionError {
    /// Text that is not a question of the request.
    pub question: String,
}

impl fmt::Debug for UnknownQuestionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownQuestionError").field("question", &Quoted(&self.question)).finish()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
struct Annotation {
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<UnansweredKind>,
}

impl QuestionResponse {
    /// Answers a question with the label of a choice, or with free text.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has the text `question`.
    pub fn choose(mut self, question: &str, answer: impl Into<String>) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        *entry(&mut self.answers, question) = answer.into();
        Ok(self)
    }

    /// Answers a question with several choices. The labels are joined with `", "`, as the CLI expects.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has the text `question`.
    pub fn choose_all<T: AsRef<str>>(
        self,
        question: &str,
        labels: impl IntoIterator<Item = T>,
    ) -> Result<Self, UnknownQuestionError> {
        let mut joined = String::new();
        for label in labels {
            joined.push_str(if joined.is_empty() { "" } else { ", " });
            joined.push_str(label.as_ref());
        }
        self.choose(question, joined)
    }

    /// Adds a note that the user wrote in addition to the choice.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has the text `question`.
    pub fn note(mut self, question: &str, notes: impl Into<String>) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        entry(&mut self.annotations, question).notes = Some(notes.into());
        Ok(self)
    }

    /// Adds the preview of the selected choice.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has the text `question`.
    pub fn preview(mut self, question: &str, preview: impl Into<String>) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        entry(&mut self.annotations, question).preview = Some(preview.into());
        Ok(self)
    }

    /// Marks a question as unanswered. The last argument is the text that the model reads.
    ///
    /// Requires a CLI that [supports the reason](UnansweredKind).
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has the text `question`.
    pub fn unanswered(
        mut self,
        question: &str,
        how: UnansweredKind,
        reason: impl Into<String>,
    ) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        entry(&mut self.annotations, question).unanswered = Some(how);
        self.choose(question, reason)
    }

    fn check(&self, question: &str) -> Result<(), UnknownQuestionError> {
        let questions = self.questions.iter().any(|questions| questions == question);
        questions.then_some(()).ok_or_else(|| UnknownQuestionError { question: question.to_owned() })
    }

    /// Converts the answers into an allow. Its input is the original input of the tool, with `answers` and
    /// `annotations`.
    #[must_use]
    pub fn decision(self) -> Decision {
        // Serialization of objects, strings and lists does not fail; the denial is never used.
        Json::from_value(&self).map_or_else(|error| Decision::deny(error.to_string()), Decision::allow_with)
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions").field("list", &TruncatedList(&self.list)).finish_non_exhaustive()
    }
}

impl fmt::Debug for QuestionResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QuestionResponse").field(&Json::from_value(self)).finish()
    }
}

impl From<QuestionResponse> for Decision {
    fn from(reply: QuestionResponse) -> Self {
        reply.decision()
    }
}

impl Serialize for QuestionResponse {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in Fields::from_json(&self.input).unwrap_or_default().iter() {
            if !matches!(name, "answers" | "annotations") {
                map.serialize_entry(name, value)?;
            }
        }
        map.serialize_entry("answers", &Pairs(&self.answers))?;
        if !self.annotations.is_empty() {
            map.serialize_entry("annotations", &Pairs(&self.annotations))?;
        }
        map.end()
    }
}

/// List of entries that is serialized as an object.
struct Pairs<'a, T>(&'a [(String, T)]);

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn entry<'a, T: Default>(entries: &'a mut Vec<(String, T)>, name: &str) -> &'a mut T {
    let at = entries.iter().position(|(own, _)| own == name).unwrap_or_else(|| {
        entries.push((name.to_owned(), T::default()));
        entries.len() - 1
    });
    &mut entries[at].1
}
