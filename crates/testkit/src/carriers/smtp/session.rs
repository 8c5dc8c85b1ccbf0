//! One conversation with a client.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;

use super::super::habits::Manner;
use super::{At, Encryption, Received, Shared, Then};

/// The longest command, and the most that a letter may hold.
const MAX_LINE_BYTES: u64 = 64 << 10;
const MAX_LETTER_BYTES: usize = 32 << 20;

/// A stream, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

struct Conversation<'a> {
    shared: &'a Shared,
    stream: BufReader<Box<dyn Stream>>,
    encrypted: bool,
    signed_in: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// Ends the conversation: by the client, by a fault, or regularly.
struct Ended;

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// Answers commands until the conversation ends.
pub(super) async fn converse(stream: TcpStream, shared: &Shared) {
    let (stream, encrypted): (Box<dyn Stream>, bool) = match &shared.options.encryption {
        Encryption::Always(tls) => match tls.accept(stream).await {
            Ok(stream) => (Box::new(stream), true),
            Err(_) => return,
        },
        _ => (Box::new(stream), false),
    };
    let mut conversation = Conversation {
        shared,
        stream: BufReader::new(stream),
        encrypted,
        signed_in: shared.options.credentials.is_none(),
        from: None,
        to: Vec::new(),
    };
    // An end is an end; what it left behind is in the shared state.
    let _ = conversation.run().await;
}

