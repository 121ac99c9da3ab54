use std::{collections::VecDeque, io, rc::Rc, time::Instant};

use tokio::{select, time::sleep_until};

use super::{
    config::Config,
    connection::Connection,
    publisher::{Publications, Requests, Sent},
};

/// Publishes on one connection, without awaiting an answer before the next request.
///
/// An event that is refused counts as lost too: those behind it are on their way by then.
pub(super) async fn publish(
    config: Rc<Config>,
    publications: Rc<Publications>,
    started: Instant,
) -> io::Result<()> {
    let mut connection = Connection::open(&config.publish).await?;
    let mut requests = Requests::new(&config, PUBLISHER);
    let mut request = String::new();
    let mut unanswered = VecDeque::<Sent>::new();
    let mut next = publications.take(&config, started);
    loop {
        request.clear();
        while let Some((number, _)) =
            next.filter(|(_, due)| unanswered.len() < config.in_flight && *due <= Instant::now())
        {
            unanswered.push_back(requests.write(&config, &publications, number, &mut request));
            next = publications.take(&config, started);
        }
        connection.write(&request).await?;
        let due = next.map(|(_, due)| due).filter(|_| unanswered.len() < config.in_flight);
        if unanswered.is_empty() && due.is_none() {
            return Ok(());
        }
        select! {
            filled = connection.fill(), if !unanswered.is_empty() => {
                filled?;
                connection.take_answers(|status| {
                    if let Some(sent) = unanswered.pop_front() {
                        publications.answered(PUBLISHER, sent, status);
                    }
                })?;
            }
            () = sleep_until(due.unwrap_or(started).into()), if due.is_some() => (),
        }
    }
}

const PUBLISHER: usize = 0;
