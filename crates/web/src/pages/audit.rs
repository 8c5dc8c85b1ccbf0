//! Audit: who did or saw what, when and why, in a chain that cannot be edited
//! without being noticed.

use askama::Template;
use jiff::Zoned;

use super::frame::{Frame, Section};
use super::icon::Icon;
use super::moment::When;
use super::parts::{Chip, Choice, Pager, Tone, thousands};
use super::sample::{HOSTILE, LONG, RTL, after, frame};
use super::urls::{Link, Url};

/// The page.
#[derive(Debug, Template)]
#[template(path = "audit.html")]
pub struct Audit {
    /// What surrounds it.
    pub frame: Frame,
    /// How the chain stands.
    pub chain: Chain,
    /// What is shown.
    pub filter: Filter,
    /// Who can be chosen: (id, name).
    pub actors: Vec<(String, String)>,
    /// The entries, newest first.
    pub lines: Vec<AuditLine>,
    /// The way to more.
    pub pager: Pager,
}

/// How the chain stands.
#[derive(Clone, Debug)]
pub enum Chain {
    /// Every entry follows from the one before.
    Verified {
        /// Entries.
        entries: u64,
        /// When that was checked.
        at: Zoned,
    },
    /// An entry does not follow: it, or one before it, was changed.
    Broken {
        /// Which.
        entry: u64,
    },
    /// It is long, and being walked.
    Checking,
}

/// What is shown.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One actor's id; empty for all.
    pub actor: String,
    /// One kind of act; empty for all.
    pub act: String,
    /// A thing's id, such as `pat_…`; empty for all.
    pub about: String,
    /// From this day; empty for no bound.
    pub from: String,
    /// Until this day.
    pub to: String,
}

/// What was done to a thing (FHIR AuditEvent.action).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActKind {
    /// Made.
    Create,
    /// Seen.
    Read,
    /// Changed.
    Update,
    /// Removed.
    Delete,
    /// Carried out: sign-in, send, import.
    Execute,
}

impl ActKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Create,
        Self::Read,
        Self::Update,
        Self::Delete,
        Self::Execute,
    ];

    /// Returns FHIR's letter.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Create => "C",
            Self::Read => "R",
            Self::Update => "U",
            Self::Delete => "D",
            Self::Execute => "E",
        }
    }

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Read => "read",
            Self::Update => "changed",
            Self::Delete => "removed",
            Self::Execute => "did",
        }
    }
}

/// One entry. No name, number or words of a patient: the trail outlives them.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// Its number in the chain.
    pub number: u64,
    /// When.
    pub at: Zoned,
    /// Who: name and role, or the worker.
    pub actor: String,
    /// What was done.
    pub act: ActKind,
    /// To what: `chart`, `sign-in`, `consent`.
    pub what: String,
    /// The thing's id, with where it opens.
    pub about: Option<(String, Link)>,
    /// Why: `treatment`, `operations`.
    pub purpose: &'static str,
    /// It was refused.
    pub refused: bool,
}

impl AuditLine {
    /// Returns date and time to the second.
    pub fn time(&self) -> When {
        When::full(&self.at)
    }

    /// Returns what was done.
    pub fn chip(&self) -> Chip {
        if self.refused {
            return Chip::new(Tone::Bad, "refused");
        }
        let tone = match self.act {
            ActKind::Read => Tone::Plain,
            ActKind::Create | ActKind::Execute => Tone::Info,
            ActKind::Update => Tone::Warn,
            ActKind::Delete => Tone::Bad,
        };
        Chip::new(tone, self.act.word())
    }
}

impl Audit {
    /// Returns where the filter is sent.
    pub const fn url(&self) -> Url {
        Url::Audit
    }

    /// Returns where the file is.
    pub fn export_url(&self) -> Link {
        let filter = &self.filter;
        Url::AuditExport
            .with("actor", &filter.actor)
            .with("act", &filter.act)
            .with("about", &filter.about)
            .with("from", &filter.from)
            .with("to", &filter.to)
    }

    /// Says how the chain stands.
    pub fn badge(&self) -> Chip {
        match &self.chain {
            Chain::Verified { entries, .. } => Chip::new(
                Tone::Good,
                format!("Chain verified · {} entries", thousands(*entries)),
            )
            .icon(Icon::Check),
            Chain::Broken { entry } => Chip::new(
                Tone::Bad,
                format!("Chain broken at entry {}", thousands(*entry)),
            )
            .icon(Icon::Warn),
            Chain::Checking => Chip::new(Tone::Info, "Chain is being checked"),
        }
    }

