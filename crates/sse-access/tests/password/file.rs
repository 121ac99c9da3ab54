//! What a password file says, and what is wrong with it.

use std::fs;

use sse_access::{
    HashPasswordError, PasswordLineError, PasswordNameError, PasswordProblem, Passwords,
    PasswordsError, password_line,
};
use sse_core::{Token, access::Permissions, action::Action};
use tempfile::TempDir;

use crate::{ONE, OTHER};

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let hash = ONE.strip_prefix("$argon2id$v=19$").unwrap();
    let salted = hash.strip_prefix("m=256,t=2,p=1").unwrap();
    let long = "x".repeat(257);
    for (line, expected) in [
        ("alice", "there is no colon behind the name"),
        ("alice $argon2id$", "there is no colon behind the name"),
        (&format!(":{ONE}"), "the name is empty"),
        (&format!("alice :{ONE}"), "the name begins or ends with a space"),
        (&format!(" alice:{ONE}"), "the name begins or ends with a space"),
        (&format!("al\tice:{ONE}"), "the name has a control character at byte 2"),
        (&format!("{long}:{ONE}"), "the name has 257 bytes, and may have 256"),
        (&format!("bob:{ONE}"), "the name \"bob\" is in line 2 already"),
        ("alice:", "behind the name stands no hash, which begins with `$argon2id$`"),
        ("alice:s3cret", "behind the name stands no hash"),
        ("alice:$s3cret$s3cret", "behind the name stands no hash"),
        (&format!("alice: {ONE}"), "behind the name stands no hash"),
        (
            "alice:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
            "the hash is of the algorithm \"2y\", and only \"argon2id\" is supported",
        ),
        (&format!("alice:$argon2i$v=19${hash}"), "the hash is of the algorithm \"argon2i\""),
        (&format!("alice:$argon2d$v=19${hash}"), "the hash is of the algorithm \"argon2d\""),
        ("alice:$apr1$mEe/lNLD$rJjPOXrcvSs70bHNRN1OU.", "the hash is of the algorithm \"apr1\""),
        ("alice:$6$zWwwXKNj$gLAOoZCjcr8p", "the hash is of the algorithm \"6\""),
        (&format!("alice:$argon2id$v=16${hash}"), "the hash is of version 16, and only version 19"),
        (&format!("alice:$argon2id${hash}"), "the hash is of no version, and only version 19"),
        ("alice:$argon2id$v=19$", "the hash is not well formed"),
        ("alice:$argon2id$v=19$m=256,t=2,p=1", "the hash is not well formed"),
        ("alice:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", "the hash is not well formed"),
        (&format!("alice:{ONE}$more"), "the hash is not well formed"),
        (&format!("alice:{}", &ONE[..ONE.len() - 1]), "the hash is not well formed"),
        (&format!("alice:$argon2id$v=19$m=256,t=2{salted}"), "the hash is not well formed"),
        (&format!("alice:$argon2id$v=19$m=7,t=2,p=1{salted}"), "the hash is not well formed"),
        (&format!("alice:$argon2id$v=19$m=256,t=0,p=1{salted}"), "the hash is not well formed"),
        (&format!("alice:$argon2id$v=19$m=256,t=2,p=0{salted}"), "the hash is not well formed"),
        (&format!("alice:$argon2id$v=19$m=x,t=2,p=1{salted}"), "the hash is not well formed"),
        (
            &format!("alice:$argon2id$v=19$m=256,t=2,p=1,data=AAAA{salted}"),
            "the hash is not well formed",
        ),
        (
            &format!("alice:$argon2id$v=19$m=1048577,t=1,p=1{salted}"),
            "the hash has m=1048577, and m may be no more than 1048576 here",
        ),
        (
            &format!("alice:$argon2id$v=19$m=99999999999999999999,t=1,p=1{salted}"),
            "the hash has m=18446744073709551615, and m may be no more than 1048576 here",
        ),
        (
            &format!("alice:$argon2id$v=19$m=1048576,t=5,p=1{salted}"),
            "the hash has t=5, and t may be no more than 4 here",
        ),
        (
            &format!("alice:$argon2id$v=19$m=65536,t=65,p=1{salted}"),
            "the hash has t=65, and t may be no more than 64 here",
        ),
        (
            &format!("alice:$argon2id$v=19$m=65536,t=2,p=256{salted}"),
            "the hash has p=256, and p may be no more than 255 here",
        ),
        (&format!("alice:{ONE} listen"), "the permissions are not valid: "),
        (&format!("alice:{ONE} {{\"listen\":[\"a*b\"]}}"), "`*` stands for the rest of a token"),
        (&format!("alice:{ONE} {{\"listen\":\"news\"}}"), "the permissions are not valid: "),
        (&format!("alice:{ONE} {{}} more"), "the permissions are not valid: "),
        (&format!("alice:{ONE} [[\"*\"],[\"*\"]]"), "the permissions are not valid: "),
        (&format!("alice:{ONE} {{\"actions\":[],\"actions\":[]}}"), "duplicate field `actions`"),
        (
            &format!("alice:{ONE} {{\"publish\":[\"*\"],\"action\":[\"ping\"]}}"),
            "the permissions are lists of `listen`, `publish` and `actions`, not of \"action\"",
        ),
    ] {
        let text = format!("# Comment.\nbob:{OTHER}\n\n{line}\ncarol:{ONE}\n");

        let error = Passwords::parse(&text).unwrap_err();

        assert!(matches!(error, PasswordsError::Line { line: 4, .. }), "{line}: {error}");
        let said = error.to_string();
        assert!(said.starts_with("line 4: ") && said.contains(expected), "{line}: {said}");
        assert!(!said.contains("s3cret") && !said.contains("c29tZXNhbHQ"), "{line}: {said}");
    }
}

