//! Servers that mean harm, on this machine: what they are asked for, and what is taken from them.

use super::connect::{Connector, Resolve, TestHosts};
use super::fetch::{Budget, Fetched, MAX_BYTES, fetch, redirected};
use super::guard::Networks;
use super::page::Head;
use super::turns::Turns;
use super::{guard, image, tls};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

#[path = "reach_tests.rs"]
mod reach;

/// Leads every name to these addresses, another list each time that it is asked.
struct Names {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: Vec<Vec<SocketAddr>>) -> Arc<Self> {
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn resolve<'a>(
        &'a self,
        _: &'a str,
        _: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(asked).or(self.answers.last()).cloned().unwrap_or_default();
        Box::pin(async move { Ok(answer) })
    }
}

/// A server that answers each connection with some bytes, again and again if it is to have no end.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static, is_endless: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, answer) = (connections.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
                        head.push(byte[0]);
                    }
                    let bytes = answer(&String::from_utf8_lossy(&head));
                    let mut sent = stream.write_all(&bytes).await;
                    while is_endless && sent.is_ok() {
                        sent = stream.write_all(&[b'x'; 4096]).await;
                    }
                    // A slow one says no more, and does not end.
                    if bytes.is_empty() {
                        let _ = stream.read_exact(&mut byte).await;
                    }
                });
            }
        });
        Self { address, connections }
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn connector(names: Arc<dyn Resolve>, hosts: &[(&str, &Server)]) -> Connector {
    let pairs: Vec<_> = hosts.iter().map(|(name, server)| format!("{name}={}", server.address)).collect();
    Connector {
        resolver: names,
        test_hosts: TestHosts::parse(&pairs.join(",")).unwrap(),
        forbidden: Networks::default(),
        tls: Arc::new(tls::verified_by(tls::platform_roots()).unwrap()),
        turns: Arc::new(Taken::default()),
    }
}

/// The hosts whose turns were taken, in order; one of them is never free.
#[derive(Default)]
struct Taken {
    hosts: Mutex<Vec<String>>,
    busy: Option<&'static str>,
}

impl Turns for Taken {
    fn take<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Option<Duration>>> + Send + 'a>> {
        self.hosts.lock().unwrap().push(host.to_owned());
        let turn = (Some(host) != self.busy).then_some(Duration::ZERO);
        Box::pin(async move { Ok(turn) })
    }
}

async fn get(connector: &Connector, url: &str) -> anyhow::Result<Fetched> {
    get_within(connector, url, &mut Budget::of(Duration::from_secs(20), MAX_BYTES)).await
}

async fn get_within(connector: &Connector, url: &str, budget: &mut Budget) -> anyhow::Result<Fetched> {
    fetch(connector, &Url::parse(url)?, &Head, budget).await
}

fn html(body: &[u8]) -> Vec<u8> {
    let mut response =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    response
}

fn redirect(location: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    let packed = encoder.finish().unwrap();
    let mut response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    )
    .into_bytes();
    response.extend_from_slice(&packed);
    response
}

/// A server that nobody may reach, and names that lead to it.
async fn forbidden() -> (Server, Arc<Names>) {
    let server = Server::start(|_| html(b"<title>secret</title>"), false).await;
    let names = Names::new(vec![vec![server.address]]);
    (server, names)
}

fn reason(result: anyhow::Result<Fetched>) -> String {
    format!("{:#}", result.err().unwrap())
}

#[tokio::test]
async fn a_page_is_asked_for_without_anything_of_who_asks() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = heads.clone();
    let server = Server::start(
        move |head| {
            kept.lock().unwrap().push(head.to_owned());
            html(b"<title>Hello</title></head>rest")
        },
        false,
    )
    .await;
    let fetched =
        get(&connector(Names::new(vec![]), &[("site.test", &server)]), "http://site.test/a?b=c").await.unwrap();
    assert!(fetched.body.starts_with(b"<title>Hello</title></head"));
    let head = heads.lock().unwrap().join("").to_ascii_lowercase();
    assert!(head.starts_with("get /a?b=c http/1.1\r\n") && head.contains("host: site.test\r\n"), "{head}");
    for header in ["cookie", "authorization", "referer", "origin", "forwarded"] {
        assert!(!head.contains(header), "{head}");
    }
}

