//! Values that travel as texts: ids, moments, days and codes.
//!
//! One wrapper reads, writes and describes them all, so that the document and
//! the parser say the same of each.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tendon_care::access::Role;
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::consent::{Basis, RevokedVia};
use tendon_care::contact::Channel;
use tendon_care::language::Language;
use tendon_care::person::Sex;
use tendon_care::purpose::Purpose;
use tendon_care::task::TaskKind;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A value that travels as a text.
pub(crate) trait Text: Sized {
    /// Its name in the document.
    const NAME: &'static str;

    /// Writes it.
    fn write(&self) -> Cow<'static, str>;

    /// Reads it; `None` where the text is not one of these.
    fn read(text: &str) -> Option<Self>;

    /// Says what it must be, for refusals: `must be …`.
    fn wanted() -> String;

    /// Describes it.
    fn describe() -> ObjectBuilder;
}

/// A value that travels as a text, on its way in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct As<T>(pub(crate) T);

impl<T: Text> Serialize for As<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.write())
    }
}

impl<'de, T: Text> Deserialize<'de> for As<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Reading(PhantomData))
    }
}

/// Reads a value out of a text.
struct Reading<T>(PhantomData<T>);

impl<T: Text> Visitor<'_> for Reading<T> {
    type Value = As<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&T::wanted())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<As<T>, E> {
        let refused = || E::custom(format!("must be {}", T::wanted()));
        T::read(text).map(As).ok_or_else(refused)
    }
}

impl<T: Text> PartialSchema for As<T> {
    fn schema() -> RefOr<Schema> {
        T::describe().into()
    }
}

impl<T: Text> ToSchema for As<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }
}

/// The document's generator takes every generic argument for a schema of its
/// own, so each wrapped type goes by a plain name.
macro_rules! plain_names {
    ($($name:ident = $type:path;)*) => {$(
        #[doc = concat!("`", stringify!($type), "` on the wire.")]
        pub(crate) type $name = As<$type>;
    )*};
}

plain_names! {
    AppointmentRef = tendon_care::id::AppointmentId;
    BasisCode = Basis;
    CancelledByCode = CancelledBy;
    ChannelCode = Channel;
    ClinicianRef = tendon_care::id::ClinicianId;
    ConsentKey = tendon_care::id::ConsentId;
    ContactPointRef = tendon_care::id::ContactPointId;
    Day = Date;
    DecisionKey = tendon_care::id::DecisionId;
    EnrolmentRef = tendon_care::id::EnrolmentId;
    EpisodeRef = tendon_care::id::EpisodeId;
    LanguageTag = Language;
    LocationRef = tendon_care::id::LocationId;
    MessageRef = tendon_care::id::MessageId;
    Moment = Timestamp;
    PatientRef = tendon_care::id::PatientId;
    ProxyRef = tendon_care::id::ProxyId;
    PurposeCode = Purpose;
    SexCode = Sex;
    TaskKindCode = TaskKind;
    TaskRef = tendon_care::id::TaskId;
    TouchpointRef = tendon_care::id::TouchpointId;
    UserRef = tendon_care::id::UserId;
    ViaCode = RevokedVia;
    VisitKindCode = VisitKind;
}

/// Describes a text.
fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

macro_rules! ids {
    ($($name:ident),* $(,)?) => {$(
        impl Text for tendon_care::id::$name {
            const NAME: &'static str = stringify!($name);
            fn write(&self) -> Cow<'static, str> { self.to_string().into() }
            fn read(text: &str) -> Option<Self> { text.parse().ok() }
            fn wanted() -> String {
                let prefix = <Self as tendon_care::id::Id>::PREFIX;
                format!("an id of the form {prefix}<32 hex digits>")
            }
            fn describe() -> ObjectBuilder {
                let prefix = <Self as tendon_care::id::Id>::PREFIX;
                text().pattern(Some(format!("^{prefix}[0-9a-fA-F]{{32}}$")))
            }
        }
    )*};
}

ids!(
    AppointmentId,
    ClinicianId,
    ConsentId,
    ContactPointId,
    ConversationId,
    DecisionId,
    EnrolmentId,
    EpisodeId,
    LocationId,
    MessageId,
    PatientId,
    ProxyId,
    TaskId,
    TouchpointId,
    UserId,
);

macro_rules! codes {
    ($($type:ty, $name:literal, [$($code:expr),* $(,)?], $read:expr;)*) => {$(
        impl Text for $type {
            const NAME: &'static str = $name;
            fn write(&self) -> Cow<'static, str> { self.code().into() }
            fn read(text: &str) -> Option<Self> { $read(text) }
            fn wanted() -> String { format!("one of {}", [$($code),*].join(", ")) }
            fn describe() -> ObjectBuilder { text().enum_values(Some([$($code),*])) }
        }
    )*};
}

