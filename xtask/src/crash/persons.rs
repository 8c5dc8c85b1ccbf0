//! The text carrier's own doings: receipts for what it took, and what people reply.
//! Each is delivered until the server has taken it, as the real service does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tendon_testkit::carriers::twilio::{Accepted, Text};

use super::dice::Dice;
use super::ledger::{Contradiction, Receipt, Said, Words};
use super::load::Load;
use super::people::PRACTICE_PHONE;

/// The words by which a text asks whether somebody comes.
const QUESTION: &str = "Reply 1";

/// More tries than this mean that it will never be taken.
const MOST_TRIES: u32 = 3_000;

/// Watches what the carrier takes and reacts, until the load is over.
pub(super) async fn react(load: Arc<Load>, seed: u64) {
    let dice = Arc::new(Dice::new(seed, "persons"));
    let mut seen = 0;
    while !load.over.load(Ordering::SeqCst) {
        let fresh = load.carriers.texts.accepted_after(seen);
        seen += fresh.len();
        for message in fresh {
            let replies = message.body.contains(QUESTION) && load.replies(&message.to);
            let words = replies.then(|| draw(&dice, seen as u64)).flatten();
            if let Some(words) = words {
                let twice = dice.percent(20);
                let wait = dice.between(50, 1_500);
                load.spawn(write_back(
                    load.clone(),
                    message.clone(),
                    words,
                    twice,
                    wait,
                ));
            }
            // A late receipt leaves it to the product to find out for itself.
            let wait = if dice.percent(50) {
                dice.between(2_000, 5_000)
            } else {
                dice.between(20, 800)
            };
            let twice = dice.percent(10);
            load.spawn(receipts(load.clone(), message, twice, wait));
        }
        load.seen.store(seen, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

fn draw(dice: &Dice, number: u64) -> Option<Words> {
    Some(match dice.below(20) {
        0..=8 => Words::Confirm,
        9 | 10 => Words::AskToMove,
        11 | 12 => Words::CannotCome,
        13 => Words::Stop,
        14..=17 => Words::Question(number * 1_000 + dice.below(1_000)),
        _ => return None,
    })
}

/// What the carrier brings.
enum Delivery {
    Receipt { sid: String, status: &'static str },
    Text(Text),
}

impl Delivery {
    async fn post(&self, load: &Load) -> io::Result<u16> {
        let texts = &load.carriers.texts;
        match self {
            Self::Receipt { sid, status } => texts.post_status(sid, status, None).await,
            Self::Text(text) => {
                let url = load.stage.url("/hooks/twilio/sms");
                texts.post_text(&url, text).await
            }
        }
    }

    /// Delivers until it is taken; returns how many tries that took.
    async fn until_taken(&self, load: &Load) -> Option<u32> {
        let mut last = None;
        for tries in 1..=MOST_TRIES {
            match self.post(load).await {
                Ok(200..=299) => return Some(tries),
                Ok(status) => last = Some(status),
                Err(_) => {}
            }
            if matches!(last, Some(400..=499)) {
                break;
            }
            load.ledger.open().retries += 1;
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        let what = match self {
            Self::Receipt { sid, status } => format!("the receipt {status} of {sid}"),
            Self::Text(text) => format!("the text {}", text.sid),
        };
        load.ledger.open().contradictions.push(Contradiction {
            repeated: false,
            what: format!("{what} was never taken; the last status was {last:?}"),
        });
        None
    }
}

/// Reports that a message is on its way, then that it arrived.
async fn receipts(load: Arc<Load>, message: Accepted, twice: bool, wait: Duration) {
    for status in ["sent", "delivered"] {
        tokio::time::sleep(wait / 2).await;
        let sid = message.sid.clone();
        let receipt = Delivery::Receipt { sid, status };
        if receipt.until_taken(&load).await.is_none() {
            return;
        }
        if twice {
            receipt.until_taken(&load).await;
        }
    }
    let sid = message.sid;
    load.ledger.open().receipts.push(Receipt { sid });
}

/// Lets a person answer a text. Of what is delivered twice, half comes at the same
/// moment.
async fn write_back(load: Arc<Load>, asked: Accepted, words: Words, twice: bool, wait: Duration) {
    tokio::time::sleep(wait).await;
    let (sid, from) = (asked.sid.replacen("SM0", "SMa", 1), asked.to);
    let text = Delivery::Text(Text {
        sid: sid.clone(),
        from: from.clone(),
        to: PRACTICE_PHONE.to_owned(),
        body: words.text(),
    });
    let at_once = twice && wait.as_millis().is_multiple_of(2);
    let tries = if at_once {
        let (one, other) = tokio::join!(text.until_taken(&load), text.until_taken(&load));
        one.and(other)
    } else {
        let tries = text.until_taken(&load).await;
        if twice {
            text.until_taken(&load).await;
        }
        tries
    };
    if let Some(tries) = tries {
        load.ledger.open().said.push(Said {
            sid,
            from,
            words,
            tries,
            twice,
        });
    }
}