#[tokio::test]
async fn no_hostile_address_reaches_a_forbidden_server() {
    let (server, names) = forbidden().await;
    let connector = connector(names, &[]);
    let port = server.address.port();
    let mut corpus = guard::tests::corpus();
    // Names that lead inside, and the server's own address, spelled out with its port.
    corpus.extend((0..40).map(|n| format!("http://host-{n}.example.org/")));
    corpus.extend(
        ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "inside.example.org"]
            .map(|host| format!("http://{host}:{port}/")),
    );
    assert!(corpus.len() >= 200);
    for url in corpus {
        assert!(get(&connector, &url).await.is_err(), "{url}");
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn no_redirect_reaches_a_forbidden_server() {
    let (server, names) = forbidden().await;
    let port = server.address.port();
    let targets: Vec<String> = guard::tests::corpus()
        .into_iter()
        .step_by(9)
        .chain([
            "http://inside.example.org/".to_owned(),
            format!("http://127.0.0.1:{port}/"),
            "//127.0.0.1/".to_owned(),
        ])
        .collect();
    for target in targets {
        let to = target.clone();
        let front = Server::start(move |_| redirect(&to), false).await;
        let connector = connector(names.clone(), &[("front.test", &front)]);
        let fetched = get(&connector, "http://front.test/").await;
        assert!(fetched.is_err(), "{target}");
        assert!(front.count() <= 4);
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn three_redirects_are_followed_and_no_more() {
    let step = |head: &str| match head.as_bytes().get(5) {
        Some(b'0') => html(b"<title>end</title>"),
        Some(n) => redirect(&format!("/{}", n - b'0' - 1)),
        None => Vec::new(),
    };
    let server = Server::start(step, false).await;
    let connector = connector(Names::new(vec![]), &[("site.test", &server)]);
    assert_eq!(get(&connector, "http://site.test/3").await.unwrap().url.as_str(), "http://site.test/0");
    assert_eq!(server.count(), 4);
    assert!(reason(get(&connector, "http://site.test/4").await).contains("more than 3 times"));
    let lost = Server::start(|_| b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n".to_vec(), false).await;
    assert!(get(&super::tests::connector(Names::new(vec![]), &[("x.test", &lost)]), "http://x.test/").await.is_err());
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_all_that_it_leads_to_has_to_be_allowed() {
    let (server, _) = forbidden().await;
    let public: SocketAddr = "93.184.215.14:80".parse().unwrap();
    // A name that leads elsewhere at the second look.
    let names = Names::new(vec![vec![public], vec![server.address]]);
    let rebound = connector(names.clone(), &[]);
    assert_eq!(rebound.checked_addresses("rebound.example.org", 80).await.unwrap(), [public]);
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    assert!(get(&rebound, "http://rebound.example.org/").await.is_err());
    // One that leads to both, in either order.
    for answer in [vec![public, server.address], vec![server.address, public]] {
        let connector = connector(Names::new(vec![answer]), &[]);
        assert!(reason(get(&connector, "http://both.example.org/").await).contains("not on the public internet"));
    }
    for answer in [vec![], vec![public; 33]] {
        let connector = connector(Names::new(vec![answer]), &[]);
        assert!(reason(get(&connector, "http://many.example.org/").await).contains("addresses"));
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn slow_and_endless_servers_end_with_the_budget() {
    let silent = Server::start(|_| Vec::new(), false).await;
    let dripping = Server::start(
        |_| b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<ti".to_vec(),
        false,
    )
    .await;
    let endless_head = Server::start(|_| b"HTTP/1.1 200 OK\r\nX-Long: ".to_vec(), true).await;
    let endless =
        Server::start(|_| b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>x</title>".to_vec(), true).await;
    let hosts =
        [("silent.test", &silent), ("drip.test", &dripping), ("head.test", &endless_head), ("endless.test", &endless)];
    let connector = connector(Names::new(vec![]), &hosts);
    let mut short = Budget::of(Duration::from_millis(200), MAX_BYTES);
    assert!(reason(get_within(&connector, "http://silent.test/", &mut short).await).contains("too long"));
    assert!(get(&connector, "http://drip.test/").await.is_err());
    assert!(get(&connector, "http://head.test/").await.is_err());
    let mut budget = Budget::of(Duration::from_secs(20), MAX_BYTES);
    let fetched = get_within(&connector, "http://endless.test/", &mut budget).await.unwrap();
    assert_eq!((fetched.body.len(), fetched.is_whole), (MAX_BYTES, false));
    // Nothing is left for its picture.
    let picture = fetch(&connector, &Url::parse("http://endless.test/").unwrap(), &image::Picture, &mut budget).await;
    assert!(picture.is_err());
}

#[tokio::test]
async fn what_is_packed_is_bounded_as_it_is_unpacked() {
    let bomb = Server::start(|_| gzip(&vec![b' '; 64 * MAX_BYTES]), false).await;
    let honest = Server::start(|_| gzip(b"<title>packed</title>"), false).await;
    let broken = Server::start(
        |_| {
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
                .to_vec()
        },
        false,
    )
    .await;
    let other = Server::start(
        |_| {
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx".to_vec()
        },
        false,
    )
    .await;
    let hosts = [("bomb.test", &bomb), ("gzip.test", &honest), ("broken.test", &broken), ("br.test", &other)];
    let connector = connector(Names::new(vec![]), &hosts);
    let fetched = get(&connector, "http://bomb.test/").await.unwrap();
    assert_eq!((fetched.body.len(), fetched.is_whole), (MAX_BYTES, false));
    let fetched = get(&connector, "http://gzip.test/").await.unwrap();
    assert_eq!((fetched.body.as_slice(), fetched.is_whole), (&b"<title>packed</title>"[..], true));
    assert!(get(&connector, "http://broken.test/").await.is_err());
    assert!(get(&connector, "http://br.test/").await.is_err());
}

#[tokio::test]
async fn only_pages_are_read() {
    for response in [
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Type: image/svg+xml\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\0\0\0\0\0",
    ] {
        let server = Server::start(move |_| response.as_bytes().to_vec(), false).await;
        let connector = connector(Names::new(vec![]), &[("site.test", &server)]);
        assert!(get(&connector, "http://site.test/").await.is_err(), "{response}");
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn what_is_to_be_encrypted_is_never_asked_for_in_the_clear() {
    let plain = Server::start(|_| html(b"<title>x</title>"), false).await;
    let connector = connector(Names::new(vec![]), &[("site.test", &plain)]);
    // The server would answer the first request that it can read.
    let mut budget = Budget::of(Duration::from_millis(300), MAX_BYTES);
    assert!(get_within(&connector, "https://site.test/", &mut budget).await.is_err());
}

#[test]
fn a_redirect_stays_encrypted_and_leads_somewhere() {
    let from = |url: &str, location: &str| {
        let headers = http::HeaderMap::from_iter([(http::header::LOCATION, location.parse().unwrap())]);
        redirected(&Url::parse(url).unwrap(), &headers).map(String::from)
    };
    assert_eq!(from("https://a.example/x/y", "../z#f").unwrap(), "https://a.example/z");
    assert_eq!(from("http://a.example/", "https://b.example/").unwrap(), "https://b.example/");
    assert_eq!(from("https://a.example/", "//b.example/").unwrap(), "https://b.example/");
    for location in ["http://a.example/", "HTTP://b.example", "ftp://b.example/", "javascript:alert(1)", "https://"] {
        assert!(from("https://a.example/", location).is_err(), "{location}");
    }
}
