//! Keys, users and permissions that are read again.

use std::fs;

use sse_access::Algorithm;
use tempfile::TempDir;

use crate::support::{
    Authority, Folder, Issuer, Listener, Peer, Poster, Server, answer, bearer, passwords, status,
};

#[test]
fn a_key_in_a_file_of_its_own_is_replaced_and_streams_of_the_old_one_go_on() {
    let (folder, [old, new]) = (Folder::new(), [(); 2].map(|()| Issuer::new(Algorithm::Hs256)));
    let file = folder.write("key", fs::read(old.key()).unwrap());
    let server = Server::start(&["--mode", "shared", "--jwt-key", &format!("HS256={file}")]);
    let [old, new_token] = [&old, &new].map(token);
    let mut listener = Listener::open_with(server.addr(), "/poll/a", &[auth(&old)]);
    assert_eq!((listener.head().status, poll(&server, &new_token)), (200, 401));

    folder.write("key", fs::read(new.key()).unwrap());
    let said = server.reload();

    assert!(said.ends_with(&format!("reloaded: {file} (--jwt-key)")), "{said}");
    assert_eq!((poll(&server, &old), poll(&server, &new_token)), (401, 200));
    assert_goes_on(&server, &mut listener, &new_token);
    assert!(server.reload().contains("nothing has changed"));
}

#[test]
fn a_set_of_keys_in_a_file_is_replaced() {
    let (folder, [old, new]) = (Folder::new(), [(); 2].map(|()| Issuer::new(Algorithm::Es256)));
    let file = folder.write("jwks", fs::read(old.jwks()).unwrap());
    let server = Server::start(&["--mode", "shared", "--jwks", &file]);
    let (old_token, new_token) = (token(&old), token(&new));
    let mut listener = Listener::open_with(server.addr(), "/poll/a", &[auth(&old_token)]);

    folder.write("jwks", fs::read(new.jwks()).unwrap());
    server.reload();

    assert_eq!((poll(&server, &old_token), poll(&server, &new_token)), (401, 200));
    assert_goes_on(&server, &mut listener, &new_token);
}

#[test]
fn users_come_and_go_and_who_listens_stays() {
    let dir = TempDir::new().unwrap();
    let all = &["--listen", "*", "--publish", "*"][..];
    let users = passwords(&dir, &[("alice", "a", all)]);
    let server = Server::start(&["--mode", "shared", "--password-file", &users]);
    let (alice, bob) = ("Basic YWxpY2U6YQ==", "Basic Ym9iOmI=");
    let mut listener = Listener::open_with(server.addr(), "/poll/a", &[auth(alice)]);
    assert_eq!((poll(&server, alice), poll(&server, bob)), (200, 401));

    passwords(&dir, &[("bob", "b", all)]);
    server.reload();

    assert_eq!((poll(&server, alice), poll(&server, bob)), (401, 200));
    assert_goes_on(&server, &mut listener, bob);
}

#[test]
fn tickets_are_those_of_the_key_that_was_read_last() {
    let (folder, issuer) = (Folder::new(), Issuer::new(Algorithm::EdDsa));
    let file = folder.write("ticket", [1; 32]);
    let args = ["--jwks", &issuer.jwks(), "--ticket-key", &file, "--mode", "shared"];
    let server = Server::start(&args);
    let token = token(&issuer);
    let old = ticket(&server, &token);
    assert_eq!(show(&server, &old), 200);

    folder.write("ticket", [2; 32]);
    server.reload();

    assert_eq!((show(&server, &old), show(&server, &ticket(&server, &token))), (401, 200));
}

#[test]
fn tickets_of_the_random_key_are_valid_as_long_as_the_process_lives() {
    let (folder, issuer) = (Folder::new(), Issuer::new(Algorithm::EdDsa));
    let config = format!("mode = \"shared\"\n[access]\njwks = \"{}\"\n", issuer.jwks());
    let server = Server::start(&["--config", &folder.write("toml", &config)]);
    let ticket = ticket(&server, &token(&issuer));

    folder.write("toml", config + "anonymous-listen = [\"news\"]\n");
    assert!(server.reload().ends_with("reloaded: --anonymous-listen"));

    assert_eq!(show(&server, &ticket), 200);
    assert_eq!(status(server.addr(), "HEAD", "/poll/news", &[]), 200);
}

#[test]
fn keys_that_were_fetched_stay_while_their_address_does() {
    let (folder, issuer) = (Folder::new(), Issuer::new(Algorithm::EdDsa));
    let set = fs::read_to_string(issuer.jwks()).unwrap();
    // It answers once, and then never again.
    let peer = Peer::start([answer("200 OK", &set)]);
    let config = format!("mode = \"shared\"\n[access]\njwks = \"{}\"\n", peer.url("/keys"));
    let server = Server::start(&["--config", &folder.write("toml", &config)]);
    let token = token(&issuer);
    assert_eq!(poll(&server, &token), 200);

    folder.write("toml", config + "cookie = \"session\"\n");
    server.reload();

    let cookie = format!("session={}", token.trim_start_matches("Bearer "));
    assert_eq!(poll(&server, &token), 200);
    assert_eq!(status(server.addr(), "HEAD", "/poll/a", &[("cookie", &cookie)]), 200);
    assert_eq!(peer.connections(), 1);
}

