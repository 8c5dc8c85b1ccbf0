use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::access::Actor;
use crate::contact::{Email, Phone};
use crate::id::Id;
use crate::language::Language;

const TERMS: Terms = Terms {
    mode: ScopeMode::BrandAll,
    least: [
        None,
        Some(Basis::NumberGiven),
        Some(Basis::Spoken),
        Some(Basis::Spoken),
        Some(Basis::Spoken),
        Some(Basis::Written),
    ],
};
const BY_CATEGORY: Terms = Terms {
    mode: ScopeMode::Category,
    ..TERMS
};

/// Two phones and a mailbox; the mailbox is spelt in two ways.
fn address(which: u8) -> Address {
    match which {
        0 => Address::Phone(Phone::from_e164("+13125550142").unwrap()),
        1 => Address::Phone(Phone::from_e164("+13125550143").unwrap()),
        2 => Address::Email(Email::parse("ana@example.org").unwrap()),
        _ => Address::Email(Email::parse("Ana@Example.org").unwrap()),
    }
}

fn channel(address: &Address) -> Channel {
    match address {
        Address::Phone(_) => Channel::Sms,
        Address::Email(_) => Channel::Email,
    }
}

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

fn entry(number: u8, minute: i64, which: u8, act: Act) -> Entry {
    let id = ConsentId::from_parts(at(minute), [number; 10]);
    Entry {
        id,
        person: Owner::Patient,
        address: address(which),
        captured_at: at(minute),
        captured_by: Actor::System { worker: "test" },
        evidence: Evidence::Note(EvidenceRef::new("a note with a name in it")),
        act,
    }
}

fn granted(purpose: Purpose, basis: Basis) -> Act {
    Act::Granted {
        purpose,
        channel: None,
        basis,
        wording_version: "care-1".into(),
        language: Language::English,
        unencrypted_warning_version: None,
    }
}

fn stop(topic: Option<Purpose>, mode: ScopeMode) -> Act {
    Act::Revoked {
        extent: Extent::Unqualified { topic, mode },
        via: RevokedVia::Text,
    }
}

fn ledger(entries: &[Entry]) -> Ledger {
    let mut ledger = Ledger::new();
    for entry in entries {
        ledger.push(entry.clone());
    }
    ledger
}

/// Asks an hour after everything was said.
fn standing(ledger: &Ledger, purpose: Purpose, which: u8, terms: Terms) -> Standing {
    let address = address(which);
    ledger.standing(&Ask {
        person: Owner::Patient,
        purpose,
        channel: channel(&address),
        address: &address,
        at: at(10_000),
        terms: &terms,
    })
}

fn code(ledger: &Ledger, purpose: Purpose, which: u8) -> &'static str {
    standing(ledger, purpose, which, TERMS).code()
}

#[test]
fn a_given_number_allows_care_and_nothing_else() {
    let given = ledger(&[entry(1, 1, 0, granted(Purpose::Care, Basis::NumberGiven))]);
    assert_eq!(code(&given, Purpose::Care, 0), "allowed");
    for purpose in [
        Purpose::CareOther,
        Purpose::Financial,
        Purpose::Feedback,
        Purpose::Marketing,
    ] {
        assert_eq!(code(&given, purpose, 0), "never_given", "{purpose:?}");
    }
    assert_eq!(code(&given, Purpose::Care, 1), "never_given");
    assert_eq!(code(&Ledger::new(), Purpose::Care, 0), "never_given");
}

#[test]
fn promotion_needs_a_signature_even_where_a_form_was_ticked() {
    let form = ledger(&[entry(1, 1, 0, granted(Purpose::Marketing, Basis::Form))]);
    assert_eq!(code(&form, Purpose::Marketing, 0), "never_given");
    let signed = ledger(&[entry(1, 1, 0, granted(Purpose::Marketing, Basis::Written))]);
    assert_eq!(code(&signed, Purpose::Marketing, 0), "allowed");
}

#[test]
fn stop_by_text_covers_calls_and_mail_only_brand_wide() {
    let entries = |mode| {
        ledger(&[
            entry(1, 1, 0, granted(Purpose::Care, Basis::NumberGiven)),
            entry(2, 1, 2, granted(Purpose::Care, Basis::NumberGiven)),
            entry(3, 2, 0, stop(None, mode)),
        ])
    };
    let wide = entries(ScopeMode::BrandAll);
    assert_eq!(code(&wide, Purpose::Care, 0), "revoked");
    assert_eq!(code(&wide, Purpose::Care, 3), "revoked");
    let narrow = entries(ScopeMode::Category);
    let phone = address(0);
    for channel in [Channel::Sms, Channel::Voice] {
        let ask = Ask {
            person: Owner::Patient,
            purpose: Purpose::Care,
            channel,
            address: &phone,
            at: at(5),
            terms: &BY_CATEGORY,
        };
        assert_eq!(narrow.standing(&ask).code(), "revoked", "{channel:?}");
    }
    assert!(standing(&narrow, Purpose::Care, 2, BY_CATEGORY).is_allowed());
    // The law may become stricter after the fact, and never looser.
    assert!(!standing(&narrow, Purpose::Care, 2, TERMS).is_allowed());
    assert!(!standing(&wide, Purpose::Care, 2, BY_CATEGORY).is_allowed());
}

