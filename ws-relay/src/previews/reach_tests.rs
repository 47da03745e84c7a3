//! Which hosts and addresses are asked, and when.

use super::*;
use crate::previews::connect::{PATIENCE, open};
use crate::previews::fetch::DEADLINE;
use crate::previews::turns::Busy;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

#[tokio::test]
async fn every_host_that_is_asked_has_its_turn() {
    let third = Server::start(|_| html(b"<title>x</title>"), false).await;
    let front = Server::start(
        |head| if head.starts_with("GET /0") { redirect("http://THIRD.test./") } else { redirect("/0") },
        false,
    )
    .await;
    let hosts = [("front.test", &front), ("third.test", &third), ("third.test.", &third)];
    let turns = Arc::new(Taken::default());
    let free = Connector { turns: turns.clone(), ..connector(Names::new(vec![]), &hosts) };
    let mut budget = Budget::of(Duration::from_secs(20), MAX_BYTES);
    assert!(get_within(&free, "http://front.test/1", &mut budget).await.is_ok());
    // The picture of the page: of a host that the look has visited, and of another one.
    for picture in ["http://third.test/x.png", "http://pictures.test/x.png"] {
        let _ = fetch(&free, &Url::parse(picture).unwrap(), &image::Picture, &mut budget).await;
    }
    assert_eq!(*turns.hosts.lock().unwrap(), ["front.test", "third.test"], "one that has no address is not asked");
    let asked = third.count();
    let turns = Arc::new(Taken { busy: Some("third.test"), ..Taken::default() });
    let busy = Connector { turns, ..connector(Names::new(vec![]), &hosts) };
    let error = get(&busy, "http://front.test/1").await.err().unwrap();
    assert!(error.is::<Busy>(), "{error:#}");
    assert_eq!(third.count(), asked, "and it is left in peace");
}

#[tokio::test]
async fn networks_of_the_operator_are_never_reached() {
    let public: SocketAddr = "93.184.215.14:80".parse().unwrap();
    let forbidden = Networks::parse("93.184.0.0/16").unwrap();
    let connector = Connector { forbidden, ..connector(Names::new(vec![vec![public]]), &[]) };
    for url in ["http://inside.example.org/", "http://93.184.215.14/", "http://[::ffff:93.184.215.14]/"] {
        assert!(reason(get(&connector, url).await).contains("PREVIEW_FORBIDDEN_NETWORKS"), "{url}");
    }
}

#[tokio::test]
async fn an_address_of_this_machine_is_never_asked() {
    let server = Server::start(|_| html(b"<title>x</title>"), false).await;
    assert!(open(&[server.address], true).await.is_ok());
    let error = open(&[server.address], false).await.err().unwrap();
    assert!(error.to_string().contains("this machine"), "{error:#}");
}

#[tokio::test]
async fn an_address_that_swallows_everything_leaves_time_for_another() {
    // Nobody accepts, so that when its queue is full it says nothing to anybody.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = socket.listen(1).unwrap();
    let address = silent.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }
    let server = Server::start(|_| html(b"<title>x</title>"), false).await;
    assert!(PATIENCE * 2 < DEADLINE);
    let opened = timeout(Duration::from_secs(30), open(&[address, address, server.address], true)).await;
    assert_eq!(opened.unwrap().unwrap().peer_addr().unwrap(), server.address);
}