#[test]
fn an_address_of_keys_that_has_changed_is_asked() {
    let folder = Folder::new();
    let issuers = [(); 2].map(|()| Issuer::new(Algorithm::EdDsa));
    let sets = issuers.each_ref().map(|issuer| fs::read_to_string(issuer.jwks()).unwrap());
    let peers = sets.map(|set| Peer::start([answer("200 OK", &set)]));
    let write =
        |peer: &Peer| folder.write("toml", format!("[access]\njwks = \"{}\"\n", peer.url("/keys")));
    let server = Server::start(&["--config", &write(&peers[0])]);
    let [old, new] = issuers.each_ref().map(token);
    assert_eq!(poll(&server, &old), 200);

    write(&peers[1]);
    server.reload();

    assert_eq!((poll(&server, &new), poll(&server, &old)), (200, 401));
}

#[test]
fn a_bad_file_of_each_kind_is_refused_with_all_that_came_with_it() {
    let (folder, dir) = (Folder::new(), TempDir::new().unwrap());
    let [old, new] = [(); 2].map(|()| Issuer::new(Algorithm::Hs256));
    let users = passwords(&dir, &[("alice", "a", &["--listen", "*"])]);
    let pair = Issuer::new(Algorithm::EdDsa);
    let good = [
        ("key", fs::read(old.key()).unwrap()),
        ("jwks", fs::read(pair.jwks()).unwrap()),
        ("users", fs::read(&users).unwrap()),
        ("ticket", vec![1; 32]),
    ];
    let paths = good.clone().map(|(name, contents)| folder.write(name, contents));
    let key = format!("HS256={}", paths[0]);
    let access = ["--jwt-key", &key, "--jwks", &paths[1], "--password-file", &paths[2]];
    let args = [&access[..], &["--ticket-key", &paths[3], "--mode", "shared"]].concat();
    let server = Server::start(&args);
    let (old_token, new_token) = (token(&old), token(&new));
    let ticket = ticket(&server, &old_token);
    passwords(&dir, &[("bob", "b", &["--listen", "*"])]);
    let better = [
        ("key", fs::read(new.key()).unwrap()),
        ("jwks", fs::read(Issuer::new(Algorithm::EdDsa).jwks()).unwrap()),
        ("users", fs::read(&users).unwrap()),
        ("ticket", vec![2; 32]),
    ];
    for (bad, option) in [
        ("key", "--jwt-key"),
        ("jwks", "--jwks"),
        ("users", "--password-file"),
        ("ticket", "--ticket-key"),
    ] {
        for (name, contents) in &better {
            folder.write(name, if *name == bad { &b"\xFFbad"[..] } else { contents });
        }

        let said = server.refuse_reload();

        assert!(said.contains(option) && said.contains(&folder.path(bad)), "{bad}: {said}");
        assert_eq!((poll(&server, &old_token), poll(&server, &new_token)), (200, 401), "{bad}");
        assert_eq!(poll(&server, &token(&pair)), 200, "{bad}");
        assert_eq!(poll(&server, "Basic YWxpY2U6YQ=="), 200, "{bad}");
        assert_eq!(poll(&server, "Basic Ym9iOmI="), 401, "{bad}");
        assert_eq!(show(&server, &ticket), 200, "{bad}");
    }

    for (name, contents) in &better {
        folder.write(name, contents);
    }
    server.reload();
    assert_eq!((poll(&server, &old_token), poll(&server, &new_token)), (401, 200));
    assert_eq!((poll(&server, "Basic Ym9iOmI="), show(&server, &ticket)), (200, 401));
}

#[test]
fn access_begins_and_ends_for_newcomers() {
    let (folder, issuer) = (Folder::new(), Issuer::new(Algorithm::EdDsa));
    let server = Server::start(&["--config", &folder.write("toml", "mode = \"shared\"")]);
    let mut listener = Listener::open(server.addr(), "/poll/a");
    let token = token(&issuer);

    let access = format!("mode = \"shared\"\n[access]\njwks = \"{}\"", issuer.jwks());
    folder.write("toml", access);
    server.reload();
    assert_eq!((poll(&server, &token), status(server.addr(), "HEAD", "/poll/a", &[])), (200, 401));
    assert_goes_on(&server, &mut listener, &token);

    folder.write("toml", "mode = \"shared\"");
    server.reload();
    assert_eq!(status(server.addr(), "HEAD", "/poll/a", &[]), 200);
}