#[test]
fn a_stop_to_one_topic_leaves_the_others_where_the_mode_is_category() {
    let entries = ledger(&[
        entry(1, 1, 0, granted(Purpose::Care, Basis::Form)),
        entry(2, 1, 0, granted(Purpose::Feedback, Basis::Form)),
        entry(3, 2, 0, stop(Some(Purpose::Feedback), ScopeMode::Category)),
    ]);
    assert_eq!(
        standing(&entries, Purpose::Feedback, 0, BY_CATEGORY).code(),
        "revoked"
    );
    assert_eq!(
        standing(&entries, Purpose::Care, 0, BY_CATEGORY).code(),
        "allowed"
    );
}

#[test]
fn a_narrowed_no_stays_narrow_even_brand_wide() {
    let act = Act::Revoked {
        extent: Extent::Narrowed {
            purposes: Purposes::default().with(Purpose::CareOther),
            channel: Some(Channel::Sms),
        },
        via: RevokedVia::Page,
    };
    let entries = ledger(&[
        entry(1, 1, 0, granted(Purpose::Care, Basis::Form)),
        entry(2, 1, 0, granted(Purpose::CareOther, Basis::Form)),
        entry(3, 2, 0, act),
    ]);
    assert_eq!(code(&entries, Purpose::Care, 0), "allowed");
    assert_eq!(code(&entries, Purpose::CareOther, 0), "revoked");
}

#[test]
fn only_a_fresh_opt_in_of_the_address_lifts_a_stop() {
    let stopped = [
        entry(1, 1, 0, granted(Purpose::Care, Basis::Form)),
        entry(2, 1, 0, granted(Purpose::Marketing, Basis::Written)),
        entry(3, 2, 0, stop(None, ScopeMode::BrandAll)),
    ];
    for (basis, expected) in [
        (Basis::NumberGiven, "revoked"),
        (Basis::Spoken, "revoked"),
        (Basis::Keyword, "allowed"),
        (Basis::Form, "allowed"),
    ] {
        let mut entries = ledger(&stopped);
        entries.push(entry(4, 3, 0, granted(Purpose::Care, basis)));
        assert_eq!(code(&entries, Purpose::Care, 0), expected, "{basis:?}");
        assert_eq!(code(&entries, Purpose::Marketing, 0), "revoked");
    }
    let mut same_instant = ledger(&stopped);
    same_instant.push(entry(4, 2, 0, granted(Purpose::Care, Basis::Keyword)));
    assert_eq!(code(&same_instant, Purpose::Care, 0), "revoked");
    assert_eq!(
        same_instant.restartable(Owner::Patient, &address(0)),
        Purposes::default().with(Purpose::Care)
    );
}

#[test]
fn a_carrier_block_beats_a_consent_and_its_lifting_gives_none() {
    let mut entries = ledger(&[
        entry(1, 1, 0, granted(Purpose::Care, Basis::Form)),
        entry(2, 2, 0, Act::CarrierBlocked),
    ]);
    assert_eq!(code(&entries, Purpose::Care, 0), "blocked");
    entries.push(entry(3, 3, 0, Act::CarrierLifted));
    assert_eq!(code(&entries, Purpose::Care, 0), "allowed");
    entries.push(entry(4, 4, 0, stop(None, ScopeMode::Category)));
    entries.push(entry(5, 5, 0, Act::CarrierLifted));
    assert_eq!(code(&entries, Purpose::Care, 0), "revoked");
}

#[test]
fn a_proxy_speaks_for_the_own_address_only() {
    let proxy = Owner::Proxy(crate::id::ProxyId::from_parts(at(0), [9; 10]));
    let theirs = Entry {
        person: proxy,
        ..entry(1, 1, 1, granted(Purpose::Care, Basis::Form))
    };
    let no = Entry {
        person: proxy,
        ..entry(2, 2, 1, stop(None, ScopeMode::BrandAll))
    };
    let entries = ledger(&[
        theirs,
        no,
        entry(3, 1, 0, granted(Purpose::Care, Basis::NumberGiven)),
        entry(4, 3, 1, granted(Purpose::CareOther, Basis::Spoken)),
    ]);
    assert_eq!(code(&entries, Purpose::Care, 0), "allowed");
    // A STOP from a phone silences that phone, whoever else has it.
    assert_eq!(code(&entries, Purpose::CareOther, 1), "revoked");
}

