//! What a long list costs.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;

use crate::cli::fluxform::{on, project};

const ORG: &str = "00000000000000a1";
const BYTES: usize = 60_000_000;

/// A list of so many bytes of labels as they are.
fn labels() -> String {
    let mut text = "{\"labels\":[".to_owned();
    let mut n = 0_u64;
    while text.len() < BYTES {
        n += 1;
        let comma = if n == 1 { "" } else { "," };
        let about = "what it is for, ".repeat(12);
        let properties = format!("{{\"color\":\"#ff00aa\",\"description\":\"{about}\"}}");
        let id = n + (1 << 50);
        write!(
            text,
            "{comma}{{\"id\":\"{id:016x}\",\"orgID\":\"{ORG}\",\"name\":\"label-{n}\",\"properties\":{properties}}}"
        )
        .unwrap();
    }
    text + "]}"
}

/// Answers the requests of one connection as an InfluxDB with these labels and nothing else.
fn serve(stream: TcpStream, labels: &str) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut request, mut length) = (String::new(), 0);
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            match header.trim().to_ascii_lowercase().strip_prefix("content-length: ") {
                Some(number) => length = number.parse().unwrap(),
                None if header.trim().is_empty() => break,
                None => {}
            }
        }
        reader.read_exact(&mut vec![0; length])?;
        let path = request.split_whitespace().nth(1).unwrap().split('?').next().unwrap();
        let orgs = format!("{{\"orgs\":[{{\"id\":\"{ORG}\",\"name\":\"o\"}}]}}");
        let (status, body) = match path {
            "/health" => (200, "{\"name\":\"influxdb\",\"status\":\"pass\",\"version\":\"2.9.1\"}"),
            "/api/v2/me" => (200, "{\"id\":\"00000000000000b1\",\"name\":\"root\"}"),
            "/api/v2/orgs" => (200, orgs.as_str()),
            "/api/v2/buckets" => (200, "{\"buckets\":[]}"),
            "/api/v2/labels" => (200, labels),
            _ => (403, "{\"code\":\"forbidden\",\"message\":\"permission write:instance is not allowed: x\"}"),
        };
        write!(out, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", body.len())?;
        out.write_all(body.as_bytes())?;
    }
}

/// The most memory that a plan takes beside such a list, in bytes.
fn peak(url: &str, tables: &str) -> u64 {
    let dir = project(&format!("[project]\nname = \"p\"\n[server]\norg = \"o\"\n{tables}"));
    let mut run = on("plan", dir.path()).var("INFLUX_HOST", url).var("INFLUX_TOKEN", "a-token-as-long-as-they-are");
    let mut child = run.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut highest = 0;
    // The kernel keeps the peak itself, until the end.
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        highest = highest.max(kib.unwrap_or(0) * 1024);
        std::thread::yield_now();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    highest
}

#[test]
fn a_long_list_of_labels_costs_at_most_three_times_its_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let labels = Arc::new(labels());
    let bytes = labels.len() as u64;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let labels = labels.clone();
            // A client that has gone has heard enough.
            std::thread::spawn(move || drop(serve(stream.unwrap(), &labels)));
        }
    });
    // Without the list a run takes this much.
    const ITSELF: u64 = 40 << 20;
    for tables in ["[bucket.raw]\n", "[label.raw]\n"] {
        let peak = peak(&url, tables);
        assert!(peak > bytes / 2, "it was measured: {peak}");
        assert!(peak < 3 * bytes + ITSELF, "{tables}: {} MiB for a list of {} MiB", peak >> 20, bytes >> 20);
    }
}