impl Conversation<'_> {
    async fn run(&mut self) -> Result<(), Ended> {
        if !self.fault(At::Greeting).await? {
            self.say("220 sink.test ESMTP").await?;
        }
        loop {
            let line = self.line().await?;
            if line.eq_ignore_ascii_case("STARTTLS") {
                self.start_tls().await?;
                continue;
            }
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.ehlo().await?,
                "HELO" => self.say("250 sink.test").await?,
                "AUTH" => self.auth(rest).await?,
                "NOOP" => self.say("250 2.0.0 fine").await?,
                "RSET" => {
                    self.forget();
                    self.say("250 2.0.0 forgotten").await?;
                }
                "QUIT" => {
                    self.say("221 2.0.0 bye").await?;
                    return Err(Ended);
                }
                _ if !self.signed_in => self.say("530 5.7.0 sign in first").await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.rcpt(rest).await?,
                "DATA" => self.data().await?,
                _ => self.say("502 5.5.1 no such command").await?,
            }
        }
    }

    async fn ehlo(&mut self) -> Result<(), Ended> {
        self.forget();
        let auth = match self.shared.options.credentials {
            Some(_) => "250-AUTH PLAIN LOGIN\r\n",
            None => "",
        };
        let tls = match self.shared.options.encryption {
            Encryption::OnRequest(_) if !self.encrypted => "250-STARTTLS\r\n",
            _ => "",
        };
        let lines = format!("250-sink.test\r\n{tls}{auth}250-8BITMIME\r\n250 ENHANCEDSTATUSCODES");
        self.say(&lines).await
    }

    async fn start_tls(&mut self) -> Result<(), Ended> {
        let Encryption::OnRequest(tls) = &self.shared.options.encryption else {
            return self.say("502 5.5.1 no such command").await;
        };
        self.say("220 2.0.0 go on").await?;
        self.forget();
        let plain: Box<dyn Stream> = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.stream, BufReader::new(plain)).into_inner();
        self.stream = BufReader::new(Box::new(tls.accept(plain).await?));
        self.encrypted = true;
        Ok(())
    }

    async fn auth(&mut self, rest: &str) -> Result<(), Ended> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let initial = if initial.is_empty() {
                    self.ask("").await?
                } else {
                    decode(initial)
                };
                let mut parts = initial.splitn(3, '\0').skip(1).map(str::to_owned);
                parts.next().zip(parts.next())
            }
            "LOGIN" => Some((self.ask("Username:").await?, self.ask("Password:").await?)),
            _ => None,
        };
        self.signed_in = given.is_some() && given == self.shared.options.credentials;
        let reply = if self.signed_in {
            "235 2.7.0 welcome"
        } else {
            "535 5.7.8 no"
        };
        self.say(reply).await
    }

    async fn mail(&mut self, rest: &str) -> Result<(), Ended> {
        if self.fault(At::Mail).await? {
            return Ok(());
        }
        self.forget();
        self.from = path(rest, "FROM:");
        let reply = match self.from {
            Some(_) => "250 2.1.0 sender",
            None => "501 5.5.4 which sender?",
        };
        self.say(reply).await
    }

    async fn rcpt(&mut self, rest: &str) -> Result<(), Ended> {
        if self.fault(At::Rcpt).await? {
            return Ok(());
        }
        let reply = match path(rest, "TO:").filter(|to| !to.is_empty()) {
            _ if self.from.is_none() => "503 5.5.1 sender first",
            None => "501 5.5.4 which recipient?",
            Some(to) => {
                self.to.push(to);
                "250 2.1.5 recipient"
            }
        };
        self.say(reply).await
    }

    async fn data(&mut self) -> Result<(), Ended> {
        if self.fault(At::Data).await? {
            return Ok(());
        }
        if self.to.is_empty() {
            return self.say("503 5.5.1 recipient first").await;
        }
        self.say("354 go on").await?;
        let data = self.letter().await?;
        let letter = Received {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            encrypted: self.encrypted,
            message_id: message_id(&data),
            data,
        };
        let Some(fault) = self.shared.fault(|at| matches!(at, At::Dot { .. })) else {
            return self.by_habit(letter).await;
        };
        if fault.at == (At::Dot { taken: true }) {
            self.shared.take(letter);
        }
        self.suffer(fault.then).await
    }

    /// Takes a letter, or not, as the server is used to.
    async fn by_habit(&mut self, letter: Received) -> Result<(), Ended> {
        let mood = self.shared.mood();
        tokio::time::sleep(mood.before).await;
        if mood.then != Manner::Busy {
            self.shared.take(letter);
        }
        tokio::time::sleep(mood.after).await;
        match mood.then {
            Manner::Kind => self.say("250 2.0.0 taken").await,
            Manner::Busy => self.say("451 4.3.2 busy").await,
            Manner::Silent => Err(Ended),
        }
    }

    /// Reads a letter up to its final dot (RFC 5321 §4.5.2).
    async fn letter(&mut self) -> Result<String, Ended> {
        let mut letter = Vec::new();
        loop {
            let mut line = Vec::new();
            let mut limited = (&mut self.stream).take(MAX_LINE_BYTES);
            let read = limited.read_until(b'\n', &mut line).await?;
            if read == 0 || letter.len() + read > MAX_LETTER_BYTES {
                return Err(Ended);
            }
            if line == b".\r\n" {
                return Ok(String::from_utf8_lossy(&letter).into_owned());
            }
            letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            self.fault(At::Letter).await?;
        }
    }

    /// Lets happen what was scripted for this point; tells whether anything was.
    async fn fault(&mut self, point: At) -> Result<bool, Ended> {
        match self.shared.fault(|at| at == point) {
            None => Ok(false),
            Some(fault) => self.suffer(fault.then).await.map(|()| true),
        }
    }

    async fn suffer(&mut self, then: Then) -> Result<(), Ended> {
        match then {
            Then::Reply(reply) => self.say(&reply).await,
            Then::Close => Err(Ended),
            Then::Hang => {
                tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await?;
                Err(Ended)
            }
        }
    }

    async fn ask(&mut self, prompt: &str) -> Result<String, Ended> {
        self.say(&format!("334 {}", STANDARD.encode(prompt)))
            .await?;
        Ok(decode(&self.line().await?))
    }

    async fn line(&mut self) -> Result<String, Ended> {
        let mut line = String::new();
        let mut limited = (&mut self.stream).take(MAX_LINE_BYTES);
        match limited.read_line(&mut line).await? {
            0 => Err(Ended),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    async fn say(&mut self, reply: &str) -> Result<(), Ended> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        Ok(stream.flush().await?)
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

fn decode(text: &str) -> String {
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Reads the address out of `FROM:<…>` or `TO:<…>`, parameters ignored.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let given = rest.get(..keyword.len())?;
    let address = rest.get(keyword.len()..)?.trim_start();
    let (address, _) = address.strip_prefix('<')?.split_once('>')?;
    given
        .eq_ignore_ascii_case(keyword)
        .then(|| address.to_owned())
}

fn message_id(letter: &str) -> String {
    letter
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix("Message-ID:"))
        .map(|value| value.trim().trim_matches(['<', '>']).to_owned())
        .unwrap_or_default()
}