#[test]
fn later_entries_are_not_yet_known() {
    let entries = ledger(&[
        entry(1, 10, 0, granted(Purpose::Care, Basis::Form)),
        entry(2, 20, 0, stop(None, ScopeMode::BrandAll)),
    ]);
    let phone = address(0);
    let on = |minute| {
        entries
            .standing(&Ask {
                person: Owner::Patient,
                purpose: Purpose::Care,
                channel: Channel::Sms,
                address: &phone,
                at: at(minute),
                terms: &TERMS,
            })
            .code()
    };
    assert_eq!(
        (on(9), on(10), on(19), on(20)),
        ("never_given", "allowed", "allowed", "revoked")
    );
}

#[test]
fn a_merge_keeps_the_no_of_either_record() {
    let yes = ledger(&[entry(1, 5, 0, granted(Purpose::Care, Basis::Form))]);
    let no = ledger(&[
        entry(2, 1, 0, granted(Purpose::Care, Basis::NumberGiven)),
        entry(3, 2, 0, stop(None, ScopeMode::BrandAll)),
    ]);
    let mut merged = yes.clone().merge(no);
    assert_eq!(code(&merged, Purpose::Care, 0), "revoked");
    merged.push(entry(4, 9, 0, granted(Purpose::Care, Basis::Keyword)));
    assert_eq!(code(&merged, Purpose::Care, 0), "allowed");
    assert_eq!(merged.entries().len(), 4);
    // A duplicate that never had the phone has no say about it.
    let mail = ledger(&[entry(5, 1, 2, granted(Purpose::Care, Basis::NumberGiven))]);
    assert_eq!(code(&yes.merge(mail), Purpose::Care, 0), "allowed");
}

#[test]
fn nothing_personal_is_printed() {
    let text = format!("{:?}", entry(1, 1, 0, granted(Purpose::Care, Basis::Form)));
    assert!(
        !text.contains("0142") && !text.contains("name in it"),
        "{text}"
    );
}

fn any_purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(Purpose::ALL.to_vec())
}

fn any_extent() -> impl Strategy<Value = Extent> {
    let mode = prop::sample::select(vec![ScopeMode::Category, ScopeMode::BrandAll]);
    prop_oneof![
        (prop::option::of(any_purpose()), mode)
            .prop_map(|(topic, mode)| Extent::Unqualified { topic, mode }),
        prop::collection::vec(any_purpose(), 0..3).prop_map(|purposes| Extent::Narrowed {
            purposes: purposes.into_iter().collect(),
            channel: None,
        }),
        Just(Extent::Everything),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (any_purpose(), prop::sample::select(Basis::ALL.to_vec()))
            .prop_map(|(purpose, basis)| granted(purpose, basis)),
        2 => any_extent().prop_map(|extent| Act::Revoked { extent, via: RevokedVia::Text }),
        1 => Just(Act::CarrierBlocked),
        1 => Just(Act::CarrierLifted),
    ]
}

/// Entries with ids of their own at a few instants, so that ties happen.
fn any_entries(first_id: u8) -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((0_i64..12, 0_u8..4, any_act()), 0..10).prop_map(move |rows| {
        let ids = first_id..;
        rows.into_iter()
            .zip(ids)
            .map(|((minute, which, act), number)| entry(number, minute, which, act))
            .collect()
    })
}

fn is_fresh(entry: &Entry) -> bool {
    matches!(entry.act, Act::Granted { basis, .. } if basis.is_fresh_opt_in())
}

