//! The page of the operator's address, as a browser shows it, and as it is used there.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use crate::support::{Folder, Issuer, Listener, Page, Poster, Server, bearer, exchange};

#[test]
fn a_channel_appears_and_its_events_come_as_they_are_published() {
    let page = Page::start(&["--mode", "shared"]);
    page.until("it is live", "find('state').textContent === 'Live'");
    assert_eq!(page.run("return find('disk').hidden"), true);
    let mut listener = Listener::open(page.addr(), "/poll/kitchen");
    page.until("it appears", "find('rows').textContent.startsWith('kitchen1')");

    // The first row has the focus then, and the key opens its link.
    page.press("\u{e015}");
    page.press("\u{e007}");
    page.until(
        "it is opened",
        "find('channel-title').textContent === 'kitchen' && find('facts').children.length === 7",
    );
    for data in ["21.5", "21.6"] {
        page.publish("kitchen", data);
        listener.block();
    }
    page.until("the newest is on top", "shown(0) === 'ping21.6' && shown(1) === 'ping21.5'");

    // Whoever looks is no listener.
    page.until("one listens", "find('facts').children[1].textContent === 'Listeners1'");
    page.press("\u{e00c}");
    page.until(
        "it is closed",
        "find('channel').hidden && location.hash === '#sort=rate&order=desc'",
    );
    assert_eq!(page.run("return document.activeElement.textContent"), "kitchen");
}

#[test]
fn gaps_are_shown_where_they_are_and_so_is_what_is_on_disk() {
    let folder = Folder::new();
    let dir = folder.path("data");
    let page = Page::start(&["--mode", "shared", "--history", "2", "--data-dir", &dir]);
    let first = exchange(page.addr(), "POST", "/ping/kitchen", "1");
    page.open("kitchen");
    for data in ["2", "3", "4"] {
        page.publish("kitchen", data);
    }
    let id = first.head.field("sse-id").unwrap().to_owned();
    page.until("the last has come", "shown(0) === 'ping4'");

    let _listener = Listener::open_with(page.addr(), "/poll/kitchen", &[("last-event-id", &id)]);

    let told = "A listener came back and was told of a gap: 1 event missed, trimmed";
    page.until("the gap is shown", &format!("find('events').textContent.includes({told:?})"));
    let stored = "find('stored').textContent.includes('Stored4')";
    let is_well = "find('trouble').textContent === 'All is well.'";
    page.until("the disk is shown", &format!("!find('disk').hidden && {stored} && {is_well}"));
}

#[test]
fn a_channel_is_ended_by_the_second_press() {
    let page = Page::start(&["--mode", "shared", "--history", "2"]);
    let listener = Listener::open(page.addr(), "/poll/a/b".replace("a/b", "a%2Fb").as_str());
    page.open("a/b");

    page.run("find('end').click()");
    assert_eq!(page.run("return find('end').textContent"), "Press again to end it");
    page.publish("a%2Fb", "it is still there");
    page.run("find('end').click()");

    let ended = "'The channel a/b is ended; 1 stream ends.'";
    page.until("the page says so", &format!("find('told').textContent === {ended}"));
    page.until(
        "the channel says so",
        "find('events').textContent.includes('The channel has ended')",
    );
    let mut listener = listener;
    assert_eq!(
        listener.block(),
        format!("event: ping\ndata: it is still there\nid: {}", id_of(&page))
    );
    while listener.has_block() {}
    assert_eq!(page.run("return find('end').textContent"), "End channel");
}

#[test]
fn subjects_and_tokens_are_revoked_and_mistakes_are_told() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let key = format!("HS256={}", issuer.key());
    let page = Page::start(&["--mode", "shared", "--jwt-key", &key]);
    for (subject, kind, holder, told) in [
        ("alice", "subject", "alice", "alice is revoked; 1 stream ends."),
        ("bob", "token", "id-of-bob", "The token is revoked; 1 stream ends."),
    ] {
        let id = format!("id-of-{subject}");
        let options = ["--listen", "*", "--subject", subject, "--id", &id, "--expires-in", "1h"];
        let fields = [("authorization", &*bearer(&issuer.mint(&options)))];
        let mut listener = Listener::open_with(page.addr(), "/poll/42", &fields);
        listener.block();

        page.revoke(kind, holder);

        page.until("it is told", &format!("find('told').textContent === {told:?}"));
        while listener.has_block() {}
    }
    page.revoke("token", "eyJhbGciOiJIUzI1NiJ9.broken");
    page.until(
        "it is refused",
        "find('told').textContent.startsWith('400: ') && find('told').hasAttribute('data-bad')",
    );
}

