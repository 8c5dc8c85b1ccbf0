//! Hours and caps: what waits, until when, and what is dropped.

use proptest::prelude::*;

use super::*;

#[test]
fn a_night_message_waits_for_morning_and_is_dropped_when_morning_is_too_late() {
    let night = ts("2026-11-21T04:00:00Z");
    let morning = ts("2026-11-21T14:00:00Z");
    assert_eq!(
        outcome(|scene| scene.now = night),
        "hold quiet_hours 2026-11-21T14:00:00Z"
    );
    let stale = |scene: &mut Scene| {
        scene.now = night;
        scene.expires_at = morning;
    };
    assert_eq!(outcome(stale), "drop quiet_hours");
    let just_in_time = |scene: &mut Scene| {
        scene.now = night;
        scene.expires_at = morning + SignedDuration::from_nanos(1);
    };
    assert_eq!(
        outcome(just_in_time),
        "hold quiet_hours 2026-11-21T14:00:00Z"
    );
    assert_eq!(
        outcome(|scene| {
            answer(scene);
            scene.now = night;
        }),
        "send sms 0"
    );
    let closed = |scene: &mut Scene| {
        scene.purpose = Purpose::Safety;
        scene.expects = None;
        scene.now = night;
    };
    assert_eq!(outcome(closed), "hold quiet_hours 2026-11-21T13:00:00Z");
}

#[test]
fn the_area_code_of_the_phone_that_is_used_narrows_the_hours() {
    let honolulu = |scene: &mut Scene| scene.points[0] = point(1, "+18085550142", 0);
    let given = |scene: &mut Scene| {
        honolulu(scene);
        let given = granted(Purpose::Care, Basis::NumberGiven);
        let given = entry(97, "2026-01-05T15:00:00Z", &scene.points[0], given);
        scene.ledger.push(given);
        scene.now = ts("2026-11-20T15:00:00Z");
    };
    assert_eq!(outcome(given), "hold quiet_hours 2026-11-20T18:00:00Z");
    // By e-mail the same patient is reached at once: a mailbox has no area code.
    let by_mail = |scene: &mut Scene| {
        given(scene);
        scene.points[0].line = Line::Landline;
    };
    assert_eq!(outcome(by_mail), "send email 1");
}

#[test]
fn hours_that_never_meet_drop_the_message() {
    let guam = |scene: &mut Scene| {
        scene.purpose = Purpose::Marketing;
        scene.place = scene.place.clone().with_zone_name("Pacific/Guam");
    };
    assert_eq!(outcome(guam), "drop never_open");
}

fn sent(at: &str, purpose: Purpose) -> Sent {
    Sent {
        at: ts(at),
        purpose,
    }
}

#[test]
fn a_second_reminder_waits_for_tomorrow_and_a_fourth_for_the_week_to_pass() {
    let today =
        |scene: &mut Scene| scene.person = vec![sent("2026-11-20T14:30:00Z", Purpose::Care)];
    assert_eq!(outcome(today), "hold cap_day 2026-11-21T14:00:00Z");
    let yesterday =
        |scene: &mut Scene| scene.person = vec![sent("2026-11-20T01:59:00Z", Purpose::Care)];
    assert_eq!(outcome(yesterday), "send sms 0");
    let week = |scene: &mut Scene| {
        scene.person = vec![
            sent("2026-11-14T18:00:00Z", Purpose::Care),
            sent("2026-11-16T18:00:00Z", Purpose::Care),
            sent("2026-11-18T18:00:00Z", Purpose::Care),
        ];
    };
    // The message of Saturday the 14th counts until Friday the 20th is over.
    assert_eq!(outcome(week), "hold cap_week 2026-11-21T14:00:00Z");
    let stale = |scene: &mut Scene| {
        today(scene);
        scene.expires_at = ts("2026-11-21T14:00:00Z");
    };
    assert_eq!(outcome(stale), "drop cap_day");
    let reply = |scene: &mut Scene| {
        week(scene);
        answer(scene);
        scene.purpose = Purpose::Care;
    };
    assert_eq!(outcome(reply), "send sms 0");
}

