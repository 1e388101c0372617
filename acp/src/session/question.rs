//! Questions of `AskUserQuestion`: as a form if the client can show forms, or else as one permission request for each question.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    CreateElicitationRequest, CreateElicitationResponse, ElicitationAction, ElicitationContentValue,
    ElicitationFormMode, ElicitationSchema, ElicitationSessionScope, EnumOption, MultiSelectPropertySchema,
    PermissionOption, PermissionOptionKind, RequestPermissionOutcome, RequestPermissionRequest, StringPropertySchema,
    ToolCallUpdate, ToolCallUpdateFields,
};
use claude_duplex::incoming::{Question, QuestionResponse, Questions, UnknownQuestionError};
use claude_duplex::{Deny, IncomingResponse};

use super::incoming::{PendingResponse, deny};
use crate::capabilities::Abilities;
use crate::client::Client;
use crate::tool;

/// Forwards the questions of a call to the client.
pub(super) fn forward(client: Client, abilities: Abilities, questions: Questions, call: String) -> PendingResponse {
    if abilities.forms {
        let scope = ElicitationSessionScope::new(client.session().clone()).tool_call_id(Some(call.into()));
        let form = ElicitationFormMode::new(scope, form(&questions));
        let message = questions.list.iter().map(|question| &*question.question).collect::<Vec<_>>().join("\n");
        let response = client.request(CreateElicitationRequest::new(form, message));
        return Box::pin(async move { form_decision(&questions, response.await) });
    }
    Box::pin(async move { one_by_one(&client, &questions, &call).await })
}

fn form(questions: &Questions) -> ElicitationSchema {
    let property = |schema: ElicitationSchema, (at, question): (usize, &Question)| {
        let options: Vec<EnumOption> = question
            .choices
            .iter()
            .flatten()
            .map(|choice| {
                EnumOption::new(choice.label.clone(), choice.label.clone()).description(choice.description.clone())
            })
            .collect();
        let title = question.header.clone().unwrap_or_else(|| question.question.clone());
        let name = format!("q{at}");
        if question.multi_select == Some(true) {
            let several =
                MultiSelectPropertySchema::titled(options).title(title).description(question.question.clone());
            schema.property(name, several, true)
        } else {
            let one = StringPropertySchema::new().one_of(options).title(title).description(question.question.clone());
            schema.property(name, one, true)
        }
    };
    questions.list.iter().enumerate().fold(ElicitationSchema::new(), property)
}

fn form_decision(questions: &Questions, response: Result<CreateElicitationResponse, Error>) -> IncomingResponse {
    let content = match response.map(|response| response.action) {
        Ok(ElicitationAction::Accept(accepted)) => accepted.content.unwrap_or_default(),
        Ok(ElicitationAction::Decline) => return questions.decline().into(),
        Ok(_) => return cancelled(),
        Err(error) => return deny(&format!("The user could not answer: {}", error.message)),
    };
    let reply = questions.list.iter().enumerate().try_fold(questions.reply(), |reply, (at, question)| {
        match content.get(&format!("q{at}")) {
            Some(ElicitationContentValue::String(answer)) => reply.choose(&question.question, answer),
            Some(ElicitationContentValue::StringArray(answers)) => reply.choose_all(&question.question, answers),
            _ => Ok(reply),
        }
    });
    decision(reply)
}

async fn one_by_one(client: &Client, questions: &Questions, call: &str) -> IncomingResponse {
    let mut reply = questions.reply();
    for question in &questions.list {
        let choices: Vec<_> = question.choices.iter().flatten().collect();
        let mut options: Vec<PermissionOption> = choices
            .iter()
            .enumerate()
            .map(|(at, choice)| {
                PermissionOption::new(format!("choice.{at}"), choice.label.clone(), PermissionOptionKind::AllowOnce)
            })
            .collect();
        options.push(PermissionOption::new("skip", "Skip", PermissionOptionKind::RejectOnce));
        let described = choices.iter().filter_map(|choice| {
            Some(format!("* {}: {}", choice.label, choice.description.as_deref().filter(|text| !text.is_empty())?))
        });
        let content: Vec<_> = described.collect();
        let fields = ToolCallUpdateFields::new()
            .title(question.question.clone())
            .content(Some(content).filter(|lines| !lines.is_empty()).map(|lines| vec![tool::text(lines.join("\n"))]));
        let update = ToolCallUpdate::new(call.to_owned(), fields);
        let request = RequestPermissionRequest::new(client.session().clone(), update, options);
        let selected = match client.request(request).await.map(|response| response.outcome) {
            Ok(RequestPermissionOutcome::Selected(selected)) => selected.option_id,
            Ok(_) => return cancelled(),
            Err(error) => return deny(&format!("The user could not answer: {}", error.message)),
        };
        let chosen = selected.0.strip_prefix("choice.").and_then(|at| choices.get(at.parse::<usize>().ok()?));
        let Some(chosen) = chosen else { return questions.decline().into() };
        reply = match reply.choose(&question.question, &chosen.label) {
            Ok(reply) => reply,
            Err(error) => return deny(&error.to_string()),
        };
    }
    reply.decision().into()
}

fn decision(reply: Result<QuestionResponse, UnknownQuestionError>) -> IncomingResponse {
    reply.map_or_else(|error| deny(&error.to_string()), |reply| reply.decision().into())
}

fn cancelled() -> IncomingResponse {
    Deny::new("The user cancelled the turn.").and_interrupt().into()
}
