//! A message as an e-mail: headers, parts, bytes.
//!
//! Everything in it follows from the message: the `Message-ID` from its id, the
//! `Date` from the time of handing over, the boundary from the id again. Two
//! runs write the same bytes, and a second attempt carries the id of the first,
//! so that a receiver who got both can tell.
//!
//! No pixel, no rewritten link, no image from elsewhere is ever added.

use std::time::SystemTime;

use lettre::address::Envelope;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0,
};
use lettre::message::{Body, Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::{Address as MailAddress, Message};
use tendon_care::contact::{Address, Email};
use tendon_care::message::FailureClass;
use tendon_care::purpose::Purpose;

use super::signing::Signer;
use crate::carrier::{Outcome, Outgoing};

/// A letter, ready for the wire.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) envelope: Envelope,
    pub(crate) bytes: Vec<u8>,
    /// The `Message-ID` without its brackets.
    pub(crate) message_id: String,
}

/// Writes the letter and signs it where there is a key.
///
/// Refuses, before anything leaves, an address that plain SMTP cannot carry, an
/// address that is no mailbox, and feedback or promotion without a way out.
pub(crate) fn write(
    outgoing: &Outgoing,
    from: &Email,
    signer: Option<&Signer>,
) -> Result<Letter, Outcome> {
    let Address::Email(to) = &outgoing.to else {
        return Err(Outcome::refused(FailureClass::Rejected, "not_an_email"));
    };
    let to = mailbox(to, None)
        .ok_or_else(|| Outcome::refused(FailureClass::InvalidAddress, "address"))?;
    let from_box = mailbox(from, outgoing.sender.name.as_deref())
        .ok_or_else(|| Outcome::refused(FailureClass::Rejected, "from"))?;
    let message_id = message_id(outgoing, from);
    let builder = headers(outgoing, from_box, to, &message_id)?;
    let mut message =
        body(builder, outgoing).map_err(|_| Outcome::refused(FailureClass::Rejected, "letter"))?;
    if let Some(signer) = signer {
        signer.sign(&mut message);
    }
    Ok(Letter {
        envelope: message.envelope().clone(),
        bytes: message.formatted(),
        message_id,
    })
}

fn message_id(outgoing: &Outgoing, from: &Email) -> String {
    let domain = from.expose().rsplit_once('@').map_or("", |(_, host)| host);
    format!("{}@{domain}", outgoing.message)
}

fn headers(
    outgoing: &Outgoing,
    from: Mailbox,
    to: Mailbox,
    message_id: &str,
) -> Result<MessageBuilder, Outcome> {
    let at = SystemTime::UNIX_EPOCH
        + std::time::Duration::from_secs(u64::try_from(outgoing.at.as_second()).unwrap_or(0));
    let subject = outgoing.content.subject.as_ref();
    let mut builder = Message::builder()
        .date(at)
        .message_id(Some(format!("<{message_id}>")))
        .from(from)
        .to(to)
        .subject(one_line(subject.map_or("", |subject| subject.expose())))
        // Without it a reader may show the encoding instead of the words.
        .header(MIME_VERSION_1_0)
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Content-Language"),
            outgoing.language.tag().to_owned(),
        ));
    let reply_to = outgoing.sender.reply_to.as_ref();
    if let Some(reply_to) = reply_to.and_then(|reply_to| mailbox(reply_to, None)) {
        builder = builder.reply_to(reply_to);
    }
    let answered = outgoing.in_reply_to.as_deref();
    builder = match answered.filter(|id| is_message_id(id)) {
        Some(answered) => builder
            .in_reply_to(answered.to_owned())
            .references(answered.to_owned()),
        // Asks robots not to answer (RFC 3834 §5.1); people's answers still come.
        None => builder.raw_header(ascii("Auto-Submitted", "auto-generated".to_owned())),
    };
    unsubscribing(builder, outgoing)
}

/// Adds the one-click headers of RFC 8058, which promotion and feedback need.
///
/// The POST header is only true of `https`; a demo on plain `http` gets the
/// link alone.
fn unsubscribing(builder: MessageBuilder, outgoing: &Outgoing) -> Result<MessageBuilder, Outcome> {
    let Some(url) = &outgoing.unsubscribe_url else {
        let needed = matches!(outgoing.purpose, Purpose::Feedback | Purpose::Marketing);
        let missing = || Outcome::refused(FailureClass::Rejected, "unsubscribe_missing");
        return if needed { Err(missing()) } else { Ok(builder) };
    };
    if !is_header_safe_url(url) {
        return Err(Outcome::refused(FailureClass::Rejected, "unsubscribe_url"));
    }
    let builder = builder.raw_header(ascii("List-Unsubscribe", format!("<{url}>")));
    Ok(if url.starts_with("https://") {
        let one_click = "List-Unsubscribe=One-Click".to_owned();
        builder.raw_header(ascii("List-Unsubscribe-Post", one_click))
    } else {
        builder
    })
}

/// Writes plain words alone, or both parts as alternatives with the plainer first.
///
/// The parts are flattened here, because only headers of the message itself can
/// be signed, and the boundary belongs under the signature.
fn body(builder: MessageBuilder, outgoing: &Outgoing) -> Result<Message, lettre::error::Error> {
    let text = outgoing.content.text.expose().to_owned();
    let Some(html) = &outgoing.content.html else {
        return builder.header(ContentType::TEXT_PLAIN).body(text);
    };
    let boundary = format!("=_{}", outgoing.message);
    let content_type = format!("multipart/alternative; boundary=\"{boundary}\"");
    let parts = MultiPart::alternative()
        .boundary(boundary)
        .singlepart(SinglePart::plain(text))
        .singlepart(SinglePart::html(html.expose().to_owned()));
    let flat = parts.formatted();
    let start = flat
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(0, |end_of_headers| end_of_headers + 4);
    let bytes = flat.get(start..).unwrap_or_default().to_vec();
    // Each part is encoded by itself, so the whole is already seven-bit.
    let encoded = Body::dangerous_pre_encoded(bytes, ContentTransferEncoding::SevenBit);
    builder
        .raw_header(ascii("Content-Type", content_type))
        .body(encoded)
}

/// Builds a mailbox that plain SMTP can carry: ASCII only, for few servers on
/// the way take SMTPUTF8 (RFC 6531), and a bounce says less than a refusal.
fn mailbox(email: &Email, name: Option<&str>) -> Option<Mailbox> {
    let address = email.expose();
    if !address.is_ascii() {
        return None;
    }
    let address = address.parse::<MailAddress>().ok()?;
    let name = name.map(one_line).filter(|name| !name.is_empty());
    Some(Mailbox::new(name, address))
}

/// Makes one line of a text: no control character survives, so no header can
/// be smuggled in by a name or a subject.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_message_id(text: &str) -> bool {
    let inner = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|inner| {
        inner.len() <= 250
            && inner.contains('@')
            && inner
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'))
    })
}

fn is_header_safe_url(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= 900
        && url
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b','))
}

/// Builds a header whose value was checked to be printable ASCII on one line.
fn ascii(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str(name),
        value.clone(),
        value,
    )
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