#[test]
fn all_purposes_share_one_budget_and_promotion_has_a_small_one() {
    let two_today = |scene: &mut Scene| {
        scene.purpose = Purpose::CareOther;
        scene.person = vec![
            sent("2026-11-20T14:30:00Z", Purpose::Care),
            sent("2026-11-20T15:30:00Z", Purpose::Feedback),
        ];
    };
    assert_eq!(outcome(two_today), "hold cap_day 2026-11-21T14:00:00Z");
    let one_today = |scene: &mut Scene| {
        two_today(scene);
        scene.person.pop();
    };
    assert_eq!(outcome(one_today), "send sms 0");
    let promotions = |scene: &mut Scene| {
        scene.purpose = Purpose::Marketing;
        scene.person = vec![
            sent("2026-10-30T18:00:00Z", Purpose::Marketing),
            sent("2026-11-10T18:00:00Z", Purpose::Marketing),
        ];
    };
    assert_eq!(outcome(promotions), "hold cap_month 2026-11-30T16:00:00Z");
    // A safety message is never one too many.
    let safety = |scene: &mut Scene| {
        two_today(scene);
        scene.purpose = Purpose::Safety;
        scene.expects = None;
    };
    assert_eq!(outcome(safety), "send sms 0");
}

#[test]
fn a_household_shares_the_budget_of_its_phone() {
    let sisters = |scene: &mut Scene| {
        let contact_point = scene.points[0].id;
        scene.there = ["2026-11-20T14:30:00Z", "2026-11-20T15:30:00Z"]
            .map(|at| SentThere {
                contact_point,
                sent: sent(at, Purpose::Care),
            })
            .to_vec();
    };
    assert_eq!(outcome(sisters), "hold household_day 2026-11-21T14:00:00Z");
    // What went to the shared phone does not fill the own mailbox.
    let by_mail = |scene: &mut Scene| {
        sisters(scene);
        scene.points[0].line = Line::Landline;
    };
    assert_eq!(outcome(by_mail), "send email 1");
}

#[test]
fn days_are_counted_on_the_clock_of_every_zone() {
    // Half past three on Friday in Chicago is still Thursday in Honolulu: it counts
    // for Friday all the same, because either may be where the patient is.
    let islander = |scene: &mut Scene| {
        scene.place = scene.place.clone().with_zone_name("Pacific/Honolulu");
        scene.person = vec![sent("2026-11-20T09:30:00Z", Purpose::Care)];
        scene.now = ts("2026-11-20T19:00:00Z");
    };
    assert_eq!(outcome(islander), "hold cap_day 2026-11-21T18:00:00Z");
}

#[test]
fn a_day_with_a_clock_change_is_one_day() {
    for (sent_at, now, free) in [
        (
            "2026-03-08T13:30:00Z",
            "2026-03-09T00:30:00Z",
            "2026-03-09T13:00:00Z",
        ),
        (
            "2026-11-01T14:30:00Z",
            "2026-11-02T01:30:00Z",
            "2026-11-02T14:00:00Z",
        ),
        (
            "2028-02-29T14:30:00Z",
            "2028-03-01T01:30:00Z",
            "2028-03-01T14:00:00Z",
        ),
    ] {
        let found = outcome(|scene| {
            scene.person = vec![sent(sent_at, Purpose::Care)];
            scene.now = ts(now);
            scene.expires_at = ts(now) + hours(48);
        });
        assert_eq!(found, format!("hold cap_day {free}"));
    }
}

#[test]
fn a_held_message_wakes_when_both_the_hour_and_the_caps_allow() {
    // At night after a day that was used up, morning is soon enough.
    let night = |scene: &mut Scene| {
        scene.now = ts("2026-11-21T04:00:00Z");
        scene.person = vec![sent("2026-11-20T18:00:00Z", Purpose::Care)];
    };
    assert_eq!(outcome(night), "hold quiet_hours 2026-11-21T14:00:00Z");
    let week = |scene: &mut Scene| {
        night(scene);
        scene
            .person
            .push(sent("2026-11-18T18:00:00Z", Purpose::Care));
        scene
            .person
            .push(sent("2026-11-16T18:00:00Z", Purpose::Care));
    };
    assert_eq!(outcome(week), "hold cap_week 2026-11-23T14:00:00Z");
    let chain = Scene::with(week).decide().chain;
    let held: Vec<Step> = chain
        .iter()
        .filter(|check| check.finding == Finding::Held)
        .map(|check| check.step)
        .collect();
    assert_eq!(held, [Step::QuietHours, Step::Caps]);
}

