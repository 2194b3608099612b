//! A telephone whose owner has two calls at once, which sipp cannot play: it answers one, makes another, and joins them.

use std::net::SocketAddr;
use std::time::Duration;

use test_support::client::PATIENCE;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// What it talks over; nothing is sent there.
const SDP: &str = "v=0\r\no=telephone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";

/// The telephone.
pub(crate) struct Phone {
    socket: UdpSocket,
}

/// A call that it is in: what its requests inside the call have.
#[derive(Debug)]
pub(crate) struct Dialog {
    id: String,
    local: String,
    /// Who is at the other end: From of a call that it answered.
    pub(crate) remote: String,
    target: String,
}

impl Phone {
    pub(crate) async fn on(address: std::net::IpAddr) -> Self {
        Self { socket: UdpSocket::bind((address, 0)).await.expect("a socket") }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    /// Is rung, and answers.
    pub(crate) async fn answer(&self) -> Dialog {
        let (invite, from) = self.receive(|message| message.starts_with("INVITE ")).await;
        self.reply(&invite, from, "180 Ringing", "").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.reply(&invite, from, "200 OK", SDP).await;
        self.receive(|message| message.starts_with("ACK ")).await;
        let contact = value(&invite, "Contact");
        Dialog {
            id: value(&invite, "Call-ID"),
            local: format!("{};tag=phone", value(&invite, "To")),
            remote: value(&invite, "From"),
            target: contact.trim_matches(['<', '>']).to_owned(),
        }
    }

    /// Calls an extension, and is answered.
    pub(crate) async fn call(&self, asterisk: SocketAddr, extension: &str) -> Dialog {
        let own = self.address();
        let mut dialog = Dialog {
            id: "consultation".to_owned(),
            local: format!("<sip:phone@{own}>;tag=consultation"),
            remote: format!("<sip:{extension}@{asterisk}>"),
            target: format!("sip:{extension}@{asterisk}"),
        };
        self.send(&dialog, asterisk, "INVITE", 1, "Content-Type: application/sdp\r\n", SDP).await;
        let (answered, _) = self.receive(|message| message.starts_with("SIP/2.0 2")).await;
        dialog.remote = value(&answered, "To");
        dialog.target = value(&answered, "Contact").trim_matches(['<', '>']).to_owned();
        self.send(&dialog, asterisk, "ACK", 1, "", "").await;
        dialog
    }

    /// Joins whom it talks with in one call with whom it talks with in the other (REFER with Replaces), and hangs up when it is told to.
    pub(crate) async fn join(&self, asterisk: SocketAddr, caller: &Dialog, colleague: &Dialog) {
        let tag = |header: &str| header.split(";tag=").nth(1).unwrap_or_default().to_owned();
        let replaces =
            format!("{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", colleague.id, tag(&colleague.remote), tag(&colleague.local));
        let refer = format!(
            "Refer-To: <sip:108@{asterisk}?Replaces={replaces}>\r\nReferred-By: <sip:phone@{}>\r\n",
            self.address()
        );
        self.send(caller, asterisk, "REFER", 1, &refer, "").await;
        self.receive(|message| message.starts_with("SIP/2.0 202")).await;
        self.receive(|message| message.starts_with("BYE ")).await;
    }

    /// The next message that is so. Whatever else wants an answer inside a call is answered.
    async fn receive(&self, is_so: impl Fn(&str) -> bool) -> (String, SocketAddr) {
        let mut bytes = vec![0; 65_536];
        loop {
            let received = timeout(PATIENCE, self.socket.recv_from(&mut bytes)).await;
            let (length, from) = received.expect("a message in time").expect("a message");
            let message = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if ["BYE ", "NOTIFY ", "OPTIONS "].iter().any(|method| message.starts_with(method)) {
                self.reply(&message, from, "200 OK", "").await;
            }
            if is_so(&message) {
                return (message, from);
            }
        }
    }

    async fn reply(&self, request: &str, to: SocketAddr, status: &str, body: &str) {
        let kept = |line: &&str| ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name));
        let headers: String = request.lines().filter(kept).map(|line| format!("{line}\r\n")).collect();
        let called = value(request, "To");
        let tag = if called.contains(";tag=") { "" } else { ";tag=phone" };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "SIP/2.0 {status}\r\n{headers}To: {called}{tag}\r\nContact: <sip:phone@{}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            self.address(),
            body.len()
        );
        self.socket.send_to(text.as_bytes(), to).await.expect("a message goes");
    }

    async fn send(&self, dialog: &Dialog, to: SocketAddr, method: &str, number: u8, headers: &str, body: &str) {
        let own = self.address();
        let Dialog { id, local, remote, target } = dialog;
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{method}-{id}-{number}\r\nFrom: {local}\r\n\
             To: {remote}\r\nCall-ID: {id}\r\nCSeq: {number} {method}\r\nContact: <sip:phone@{own}>\r\nMax-Forwards: 70\r\n\
             {headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.send_to(text.as_bytes(), to).await.expect("a message goes");
    }
}

/// The value of a header.
fn value(message: &str, name: &str) -> String {
    let found = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_default().trim().to_owned()
}