    /// Returns when the chain was checked.
    pub fn checked(&self) -> Option<When> {
        match &self.chain {
            Chain::Verified { at, .. } => Some(When::near(at)),
            Chain::Broken { .. } | Chain::Checking => None,
        }
    }

    /// Returns the choices of the actor.
    pub fn actor_choices(&self) -> Vec<Choice> {
        let all = [("", "anybody")].into_iter();
        let pairs = self.actors.iter().map(|(id, n)| (id.as_str(), n.as_str()));
        Choice::list(all.chain(pairs), &self.filter.actor)
    }

    /// Returns the choices of the act.
    pub fn act_choices(&self) -> Vec<Choice> {
        let all = [("", "anything")].into_iter();
        let pairs = ActKind::ALL.map(|act| (act.code(), act.word()));
        Choice::list(all.chain(pairs), &self.filter.act)
    }

    /// Returns the sign of an empty list.
    pub const fn empty_icon(&self) -> Icon {
        Icon::Audit
    }

    fn typical() -> Self {
        Self {
            frame: frame(Section::Audit),
            chain: Chain::Verified {
                entries: 12_402,
                at: after(-3),
            },
            filter: Filter::default(),
            actors: vec![("usr_1".to_owned(), "Maria Lopez".to_owned())],
            lines: lines(),
            pager: Pager {
                newer: None,
                older: Some(Url::Audit.with("before", "12395")),
            },
        }
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let mut empty = Self::typical();
        empty.lines.clear();
        empty.pager = Pager::default();
        let mut broken = Self::typical();
        broken.chain = Chain::Broken { entry: 12_398 };
        let mut checking = Self::typical();
        checking.chain = Chain::Checking;
        let mut hostile = Self::typical();
        for (line, words) in hostile.lines.iter_mut().zip([HOSTILE, RTL, LONG]) {
            words.clone_into(&mut line.actor);
            words.clone_into(&mut line.what);
        }
        HOSTILE.clone_into(&mut hostile.filter.about);
        hostile.actors = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
        vec![
            ("empty", empty),
            ("typical", Self::typical()),
            ("broken", broken),
            ("checking", checking),
            ("hostile", hostile),
        ]
    }
}

fn lines() -> Vec<AuditLine> {
    let line = |n: u64, actor: &str, act, what: &str, about: Option<&str>| AuditLine {
        number: 12_402 - n,
        at: after(-3 * i64::try_from(n).unwrap_or(0)),
        actor: actor.to_owned(),
        act,
        what: what.to_owned(),
        about: about.map(|id| (id.to_owned(), Url::Audit.with("about", id))),
        purpose: "operations",
        refused: false,
    };
    vec![
        line(
            0,
            "Maria Lopez · front desk",
            ActKind::Read,
            "chart",
            Some("pat_018f…4801"),
        ),
        line(
            1,
            "Maria Lopez · front desk",
            ActKind::Update,
            "visit confirmed",
            Some("apt_018f…77a0"),
        ),
        line(
            2,
            "dispatcher",
            ActKind::Execute,
            "message sent",
            Some("msg_018f…03cc"),
        ),
        AuditLine {
            refused: true,
            ..line(
                3,
                "Tom Hale · marketing",
                ActKind::Read,
                "chart",
                Some("pat_018f…4801"),
            )
        },
        line(
            4,
            "Dr. Chen · therapist",
            ActKind::Create,
            "consent",
            Some("cns_018f…99ab"),
        ),
        line(
            5,
            "Maria Lopez · front desk",
            ActKind::Execute,
            "signed in",
            None,
        ),
        line(
            6,
            "import",
            ActKind::Execute,
            "HL7 file loaded",
            Some("imp_018f…1b2c"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_chain_cannot_be_overlooked() {
        let (_, page) = Audit::samples().swap_remove(2);
        assert_eq!(page.badge().tone, Tone::Bad);
        assert!(page.checked().is_none());
        assert!(
            page.render()
                .unwrap()
                .contains("Chain broken at entry 12,398")
        );
    }

    #[test]
    fn the_file_holds_what_the_page_shows() {
        let mut page = Audit::typical();
        page.filter.act = "R".to_owned();
        page.filter.from = "2026-11-01".to_owned();
        assert_eq!(
            page.export_url().to_string(),
            "/audit/export?act=R&from=2026-11-01"
        );
    }

    #[test]
    fn a_refusal_is_marked_whatever_was_tried() {
        let mut line = lines().swap_remove(0);
        assert_eq!(line.chip().text, "read");
        line.refused = true;
        assert_eq!(line.chip().text, "refused");
    }
}
