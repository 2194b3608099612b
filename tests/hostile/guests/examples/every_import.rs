//! Calls every import with hostile arguments in hostile order, as a program of bytes says: the caller's number, in hexadecimal. A byte chooses a
//! function, the next ones its arguments.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::telephony::operation::directory;
use hostile_guests::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use hostile_guests::bindings::wasi::config::store as config;
use hostile_guests::bindings::wasi::http::outgoing_handler::handle;
use hostile_guests::bindings::wasi::http::types::{
    self, Fields, FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use hostile_guests::bindings::wasi::io::poll::{self, Pollable};
use hostile_guests::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use hostile_guests::bindings::wasi::keyvalue::store as key_value;
use hostile_guests::{account_authority, tell};

hostile_guests::operation!(|call: hostile_guests::bindings::telephony::operation::types::Call| {
    let program = call.caller.unwrap_or_default();
    let mut machine = Machine { program: bytes(&program).into_iter(), ..Machine::default() };
    let mut steps = 0;
    while machine.step().is_some() {
        steps += 1;
    }
    // The host takes everything back, whatever the order would have to be.
    std::mem::forget(machine);
    tell(&format!("{steps} steps"))
});

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    hexadecimal.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |sum, byte| sum << 4 | digit(*byte))).collect()
}

/// What was got so far. The last one of each kind is used, taken or dropped.
#[derive(Default)]
struct Machine {
    program: std::vec::IntoIter<u8>,
    fields: Vec<Fields>,
    requests: Vec<OutgoingRequest>,
    options: Vec<RequestOptions>,
    sending: Vec<OutgoingBody>,
    outputs: Vec<OutputStream>,
    futures: Vec<FutureIncomingResponse>,
    responses: Vec<IncomingResponse>,
    bodies: Vec<IncomingBody>,
    inputs: Vec<InputStream>,
    trailers: Vec<FutureTrailers>,
    pollables: Vec<Pollable>,
    buckets: Vec<key_value::Bucket>,
}

impl Machine {
    fn byte(&mut self) -> Option<u8> {
        self.program.next()
    }

    fn text(&mut self) -> Option<String> {
        Some(match self.byte()? % 16 {
            0 => String::new(),
            1 => "default".to_owned(),
            2 => "\0".to_owned(),
            3 => "a".repeat(300),
            4 => "a".repeat(200_000),
            5 => "/api/v4/contacts?query=1".to_owned(),
            6 => "http://198.51.100.1/".to_owned(),
            7 => "user@198.51.100.1:80".to_owned(),
            8 => "[::1]:1".to_owned(),
            9 => "a b\r\nhost: x".to_owned(),
            10 => "\u{202e}тест".to_owned(),
            11 => "content-length".to_owned(),
            12 => "18446744073709551616".to_owned(),
            13 => "transfer-encoding".to_owned(),
            _ => account_authority(),
        })
    }

