//! What Twilio's error codes mean for the address and for the operator.
//!
//! *Source*: Twilio's public error dictionary (twilio.com/docs/api/errors).
//! Codes of 2xxxx come at once, codes of 3xxxx in receipts. A code that is not
//! listed is ours to look at, so it alerts the operator.

use tendon_care::message::{Failure, FailureClass};

/// Reads an error code of the API or of a receipt.
pub(crate) fn failure(code: u32) -> Failure {
    Failure {
        class: class(code),
        code: code.to_string(),
    }
}

const fn class(code: u32) -> FailureClass {
    match code {
        // The person replied STOP to this sender.
        21610 => FailureClass::Blocked,
        // No valid number, cannot be reached, no mobile, a landline; handset
        // unreachable, unknown or unable to take texts.
        21211 | 21214 | 21217 | 21421 | 21614 | 21635 | 30003 | 30005 | 30006 => {
            FailureClass::InvalidAddress
        }
        // The network filtered it, or blocks texts towards this line. Not the
        // person's own wish, so not a block to mirror.
        30004 | 30007 => FailureClass::Filtered,
        // Too many at once, queues full, daily caps, congestion, outages,
        // unknown errors of a network.
        14107 | 20429 | 20503 | 21611 | 30001 | 30008 | 30009 | 30017 | 30022 | 30023 | 30027
        | 30410 | 63018 => FailureClass::Transient,
        // Credentials, suspended accounts, unregistered senders, all the rest.
        _ => FailureClass::Rejected,
    }
}

/// Reads a refusal that carries no code of Twilio's.
pub(crate) fn failure_of_status(status: u16) -> Failure {
    Failure {
        class: match status {
            429 => FailureClass::Transient,
            _ => FailureClass::Rejected,
        },
        code: format!("http_{status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_fall_into_the_classes_that_decide_what_follows() {
        for (code, expected) in [
            (21610, FailureClass::Blocked),
            (21211, FailureClass::InvalidAddress),
            (21614, FailureClass::InvalidAddress),
            (30003, FailureClass::InvalidAddress),
            (30005, FailureClass::InvalidAddress),
            (30006, FailureClass::InvalidAddress),
            (30007, FailureClass::Filtered),
            (30004, FailureClass::Filtered),
            (20429, FailureClass::Transient),
            (30001, FailureClass::Transient),
            (20003, FailureClass::Rejected),
            (30034, FailureClass::Rejected),
            (99999, FailureClass::Rejected),
        ] {
            let read = failure(code);
            assert_eq!((read.class, read.code), (expected, code.to_string()));
        }
    }

    #[test]
    fn bare_statuses_are_transient_only_where_the_carrier_asks_to_wait() {
        for (status, expected) in [
            (401, FailureClass::Rejected),
            (403, FailureClass::Rejected),
            (404, FailureClass::Rejected),
            (302, FailureClass::Rejected),
            (429, FailureClass::Transient),
        ] {
            assert_eq!(failure_of_status(status).class, expected, "{status}");
        }
    }
}
