use std::{io, net::TcpListener, time::Duration};

use actix_web::{App, Either, HttpRequest, HttpServer, Responder, web};
use actix_web_lab::sse::{Data, Event, Sse};
use futures_util::StreamExt;

use crate::source::events;

pub fn serve(listener: TcpListener, is_ours: bool) -> io::Result<()> {
    actix_web::rt::System::new().block_on(async move {
        let app =
            move || App::new().default_service(web::to(move |request| answer(request, is_ours)));
        HttpServer::new(app).workers(1).h1_allow_half_closed(false).listen(listener)?.run().await
    })
}

async fn answer(request: HttpRequest, is_ours: bool) -> impl Responder {
    let data = events(request.path());
    if is_ours {
        Either::Left(sse_actix::Sse::new(data.map(sse_core::Event::data)))
    } else {
        let events = data.map(|data| Event::Data(Data::new(data)));
        Either::Right(Sse::from_infallible_stream(events).with_keep_alive(KEEPALIVE))
    }
}

/// What the others and the adapters have by default.
const KEEPALIVE: Duration = Duration::from_secs(15);
