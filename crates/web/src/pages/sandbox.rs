//! Sandbox: what would have left this machine, drawn as phones and mails, with
//! a place to answer as the patient would.

use askama::Template;
use jiff::Zoned;
use tendon_care::id::{ConversationId, MessageId};

use super::frame::{Frame, Section};
use super::icon::Icon;
use super::moment::When;
use super::parts::Tab;
use super::sample::{HOSTILE, LONG, RTL, after, frame, id, on};
use super::urls::Url;

/// The page.
#[derive(Debug, Template)]
#[template(path = "sandbox.html")]
pub struct Sandbox {
    /// What surrounds it.
    pub frame: Frame,
    /// Texts or mails.
    pub show: Shelf,
    /// Phones, the last one that rang first.
    pub phones: Vec<Phone>,
    /// Mails, newest first.
    pub mails: Vec<Mail>,
}

/// Texts or mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    /// Texts.
    #[default]
    Texts,
    /// Mails.
    Mails,
}

/// One phone.
#[derive(Clone, Debug)]
pub struct Phone {
    /// Its thread.
    pub thread: ConversationId,
    /// Whose it is.
    pub name: String,
    /// The end of its number.
    pub hint: String,
    /// What it shows, oldest first.
    pub texts: Vec<Text>,
}

/// One text.
#[derive(Clone, Debug)]
pub struct Text {
    /// When.
    pub at: Zoned,
    /// Ours; the patient's where `None`.
    pub message: Option<MessageId>,
    /// The words.
    pub words: String,
}

/// One mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Which.
    pub message: MessageId,
    /// When.
    pub at: Zoned,
    /// To whom: the name and the end of the address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The plain words.
    pub words: String,
}

impl Text {
    /// Returns the style's class: on a phone, what we wrote is incoming.
    pub const fn class(&self) -> &'static str {
        if self.message.is_some() {
            "said"
        } else {
            "said out"
        }
    }

    /// Returns where the reason stands.
    pub fn chain(&self) -> Option<Url> {
        self.message.map(Url::Message)
    }

    /// Returns weekday and time.
    pub fn time(&self) -> When {
        When::near(&self.at)
    }
}

impl Mail {
    /// Returns where the reason stands.
    pub const fn chain(&self) -> Url {
        Url::Message(self.message)
    }

    /// Returns weekday and time.
    pub fn time(&self) -> When {
        When::near(&self.at)
    }
}

impl Phone {
    /// Returns where an answer is sent.
    pub const fn answer_url(&self) -> Url {
        Url::SandboxAnswer(self.thread)
    }
}

impl Sandbox {
    /// Returns the shelves.
    pub fn tabs(&self) -> Vec<Tab> {
        vec![
            Tab {
                label: "texts".to_owned(),
                url: Url::Sandbox.into(),
                here: self.show == Shelf::Texts,
            },
            Tab {
                label: "mails".to_owned(),
                url: Url::Sandbox.with("show", "mails"),
                here: self.show == Shelf::Mails,
            },
        ]
    }

    /// Tells whether the shelf is empty.
    pub const fn is_empty(&self) -> bool {
        match self.show {
            Shelf::Texts => self.phones.is_empty(),
            Shelf::Mails => self.mails.is_empty(),
        }
    }

    /// Returns the sign of an empty shelf.
    pub const fn empty_icon(&self) -> Icon {
        Icon::Sandbox
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |show, phones, mails| Self {
            frame: frame(Section::Sandbox),
            show,
            phones,
            mails,
        };
        let hostile = [HOSTILE, RTL, LONG]
            .into_iter()
            .zip(1..)
            .map(|(words, n)| phone(n, words, &[(Some(n), words), (None, words)]))
            .collect();
        let mut bad_mail = mail(1, HOSTILE);
        HOSTILE.clone_into(&mut bad_mail.words);
        HOSTILE.clone_into(&mut bad_mail.to);
        vec![
            ("empty", page(Shelf::Texts, vec![], vec![])),
            ("texts", page(Shelf::Texts, phones(), vec![])),
            (
                "mails",
                page(
                    Shelf::Mails,
                    vec![],
                    vec![
                        mail(1, "Your visit on Wednesday"),
                        mail(2, "How are you doing?"),
                    ],
                ),
            ),
            ("hostile", page(Shelf::Texts, hostile, vec![])),
            ("hostile-mail", page(Shelf::Mails, vec![], vec![bad_mail])),
        ]
    }
}

fn phone(n: u8, name: &str, texts: &[(Option<u8>, &str)]) -> Phone {
    Phone {
        thread: id(n),
        name: name.to_owned(),
        hint: "•••0142".to_owned(),
        texts: texts
            .iter()
            .enumerate()
            .map(|(i, (message, words))| Text {
                at: after(i64::try_from(i).unwrap_or(0) * 9 - 40),
                message: message.map(id),
                words: (*words).to_owned(),
            })
            .collect(),
    }
}

fn phones() -> Vec<Phone> {
    vec![
        phone(
            1,
            "Denise Okafor",
            &[
                (
                    Some(1),
                    "Riverside PT: Hi Denise, you have a visit on Wed Nov 25 at 2:20 PM. Reply 1 to confirm, 2 to change, 3 if you cannot come. STOP to end.",
                ),
                (None, "2"),
                (
                    Some(2),
                    "Riverside PT: Thanks, we will write or call you about another time. Your visit stays on the book until then.",
                ),
            ],
        ),
        phone(
            2,
            "Ana Morales",
            &[
                (
                    Some(3),
                    "Riverside PT: Hola Ana, tiene una visita el mié 25 nov a las 8:40. Responda 1 para confirmar, 2 para cambiar, 3 si no puede venir.",
                ),
                (None, "Sí, gracias"),
                (Some(4), "Riverside PT: Gracias, ¡le esperamos!"),
            ],
        ),
        phone(
            3,
            "Hiro Sato",
            &[(
                Some(5),
                "Riverside PT: Hi Hiro, 5 visits are left on your plan. Pick your times: https://riverside.example/p/8Kd2",
            )],
        ),
    ]
}

fn mail(n: u8, subject: &str) -> Mail {
    Mail {
        message: id(n),
        at: on(-i64::from(n), 9, 0),
        to: "Grace Kim · g•••@example.org".to_owned(),
        subject: subject.to_owned(),
        words: "Hello Grace,\n\nyou have a visit on Wednesday, November 25 at 8:40 AM.\n\nConfirm or change it here:\nhttps://riverside.example/p/8Kd2\n\nRiverside Physical Therapy\n120 River St, Chicago · (312) 555-0100".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_phone_what_we_wrote_comes_in() {
        let phone = phones().swap_remove(0);
        let classes: Vec<_> = phone.texts.iter().map(Text::class).collect();
        assert_eq!(classes, ["said", "said out", "said"]);
        assert!(phone.texts[1].chain().is_none());
    }

    #[test]
    fn each_shelf_is_empty_on_its_own() {
        let (_, mut page) = Sandbox::samples().swap_remove(1);
        assert!(!page.is_empty());
        page.show = Shelf::Mails;
        assert!(page.is_empty());
    }
}