#[test]
fn the_server_is_drained_once_the_word_is_typed() {
    let page = Page::start(&["--drain", "600000", "--mode", "shared"]);
    let _streams: Vec<_> = (0..20).map(|_| Listener::open(page.addr(), "/poll/42")).collect();
    let button = "document.querySelector('#drain button')";
    for (word, is_disabled) in [("dr", true), ("drain", false)] {
        page.run("find('word').focus(); find('word').value = ''");
        page.press(word);
        assert_eq!(page.run(&format!("return {button}.disabled")), is_disabled, "{word}");
    }

    page.press("\u{e007}");

    page.until("it drains", "find('state').textContent === 'Draining'");
    assert_eq!(exchange(page.admin, "GET", "/readyz", "").status(), 503);
}

#[test]
fn a_restart_of_the_server_is_survived() {
    let mut page = Page::start(&["--mode", "shared", "--history", "9"]);
    page.publish("kitchen", "before");
    page.open("kitchen");
    page.until("an event has come", "shown(0) === 'pingbefore'");
    page.until("there are rates", "find('now-published').textContent !== '–'");

    let admin = page.admin.to_string();
    drop(page.server);
    page.server = Server::start(&[]);
    page.until("it is lost", "find('state').textContent === 'Reconnecting'");
    page.server = Server::start(&["--mode", "shared", "--history", "9", "--admin", &admin]);

    page.until("it is back", "find('state').textContent === 'Live'");
    page.publish("kitchen", "after");
    page.until("the gap is shown", "shown(0) === 'pingafter' && shown(1).startsWith('Gap: ')");
    page.until(
        "there are rates",
        "['0', '0.5', '1.0'].includes(find('now-published').textContent)",
    );
}

#[test]
fn what_is_hostile_is_text() {
    let page = Page::start(&["--mode", "shared", "--history", "9"]);
    page.run("window.count = () => document.querySelectorAll('*').length");
    let name = "<img src=x onerror=\"document.title='broken in'\">\u{202e}";
    let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let data = "</pre></script><script>document.title='broken in'</script>\0\u{2066}";
    page.publish(&encoded, data);
    page.publish(&"y".repeat(256), &"x".repeat(100_000));

    page.open(name);

    page.until(
        "it is shown",
        "find('events').children.length === 1 && find('rows').children.length === 2",
    );
    let shown = name.replace('\u{202e}', "\\u{202e}");
    assert_eq!(page.run("return find('channel-title').textContent"), shown);
    assert_eq!(
        page.run("return find('rows').textContent.includes(find('channel-title').textContent)"),
        true
    );
    let data = data.replace('\0', "\\u{0}").replace('\u{2066}', "\\u{2066}");
    assert_eq!(page.run("return shown(0)"), format!("ping{data}"));
    assert_eq!(page.run("return document.title"), format!("{shown} · eventsource-server"));
    assert_eq!(page.run("return document.querySelectorAll('img, main script').length"), 0);
    let [wide, cell] = ["a", "td"].map(|it| format!("[...find('rows').querySelectorAll('{it}')]"));
    let edge = format!("Math.max(...{wide}.map((it) => it.getBoundingClientRect().right))");
    let next = format!("Math.min(...{cell}.map((it) => it.getBoundingClientRect().left))");
    assert_eq!(page.run(&format!("return {edge} <= {next}")), true, "names end before figures");
    page.narrow();
    assert_eq!(page.run("return document.documentElement.scrollWidth"), 360, "with long names too");
    page.run(&format!("location.hash = 'channel={}'", "y".repeat(256)));
    page.until("the long one is shown", "find('events').textContent.includes('98 KiB, cut')");
    assert_eq!(page.run("return document.documentElement.scrollWidth"), 360);
}

#[test]
fn there_are_no_more_than_200_rows_whatever_there_is() {
    let page = Page::start(&["--mode", "shared", "--history", "500"]);
    let mut poster = Poster::new(page.addr());
    let mut publish = |channel: &str| {
        assert_eq!(poster.exchange("POST", &format!("/ping/{channel}"), "x").status(), 200);
    };
    (0..300).for_each(|channel| publish(&format!("room:{channel}")));
    (0..300).for_each(|_| publish("kitchen"));

    page.open("kitchen");

    page.until("the channels are counted", "find('matched').textContent === '100 of 301'");
    page.until("the events are cut", "find('events').children.length === 80");
    (0..300).for_each(|_| publish("kitchen"));
    page.until("the last has come", "find('events').firstChild.textContent.includes('id 600.')");
    let rows = page.run("return document.querySelectorAll('tr, li').length").as_u64().unwrap();
    assert!((181..=200).contains(&rows), "{rows}");

    page.run("find('filter').value = 'ROOM:29'; find('filter').dispatchEvent(new Event('input'))");
    page.until("the server filters", "find('matched').textContent === '11'");
    page.run("document.querySelector('#heads button').click()");
    page.until("it sorts", "find('rows').firstChild.textContent.startsWith('room:290')");
    let sorted = "document.querySelector('[aria-sort]').getAttribute('aria-sort')";
    assert_eq!(page.run(&format!("return {sorted}")), "ascending");
    assert_eq!(page.run("return document.querySelectorAll('[aria-sort]').length"), 1);
}

