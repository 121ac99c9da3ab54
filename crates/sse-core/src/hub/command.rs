use std::time::Duration;

use memchr::memchr_iter;

use super::{HubConfig, Post, PublishError};
use crate::{
    Event,
    action::{Action, ActionSet, parse_retry},
    channel::{Content, Drafts, Publication},
    event::EventName,
    mix::mix_bytes,
    wire::Draft,
};

/// What a publisher wants done, decided as far as it can be without the channel: actions, formats and
/// limits were looked at, and events are encoded.
#[derive(Debug)]
pub(super) enum Command {
    Publish(Publication),
    Finish,
}

impl Command {
    /// What `post` asks for, of which at most `max_batch` events may be published.
    pub(super) fn from_post(
        post: &Post<'_>,
        config: &HubConfig,
        max_batch: usize,
    ) -> Result<Self, PublishError> {
        let (name, action) = find_action(config.actions(), post.action)?;
        let content = match action {
            Action::Event if post.is_batch => {
                let drafts = lines(name, post.body, config, max_batch)?;
                Content::Events(bounded(drafts, config, max_batch)?)
            }
            Action::Event => {
                let draft = Drafts::One(draft(name, post.body, config)?);
                Content::Events(bounded(draft, config, max_batch)?)
            }
            Action::Retry => Content::Retry(parse_retry(post.body)?),
            Action::Finish => return Ok(Self::Finish),
        };
        let key = post.key.clone().filter(|_| config.history().is_some());
        let key = key.map(|key| (key, digest(post)));
        Ok(Self::Publish(Publication { content, key }))
    }

    /// That `events`, at most `max_batch`, are to be published as they are.
    pub(super) fn from_events(
        events: impl IntoIterator<Item = Event>,
        config: &HubConfig,
        max_batch: usize,
    ) -> Result<Self, PublishError> {
        let room = config.id_room();
        let drafts = events.into_iter().map(|event| {
            check_event(&event, config)?;
            Ok(Draft::of(&event, room))
        });
        let drafts = collect(drafts, max_batch)?;
        let content = Content::Events(bounded(drafts, config, max_batch)?);
        Ok(Self::Publish(Publication { content, key: None }))
    }

    /// That listeners are to come back after `retry`.
    pub(super) fn from_retry(retry: Duration) -> Self {
        Self::Publish(Publication { content: Content::Retry(retry), key: None })
    }
}

pub(super) fn find_action<'a>(
    actions: &'a ActionSet,
    name: &str,
) -> Result<(&'a EventName, Action), PublishError> {
    actions.find(name).ok_or_else(|| PublishError::UnknownAction { action: name.to_owned() })
}

/// One event out of a body.
fn draft(name: &EventName, body: &[u8], config: &HubConfig) -> Result<Draft, PublishError> {
    Ok(Draft::new(name, &config.format().data(body)?, config.id_room()))
}

/// One event out of each line of a body that is not empty.
fn lines(
    name: &EventName,
    body: &[u8],
    config: &HubConfig,
    max: usize,
) -> Result<Drafts, PublishError> {
    let lines = (1..).zip(body.split(|&byte| byte == b'\n'));
    let lines = lines.map(|(number, line)| (number, line.strip_suffix(b"\r").unwrap_or(line)));
    let written = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    // Most batches have too few lines, which is quickly seen.
    let may_be_too_many = max <= memchr_iter(b'\n', body).count();
    if may_be_too_many && written.clone().nth(max).is_some() {
        return Err(PublishError::TooManyEvents { max });
    }
    let drafts = written.map(|(number, line)| match config.format().data(line) {
        Ok(data) => Ok(Draft::new(name, &data, config.id_room())),
        Err(error) => Err(PublishError::Line { line: number, error }),
    });
    collect(drafts, max)
}

fn collect(
    drafts: impl Iterator<Item = Result<Draft, PublishError>>,
    max: usize,
) -> Result<Drafts, PublishError> {
    let mut error = None;
    let drafts = drafts.take(max.saturating_add(1));
    let accepted = drafts.map_while(|draft| draft.map_err(|refused| error = Some(refused)).ok());
    let collected = Drafts::new(accepted);
    match error {
        Some(error) => Err(error),
        None => collected.ok_or(PublishError::Empty),
    }
}

/// Refuses what a log could not hold, even if all of it had been read.
fn bounded(drafts: Drafts, config: &HubConfig, max_batch: usize) -> Result<Drafts, PublishError> {
    if max_batch < drafts.len() {
        return Err(PublishError::TooManyEvents { max: max_batch });
    }
    let (bytes, max) = (drafts.cost(config.id_room()), config.max_publication());
    if bytes <= max { Ok(drafts) } else { Err(PublishError::TooLarge { bytes, max }) }
}

/// Refuses what only the hub itself may say.
fn check_event(event: &Event, config: &HubConfig) -> Result<(), PublishError> {
    if event.as_data().is_none() {
        return Err(PublishError::Empty);
    }
    if let Some(name) = event.name().filter(|name| name.as_str().starts_with("sse.")) {
        return Err(PublishError::Reserved { name: name.clone() });
    }
    match event.id() {
        Some(id) if config.gives_ids() => Err(PublishError::OwnId { id: id.clone() }),
        _ => Ok(()),
    }
}

/// Tells two publications apart that have the same key. A store keeps it, so it never changes.
fn digest(post: &Post<'_>) -> u64 {
    let kind = u64::from(post.is_batch);
    [post.action.as_bytes(), post.body].into_iter().fold(kind, mix_bytes)
}
