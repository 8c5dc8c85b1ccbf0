//! What a reader is told after an act. The address carries a code and never
//! words, so that nobody can make a page say something by a link.

use crate::pages::parts::{Flash, Tone};

macro_rules! said {
    ($($name:ident = $code:literal $tone:ident $words:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Said { $(#[doc = $words] $name,)* }

        impl Said {
            /// Everything that can be said.
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the code in the address.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Reads the code.
            pub(crate) fn from_code(text: &str) -> Option<Self> {
                match text { $($code => Some(Self::$name),)* _ => None }
            }

            /// Returns what is shown.
            pub(crate) fn flash(self) -> Flash {
                match self { $(Self::$name => Flash::new(Tone::$tone, $words)),* }
            }
        }
    };
}

said! {
    Confirmed = "confirmed" Good "Confirmed. What was planned to ask again is dropped.",
    Cancelled = "cancelled" Good "Called off. A task to find another time is open.",
    TaskDone = "task-done" Good "Done.",
    TaskTaken = "task-taken" Good "Yours now.",
    Proposed = "proposed" Good "A proposal to book the rest is on its way.",
    Written = "written" Good "Written. It goes out as soon as the rules allow.",
    Paused = "paused" Good "Automation rests for this patient. Nothing is sent until it goes on.",
    GoesOn = "goes-on" Good "Automation goes on.",
    Skipped = "skipped" Good "Skipped. It will not be sent.",
    Moved = "moved" Good "Moved. The rules are asked again when it is due.",
    SentNow = "sent-now" Good "On its way, as soon as the rules allow.",
    ConsentKept = "consent" Good "Written into the ledger.",
    Replied = "replied" Good "On its way.",
    ThreadDone = "thread-done" Good "Done. It comes back when the patient writes.",
    Answered = "answered" Good "Said in the patient’s place.",
    Merged = "merged" Good "One person now. It can be taken back below.",
    KeptApart = "apart" Good "Two people. Nobody is asked again.",
    Unmerged = "unmerged" Good "Two records again, each with what it had.",
    Saved = "saved" Good "Saved.",
    SwitchedOn = "on" Good "On. It takes new subjects from now on.",
    SwitchedOff = "off" Good "Off. It takes nobody in; who is inside finishes.",
    Invited = "invited" Good "Added. They sign in with the first password and set up codes then.",
    RoleGiven = "role" Good "The role counts from now on.",
    Revoked = "revoked" Good "May sign in no more, and is signed out everywhere.",
    Restored = "restored" Good "May sign in again.",
}

/// Adds what was done to an address, in place of what an earlier act left there.
pub(crate) fn add(back: &str, said: Said) -> String {
    let back = without(back);
    let joint = if back.contains('?') { '&' } else { '?' };
    format!("{back}{joint}did={}", said.code())
}

/// Takes what was done out of an address.
pub(crate) fn without(address: &str) -> String {
    let Some((path, query)) = address.split_once('?') else {
        return address.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("did="))
        .collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for said in Said::ALL {
            assert_eq!(Said::from_code(said.code()), Some(*said));
            assert!(
                said.code()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-')
            );
        }
        assert_eq!(Said::from_code("<script>"), None);
    }

    #[test]
    fn only_the_last_act_is_told() {
        assert_eq!(add("/", Said::TaskDone), "/?did=task-done");
        assert_eq!(
            add("/inbox?show=all&did=on", Said::Saved),
            "/inbox?show=all&did=saved"
        );
        assert_eq!(add("/?did=on", Said::Saved), "/?did=saved");
        assert_eq!(without("/inbox?show=all"), "/inbox?show=all");
    }
}
