//! What is kept between calls: it survives a kill, and whatever is wrong with the store, calls are resolved.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use test_support::{ACCOUNT_TOKEN, CALLER, Ended, Home};

use crate::amocrm::{LOOPBACK, cache_in, config_for};

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// `kill -9`.
fn kill(mut process: Child) {
    process.kill().expect("a process of ours");
    process.wait().expect("it ends");
}

#[test]
fn what_was_kept_survives_a_kill_right_after_the_answer_and_a_store_cut_short_is_named() {
    let home = Home::new();
    let mut process = spawn(&mut home.command(["call", CALLER]));
    let mut first_line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut first_line).expect("a line");
    kill(process);
    assert!(first_line.starts_with("Call +7916•••4567"), "{first_line}");
    home.run(["call", CALLER]).assert(0, &[]).assert_prints(&["known from: cache", "No requests"]);

    // Without --state it is in the user's state directory.
    let store = cache_in(&home.path("state/host-harness"));
    let whole = std::fs::read(&store).expect("the store");
    for companion in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{companion}", store.display()));
    }
    std::fs::write(&store, &whole[..whole.len() / 2]).expect("a file");
    home.run(["call", CALLER])
        .assert(0, &["warning: ", &store.display().to_string(), "move it away", "without a durable cache"])
        .assert_prints(&["Forwarded: ", "known from: amoCRM"]);
}

/// An amoCRM that tells when it was asked, and answers only when it is told to.
struct SlowAmocrm {
    base_url: String,
    asked: std::sync::mpsc::Receiver<std::net::TcpStream>,
}

impl SlowAmocrm {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let (ask, asked) = std::sync::mpsc::channel();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    request.push(byte[0]);
                }
                if ask.send(stream).is_err() {
                    return;
                }
            }
        });
        Self { base_url, asked }
    }

    fn answer(mut stream: &std::net::TcpStream) {
        let body = r#"{"_embedded":{"contacts":[{"id":3,"responsible_user_id":504141,"custom_fields_values":[
            {"field_code":"PHONE","values":[{"value":"+79161234567"}]}]}]}}"#;
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    }
}

#[test]
fn calls_killed_while_they_ask_and_while_they_keep_the_answer_leave_a_store_that_works() {
    let home = Home::new();
    let amocrm = SlowAmocrm::start();
    home.write("host-harness.toml", config_for(&amocrm.base_url, LOOPBACK));
    let call = |caller| {
        let arguments = ["call", caller, "--config", "host-harness.toml", "--waiting-time", "30s"];
        let mut command = home.command(arguments);
        command.env("AMOCRM_TOKEN", ACCOUNT_TOKEN);
        command
    };
    // At once; a withheld number, so that it asks nothing if it gets further.
    kill(spawn(&mut call("")));

    let process = spawn(&mut call(CALLER));
    let asking = amocrm.asked.recv().expect("a request");
    kill(process);
    drop(asking);

    // Somewhere between the last byte of the answer and the end of the process.
    let process = spawn(&mut call(CALLER));
    SlowAmocrm::answer(&amocrm.asked.recv().expect("a request"));
    kill(process);

    // Whether that answer was kept is a matter of luck; the next call resolves either way, and without a warning.
    let answering = thread::spawn(move || {
        if let Ok(stream) = amocrm.asked.recv() {
            SlowAmocrm::answer(&stream);
        }
        amocrm
    });
    let ended = Ended::of(call(CALLER).output().expect("the binary runs"));
    ended.assert(0, &[]).assert_prints(&["Forwarded: Anna (anna)"]);
    drop(answering);
}

#[test]
fn processes_that_share_a_state_directory_from_its_first_moment_all_resolve() {
    let home = Home::new();
    let processes: Vec<_> = (0..2).map(|_| spawn(&mut home.command(["call", CALLER, "--state", "shared"]))).collect();
    for process in processes {
        let ended = Ended::of(process.wait_with_output().expect("it ends"));
        ended.assert(0, &[]).assert_prints(&["Forwarded: "]);
    }
    assert!(cache_in(&home.path("shared")).exists());
}

#[test]
fn a_file_that_is_no_store_is_named_left_alone_and_the_call_is_forwarded_as_usual() {
    let home = Home::new();
    std::fs::create_dir(home.path("kept")).expect("a folder");
    let garbage = b"garbage ".repeat(1_000);
    std::fs::write(cache_in(&home.path("kept")), &garbage).expect("a file");
    home.run(["call", CALLER, "--state", "kept"])
        .assert(0, &["warning: ", "kept/key-value.sqlite3", "move it away", "without a durable cache"])
        .assert_prints(&["Forwarded: "]);
    assert_eq!(std::fs::read(cache_in(&home.path("kept"))).expect("a file"), garbage);
}

#[test]
fn a_state_directory_that_cannot_be_written_is_named_and_the_call_goes_where_it_would() {
    let home = Home::new();
    home.write("file", "");
    home.run(["call", "", "--state", "file"])
        .assert(
            1,
            &["warning: ", "file/key-value.sqlite3", "choose another state directory", "without a durable cache"],
        )
        .assert_prints(&["Linked operation: queue:sales", "caller-hidden (caller)"]);
}