#[test]
fn who_may_ask_at_the_address_of_the_operator_is_read_again() {
    let dir = TempDir::new().unwrap();
    let users = passwords(&dir, &[("alice", "a", &[])]);
    let server = Server::start(&["--admin", "127.0.0.1:0", "--admin-passwords", &users]);
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();
    let ask = |user| Poster::new(admin).ask("GET", "/healthz", &[auth(user)]).status();
    let (alice, bob) = ("Basic YWxpY2U6YQ==", "Basic Ym9iOmI=");
    assert_eq!((ask(alice), ask(bob)), (200, 401));

    passwords(&dir, &[("bob", "b", &[])]);
    assert!(server.reload().contains("(--admin-passwords)"));
    assert_eq!((ask(alice), ask(bob)), (401, 200));

    fs::write(&users, "no line of users").unwrap();
    assert!(server.refuse_reload().contains("--admin-passwords: cannot use "));
    assert_eq!((ask(alice), ask(bob)), (401, 200));
}

#[test]
fn who_was_revoked_stays_so_and_who_was_not_may_still_be() {
    let (folder, issuer) = (Folder::new(), Issuer::new(Algorithm::EdDsa));
    let config = format!("mode = \"shared\"\n[access]\njwks = \"{}\"\n", issuer.jwks());
    let file = folder.write("toml", &config);
    let server = Server::start(&["--config", &file, "--admin", "127.0.0.1:0"]);
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();
    let [alice, bob] = ["alice", "bob"]
        .map(|subject| bearer(&issuer.mint(&["--listen", "*", "--subject", subject])));
    let revoke = |form| {
        let field = ("content-type", "application/x-www-form-urlencoded");
        assert_eq!(Poster::new(admin).post_with("/revoke", field, form).status(), 200);
    };
    let mut listener = Listener::open_with(server.addr(), "/poll/a", &[auth(&bob)]);
    assert!(listener.block().starts_with("event: sse.open"));
    revoke("subject=alice");

    folder.write("toml", config + "cookie = \"session\"\n");
    server.reload();

    assert_eq!((poll(&server, &alice), poll(&server, &bob)), (401, 200));
    revoke("subject=bob");
    assert_eq!(poll(&server, &bob), 401);
    assert!(listener.block().starts_with("event: sse.expired"));
    listener.expect_end();
}

#[test]
fn an_address_of_the_operator_gets_passwords_and_loses_them() {
    let (folder, dir) = (Folder::new(), TempDir::new().unwrap());
    let users = passwords(&dir, &[("alice", "a", &[])]);
    let file = folder.write("toml", "");
    let server = Server::start(&["--config", &file, "--admin", "127.0.0.1:0"]);
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();
    let ask = |fields: &[_]| Poster::new(admin).ask("GET", "/healthz", fields).status();

    folder.write("toml", format!("[admin]\nadmin-passwords = \"{users}\""));
    assert!(server.reload().ends_with("reloaded: --admin-passwords"));
    assert_eq!((ask(&[]), ask(&[auth("Basic YWxpY2U6YQ==")])), (401, 200));

    folder.write("toml", "");
    server.reload();
    assert_eq!(ask(&[]), 200);
}

#[test]
fn an_address_of_the_operator_that_others_reach_keeps_its_passwords() {
    let (folder, dir) = (Folder::new(), TempDir::new().unwrap());
    let users = passwords(&dir, &[("alice", "a", &[])]);
    let (certificate, key) = Authority::new().issue();
    folder.write("cert", certificate);
    folder.write("key", key);
    let admin = "[admin]\nadmin = \"0.0.0.0:0\"\nadmin-keyfile = \"key\"\n\
                 admin-certfile = \"cert\"\n";
    let config = format!("{admin}admin-passwords = \"{users}\"\n");
    let server = Server::start(&["--config", &folder.write("toml", config)]);
    for without in [admin.to_owned(), admin.replace("0.0.0.0:0", "127.0.0.1:0")] {
        folder.write("toml", format!("max-body = 0\n{without}"));

        if without == admin {
            assert!(server.refuse_reload().contains("so it needs --admin-passwords"));
        } else {
            assert!(server.reload().ends_with("reloaded: --max-body"));
            let said = server.log_line("restart");
            assert!(said.contains("--admin (") && said.contains("--admin-passwords ("), "{said}");
        }
    }
}

fn token(issuer: &Issuer) -> String {
    bearer(&issuer.mint(&["--listen", "*", "--publish", "*"]))
}

fn auth(value: &str) -> (&str, &str) {
    ("authorization", value)
}

fn poll(server: &Server, authorization: &str) -> u16 {
    status(server.addr(), "HEAD", "/poll/a", &[auth(authorization)])
}

fn ticket(server: &Server, token: &str) -> String {
    let answer = Poster::new(server.addr()).ask("POST", "/ticket/a", &[auth(token)]);
    let json: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
    json["ticket"].as_str().unwrap().to_owned()
}

fn show(server: &Server, ticket: &str) -> u16 {
    status(server.addr(), "HEAD", &format!("/poll/a?ticket={ticket}"), &[])
}

fn assert_goes_on(server: &Server, listener: &mut Listener, authorization: &str) {
    let field = auth(authorization);
    assert_eq!(Poster::new(server.addr()).post_with("/ping/a", field, "still").status(), 200);
    while !listener.block().ends_with("data: still") {}
}
