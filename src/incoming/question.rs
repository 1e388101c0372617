//! The questions that the model has to the user.

use std::fmt;

use serde::Serialize;
use serde::ser::SerializeMap;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::{Few, Quoted};
use crate::incoming::{Decision, PermissionRequest};
use crate::wire::fields::Fields;
use crate::wire::view::{FromJson, view, words};

/// The tool that asks them.
const TOOL: &str = "AskUserQuestion";

/// What `AskUserQuestion` asks (`ask_user` of 2.1.329): one to four questions, each with two to four choices.
///
/// The answers go back in an allow whose input has them; an allow without them tells the model that the user said nothing.
///
/// ```
/// use claude_duplex::testing::{TestSession, Script, Step, ToolStep};
/// use claude_duplex::{Action, IncomingKind, Config, Decision, Json, PermissionRequest, Seed};
///
/// fn first_of_each(permission: &PermissionRequest) -> Result<Decision, Box<dyn std::error::Error>> {
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
/// let input = r#"{"questions":[{"question":"Which?","options":[{"label":"A"},{"label":"B"}]}]}"#;
/// let script = Script::default().then([Step::from(ToolStep::new("AskUserQuestion", Json::parse(input)?).requires_permission())]);
/// let mut pair = TestSession::new(Config::new(Seed::random()).handle(IncomingKind::Permission), script);
/// pair.prompt("ask me");
/// let Action::IncomingRequest(ask) = pair.run_until(|action| matches!(action, Action::IncomingRequest(_))) else { unreachable!() };
/// pair.respond(ask.id(), first_of_each(&ask.permission()?)?);
/// pair.run_until_idle();
/// assert!(pair.host_lines().iter().any(|line| line.as_str().contains(r#""answers":{"Which?":"A"}"#)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Questions {
    /// The questions, in their order.
    pub list: Vec<Question>,
    input: Json,
}

view! {
    /// A question to the user.
    pub struct Question {
        must {
            /// The question; its answer is named by it.
            question: String,
        }
        may {
            /// A few words, for a heading.
            header: String,
            /// What can be chosen; the host may offer a free text beside.
            choices = "options": Vec<QuestionOption>,
            /// Whether several can be chosen.
            multi_select = "multiSelect": bool,
        }
    }

    /// What can be chosen.
    pub struct QuestionOption {
        must {
            /// What is shown, and what the answer says.
            label: String,
        }
        may {
            /// What it means.
            description: String,
            /// What it would look like, as text.
            preview: String,
        }
    }
}

words! {
    /// How a question went unanswered. The model is not told: what it is to read goes into the answer.
    ///
    /// Only for a session whose `capabilities` have `ask_user_question_unanswered_v1` (2.1.329): an older CLI may refuse
    /// the whole answer.
    pub enum UnansweredKind {
        /// The user skipped it.
        Skipped = "skipped",
        /// The user wrote a message of another kind.
        RepliedInChat = "replied_in_chat",
        /// The user closed it.
        Dismissed = "dismissed",
    }
}

impl Questions {
    pub(crate) fn of(permission: &PermissionRequest) -> Result<Self, DecodeError> {
        if permission.tool_name != TOOL {
            return Err(DecodeError::other("the permission request is not a question to the user"));
        }
        let input = permission.input.clone();
        let mut fields = Fields::from_json(&input).map_err(|error| error.within("input"))?;
        Ok(Self { list: fields.require("questions").map_err(|error| error.within("input"))?, input })
    }

    /// A reply in which nothing is answered yet.
    #[must_use]
    pub fn reply(&self) -> QuestionResponse {
        let asked = self.list.iter().map(|question| question.question.clone()).collect();
        QuestionResponse { asked, input: self.input.clone(), answers: Vec::new(), annotations: Vec::new() }
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

    /// For a host without a user: a deny that tells the model to go on by itself. Every version takes it.
    #[must_use]
    pub fn decline(&self) -> Decision {
        Decision::deny("there is no user to answer; decide what fits best, and say what you assumed")
    }
}

/// The user's answers. What is said twice of one question counts as it was said last.
#[derive(Clone, PartialEq, Eq)]
pub struct QuestionResponse {
    asked: Vec<String>,
    input: Json,
    answers: Vec<(String, String)>,
    annotations: Vec<(String, Annotation)>,
}

/// Error of an answer to a question that was not asked. The CLI would ignore the answer, and the model would read that the user
/// said nothing.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("no question {:?} was asked; name a question by its whole text", Quoted(question))]
#[non_exhaustive]
pub struct UnknownQuestionError {
    /// Question that was not asked.
    pub question: String,
}

impl fmt::Debug for UnknownQuestionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownQuestion").field("question", &Quoted(&self.question)).finish()
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
    /// Answers a question with the label of a choice, or with a text of the user's own.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has that text.
    pub fn choose(mut self, question: &str, answer: impl Into<String>) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        *entry(&mut self.answers, question) = answer.into();
        Ok(self)
    }

    /// Answers a question of which several can be chosen. The CLI reads the labels with commas between them.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has that text.
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

    /// Adds what the user wrote beside the choice.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has that text.
    pub fn note(mut self, question: &str, notes: impl Into<String>) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        entry(&mut self.annotations, question).notes = Some(notes.into());
        Ok(self)
    }

    /// Adds the preview of what was chosen.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has that text.
    pub fn preview(mut self, question: &str, preview: impl Into<String>) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        entry(&mut self.annotations, question).preview = Some(preview.into());
        Ok(self)
    }

    /// Says how a question went unanswered, for a CLI that [knows of it](UnansweredKind); `told` is what the model reads.
    ///
    /// # Errors
    /// [`UnknownQuestionError`] if no question has that text.
    pub fn unanswered(
        mut self,
        question: &str,
        how: UnansweredKind,
        told: impl Into<String>,
    ) -> Result<Self, UnknownQuestionError> {
        self.check(question)?;
        entry(&mut self.annotations, question).unanswered = Some(how);
        self.choose(question, told)
    }

    fn check(&self, question: &str) -> Result<(), UnknownQuestionError> {
        let asked = self.asked.iter().any(|asked| asked == question);
        asked.then_some(()).ok_or_else(|| UnknownQuestionError { question: question.to_owned() })
    }

    /// The allow that carries the answers: the tool's input as it came, with `answers` and `annotations`.
    #[must_use]
    pub fn decision(self) -> Decision {
        // An object, texts and lists of them: there is nothing that could fail.
        Json::from_value(&self).map_or_else(|error| Decision::deny(error.to_string()), Decision::allow_with)
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions").field("list", &Few(&self.list)).finish_non_exhaustive()
    }
}

impl fmt::Debug for QuestionResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QuestionReply").field(&Json::from_value(self)).finish()
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

/// A list of entries as an object.
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
