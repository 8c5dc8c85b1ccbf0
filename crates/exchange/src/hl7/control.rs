//! What a message says about itself: the `MSH` segment.

use super::stamp;
use super::wire::{Value, Wire};
use crate::record::Moment;

/// A sender or receiver as MSH-3 to MSH-6 name it (HD).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The local name.
    pub name: String,
    /// The universal id, such as an OID; empty where unsaid.
    pub universal_id: String,
    /// What kind of universal id, such as `ISO`.
    pub universal_id_type: String,
}

impl Endpoint {
    /// Names an endpoint by its local name only.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn read(value: Value<'_>) -> Self {
        let part = |n| value.component(n).some().unwrap_or_default();
        Self {
            name: part(1),
            universal_id: part(2),
            universal_id_type: part(3),
        }
    }

    /// Returns the shortest thing that tells this endpoint from others.
    fn label(&self) -> Option<&str> {
        [&self.name, &self.universal_id]
            .into_iter()
            .find(|text| !text.is_empty())
            .map(String::as_str)
    }
}

/// When a sender wants an acknowledgement (MSH-15 and MSH-16, table 0155).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckWhen {
    /// Nothing was said.
    #[default]
    Unsaid,
    /// Always.
    Always,
    /// Never.
    Never,
    /// Only of an error or a rejection.
    OnError,
    /// Only of success.
    OnSuccess,
}

impl AckWhen {
    fn read(value: Value<'_>) -> Self {
        match value.text().as_ref() {
            "AL" => Self::Always,
            "NE" => Self::Never,
            "ER" => Self::OnError,
            "SU" => Self::OnSuccess,
            _ => Self::Unsaid,
        }
    }
}

/// What a message says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// MSH-3.
    pub sending_application: Endpoint,
    /// MSH-4.
    pub sending_facility: Endpoint,
    /// MSH-5.
    pub receiving_application: Endpoint,
    /// MSH-6.
    pub receiving_facility: Endpoint,
    /// MSH-7, as far as it is a time.
    pub sent_at: Option<Moment>,
    /// MSH-9.1, such as `ADT`; empty where unsaid.
    pub message_type: String,
    /// MSH-9.2, such as `A08`; of an ADT without one, EVN-1.
    pub trigger: String,
    /// MSH-10; with the two senders it makes a message known again.
    pub control_id: String,
    /// MSH-11: `P` production, `T` training, `D` debugging.
    pub processing_id: String,
    /// MSH-12, such as `2.5.1`.
    pub version: String,
    /// MSH-15: whether receipt is to be acknowledged (enhanced mode).
    pub accept_ack: AckWhen,
    /// MSH-16: whether the outcome is to be acknowledged (enhanced mode).
    pub application_ack: AckWhen,
    /// MSH-18, first repetition, as declared.
    pub charset: String,
}

impl Control {
    /// Reads the header of a message.
    pub fn read(wire: &Wire<'_>) -> Self {
        let msh = |n| wire.field("MSH", n);
        let text = |value: Value<'_>| value.some().unwrap_or_default();
        let trigger = msh(9)
            .component(2)
            .some()
            .or_else(|| wire.field("EVN", 1).some());
        Self {
            sending_application: Endpoint::read(msh(3)),
            sending_facility: Endpoint::read(msh(4)),
            receiving_application: Endpoint::read(msh(5)),
            receiving_facility: Endpoint::read(msh(6)),
            sent_at: stamp::read_moment(msh(7)).ok(),
            message_type: text(msh(9).component(1)),
            trigger: trigger.unwrap_or_default(),
            control_id: text(msh(10)),
            processing_id: text(msh(11).component(1)),
            version: text(msh(12).component(1)),
            accept_ack: AckWhen::read(msh(15)),
            application_ack: AckWhen::read(msh(16)),
            charset: text(msh(18).component(1)),
        }
    }

    /// Returns the namespace of numbers whose assigner the sender leaves out:
    /// the facility, since it is the facility that numbers its patients.
    pub fn assigner(&self) -> &str {
        self.sending_facility
            .label()
            .or_else(|| self.sending_application.label())
            .unwrap_or("hl7")
    }

    /// Returns the namespace of visit and order numbers without one: the
    /// application, since two schedulers of one facility number on their own.
    pub fn filler(&self) -> &str {
        self.sending_application
            .label()
            .or_else(|| self.sending_facility.label())
            .unwrap_or("hl7")
    }

    /// Tells whether enhanced acknowledgement was asked for.
    pub fn is_enhanced(&self) -> bool {
        (self.accept_ack, self.application_ack) != (AckWhen::Unsaid, AckWhen::Unsaid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(text: &str) -> Control {
        Control::read(&Wire::parse(text).unwrap())
    }

    #[test]
    fn the_header_is_read() {
        let c = control(
            "MSH|^~\\&|SCH|CLINIC^1.2^ISO|TENDON|MAIN|20260301101500-0600||SIU^S12^SIU_S12|77|P^T|2.5.1|||AL|NE||8859/1~UNICODE",
        );
        assert_eq!(c.sending_application, Endpoint::named("SCH"));
        assert_eq!(c.sending_facility.universal_id, "1.2");
        assert_eq!(
            (c.message_type.as_str(), c.trigger.as_str()),
            ("SIU", "S12")
        );
        assert_eq!(
            (c.control_id.as_str(), c.processing_id.as_str()),
            ("77", "P")
        );
        assert_eq!(
            (c.version.as_str(), c.charset.as_str()),
            ("2.5.1", "8859/1")
        );
        assert_eq!(
            (c.accept_ack, c.application_ack),
            (AckWhen::Always, AckWhen::Never)
        );
        assert!(matches!(c.sent_at, Some(Moment::Exact(_))));
        assert!(c.is_enhanced());
        assert_eq!((c.assigner(), c.filler()), ("CLINIC", "SCH"));
    }

    #[test]
    fn what_is_missing_has_a_fallback() {
        let c = control("MSH|^~\\&|||||||ADT\rEVN|A08");
        assert_eq!(c.trigger, "A08");
        assert_eq!((c.assigner(), c.filler()), ("hl7", "hl7"));
        assert!(!c.is_enhanced());
        assert_eq!(control("MSH|^~\\&||^1.2^ISO").assigner(), "1.2");
        assert_eq!(control("MSH|^~\\&|APP").assigner(), "APP");
    }
}