#[test]
fn what_is_not_shown_while_it_is_paused_is_counted() {
    let page = Page::start(&["--mode", "shared", "--history", "500"]);
    page.open("kitchen");
    page.run("find('pause').click()");
    let mut poster = Poster::new(page.addr());
    for number in 0..200 {
        let answer = poster.exchange("POST", "/ping/kitchen", &number.to_string());
        assert_eq!(answer.status(), 200);
    }
    page.until("all have come", "news.items.at(-1).data === '199'");
    assert_eq!(page.run("return find('events').children.length"), 0);

    page.run("find('pause').click()");

    page.until("all that is kept is shown", "shown(0) === 'ping199'");
    let all = "[...find('events').children].reduce((sum, { dataset, textContent }) => sum + \
        (dataset.kind === 'event' ? 1 : parseInt(/(\\d+) event/.exec(textContent.slice(12))?.[1] ?? 0)), 0)";
    assert_eq!(page.run(&format!("return {all}")), 200);
}

#[test]
fn it_is_one_page_under_the_prefix_of_a_proxy_too() {
    let page = Page::start(&["--mode", "shared", "--history", "9"]);
    page.publish("kitchen", "21.5");
    let proxy = proxy(page.admin, "/ops");

    page.visit(&format!("http://{proxy}/ops/"));

    page.until("it is live", "find('state').textContent === 'Live'");
    page.open("kitchen");
    page.until("events come", "shown(0) === 'ping21.5'");
    page.run("find('end').click(); find('end').click()");
    page.until(
        "actions work",
        "find('told').textContent === 'The channel kitchen is ended; 0 streams end.'",
    );
}

#[test]
fn it_fits_a_phone_and_a_dark_room() {
    let page = Page::start(&["--mode", "shared", "--history", "9"]);
    let light = page.run("return getComputedStyle(document.body).backgroundColor");
    for channel in ["kitchen", "a-name-that-is-far-too-long-for-a-phone-to-show-it-on-one-line"] {
        page.publish(channel, &"a-word-that-is-too-long".repeat(20));
    }
    page.narrow();
    page.dark();

    for channel in ["", "kitchen"] {
        page.run(&format!("location.hash = {channel:?} && 'channel={channel}'"));
        page.until("all is there", "find('rows').children.length === 2");
        assert_eq!(page.run("return document.documentElement.scrollWidth"), 360, "{channel}");
        let cut = "[...document.querySelectorAll('section, button, input, dd')].filter((it) => \
            it.offsetWidth && 360 < it.getBoundingClientRect().right).length";
        assert_eq!(page.run(&format!("return {cut}")), 0, "{channel}");
    }
    assert_ne!(page.run("return getComputedStyle(document.body).backgroundColor"), light);
}

/// The id of the last event that is shown, which is not a note.
fn id_of(page: &Page) -> String {
    let id = "document.querySelector('[data-kind=event] i').textContent";
    page.run(&format!("return {id}")).as_str().unwrap().trim_start_matches("id ").to_owned()
}

/// The address of a proxy that leads what is below `prefix` to `addr`.
fn proxy(addr: SocketAddr, prefix: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    thread::spawn(move || {
        for downstream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || pass(downstream, addr, prefix));
        }
    });
    place
}

/// Passes one request and its answer on, and then closes.
fn pass(mut downstream: TcpStream, addr: SocketAddr, prefix: &str) -> Option<()> {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    while !request.contains("\r\n\r\n") {
        let len = downstream.read(&mut buffer).ok().filter(|len| 0 < *len)?;
        request += str::from_utf8(&buffer[..len]).ok()?;
    }
    let request = request.replacen(&format!(" {prefix}/"), " /", 1);
    let request = request.replacen("Connection: keep-alive", "Connection: close", 1);
    let mut upstream = TcpStream::connect(addr).ok()?;
    upstream.write_all(request.as_bytes()).ok()?;
    std::io::copy(&mut upstream, &mut downstream).ok()?;
    Some(())
}
