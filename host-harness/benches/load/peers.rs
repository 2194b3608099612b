//! The server beside what people would write by hand: the same calls by the same client, on the same simulated amoCRM, turn by turn. Each peer is a
//! process of its own; one that cannot be had here is left out, and that is said.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use test_support::binary::binary;
use test_support::workspace;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::http::{answer, rate};
use crate::{ANNA, CALLER, at, note, scene, times};

const TOKEN: &str = "a-token-of-some-length-for-the-bench";
const ROUNDS: usize = 5;
/// Starts of each peer that are timed.
const STARTS: usize = 5;
/// Unknown callers, and how long after one the next calls: the server's own budget is 50 requests in a second.
const MISSES: u32 = 200;
const BETWEEN_MISSES: Duration = Duration::from_millis(25);
/// Calls one after another on one connection.
const ALONE: usize = 2_000;
/// How long a peer may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Anna in JSON, in Base64: the option of `wasmtime` splits its values at commas.
const EMPLOYEES: &str = "W3siaWQiOiAiYW5uYSIsICJuYW1lIjogIkFubmEiLCAiYW1vY3JtX3VzZXIiOiA1MDQxNDEsICJudW1iZXJzIjogWyIxMDEiLCAiKzc5MDM1NTUwMTAxIl19XQ==";

/// A peer that can be had here.
struct Peer {
    name: &'static str,
    /// Started with the address to listen on.
    command: Box<dyn Fn(SocketAddr) -> Command>,
    /// Whether it answers from what it keeps; else each call asks.
    keeps: bool,
}

/// A peer that runs.
struct Running {
    peer: Peer,
    process: Option<Process>,
    address: String,
    started: Vec<Duration>,
    rates: Vec<f64>,
    /// Processor time of each call, in microseconds.
    costs: Vec<f64>,
    alone: Histogram<u64>,
    misses: Histogram<u64>,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn run() {
    let runtime = Runtime::new().expect("a runtime");
    let (_simulator, account) = scene::simulator();
    let home = tempfile::tempdir().expect("a directory");
    let peers = [ours(home.path(), &account)].into_iter().chain(node(&account)).chain(of_python(home.path(), &account));
    let mut running: Vec<_> = peers.map(|peer| runtime.block_on(start(peer))).collect();
    runtime.block_on(async {
        for _ in 1..STARTS {
            for one in &mut running {
                one.start_again().await;
            }
        }
        for _ in 0..ROUNDS {
            for one in &mut running {
                one.hits().await;
            }
        }
        for one in &mut running {
            one.alone().await;
        }
        for number in 0..MISSES {
            for (place, one) in running.iter_mut().enumerate() {
                one.miss(number * 10 + u32::try_from(place).expect("few peers")).await;
            }
            sleep(BETWEEN_MISSES).await;
        }
    });
    report(&running);
}

/// This program's server with everything that is on by default: SQLite, call details in a file, metrics, budget, circuit.
fn ours(home: &Path, account: &str) -> Peer {
    let config = home.join("host-harness.toml");
    let text = format!(
        "[server]\ntoken = \"env:TOKEN\"\n[[integration]]\naccount = \"{account}\"\ntoken = \"env:AMOCRM_TOKEN\"\nplain_http = \"granted\"\n\
         private_addresses = \"granted\"\nrequests_per_second = 50\n\
         [[integration.employee]]\nid = \"anna\"\nname = \"Анна Соколова\"\namocrm_user = {ANNA}\nnumbers = [\"101\", \"+79035550101\"]\n\
         [[operation]]\nlinked_operation = \"queue:sales\"\n"
    );
    fs::write(&config, text).expect("a configuration");
    let state = home.join("state");
    let command = move |address: SocketAddr| {
        let mut command = Command::new(binary());
        command.args(["serve", "--listen", &address.to_string(), "--config"]).arg(&config).arg("--state").arg(&state);
        command.env("TOKEN", TOKEN).env("AMOCRM_TOKEN", "a-token");
        command
    };
    Peer { name: "host-harness serve", command: Box::new(command), keeps: true }
}

fn node(account: &str) -> Option<Peer> {
    if !is_there("node") {
        println!("no Node here: left out");
        return None;
    }
    Some(webhook("Node", Path::new("node"), "webhook.mjs", account))
}

/// FastAPI and `wasmtime serve`, in an environment of their own, made where it is missing.
fn of_python(home: &Path, account: &str) -> Vec<Peer> {
    let environment = workspace().join("target/peers");
    let program = |name: &str| environment.join("bin").join(name);
    if !program("wasmtime").is_file() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).status();
        let mut pip = Command::new(program("pip"));
        pip.args(["install", "--quiet", "--requirement"]).arg(source("requirements.txt"));
        if !made.is_ok_and(|made| made.success()) || !pip.status().is_ok_and(|installed| installed.success()) {
            println!("FastAPI and `wasmtime serve` cannot be installed by pip here: left out");
            return Vec::new();
        }
    }
    // pip unpacks the wheel's program without the right to run it.
    let wasmtime = find(&environment.join("lib"), "wasmtime").expect("the wheel has the program");
    fs::set_permissions(&wasmtime, fs::Permissions::from_mode(0o755)).expect("one's own file");
    let component = home.join("composed.wasm");
    let packaged = Command::new(binary()).args(["package", "--host", "wasmtime"]).arg(&component).output();
    assert!(packaged.is_ok_and(|packaged| packaged.status.success()), "the composed component");
    let variables = [
        format!("amocrm_base_url={account}"),
        "amocrm_access_token=a-token".to_owned(),
        "kv_bucket=".to_owned(),
        "linked_operation=queue:sales".to_owned(),
        format!("employees_base64={EMPLOYEES}"),
    ];
    let command = move |address: SocketAddr| {
        let mut command = Command::new(&wasmtime);
        command.args(["serve", "--addr", &address.to_string(), "-Skeyvalue", "-Sconfig"]);
        command.args(variables.iter().map(|variable| format!("-Sconfig-var={variable}"))).arg(&component);
        command
    };
    vec![
        webhook("FastAPI", &program("python"), "webhook.py", account),
        Peer { name: "wasmtime serve", command: Box::new(command), keeps: false },
    ]
}

