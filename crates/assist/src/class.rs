//! What a message from a patient can mean.

use std::fmt;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident $code:literal $words:literal),* $(,)?) => {
        /// What a message means. Declared in the order in which meanings win
        /// when one message has several of equal weight.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Class {$($(#[$doc])* $name,)*}

        impl Class {
            /// Every class, from the most to the least pressing.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the code used in storage, lexicons and `tendon understand`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Returns the words for staff pages.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words),* }
            }
        }
    };
}

classes! {
    /// Call 911 (domain: emergency).
    RedFlagE "red_flag_E" "possible emergency",
    /// Self-harm or harm to others.
    RedFlagS "red_flag_S" "possible crisis",
    /// Abuse, neglect or trafficking.
    RedFlagA "red_flag_A" "may not be safe at home",
    /// A clinician should call today.
    RedFlagU "red_flag_U" "needs a clinician today",
    /// No more messages of any kind.
    OptOutAll "opt_out_all" "wants no more messages",
    /// No more messages of one kind.
    OptOutCategory "opt_out_category" "wants no more of one kind of message",
    /// The HELP keyword.
    Help "help" "asks who this is and how to get help",
    /// Messages may come again.
    OptIn "opt_in" "wants messages again",
    /// The patient has died.
    Deceased "deceased" "says that the patient has died",
    /// Somebody else has this number.
    WrongParty "wrong_party" "says that this is the wrong person",
    /// A reaction of a phone to our message, such as `Disliked “…”`.
    TapbackNegative "tapback_negative" "reacted with a thumbs-down",
    /// A reaction of a phone to our message, such as `Liked “…”`.
    TapbackPositive "tapback_positive" "reacted with a thumbs-up",
    /// A machine wrote this.
    AutoReply "auto_reply" "automatic reply",
    /// Takes the offered opening.
    WaitlistAccept "waitlist_accept" "takes the offered opening",
    /// Does not take the offered opening.
    WaitlistDecline "waitlist_decline" "does not take the offered opening",
    /// An answer on a scale.
    SurveyScore "survey_score" "answered the survey",
    /// Wants another time.
    Reschedule "reschedule" "wants another time",
    /// Will not come.
    CancelVisit "cancel_visit" "cannot come",
    /// Comes later than booked.
    Late "late" "is running late",
    /// Will come.
    Confirm "confirm" "confirms the visit",
    /// Did, or did not do, the home exercises.
    HepLog "hep_log" "reports on the home exercises",
    /// Wants or has run out of a medicine, or asks about one.
    RefillOrMedication "refill_or_medication" "asks about a medicine",
    /// Asks about body, exercise or treatment.
    ClinicalQuestion "clinical_question" "asks a clinical question",
    /// Tells of pain or of how the body feels.
    PainReport "pain_report" "reports pain",
    /// Asks for records, notes, letters or forms.
    DocumentRequest "document_request" "asks for a document",
    /// Asks about bills, insurance or payment.
    BillingQuestion "billing_question" "asks about billing",
    /// Asks where the clinic is, or about parking.
    LocationQuestion "location_question" "asks where to go",
    /// Asks about a visit, its time, or a booking.
    AppointmentQuestion "appointment_question" "asks about an appointment",
    /// Wants another language.
    LanguageSwitch "language_switch" "wants another language",
    /// Thanks.
    Thanks "thanks" "says thanks",
    /// Greetings and chat that asks for nothing.
    Smalltalk "smalltalk" "small talk",
    /// Advertising or fraud.
    Spam "spam" "spam",
    /// A person must read this.
    UnknownHuman "unknown_human" "needs a person to read it",
}

impl Class {
    /// Reads [`Class::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.code() == text)
    }

    /// Tells whether this is one of the red flags.
    pub const fn is_red_flag(self) -> bool {
        matches!(
            self,
            Self::RedFlagE | Self::RedFlagS | Self::RedFlagA | Self::RedFlagU
        )
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_every_class_has_words() {
        for class in Class::ALL.iter().copied() {
            assert_eq!(Class::from_code(class.code()), Some(class));
            assert!(!class.words().is_empty(), "{class} has no words");
        }
    }

    #[test]
    fn the_list_is_the_agreed_one() {
        assert_eq!(Class::ALL.len(), 33);
        assert_eq!(Class::from_code("red_flag_e"), None);
        assert_eq!(Class::ALL.iter().filter(|c| c.is_red_flag()).count(), 4);
    }
}