#[test]
fn a_state_counts_hours_where_the_product_counts_days() {
    let text = "[[rule]]\nrule_id = \"cap.all.day\"\njurisdiction = \"product\"\n\
        value = { purposes = [\"P5\"], max = 9, per = \"1 day\", counts = \"both\" }\n\
        effective_from = 2026-01-01\nsource = \"test\"\nverified_on = 2026-01-01\n\
        [[rule]]\nrule_id = \"cap.P5.month\"\njurisdiction = \"product\"\n\
        value = { purposes = [\"P5\"], max = 9, per = \"31 days\", counts = \"both\" }\n\
        effective_from = 2026-01-01\nsource = \"test\"\nverified_on = 2026-01-01\n";
    let mut packs = crate::rules::RulePack::defaults().unwrap();
    packs.push(crate::rules::RulePack::parse("test", text).unwrap());
    let rules = Rules::layered(&packs).unwrap();
    let found = outcome(|scene| {
        scene.rules = rules;
        scene.purpose = Purpose::Marketing;
        let chicago = TimeZone::get("America/Chicago").unwrap();
        scene.place = Place::clinic(&chicago, State::from_code("FL"));
        scene.person = vec![
            sent("2026-11-19T20:00:00Z", Purpose::Marketing),
            sent("2026-11-19T21:00:00Z", Purpose::Marketing),
            sent("2026-11-20T16:00:00Z", Purpose::Marketing),
        ];
    });
    assert_eq!(found, "hold cap_hours 2026-11-20T20:00:00Z");
}

#[test]
fn a_cap_of_zero_never_frees() {
    let text = "[[rule]]\nrule_id = \"cap.P5.none\"\njurisdiction = \"IL\"\n\
        value = { purposes = [\"P5\"], max = 0, per = \"1 day\", counts = \"person\" }\n\
        effective_from = 2026-01-01\nsource = \"test\"\nverified_on = 2026-01-01\n";
    let mut packs = crate::rules::RulePack::defaults().unwrap();
    packs.push(crate::rules::RulePack::parse("test", text).unwrap());
    let rules = Rules::layered(&packs).unwrap();
    let found = outcome(|scene| {
        scene.rules = rules;
        scene.purpose = Purpose::Marketing;
    });
    assert_eq!(found, "drop cap_day");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]
    #[test]
    fn what_is_held_goes_out_when_it_wakes(
        minute in 0_i64..2 * 366 * 24 * 60,
        purpose in prop::sample::select(vec![Purpose::Care, Purpose::CareOther, Purpose::Feedback, Purpose::Marketing]),
        back in prop::collection::vec((0_i64..40 * 24 * 60, 0_usize..6), 0..8),
        zone in prop::sample::select(vec!["America/New_York", "America/Phoenix", "Pacific/Honolulu"]),
        state in prop::sample::select(vec!["AL", "IL", "FL", "TX"]),
    ) {
        let mut scene = Scene::with(|scene| {
            scene.purpose = purpose;
            scene.now = ts("2026-02-01T00:00:00Z") + SignedDuration::from_mins(minute);
            scene.expires_at = scene.now + hours(24 * 90);
            scene.expects = None;
            scene.place = scene.place.clone().with_zone_name(zone).with_region(&crate::patient::Region {
                state: Some(state.into()),
                zip: None,
            });
            scene.person = back.iter().map(|(minutes, purpose)| Sent {
                at: scene.now - SignedDuration::from_mins(*minutes),
                purpose: Purpose::ALL[*purpose],
            }).collect();
        });
        match scene.decide().outcome {
            Outcome::Hold { until, .. } => {
                prop_assert!(until > scene.now);
                scene.now = until - SignedDuration::from_nanos(1);
                prop_assert_eq!(scene.decide().outcome.code(), "hold");
                scene.now = until;
                prop_assert_eq!(scene.decide().outcome.code(), "send");
            }
            other => prop_assert_eq!(other.code(), "send"),
        }
    }
}
