//! The client for Unix sockets against servers that answer well, slowly, in pieces, too much and not at all. The responses are
//! written by hand after RFC 9112.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_http::{UnixClient, UnixError};

const SECOND: Duration = Duration::from_secs(1);

/// Serves one connection with these pieces, and gives what was asked.
fn exchange(pieces: Vec<Vec<u8>>, limit: usize, timeout: Duration) -> (Result<Vec<u8>, UnixError>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut block = [0; 1024];
        while !asked.ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut block).unwrap();
            asked.extend_from_slice(&block[..count]);
        }
        for piece in pieces {
            if piece.is_empty() {
                std::thread::sleep(Duration::from_millis(400));
            } else if stream.write_all(&piece).is_err() {
                break;
            }
        }
        String::from_utf8(asked).unwrap()
    });
    let got = UnixClient::new(&path, timeout, limit).get("/containers/json?all=1");
    (got, server.join().unwrap())
}

fn get(response: &str) -> Result<Vec<u8>, UnixError> {
    exchange(vec![response.as_bytes().to_vec()], 64, SECOND).0
}

#[test]
fn bodies_end_as_their_heads_say() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]and more",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1;x=y\r\n]\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.0 200 OK\nServer: x\n\n[]",
    ] {
        assert_eq!(get(response).unwrap(), b"[]", "{response}");
    }
    let slowly = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n";
    let bytes = slowly.bytes().map(|byte| vec![byte]).collect();
    let (got, asked) = exchange(bytes, 64, SECOND);
    assert_eq!(got.unwrap(), b"[]");
    assert!(asked.starts_with("GET /containers/json?all=1 HTTP/1.1\r\nHost: localhost\r\n"), "{asked}");
}

#[test]
fn every_beginning_of_a_response_is_an_error() {
    for whole in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0",
    ] {
        for end in 0..whole.len() {
            assert!(get(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
    }
}

#[test]
fn what_is_no_response_is_told() {
    for (response, told) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "does not begin with HTTP/1.1"),
        ("HTTP/1.1 abc\r\n\r\n", "has no status"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "length is no number"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "transfer coding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\n[]\r\n", "no size"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[]\r\n", "where it should"),
        ("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "no colon"),
    ] {
        let error = get(response).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn limits_hold() {
    let long = "x".repeat(100);
    for response in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{long}"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{long}\r\n0\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n\r\n{long}"),
    ] {
        assert!(matches!(get(&response), Err(UnixError::TooLarge { limit: 64, .. })), "{response}");
    }
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(100 << 10));
    assert!(get(&endless).unwrap_err().to_string().contains("too long"));
    let head = vec![b"HTTP/1.1 200 OK\r\n".to_vec(), Vec::new(), Vec::new(), Vec::new()];
    let (got, _) = exchange(head, 64, Duration::from_millis(200));
    assert!(matches!(got, Err(UnixError::Timeout { .. })), "{got:?}");
}

#[test]
fn refusals_say_what_the_server_said() {
    let body = "{\"message\":\"No such container: x\"}\n";
    let response = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let error = get(&response).unwrap_err().to_string();
    assert!(error.contains("with 404: {\"message\":\"No such container: x\"}"), "{error}");
}

#[test]
fn what_would_end_the_request_line_is_not_asked_for() {
    let client = UnixClient::new("/nowhere".as_ref(), SECOND, 64);
    for target in ["/a b", "/a\r\nX: y", "a", ""] {
        assert!(matches!(client.get(target), Err(UnixError::Target(_))), "{target}");
    }
    assert!(matches!(client.get("/info"), Err(UnixError::Connect { .. })));
}
