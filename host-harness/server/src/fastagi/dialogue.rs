//! A connection to Asterisk: lines read within bounds, commands written one by one, each with its answer.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::command::{self, Line, Reply};
use super::request::{Block, BlockError, LONGEST_LINE, Request};

/// The most lines that are read while an answer is waited for.
const MOST_LINES: usize = 64;

/// Why a dialogue ended early.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// Nothing was said at all: somebody only looked whether the port is open.
    #[error("nothing was said")]
    Silent,
    /// The connection broke.
    #[error("the connection broke ({0})")]
    Connection(#[from] io::Error),
    /// The block is none of Asterisk's.
    #[error("this is not how Asterisk asks: {0}")]
    Block(#[from] BlockError),
    /// A value cannot be written.
    #[error(transparent)]
    Value(#[from] command::Unwritable),
    /// A command was not carried out.
    #[error("Asterisk refused a command{}", .0.map_or_else(String::new, |code| format!(" ({code})")))]
    Refused(Option<u16>),
    /// Too many lines came instead of an answer.
    #[error("{MOST_LINES} lines came, and no answer among them")]
    NoAnswer,
}

/// A dialogue over a stream.
#[derive(Debug)]
pub struct Dialogue<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    /// Over this stream.
    pub fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Reads the block that the dialogue begins with.
    pub async fn request(&mut self) -> Result<Request, Broken> {
        let mut block = Block::default();
        loop {
            let Some(line) = line(&mut self.stream).await? else {
                return Err(if block.is_empty() { Broken::Silent } else { BlockError::Unended.into() });
            };
            if let Some(request) = block.line(&line)? {
                return Ok(request);
            }
        }
    }

    /// Sets a variable of the channel's.
    pub async fn set_variable(&mut self, name: &str, value: &str) -> Result<(), Broken> {
        let command = command::set_variable(name, value)?;
        self.carry_out(&command).await
    }

    /// Says something on Asterisk's console.
    pub async fn verbose(&mut self, text: &str) -> Result<(), Broken> {
        let command = command::verbose(text)?;
        self.carry_out(&command).await
    }

    /// Writes a command and waits for its answer, past the `HANGUP` that may come between them.
    async fn carry_out(&mut self, command: &str) -> Result<(), Broken> {
        self.stream.get_mut().write_all(command.as_bytes()).await?;
        for _ in 0..MOST_LINES {
            let line = line(&mut self.stream).await?.ok_or(io::ErrorKind::UnexpectedEof);
            match command::line(&line.map_err(io::Error::from)?) {
                Line::Reply(Reply::Done) => return Ok(()),
                Line::Reply(Reply::Refused(code)) => return Err(Broken::Refused(code)),
                Line::Hangup | Line::More => {}
            }
        }
        Err(Broken::NoAnswer)
    }

    /// Ends the dialogue: the dialplan goes on.
    pub async fn close(mut self) {
        // It may have been closed from the other side already.
        let _ = self.stream.get_mut().shutdown().await;
    }
}

/// The next line, without its end; none where there are no more. It is never longer than Asterisk's own.
async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Vec<u8>>, Broken> {
    let mut line = Vec::new();
    let most = u64::try_from(LONGEST_LINE + 1).unwrap_or(u64::MAX);
    let read = stream.take(most).read_until(b'\n', &mut line).await?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if read > LONGEST_LINE => Err(BlockError::LineTooLong.into()),
        // What has no end is not a line.
        Some(_) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
}