    fn number(&mut self) -> Option<u64> {
        Some(match self.byte()? % 8 {
            0 => 0,
            1 => 1,
            2 => u64::MAX,
            3 => u64::MAX / 2,
            4 => 1 << 32,
            5 => 65_536,
            6 => 1_000_000_000,
            _ => 1_000_000,
        })
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.byte()? % 2 == 0)
    }

    /// One step; none at the end of the program. Whatever a function answers is taken as it comes.
    fn step(&mut self) -> Option<()> {
        match self.byte()? % 52 {
            0 => self.fields.push(Fields::new()),
            1 => {
                let (name, value) = (self.text()?, self.text()?);
                self.fields.extend(Fields::from_list(&[(name, value.into_bytes())]).ok());
            }
            2 => {
                let (name, value) = (self.text()?, self.text()?);
                let _ = self.fields.last().map(|fields| fields.append(&name, value.as_bytes()));
            }
            3 => {
                let name = self.text()?;
                let _ = self.fields.last().map(|fields| (fields.get(&name), fields.delete(&name), fields.has(&name)));
            }
            4 => {
                let copy = self.fields.last().map(Fields::clone);
                let _ = copy.as_ref().map(Fields::entries);
                self.fields.extend(copy);
            }
            5 => {
                let fields = self.fields.pop().unwrap_or_else(Fields::new);
                self.requests.push(OutgoingRequest::new(fields));
            }
            6 => {
                let (method, standard) = (self.text()?, self.flag()?);
                let method = if standard { Method::Post } else { Method::Other(method) };
                let _ = self.requests.last().map(|request| request.set_method(&method));
            }
            7 => {
                let (scheme, standard) = (self.text()?, self.flag()?);
                let scheme = if standard { Scheme::Http } else { Scheme::Other(scheme) };
                let _ = self.requests.last().map(|request| request.set_scheme(Some(&scheme)));
            }
            8 => {
                let authority = self.text()?;
                let _ = self.requests.last().map(|request| request.set_authority(Some(&authority)));
            }
            9 => {
                let path = self.text()?;
                let _ = self.requests.last().map(|request| request.set_path_with_query(Some(&path)));
            }
            10 => {
                let headers = self.requests.last().map(OutgoingRequest::headers);
                self.fields.extend(headers);
            }
            11 => self.sending.extend(self.requests.last().and_then(|request| request.body().ok())),
            12 => self.outputs.extend(self.sending.last().and_then(|body| body.write().ok())),
            13 => {
                let length = usize::try_from(self.number()?).unwrap_or(0).min(100_000);
                let _ = self.outputs.last().map(|output| output.write(&vec![7; length]));
            }
            14 => {
                let length = usize::from(self.byte()?);
                let _ = self.outputs.last().map(|output| output.blocking_write_and_flush(&vec![7; length]));
            }
            15 => {
                let length = self.number()?;
                let _ = self.outputs.last().map(|output| output.write_zeroes(length));
            }
            16 => {
                let length = self.number()?;
                let _ = self.outputs.last().map(|output| output.blocking_write_zeroes_and_flush(length));
            }
            17 => {
                let (length, blocking) = (self.number()?, self.flag()?);
                if let (Some(output), Some(input)) = (self.outputs.last(), self.inputs.last()) {
                    let _ = if blocking { output.blocking_splice(input, length) } else { output.splice(input, length) };
                }
            }
            18 => {
                let _ =
                    self.outputs.last().map(|output| (output.check_write(), output.flush(), output.blocking_flush()));
            }
            19 => {
                let with_trailers = self.flag()?;
                let trailers = if with_trailers { self.fields.pop() } else { None };
                if let Some(body) = self.sending.pop() {
                    let _ = OutgoingBody::finish(body, trailers);
                }
            }
            20 => self.options.push(RequestOptions::new()),
            21 => {
                let (connect, first, between) = (self.number()?, self.number()?, self.number()?);
                if let Some(options) = self.options.last() {
                    let _ = options.set_connect_timeout(Some(connect));
                    let _ = options.set_first_byte_timeout(Some(first));
                    let _ = options.set_between_bytes_timeout(Some(between));
                }
            }
            22 => {
                if let Some(request) = self.requests.pop() {
                    self.futures.extend(handle(request, self.options.pop()).ok());
                }
            }
            23 => self.pollables.extend(self.futures.last().map(FutureIncomingResponse::subscribe)),
            24 => {
                if let Some(Some(Ok(Ok(response)))) = self.futures.last().map(FutureIncomingResponse::get) {
                    self.responses.push(response);
                }
            }
            25 => {
                let headers = self.responses.last().map(|response| {
                    let _ = response.status();
                    response.headers()
                });
                self.fields.extend(headers);
            }
            26 => self.bodies.extend(self.responses.last().and_then(|response| response.consume().ok())),
            27 => self.inputs.extend(self.bodies.last().and_then(|body| body.stream().ok())),
            28 => {
                let (length, blocking) = (self.number()?, self.flag()?);
                let read = self
                    .inputs
                    .last()
                    .map(|input| if blocking { input.blocking_read(length) } else { input.read(length) });
                if let Some(Err(StreamError::LastOperationFailed(error))) = read {
                    let _ = (types::http_error_code(&error), error.to_debug_string());
                }
            }
            29 => {
                let (length, blocking) = (self.number()?, self.flag()?);
                let _ = self.inputs.last().map(
                    |input| {
                        if blocking { input.blocking_skip(length) } else { input.skip(length) }
                    },
                );
            }
            30 => self.trailers.extend(self.bodies.pop().map(IncomingBody::finish)),
            31 => {
                let _ = self.trailers.last().map(FutureTrailers::get);
                self.pollables.extend(self.trailers.last().map(FutureTrailers::subscribe));
            }
            32 => self.pollables.extend(self.inputs.last().map(InputStream::subscribe)),
            33 => self.pollables.extend(self.outputs.last().map(OutputStream::subscribe)),
            34 => {
                let when = self.number()?;
                self.pollables.push(monotonic_clock::subscribe_instant(when));
            }
            35 => {
                let duration = self.number()?;
                self.pollables.push(monotonic_clock::subscribe_duration(duration));
            }
            36 => {
                let _ = poll::poll(&self.pollables.iter().collect::<Vec<_>>());
            }
            37 => {
                let times = usize::from(self.byte()?) * 8;
                let all: Vec<_> = self.pollables.iter().cycle().take(times.min(self.pollables.len() * times)).collect();
                let _ = poll::poll(&all);
            }
            38 => {
                let block = self.flag()?;
                if let Some(pollable) = self.pollables.last() {
                    let _ = pollable.ready();
                    if block {
                        pollable.block();
                    }
                }
            }
            39 => {
                let _ = (
                    monotonic_clock::now(),
                    monotonic_clock::resolution(),
                    wall_clock::now(),
                    wall_clock::resolution(),
                );
            }
            40 => {
                let name = self.text()?;
                self.buckets.extend(key_value::open(&name).ok());
            }
            41 => {
                let (key, value) = (self.text()?, self.text()?);
                let _ = self.buckets.last().map(|bucket| (bucket.set(&key, value.as_bytes()), bucket.get(&key)));
            }
            42 => {
                let (key, cursor) = (self.text()?, self.number()?);
                let _ = self.buckets.last().map(|bucket| {
                    (bucket.exists(&key), bucket.delete(&key), bucket.list_keys(Some(cursor)), bucket.list_keys(None))
                });
            }
            43 => {
                let key = self.text()?;
                let _ = (config::get(&key), config::get_all());
            }
            44 => {
                let user = self.number()?;
                let _ = (directory::find_by_crm_user(user), directory::find_last_talk(user as u32));
            }
            // Dropped out of order: what has children too.
            45 => self.drop_last()?,
            46 => {
                let status = self.byte()?;
                // The export of other worlds: a response that nobody waits for.
                let response = types::OutgoingResponse::new(self.fields.pop().unwrap_or_else(Fields::new));
                let _ = (response.set_status_code(u16::from(status) * 8), response.body());
            }
            47 => {
                let request = OutgoingRequest::new(Fields::new());
                let _ = request.set_scheme(Some(&Scheme::Http));
                let _ = request.set_authority(Some(&account_authority()));
                let _ = request.set_path_with_query(Some("/api/v4/contacts?query=9161234567&limit=50&page=1"));
                self.requests.push(request);
            }
            // Read back, and given several values at once.
            48 => {
                let (name, value, times) = (self.text()?, self.text()?, self.byte()? % 8);
                let values = vec![value.into_bytes(); usize::from(times)];
                let _ = self.fields.last().map(|fields| fields.set(&name, &values));
                let _ = self.requests.last().map(|request| {
                    (request.method(), request.scheme(), request.authority(), request.path_with_query())
                });
                let _ = self.options.last().map(|options| {
                    (options.connect_timeout(), options.first_byte_timeout(), options.between_bytes_timeout())
                });
            }
            // Others than the last ones are used next.
            49 => self.turn(),
            50 => self.forge()?,
            // Any one dropped, whatever hangs on it.
            _ => {
                self.turn();
                self.drop_last()?;
            }
        }
        Some(())
    }

    fn turn(&mut self) {
        fn turn<T>(list: &mut [T]) {
            list.rotate_right(usize::from(list.len() > 1));
        }
        turn(&mut self.fields);
        turn(&mut self.requests);
        turn(&mut self.options);
        turn(&mut self.sending);
        turn(&mut self.outputs);
        turn(&mut self.futures);
        turn(&mut self.responses);
        turn(&mut self.bodies);
        turn(&mut self.inputs);
        turn(&mut self.trailers);
        turn(&mut self.pollables);
        turn(&mut self.buckets);
    }

    /// Takes a handle away from its owner: it stays alive, and its owner goes on with one that does not exist. Rarely, since that ends the call.
    fn forge(&mut self) -> Option<()> {
        let _ = match self.byte()? {
            240 => self.fields.last().map(Fields::take_handle),
            241 => self.requests.last().map(OutgoingRequest::take_handle),
            242 => self.options.last().map(RequestOptions::take_handle),
            243 => self.sending.last().map(OutgoingBody::take_handle),
            244 => self.outputs.last().map(OutputStream::take_handle),
            245 => self.futures.last().map(FutureIncomingResponse::take_handle),
            246 => self.inputs.last().map(InputStream::take_handle),
            247 => self.pollables.last().map(Pollable::take_handle),
            248 => self.buckets.last().map(key_value::Bucket::take_handle),
            _ => None,
        };
        Some(())
    }

    fn drop_last(&mut self) -> Option<()> {
        match self.byte()? % 12 {
            0 => drop(self.fields.pop()),
            1 => drop(self.requests.pop()),
            2 => drop(self.options.pop()),
            3 => drop(self.sending.pop()),
            4 => drop(self.outputs.pop()),
            5 => drop(self.futures.pop()),
            6 => drop(self.responses.pop()),
            7 => drop(self.bodies.pop()),
            8 => drop(self.inputs.pop()),
            9 => drop(self.trailers.pop()),
            10 => drop(self.pollables.pop()),
            _ => drop(self.buckets.pop()),
        }
        Some(())
    }
}