proptest! {
    #[test]
    fn without_a_fresh_opt_in_a_revoked_address_stays_revoked(
        before in any_entries(0), after in any_entries(100), purpose in any_purpose(), which in 0_u8..4,
        strict in any::<bool>(),
    ) {
        let terms = if strict { TERMS } else { BY_CATEGORY };
        let mut ledger = ledger(&before);
        prop_assume!(matches!(standing(&ledger, purpose, which, terms), Standing::Revoked { .. }));
        for entry in after.into_iter().filter(|entry| !is_fresh(entry)) {
            let later = Entry { captured_at: entry.captured_at + SignedDuration::from_hours(1), ..entry };
            ledger.push(later);
            prop_assert!(!standing(&ledger, purpose, which, terms).is_allowed());
            prop_assert!(!standing(&ledger, purpose, which, TERMS).is_allowed());
        }
    }

    #[test]
    fn the_order_of_writing_does_not_matter(
        entries in any_entries(0).prop_shuffle(), purpose in any_purpose(), which in 0_u8..4,
    ) {
        let mut sorted = entries.clone();
        sorted.sort_by_key(|entry| entry.id);
        let (one, other) = (ledger(&entries), ledger(&sorted));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(standing(&one, purpose, which, TERMS), standing(&other, purpose, which, TERMS));
    }

    #[test]
    fn what_another_address_grants_changes_nothing_here(
        entries in any_entries(0), purpose in any_purpose(), basis in prop::sample::select(Basis::ALL.to_vec()),
    ) {
        let before = standing(&ledger(&entries), purpose, 0, TERMS);
        let mut more = ledger(&entries);
        more.push(entry(200, 50, 1, granted(purpose, basis)));
        prop_assert_eq!(standing(&more, purpose, 0, TERMS), before);
    }

    #[test]
    fn a_merge_is_commutative_and_never_more_permissive(
        ours in any_entries(0), theirs in any_entries(100), purpose in any_purpose(), which in 0_u8..4,
    ) {
        let (one, other) = (ledger(&ours), ledger(&theirs));
        let merged = one.clone().merge(other.clone());
        prop_assert_eq!(&merged, &other.clone().merge(one.clone()));
        prop_assert_eq!(&merged, &merged.clone().merge(merged.clone()));
        let knows = |entries: &[Entry]| entries.iter().any(|entry| same(&entry.address, &address(which)));
        for terms in [TERMS, BY_CATEGORY] {
            let joint = standing(&merged, purpose, which, terms).strictness();
            for (side, entries) in [(&one, &ours), (&other, &theirs)] {
                let alone = standing(side, purpose, which, terms);
                // A record that never heard of the address has no say about it.
                let silent = alone == Standing::NeverGiven && !knows(entries);
                prop_assert!(silent || joint >= alone.strictness());
            }
        }
    }
}

fn by_message(number: u8, minute: i64, which: u8, act: Act) -> Entry {
    Entry {
        evidence: Evidence::Message(Id::from_parts(at(minute), [number; 10])),
        ..entry(number, minute, which, act)
    }
}

/// What a record that has the address as well makes of what another one says.
fn heeding(own: &[Entry], elsewhere: &[Entry]) -> Ledger {
    let mut ledger = ledger(own);
    ledger.heed(Owner::Patient, elsewhere);
    ledger
}

#[test]
fn a_no_in_another_record_outlives_a_number_that_is_given_again() {
    let given = |minute| entry(9, minute, 0, granted(Purpose::Care, Basis::NumberGiven));
    for no in [
        by_message(1, 10, 0, stop(None, ScopeMode::BrandAll)),
        entry(1, 10, 0, stop(None, ScopeMode::BrandAll)),
    ] {
        let after = heeding(&[given(20)], std::slice::from_ref(&no));
        assert!(!standing(&after, Purpose::Care, 0, TERMS).is_allowed());
        // A number of theirs that nobody spoke of is none of its business.
        let mailbox = entry(8, 20, 2, granted(Purpose::Care, Basis::NumberGiven));
        let other = heeding(&[given(20), mailbox], std::slice::from_ref(&no));
        assert!(standing(&other, Purpose::Care, 2, TERMS).is_allowed());
        let form = entry(8, 30, 0, granted(Purpose::Care, Basis::Form));
        let fresh = heeding(&[given(20), form], std::slice::from_ref(&no));
        assert!(standing(&fresh, Purpose::Care, 0, TERMS).is_allowed());
    }
}

#[test]
fn a_no_that_was_lifted_where_it_was_said_is_none_elsewhere() {
    let given = entry(9, 40, 0, granted(Purpose::Care, Basis::NumberGiven));
    let said = [
        by_message(1, 10, 0, stop(None, ScopeMode::BrandAll)),
        by_message(2, 20, 0, granted(Purpose::Care, Basis::Keyword)),
    ];
    let heard = heeding(std::slice::from_ref(&given), &said);
    assert!(standing(&heard, Purpose::Care, 0, TERMS).is_allowed());
    assert!(matches!(
        standing(&heard, Purpose::Feedback, 0, TERMS),
        Standing::Revoked { .. }
    ));
    let weak = [
        said[0].clone(),
        entry(2, 20, 0, granted(Purpose::Care, Basis::NumberGiven)),
    ];
    assert!(!standing(&heeding(&[given], &weak), Purpose::Care, 0, TERMS).is_allowed());
}

#[test]
fn what_one_person_told_staff_takes_nothing_from_another_who_had_agreed() {
    let agreed = entry(9, 5, 0, granted(Purpose::Care, Basis::NumberGiven));
    let to_staff = entry(1, 10, 0, stop(None, ScopeMode::BrandAll));
    let heard = heeding(std::slice::from_ref(&agreed), &[to_staff]);
    assert!(standing(&heard, Purpose::Care, 0, TERMS).is_allowed());
    let by_text = by_message(1, 10, 0, stop(None, ScopeMode::BrandAll));
    let heard = heeding(&[agreed], &[by_text]);
    assert!(!standing(&heard, Purpose::Care, 0, TERMS).is_allowed());
}
