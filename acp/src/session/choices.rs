//! Settings that the user can change: the permission mode and the model.

use agent_client_protocol::Responder;
use agent_client_protocol::v1::schema::{
    ConfigOptionUpdate, CurrentModeUpdate, SessionConfigOption, SessionConfigOptionCategory, SessionConfigOptionValue,
    SessionConfigSelectOption, SessionMode, SessionModeId, SessionModeState, SessionUpdate,
    SetSessionConfigOptionRequest, SetSessionConfigOptionResponse, SetSessionModeResponse,
};
#[cfg(unix)]
use claude_duplex::SessionStatus;
use claude_duplex::options::PermissionMode;
use claude_duplex::request::response::{InitializeResponse, Model};
use claude_duplex::request::{Request, SetModel, SetPermissionMode};
use claude_duplex::{RequestError, Response};

use super::{Session, Waiting};
use crate::failure;
use crate::options::Chosen;

/// Ids of the options.
const MODE: &str = "mode";
const MODEL: &str = "model";

/// Name of the CLI's default model.
const DEFAULT: &str = "default";

/// Settings, with the values that the CLI offers.
#[derive(Debug, Default)]
pub(super) struct Choices {
    mode: Option<PermissionMode>,
    model: Option<String>,
    /// Model of a request without a response.
    requested_model: Option<String>,
    models: Vec<Model>,
    auto: bool,
    bypass: bool,
}

impl Choices {
    /// Creates the settings with a mode. `None` leaves the choice to the CLI.
    pub(super) fn new(mode: Option<&str>) -> Self {
        Self { mode: mode.map(PermissionMode::from), ..Self::default() }
    }

    /// Sets the values that the CLI offers.
    pub(super) fn offered(&mut self, response: Option<&InitializeResponse>, bypass: bool) {
        self.bypass = bypass;
        let Some(response) = response else { return };
        self.models = response.models.clone().unwrap_or_default();
        self.auto = self.models.iter().any(|model| model.supports_auto_mode == Some(true));
        if self.mode.is_none() {
            self.mode = response.current_permission_mode.clone();
        }
    }

    /// Takes over the state of a session that another agent has opened.
    #[cfg(unix)]
    pub(super) fn resumed(&mut self, status: &SessionStatus, model: Option<String>) {
        self.mode = status.permission_mode.clone().or(self.mode.take());
        self.model = model;
    }

    /// Returns the model for the notes. It includes a requested model, because the request reaches the CLI even if this agent
    /// ends.
    #[cfg(unix)]
    pub(super) fn noted_model(&self) -> Option<String> {
        self.requested_model.clone().or_else(|| self.model.clone())
    }

    /// Forgets the request for a model, because the CLI has ended.
    pub(super) fn forget_request(&mut self) {
        self.requested_model = None;
    }

    /// Returns the settings for a CLI that is started now.
    pub(super) fn chosen(&self) -> Chosen {
        Chosen { mode: self.mode.clone(), model: self.model.clone() }
    }

    fn offers(&self) -> Vec<(PermissionMode, &'static str, &'static str)> {
        let mut offers = vec![
            (PermissionMode::Default, "Default", "Asks before edits and commands"),
            (PermissionMode::AcceptEdits, "Accept edits", "Edits files without asking"),
            (PermissionMode::Plan, "Plan", "Reads and plans without changes"),
            (PermissionMode::DontAsk, "Don't ask", "Denies tool calls that no rule allows"),
        ];
        if self.auto || self.mode == Some(PermissionMode::Auto) {
            offers.push((PermissionMode::Auto, "Auto", "A model decides which tool calls need approval"));
        }
        if self.bypass || self.mode == Some(PermissionMode::BypassPermissions) {
            offers.push((PermissionMode::BypassPermissions, "Bypass permissions", "Never asks"));
        }
        offers
    }

    fn current(&self) -> PermissionMode {
        self.mode.clone().unwrap_or(PermissionMode::Default)
    }

    /// Returns the modes for the client.
    pub(super) fn modes(&self) -> SessionModeState {
        let modes = self.offers().into_iter().map(|(mode, name, description)| {
            SessionMode::new(mode.as_str().to_owned(), name).description(description.to_owned())
        });
        SessionModeState::new(self.current().as_str().to_owned(), modes.collect())
    }

    /// Returns the options for the client.
    pub(super) fn options(&self) -> Vec<SessionConfigOption> {
        let modes = self.offers().into_iter().map(|(mode, name, description)| {
            SessionConfigSelectOption::new(mode.as_str().to_owned(), name).description(description.to_owned())
        });
        let modes: Vec<_> = modes.collect();
        let mut options = vec![
            SessionConfigOption::select(MODE, "Mode", self.current().as_str().to_owned(), modes)
                .category(SessionConfigOptionCategory::Mode),
        ];
        let models = self.models.iter().map(|model| {
            let name = model.display_name.clone().unwrap_or_else(|| model.value.clone());
            SessionConfigSelectOption::new(model.value.clone(), name).description(model.description.clone())
        });
        let models: Vec<_> = models.collect();
        if !models.is_empty() {
            let current = self.model.clone().unwrap_or_else(|| DEFAULT.to_owned());
            let model = SessionConfigOption::select(MODEL, "Model", current, models);
            options.push(model.category(SessionConfigOptionCategory::Model));
        }
        options
    }
}

