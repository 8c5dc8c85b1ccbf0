use super::*;
use jiff::civil::date;
use tendon_care::appointment::VisitKind;
use tendon_care::id::{Id, LocationId, PatientId};
use tendon_exchange::record::{ForeignKey, Moment};

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_900_000_000 + hour * 3_600).unwrap()
}

fn record(status: Option<VisitStatus>) -> AppointmentRecord {
    let key = |value: &str| ForeignKey {
        system: "book".into(),
        value: value.into(),
    };
    AppointmentRecord {
        key: key("9"),
        patient: key("7"),
        patient_record: None,
        location: None,
        location_name: None,
        clinician: None,
        clinician_name: None,
        episode: None,
        kind: None,
        starts_at: Some(Moment::Local(date(2028, 2, 29).at(9, 0, 0, 0))),
        minutes: Some(40),
        status,
        booked_at: None,
        status_at: None,
        changed_at: None,
        moved: false,
    }
}

/// What becomes of a visit that comes in so many hours after it began.
fn comes_in(status: Option<VisitStatus>, hours_after: i64) -> String {
    let record = record(status);
    let said = Said {
        record: &record,
        starts_at: Some(at(0)),
        status,
        status_at: None,
        told_at: None,
    };
    let state = state_at_source(&said, at(0), 40, at(hours_after));
    match state {
        VisitState::NoShow { inferred: true, .. } => "inferred noshow".to_owned(),
        VisitState::Cancelled { late, .. } => format!("cancelled late={late}"),
        other => other.code().to_owned(),
    }
}

#[test]
fn history_that_nobody_closed_is_closed() {
    use VisitStatus as V;
    let table = [
        (None, -1, "booked"),
        (None, 25, "inferred noshow"),
        (Some(V::Booked), 23, "booked"),
        (Some(V::Booked), 25, "inferred noshow"),
        (Some(V::Confirmed), -1, "confirmed"),
        (Some(V::Confirmed), 25, "inferred noshow"),
        (Some(V::Arrived), 1, "arrived"),
        (Some(V::Arrived), 25, "completed"),
        (Some(V::InProgress), 1, "in_progress"),
        (Some(V::InProgress), 25, "completed"),
        (Some(V::Completed), 1_000, "completed"),
        (Some(V::NoShow), 1, "noshow"),
        (
            Some(V::Cancelled(CancelledBy::Patient)),
            -48,
            "cancelled late=false",
        ),
        (
            Some(V::Cancelled(CancelledBy::Patient)),
            -2,
            "cancelled late=true",
        ),
    ];
    for (status, hours_after, expected) in table {
        assert_eq!(
            comes_in(status, hours_after),
            expected,
            "{status:?} {hours_after}"
        );
    }
}

fn stands(state: VisitState) -> Appointment {
    Appointment {
        id: AppointmentId::from_parts(at(0), [1; 10]),
        patient: PatientId::from_parts(at(0), [2; 10]),
        episode: None,
        location: LocationId::from_parts(at(0), [3; 10]),
        clinician: None,
        kind: VisitKind::Recurring,
        starts_at: at(100),
        minutes: 40,
        booked_at: at(0),
        state,
    }
}

#[test]
fn a_status_goes_through_the_table_or_corrects_the_past() {
    use VisitStatus as V;
    let next = |from: VisitState, status| {
        let record = record(Some(status));
        let said = Said {
            record: &record,
            starts_at: None,
            status: Some(status),
            status_at: None,
            told_at: None,
        };
        next_state(&stands(from), &said, at(10), at(10))
            .code()
            .to_owned()
    };
    let confirmed = || VisitState::Confirmed { at: at(1) };
    let done = || VisitState::Completed { at: at(1) };
    let off = || cancelled(at(1), CancelledBy::Unknown, at(100));
    assert_eq!(
        next(confirmed(), V::Booked),
        "confirmed",
        "the patient's yes stays"
    );
    assert_eq!(next(off(), V::Booked), "booked");
    assert_eq!(next(off(), V::Completed), "completed", "came after all");
    assert_eq!(next(done(), V::Cancelled(CancelledBy::Clinic)), "cancelled");
    assert_eq!(next(VisitState::Void { at: at(1) }, V::Booked), "booked");
    assert_eq!(next(VisitState::Booked, V::NoShow), "noshow");
}