fn webhook(name: &'static str, interpreter: &Path, file: &'static str, account: &str) -> Peer {
    let (interpreter, account) = (interpreter.to_owned(), account.to_owned());
    let command = move |address: SocketAddr| {
        let mut command = Command::new(&interpreter);
        command.arg(source(file)).env("PORT", address.port().to_string());
        command.env("ACCOUNT", &account).env("AMOCRM_TOKEN", "a-token");
        command
    };
    Peer { name, command: Box::new(command), keeps: true }
}

/// The file of this name somewhere below a folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files
        .into_iter()
        .find(|file| file.file_name().is_some_and(|found| found == name))
        .or_else(|| folders.iter().find_map(|folder| find(folder, name)))
}

fn source(file: &str) -> PathBuf {
    workspace().join("host-harness/benches/peers").join(file)
}

fn is_there(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|asked| asked.success())
}

/// A port that nobody listens on now.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

fn spawn(peer: &Peer, address: SocketAddr) -> Process {
    let mut command = (peer.command)(address);
    Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a peer starts"))
}

async fn start(peer: Peer) -> Running {
    // What a first start leaves on disk is there for those that are timed.
    let address = free_address();
    let first = spawn(&peer, address);
    first_answer(&address.to_string(), peer.name).await;
    drop(first);
    let address = free_address();
    let began = Instant::now();
    let process = spawn(&peer, address);
    first_answer(&address.to_string(), peer.name).await;
    let (started, address) = (vec![began.elapsed()], address.to_string());
    Running {
        peer,
        process: Some(process),
        address,
        started,
        rates: vec![],
        costs: vec![],
        alone: times(),
        misses: times(),
    }
}

/// Calls until it is answered.
async fn first_answer(address: &str, name: &str) {
    let (request, began) = (request(address, CALLER), Instant::now());
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            stream.write_all(request.as_bytes()).await.expect("a request");
            let mut buffer = vec![0; 16 * 1024];
            let length = answer(&mut stream, &mut buffer).await;
            let text = String::from_utf8_lossy(&buffer[..length]);
            assert!(text.contains(FORWARDED), "{name}: {text}");
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{name} does not start");
        sleep(Duration::from_micros(200)).await;
    }
}