impl Session {
    /// Sets the permission mode.
    pub(super) fn set_mode(&mut self, mode: SessionModeId, responder: Responder<SetSessionModeResponse>) {
        if !self.choices.offers().iter().any(|(offer, ..)| offer.as_str() == &*mode.0) {
            let offers = self.choices.offers();
            let offers: Vec<&str> = offers.iter().map(|(offer, ..)| offer.as_str()).collect();
            let message = format!("unknown mode {}; the modes are {}", mode.0, offers.join(", "));
            let _ = responder.respond_with_error(failure::invalid(message));
            return;
        }
        let request = SetPermissionMode::new(PermissionMode::from(&*mode.0));
        self.request(request, Waiting::Mode(mode, responder));
    }

    /// Sets an option.
    pub(super) fn set_option(
        &mut self,
        request: SetSessionConfigOptionRequest,
        responder: Responder<SetSessionConfigOptionResponse>,
    ) {
        let value = match &request.value {
            SessionConfigOptionValue::ValueId { value } => value.0.to_string(),
            _ => String::new(),
        };
        let known = match &*request.config_id.0 {
            MODE => self.choices.offers().iter().any(|(offer, ..)| offer.as_str() == value),
            MODEL => self.choices.models.iter().any(|model| model.value == value),
            _ => false,
        };
        if !known {
            let message = format!("the option {} has no value {value:?}", request.config_id.0);
            let _ = responder.respond_with_error(failure::invalid(message));
            return;
        }
        let model = (&*request.config_id.0 == MODEL).then(|| value.clone());
        let sent: Request = match &*request.config_id.0 {
            MODE => SetPermissionMode::new(PermissionMode::from(&*value)).into(),
            _ if value == DEFAULT => SetModel::reset().into(),
            _ => SetModel::new(value).into(),
        };
        if self.request(sent, Waiting::Option(request, responder)) && model.is_some() {
            self.choices.requested_model = model;
            self.note();
        }
    }

    /// Sends a control request. Returns `false` if that is not possible, and fails the request of the client.
    pub(super) fn request(&mut self, request: impl Into<Request>, waiting: Waiting) -> bool {
        let refused = match &mut self.claude {
            Some(claude) => match claude.request(request) {
                Ok(id) => {
                    self.waiting.insert(id, waiting);
                    return true;
                }
                Err(refused) => failure::internal(format!("the CLI accepts no requests: {refused}")),
            },
            None => failure::internal("the claude process has ended; a prompt starts it again"),
        };
        waiting.fail(&refused);
        false
    }

    pub(super) fn mode_set(
        &mut self,
        mode: SessionModeId,
        responder: Responder<SetSessionModeResponse>,
        response: Result<Response, RequestError>,
    ) {
        let _ = match response {
            Ok(_) => {
                self.choices.mode = Some(PermissionMode::from(&*mode.0));
                self.client.update(SessionUpdate::ConfigOptionUpdate(ConfigOptionUpdate::new(self.choices.options())));
                responder.respond(SetSessionModeResponse::new())
            }
            Err(error) => responder.respond_with_error(failure::internal(error.to_string())),
        };
    }

    pub(super) fn option_set(
        &mut self,
        request: SetSessionConfigOptionRequest,
        responder: Responder<SetSessionConfigOptionResponse>,
        response: Result<Response, RequestError>,
    ) {
        let is_model = &*request.config_id.0 == MODEL;
        if is_model {
            self.choices.requested_model = None;
        }
        let _ = match response {
            Ok(_) => {
                if let SessionConfigOptionValue::ValueId { value } = &request.value {
                    match &*request.config_id.0 {
                        MODE => {
                            self.choices.mode = Some(PermissionMode::from(&*value.0));
                            let update = CurrentModeUpdate::new(value.0.to_string());
                            self.client.update(SessionUpdate::CurrentModeUpdate(update));
                        }
                        _ => self.choices.model = Some(value.0.to_string()),
                    }
                }
                responder.respond(SetSessionConfigOptionResponse::new(self.choices.options()))
            }
            Err(error) => responder.respond_with_error(failure::internal(error.to_string())),
        };
        if is_model {
            self.note();
        }
    }

    /// Shows a change of the mode that the CLI made by itself, e.g. after a plan was accepted.
    pub(super) fn show_choices(&mut self) {
        let Some(claude) = &self.claude else { return };
        let mode = &claude.protocol().status().permission_mode;
        if mode.is_none() || *mode == self.choices.mode {
            return;
        }
        // The CLI has not responded yet.
        if self.waiting.values().any(|waiting| matches!(waiting, Waiting::Mode(..) | Waiting::Option(..))) {
            return;
        }
        self.choices.mode = mode.clone();
        let current = self.choices.current().as_str().to_owned();
        self.client.update(SessionUpdate::CurrentModeUpdate(CurrentModeUpdate::new(current)));
        self.client.update(SessionUpdate::ConfigOptionUpdate(ConfigOptionUpdate::new(self.choices.options())));
    }
}
