//! What the guide for who operates a server gives other programs, with these programs: Prometheus' rules and its configuration, and the blocks for
//! reverse proxies. They are what [`get`](../get) unpacks.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use http::Method;
use http_body_util::BodyExt;
use serde_json::json;
use test_support::client::{Client, PATIENCE, authorised};
use test_support::{ConnectedHome, Home, OPERATIONS, skip, workspace};

use crate::machine::output;

const GUIDE: &str = include_str!("../../host-harness/docs/operating.md");
const TESTS: &str = include_str!("alerts.yml");

/// Where the programs are; none where they are not, and the test is [skipped](skip).
fn tree() -> Option<PathBuf> {
    let tree = workspace().join("target/operating");
    if tree.join("usr/bin/promtool").is_file() {
        return Some(tree);
    }
    skip("Prometheus and reverse proxies are", "Run tests/package/get, which unpacks them");
    None
}

/// The first block of this kind behind a part of the guide.
fn block(behind: &str, kind: &str) -> &'static str {
    let rest = GUIDE.split_once(behind).expect("the part").1;
    let rest = rest.split_once(&format!("```{kind}\n")).expect("a block").1;
    rest.split_once("```").expect("its end").0
}

#[test]
fn prometheus_takes_the_rules_and_each_of_them_tells_what_it_is_for() {
    let Some(tree) = tree() else { return };
    let promtool = || Command::new(tree.join("usr/bin/promtool"));
    let rules = workspace().join("host-harness/docs/alerts.yml");
    let said = output(promtool().args(["check", "rules", "--lint=all"]).arg(&rules));
    assert!(said.contains("14 rules found"), "{said}");
    let home = Home::bare();
    home.write("tests.yml", TESTS.replace("RULES", &rules.display().to_string()));
    output(promtool().args(["test", "rules"]).arg(home.path("tests.yml")));
    home.write("token", "a token");
    let configuration = block("## Monitoring", "yaml")
        .replace("/etc/prometheus/host-harness-token", &home.path("token").display().to_string())
        .replace("/usr/share/doc/host-harness/docs/alerts.yml", &rules.display().to_string());
    home.write("prometheus.yml", configuration);
    output(promtool().args(["check", "config"]).arg(home.path("prometheus.yml")));
}

/// A proxy that ends with this value.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program of the tree, with the libraries there.
fn program(tree: &Path, file: &str) -> Command {
    let libraries = tree.join("usr/lib/x86_64-linux-gnu");
    let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
    command.arg("--library-path").arg(&libraries).arg(tree.join(file));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Calls, follows them live, and sends as much as a component has, all through the proxy.
async fn carries(proxy: &str, client: &Client) {
    let deadline = Instant::now() + PATIENCE;
    while client.try_send(authorised(Method::GET, "/readyz"), "").await.is_none() {
        assert!(Instant::now() < deadline, "{proxy} does not listen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut stream = client.open(authorised(Method::GET, "/v1/calls/stream")).await.into_body();
    let call = json!({"id": proxy, "caller": "+79161234567", "called": "100", "operation": "sales"});
    assert_eq!(client.call(&call).await.goes_to(), "anna", "{proxy}");
    let mut told = String::new();
    while !told.contains(&format!("\"{proxy}\"")) {
        let frame = tokio::time::timeout(PATIENCE, stream.frame()).await;
        let frame = frame.unwrap_or_else(|_| panic!("{proxy} keeps the calls back: {told}"));
        let data = frame.expect("it goes on").expect("a part").into_data().expect("data");
        told += &String::from_utf8_lossy(&data);
    }
    let large = authorised(Method::POST, "/v1/components").header("content-type", "application/wasm");
    let refused = client.send(large, vec![0; 4 << 20]).await;
    assert_eq!(refused.status, 422, "{proxy}: the server itself says that this is no component: {refused:?}");
}

#[tokio::test]
async fn the_guides_reverse_proxies_carry_calls_and_follow_them_live() {
    let Some(tree) = tree() else { return };
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let server = home.serve(&[]);
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let to_it = |text: &str| text.replace("127.0.0.1:8066", &server.client.server.to_string());

    let (address, folder) = (free(), home.path("").display().to_string());
    let location = to_it(block("nginx:\n", "text"));
    let kept =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {folder}/{kind};"));
    let configuration = format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nevents {{}}\nhttp {{\n\
         access_log off;\n{}\nserver {{\nlisten {address};\n{location}\n}}\n}}\n",
        kept.concat()
    );
    home.write("nginx.conf", configuration);
    let _nginx = Proxy(program(&tree, "usr/sbin/nginx").arg("-c").arg(home.path("nginx.conf")).spawn().expect("nginx"));
    carries("nginx", &Client::of(address)).await;

    let address = free();
    let site =
        to_it(block("## TLS and a reverse proxy", "text")).replace("pbx.example.org", &format!("http://{address}"));
    home.write("Caddyfile", format!("{{\nadmin off\n}}\n{site}"));
    let mut caddy = program(&tree, "usr/bin/caddy");
    caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(home.path("Caddyfile")).env("HOME", home.path(""));
    let _caddy = Proxy(caddy.spawn().expect("Caddy"));
    carries("caddy", &Client::of(address)).await;
}
