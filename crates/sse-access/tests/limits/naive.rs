//! What the lines of a header mean, read slowly and from the left.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Whom lines of `X-Forwarded-For` name behind `peer`, where `is_trusted` tells proxies.
pub(crate) fn x_forwarded_for(
    lines: &[String],
    peer: IpAddr,
    is_trusted: fn(IpAddr) -> bool,
) -> IpAddr {
    let hops = lines.iter().flat_map(|line| line.split(',')).map(trim);
    walk(hops.filter(|hop| !hop.is_empty()).map(|hop| address(&hop)).collect(), peer, is_trusted)
}

/// Whom lines of `Forwarded` name behind `peer`. None if a quote is open somewhere, or is where none may be:
/// then it depends on the side from which they are read.
pub(crate) fn forwarded(
    lines: &[String],
    peer: IpAddr,
    is_trusted: fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let mut hops = Vec::new();
    for line in lines {
        for element in split(line, ',')? {
            if !trim(&element).is_empty() {
                hops.push(node(&element)?.and_then(|node| address(&node)));
            }
        }
    }
    Some(walk(hops, peer, is_trusted))
}

fn walk(hops: Vec<Option<IpAddr>>, peer: IpAddr, is_trusted: fn(IpAddr) -> bool) -> IpAddr {
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        match hop {
            Some(ip) if is_trusted(client) => client = ip.to_canonical(),
            _ => break,
        }
    }
    client
}

fn trim(text: &str) -> String {
    text.trim_matches([' ', '\t']).to_owned()
}

/// The parts between those `at` that are not quoted.
fn split(text: &str, at: char) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for char in text.chars() {
        if char == at && !is_quoted {
            parts.push(String::new());
            continue;
        }
        parts.last_mut()?.push(char);
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '\\' => return None,
            _ => (),
        }
    }
    (!is_quoted).then_some(parts)
}

/// What an element says of `for`, if it says it once and is valid. None if a quote is where none may be.
fn node(element: &str) -> Option<Option<String>> {
    let (mut nodes, mut is_valid) = (Vec::new(), true);
    for pair in split(element, ';')?.iter().map(|pair| trim(pair)).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            is_valid = false;
            continue;
        };
        is_valid &= !name.is_empty() && name.chars().all(is_token);
        let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let value = match quoted {
            Some(quoted) => unquoted(quoted)?,
            None if value.contains('"') => return None,
            None => {
                is_valid &= !value.is_empty();
                is_valid &= value.chars().all(|char| is_token(char) || "[]:".contains(char));
                value.to_owned()
            }
        };
        if name.eq_ignore_ascii_case("for") {
            nodes.push(value);
        }
    }
    Some(nodes.pop().filter(|_| is_valid && nodes.is_empty()))
}

fn unquoted(text: &str) -> Option<String> {
    let (mut plain, mut chars) = (String::new(), text.chars());
    while let Some(char) = chars.next() {
        plain.push(match char {
            '\\' => chars.next()?,
            '"' => return None,
            char => char,
        });
    }
    Some(plain)
}

fn is_token(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char)
}

fn address(node: &str) -> Option<IpAddr> {
    if node.contains('%') {
        return None;
    }
    let is_name = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
    let hidden = node.rsplit_once(":_");
    if let Some((ip, _)) = hidden.filter(|(_, name)| !name.is_empty() && name.chars().all(is_name))
    {
        // Such a port stands where a number may.
        return format!("{ip}:1").parse::<SocketAddr>().ok().map(|addr| addr.ip());
    }
    let bracketed = node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let ip = node.parse::<IpAddr>().ok();
    let ip = ip.or_else(|| bracketed?.parse::<Ipv6Addr>().ok().map(IpAddr::from));
    ip.or_else(|| node.parse::<SocketAddr>().ok().map(|addr| addr.ip()))
}