#[test]
fn parameters_are_taken_up_to_their_bounds() {
    for parameters in ["m=1048576,t=4,p=255", "m=65536,t=64,p=4", "m=8,t=1,p=1", "m=7168,t=5,p=1"] {
        let line = format!("alice:{}\n", ONE.replace("m=256,t=2,p=1", parameters));

        assert!(Passwords::parse(&line).is_ok(), "{parameters}");
    }
}

#[test]
fn comments_empty_lines_and_the_line_ends_of_windows_say_nothing() {
    let text = format!(
        "\u{feff}alice:{ONE}\r\n\r\n  \t\n# bob:{ONE}\n  # carol:{ONE}\ndäve the 2nd:{ONE}\t{{}} \r\n"
    );

    let passwords = Passwords::parse(&text).unwrap();

    assert_eq!(passwords.len(), 2);
    assert_eq!(format!("{passwords:?}"), "Passwords { len: 2, .. }");
    assert!(Passwords::parse("").unwrap().is_empty());
}

#[tokio::test]
async fn permissions_stand_behind_the_hash() {
    let text = format!(
        "all:{ONE}\nnothing:{ONE} {{}}\n\
         some:{ONE}  {{\"listen\": [\"news\"], \"publish\": [\"room:*\"], \"actions\": [\"close\"]}}\n"
    );
    let passwords = Passwords::parse(&text).unwrap();
    let [news, room] = ["news", "room:1"].map(|token| Token::new(token).unwrap());

    for (name, listens, publishes, closes) in [
        ("all", [true, true], [true, true], [false, false]),
        ("nothing", [false, false], [false, false], [false, false]),
        ("some", [true, false], [false, false], [false, true]),
    ] {
        let grant = passwords.check(name, "password").await.unwrap().unwrap();

        assert_eq!((grant.subject(), grant.id(), grant.end()), (Some(name), None, None));
        let may = grant.permissions();
        assert_eq!([&news, &room].map(|token| may.may_listen(token)), listens, "{name}");
        let publish = |token| may.may_publish(token, "ping", Action::Event);
        assert_eq!([&news, &room].map(publish), publishes, "{name}");
        let close = |token| may.may_publish(token, "close", Action::Finish);
        assert_eq!([&news, &room].map(close), closes, "{name}");
    }
}

#[test]
fn a_file_is_read_or_named() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("passwords");

    let error = Passwords::from_file(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {}", path.display()));

    fs::write(&path, [b"# \n\nal\xffice:", ONE.as_bytes()].concat()).unwrap();
    let error = Passwords::from_file(&path).unwrap_err();
    assert!(
        matches!(error, PasswordsError::Line { line: 3, problem: PasswordProblem::NotUtf8 }),
        "{error}"
    );

    fs::write(&path, format!("alice:{ONE}\n")).unwrap();
    assert_eq!(Passwords::from_file(&path).unwrap().len(), 1);
}

#[tokio::test]
async fn a_line_that_was_written_is_read() {
    let permissions = Permissions::none().with_publish("room:*".parse().unwrap());

    let line = password_line("deploy bot", "a: b", Some(&permissions)).unwrap();

    let passwords = Passwords::parse(&line).unwrap();
    let grant = passwords.check("deploy bot", "a: b").await.unwrap().unwrap();
    assert_eq!((grant.permissions(), grant.subject()), (&permissions, Some("deploy bot")));
}

#[test]
fn a_line_that_could_not_be_read_is_not_written() {
    for (name, expected) in [
        ("", PasswordNameError::Empty),
        ("a:b", PasswordNameError::Colon { at: 1 }),
        ("a\nb", PasswordNameError::Control { at: 1 }),
        ("alice ", PasswordNameError::Space),
        ("#alice", PasswordNameError::Comment),
        (&"ä".repeat(129), PasswordNameError::Long { len: 258, max: 256 }),
    ] {
        let error = password_line(name, "password", None).unwrap_err();

        assert_eq!(error, PasswordLineError::Name(expected), "{name:?}");
    }
    let error = password_line("alice", "", None).unwrap_err();
    assert_eq!(error, PasswordLineError::Password(HashPasswordError::Empty));
}