/// What an answer has that forwards a call, with or without a blank.
const FORWARDED: &str = "\"kind\":\"forward\"";

fn request(address: &str, caller: &str) -> String {
    let body = format!("{{\"id\":\"call-1\",\"caller\":\"{caller}\",\"called\":\"+74951234567\"}}");
    format!(
        "POST /v1/resolve-call HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Running {
    async fn start_again(&mut self) {
        // A state directory has one server.
        self.process = None;
        let address = free_address();
        let began = Instant::now();
        let process = spawn(&self.peer, address);
        first_answer(&address.to_string(), self.peer.name).await;
        self.started.push(began.elapsed());
        self.process = Some(process);
        self.address = address.to_string();
    }

    async fn hits(&mut self) {
        let before = self.processor_time();
        let began = Instant::now();
        let rate = rate(&self.address, &request(&self.address, CALLER), FORWARDED).await;
        let calls = rate * began.elapsed().as_secs_f64();
        self.costs.push((self.processor_time() - before).as_secs_f64() * 1e6 / calls);
        self.rates.push(rate);
    }

    async fn alone(&mut self) {
        let mut stream = connect(&self.address).await;
        let (request, mut buffer) = (request(&self.address, CALLER), vec![0; 16 * 1024]);
        for _ in 0..ALONE {
            let began = Instant::now();
            stream.write_all(request.as_bytes()).await.expect("a request");
            answer(&mut stream, &mut buffer).await;
            note(&mut self.alone, began.elapsed());
        }
    }

    async fn miss(&mut self, number: u32) {
        let mut stream = connect(&self.address).await;
        let (request, mut buffer) = (request(&self.address, &format!("+7999{number:07}")), vec![0; 16 * 1024]);
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("a request");
        let length = answer(&mut stream, &mut buffer).await;
        note(&mut self.misses, began.elapsed());
        let text = String::from_utf8_lossy(&buffer[..length]);
        assert!(text.contains("contact-not-found"), "{}: {text}", self.peer.name);
    }

    fn processor_time(&self) -> Duration {
        self.process.as_ref().map(|process| processor_time(process.0.id())).unwrap_or_default()
    }

    fn rate(&self) -> f64 {
        median(&self.rates)
    }

    fn start(&self) -> f64 {
        median(&self.started.iter().map(Duration::as_secs_f64).collect::<Vec<_>>()) * 1e3
    }
}

async fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a process has computed so far, of `/proc`: in hundredths of a second.
fn processor_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The second field is the program's name in parentheses, which may hold blanks; the 14th and 15th are user and system time.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Duration::from_millis(10) * fields.map(|ticks| ticks.parse::<u32>().unwrap_or_default()).sum::<u32>()
}

fn report(running: &[Running]) {
    println!(
        "{:<20} {:>10} {:>10} {:>12} {:>14} {:>22}",
        "", "start, ms", "hits/s", "us of a hit", "alone p50, us", "a miss p50, p99, ms"
    );
    for one in running {
        let misses = format!("{:.2}, {:.2}", at(&one.misses, 0.5) / 1e3, at(&one.misses, 0.99) / 1e3);
        println!(
            "{:<20} {:>10.0} {:>10.0} {:>12.0} {:>14.0} {misses:>22}{}",
            one.peer.name,
            one.start(),
            one.rate(),
            median(&one.costs),
            at(&one.alone, 0.5),
            if one.peer.keeps { "" } else { "   (keeps nothing: each call asks)" }
        );
    }
    let Some(ours) = running.first() else { return };
    for other in &running[1..] {
        println!(
            "beside {}: {:.2} times its hits, {:.2} times its misses' p50, {:.2} times its start",
            other.peer.name,
            ours.rate() / other.rate(),
            at(&ours.misses, 0.5) / at(&other.misses, 0.5),
            ours.start() / other.start()
        );
    }
    println!(
        "(aims: at least 0.8 times Node's hits and 4 times FastAPI's, misses and start at most Node's, at most 60 us of a hit)"
    );
}
