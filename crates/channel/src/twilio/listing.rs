//! Looking a lost message up in the account's list.
//!
//! The list has no field of ours, so a message is known by its number, its
//! words and its time. The list is asked for the number alone, without
//! `DateSent`: a message still in the queue has no such date yet, and one that
//! a filter hides would be sent a second time. One number's list is short.

use jiff::{SignedDuration, Timestamp};
use reqwest::header::DATE;
use reqwest::{Response, Url};
use tendon_care::contact::{Address, Phone};
use unicode_normalization::UnicodeNormalization;

use super::wire::{self, MessageResource, Page};
use super::{Twilio, read_body};
use crate::carrier::{Blind, Found, Outgoing, Window};

/// How many pages are read before the list counts as too long to search.
const MAX_PAGES: usize = 20;

/// The most messages of one page that are asked for (the API allows 1,000).
const PAGE_SIZE: &str = "250";

/// How far before the hand-over the list is searched. A machine that crashed may
/// come back with its clock set by minutes, and a message that was missed for it
/// would be sent again. Old twins do no harm: those of ours are known by their ids.
const SLACK: SignedDuration = SignedDuration::from_mins(15);

/// What trial accounts put before every text.
const TRIAL_PREFIX: &str = "sentfromyourtwiliotrialaccount";

impl Twilio {
    pub(super) async fn look_up(&self, outgoing: &Outgoing, window: Window) -> Found {
        let Address::Phone(to) = &outgoing.to else {
            return Found::NotSent;
        };
        match self.search(to, outgoing, &window).await {
            Err(why) => Found::CannotTell { why },
            Ok(Some(message)) => Found::Sent {
                receipt: message.receipt(),
                carrier_ref: message.sid,
            },
            Ok(None) => match window.too_soon_for(self.patience.settle) {
                Some(ask_again_at) => Found::TooSoon { ask_again_at },
                None => Found::NotSent,
            },
        }
    }

    /// Reads the number's list to its end, or to the message.
    async fn search(
        &self,
        to: &Phone,
        outgoing: &Outgoing,
        window: &Window,
    ) -> Result<Option<MessageResource>, Blind> {
        let words = comparable(outgoing.content.text.expose());
        let mut next = Some(self.first_page(to));
        for _ in 0..MAX_PAGES {
            let Some(url) = next else {
                return Ok(None);
            };
            let (page, carrier_now) = self.page(url).await?;
            let since = on_carrier_clock(window, carrier_now);
            let found = page
                .messages
                .into_iter()
                .filter(|listed| !window.but_not.contains(&listed.sid))
                .find(|listed| is_same(listed, to, &words, since));
            if found.is_some() {
                return Ok(found);
            }
            next = match page.next_page_uri.filter(|uri| !uri.is_empty()) {
                Some(uri) => Some(self.next_page(&uri)?),
                None => None,
            };
        }
        match next {
            None => Ok(None),
            Some(_) => Err(Blind::Incomplete),
        }
    }

    fn first_page(&self, to: &Phone) -> Url {
        let mut url = self.messages_url.clone();
        url.query_pairs_mut()
            .append_pair("To", to.expose())
            .append_pair("PageSize", PAGE_SIZE);
        url
    }

    /// Resolves the link to the next page, which must not lead elsewhere: the
    /// request carries the auth token.
    fn next_page(&self, uri: &str) -> Result<Url, Blind> {
        let url = self.messages_url.join(uri).map_err(|_| Blind::Incomplete)?;
        if url.origin() == self.messages_url.origin() {
            Ok(url)
        } else {
            Err(Blind::Incomplete)
        }
    }

    /// Fetches one page and the carrier's time.
    async fn page(&self, url: Url) -> Result<(Page, Option<Timestamp>), Blind> {
        let request = self.signed_in(self.client.get(url));
        let response = request.send().await.map_err(|_| Blind::Unreachable)?;
        if !response.status().is_success() {
            return Err(Blind::Unreachable);
        }
        let carrier_now = date(&response);
        let body = read_body(response).await.ok_or(Blind::Unreachable)?;
        let page = serde_json::from_slice(&body).map_err(|_| Blind::Incomplete)?;
        Ok((page, carrier_now))
    }
}

fn date(response: &Response) -> Option<Timestamp> {
    wire::timestamp(response.headers().get(DATE)?.to_str().ok()?)
}

/// Translates the start of the window to the carrier's clock.
///
/// Ours may be simulated, or wrong. Where ours runs faster than the carrier's,
/// the window only grows: better an old twin taken for the message than the
/// message sent again.
fn on_carrier_clock(window: &Window, carrier_now: Option<Timestamp>) -> Timestamp {
    let ahead = carrier_now.map_or(SignedDuration::ZERO, |now| now.duration_since(window.now));
    window
        .since
        .saturating_add(ahead.saturating_sub(SLACK))
        .unwrap_or(Timestamp::MIN)
}