codes! {
    Channel, "Channel", ["sms", "email", "voice"], Channel::from_code;
    VisitKind, "VisitKind", ["evaluation", "recurring"], VisitKind::from_code;
    CancelledBy, "CancelledBy", ["patient", "clinic", "unknown"], CancelledBy::from_code;
    Basis, "ConsentBasis", ["number_given", "spoken", "keyword", "form", "written"], Basis::from_code;
    RevokedVia, "RevokedVia", ["text", "email", "call", "page", "staff", "feed"], RevokedVia::from_code;
    Purpose, "Purpose", ["P0", "P1", "P2", "P3", "P4", "P5"], |text: &str| text.parse().ok();
    TaskKind, "TaskKind", [
        "reply", "move_visit", "rebook_visit", "red_flag", "wrong_party", "unknown_outcome",
        "undeliverable", "clarify_cancel", "review_match", "number_disputed", "call",
    ], TaskKind::from_code;
    Role, "Role", [
        "admin", "manager", "front_desk", "therapist", "assistant", "marketing", "biller",
        "privacy_officer", "integration", "auditor",
    ], Role::from_code;
    Sex, "Sex", ["female", "male", "other", "unknown"], |text: &str| {
        [Self::Female, Self::Male, Self::Other, Self::Unknown].into_iter().find(|sex| sex.code() == text)
    };
}

impl Text for Language {
    const NAME: &'static str = "Language";

    fn write(&self) -> Cow<'static, str> {
        self.tag().into()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn wanted() -> String {
        "one of en, es".to_owned()
    }

    fn describe() -> ObjectBuilder {
        text().enum_values(Some(["en", "es"]))
    }
}

impl Text for Timestamp {
    const NAME: &'static str = "Moment";

    fn write(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    /// Everything is kept to the millisecond; what is finer is cut off.
    fn read(text: &str) -> Option<Self> {
        let moment: Self = text.parse().ok()?;
        Self::from_millisecond(moment.as_millisecond()).ok()
    }

    fn wanted() -> String {
        "a moment with its offset, such as 2026-11-24T14:40:00Z".to_owned()
    }

    fn describe() -> ObjectBuilder {
        text()
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339; answers are in UTC."))
    }
}

impl Text for Date {
    const NAME: &'static str = "Day";

    fn write(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|_| text.len() == 10)
    }

    fn wanted() -> String {
        "a day such as 1968-02-29".to_owned()
    }

    fn describe() -> ObjectBuilder {
        text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::Kind;
    use super::super::reason;
    use super::*;
    use serde_json::{Value, json};
    use tendon_care::id::PatientId;

    fn round<T: Text>(wire: &str) -> Option<String> {
        let value: As<T> = serde_json::from_value(json!(wire)).ok()?;
        Some(serde_json::to_value(&value).unwrap().as_str()?.to_owned())
    }

    #[test]
    fn ids_moments_and_days_round_trip() {
        let id = "pat_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";
        assert_eq!(round::<PatientId>(id).as_deref(), Some(id));
        assert_eq!(
            round::<PatientId>("apt_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b"),
            None
        );
        assert_eq!(
            round::<Timestamp>("2026-11-24T08:40:00.1234-06:00").as_deref(),
            Some("2026-11-24T14:40:00.123Z")
        );
        assert_eq!(round::<Timestamp>("2026-11-24T08:40:00"), None);
        assert_eq!(round::<Date>("1968-02-29").as_deref(), Some("1968-02-29"));
        assert_eq!(round::<Date>("1969-02-29"), None);
        assert_eq!(round::<Date>("1968-02-29T08:00:00"), None);
    }

    fn listed<T: Text>() -> Vec<String> {
        let schema = serde_json::to_value(As::<T>::schema()).unwrap();
        let values = schema["enum"].as_array().unwrap();
        values
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_document_lists_every_code_and_no_other() {
        fn same<T: Text>(all: impl IntoIterator<Item = T>) {
            let codes: Vec<String> = all
                .into_iter()
                .map(|one| one.write().into_owned())
                .collect();
            assert_eq!(listed::<T>(), codes, "{}", T::NAME);
            for code in codes {
                assert_eq!(round::<T>(&code), Some(code));
            }
        }
        same(Channel::ALL);
        same(Purpose::ALL);
        same(Basis::ALL);
        same(RevokedVia::ALL);
        same(TaskKind::ALL);
        same(Role::ALL);
        same(Language::ALL);
        same([VisitKind::Evaluation, VisitKind::Recurring]);
        same([
            CancelledBy::Patient,
            CancelledBy::Clinic,
            CancelledBy::Unknown,
        ]);
    }

    #[test]
    fn a_refusal_says_what_is_wanted_and_not_what_was_given() {
        for wrong in [json!("Ana Morales"), json!(7), Value::Null] {
            let refused = reason::read::<As<Language>>(wrong, Kind::InvalidBody);
            let told = format!("{:?}", refused.unwrap_err());
            assert!(told.contains("must be one of en, es"), "{told}");
            assert!(!told.contains("Morales"), "{told}");
        }
    }
}