/// Tells whether a listed message is the one that was lost. One without a date
/// counts as recent.
fn is_same(listed: &MessageResource, to: &Phone, words: &str, since: Timestamp) -> bool {
    let outbound = listed.direction.is_empty() || listed.direction.starts_with("outbound");
    let recent = listed.created_at().is_none_or(|at| at >= since);
    let said = comparable(&listed.body);
    outbound
        && recent
        && listed.to == to.expose()
        && said.strip_prefix(TRIAL_PREFIX).unwrap_or(&said) == words
}

/// Reduces a text to its letters and digits. Services replace curly quotes,
/// dashes, dots and spaces on the way ("smart encoding"), and a text that was
/// not recognised would be sent again.
fn comparable(text: &str) -> String {
    text.nfkc()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::{Settings, Source};

    fn listed(body: &str, created: Option<&str>) -> MessageResource {
        MessageResource {
            sid: "SM1".into(),
            to: "+13125550142".into(),
            body: body.into(),
            direction: "outbound-api".into(),
            status: "queued".into(),
            error_code: None,
            date_created: created.map(Into::into),
        }
    }

    fn matches(listed: &MessageResource, words: &str) -> bool {
        let to = Phone::from_e164("+13125550142").unwrap();
        let since = wire::timestamp("Sun, 22 Nov 2026 12:00:00 +0000").unwrap();
        is_same(listed, &to, &comparable(words), since)
    }

    #[test]
    fn a_message_is_known_by_number_words_and_time() {
        let noon = Some("Sun, 22 Nov 2026 12:00:00 +0000");
        let before = Some("Sun, 22 Nov 2026 11:59:59 +0000");
        assert!(matches(&listed("Visit at 9", noon), "Visit at 9"));
        assert!(matches(&listed("Visit at 9", None), "Visit at 9"));
        assert!(!matches(&listed("Visit at 9", before), "Visit at 9"));
        assert!(!matches(&listed("Visit at 8", noon), "Visit at 9"));
        let elsewhere = MessageResource {
            to: "+13125550143".into(),
            ..listed("Visit at 9", noon)
        };
        assert!(!matches(&elsewhere, "Visit at 9"));
        let theirs = MessageResource {
            direction: "inbound".into(),
            ..listed("Visit at 9", noon)
        };
        assert!(!matches(&theirs, "Visit at 9"));
    }

    #[test]
    fn words_survive_what_services_do_to_them() {
        for (sent, came_back) in [
            ("We’ll see you – Ana…", "We'll see you - Ana..."),
            ("See\u{a0}you at 9", "See you at 9"),
            (
                "See you at 9",
                "Sent from your Twilio trial account - See you at 9",
            ),
            ("Mañana a las 9", "Man\u{303}ana a las 9"),
        ] {
            assert!(matches(&listed(came_back, None), sent), "{came_back}");
        }
    }

    #[test]
    fn a_next_page_elsewhere_never_sees_the_token() {
        // The first test of a process installs it, and that is enough.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let source = Source::parse("+13125550100").unwrap();
        let carrier = Twilio::new(Settings::new("AC01", "token", source)).unwrap();
        let page = "/2010-04-01/Accounts/AC01/Messages.json?Page=1";
        for uri in [page, &format!("https://api.twilio.com{page}")] {
            let next = carrier.next_page(uri).unwrap();
            assert_eq!(next.as_str(), format!("https://api.twilio.com{page}"));
        }
        for uri in [
            "https://evil.example/2010-04-01/Accounts/AC01/Messages.json",
            "//evil.example/",
            "http://api.twilio.com/",
            "https://api.twilio.com:8443/",
            "data:,",
        ] {
            let next = carrier.next_page(uri);
            assert_eq!(next, Err(Blind::Incomplete), "{uri}");
        }
    }

    #[test]
    fn the_window_is_translated_to_the_carriers_clock() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let window = Window {
            since: at(1_000),
            now: at(1_100),
            but_not: Vec::new(),
        };
        let slack = SLACK.as_secs();
        for (carrier_now, expected) in [
            (None, 1_000 - slack),
            (Some(1_100), 1_000 - slack),
            (Some(9_100), 9_000 - slack),
            (Some(600), 500 - slack),
        ] {
            let translated = on_carrier_clock(&window, carrier_now.map(at));
            assert_eq!(translated, at(expected), "{carrier_now:?}");
        }
    }
}
