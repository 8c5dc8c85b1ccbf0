//! What cells mean: dates and their order, spreadsheets' damage, keys,
//! duplicates, mappings.

use std::fmt::Write as _;

use jiff::civil::date;
use jiff::tz::TimeZone;
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::patient::Relation;
use tendon_exchange::Record;
use tendon_exchange::csv::{self, DateOrder, Layout, Options, Skip};
use tendon_exchange::record::{Moment, Said, VisitStatus};

use super::{addresses, names, read, read_with};

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn one_row_decides_the_order_of_a_whole_column() {
    let table = |last: &str| {
        let mut text = String::from("Patient ID,First Name,Last Name,DOB\n");
        for n in 0..50 {
            writeln!(text, "{n},Sam,Reed,03/04/19{}", 50 + n).unwrap();
        }
        text + "99,Sam,Reed," + last + "\n"
    };
    let first_born = |last: &str| {
        let table = read(table(last));
        let Said::Value(born) = table.patients()[0].birth_date else {
            panic!()
        };
        (born, table.problems())
    };
    assert_eq!(first_born("25/12/1980"), (date(1950, 4, 3), none()));
    assert_eq!(first_born("12/25/1980"), (date(1950, 3, 4), none()));
    assert_eq!(
        first_born("05/06/1980"),
        (
            date(1950, 3, 4),
            vec![
                "line 2 ignored [DOB]: does not show whether day or month stands first; the month was assumed to, as is the custom of this layout".to_owned()
            ]
        )
    );
}

/// Returns a table whose first telling birthday stands behind the head.
fn long_table() -> String {
    let mut text = String::from("Patient ID,First Name,Last Name,DOB\n");
    for n in 0..40_000 {
        writeln!(text, "{n},Sam,Reed,03/04/19{}", 50 + n % 50).unwrap();
    }
    text + "x,Sam,Reed,25/12/1980\ny,Sam,Reed,03/04/1980\n"
}

#[test]
fn a_survey_decides_what_the_first_rows_cannot() {
    let text = long_table();
    let unsure = read(&text);
    let problems = unsure.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[1].starts_with("line 40002 ignored [DOB]: shows that day and month"));
    let last = unsure.patients().pop().unwrap().birth_date;
    assert_eq!(last, Said::Value(date(1980, 4, 3)), "believed from then on");

    let survey = csv::survey(text.as_bytes(), "table.csv", &Options::default()).unwrap();
    let options = Options {
        survey: Some(survey),
        ..Options::default()
    };
    let sure = read_with(text.as_bytes(), &options).unwrap();
    assert_eq!(sure.problems(), none());
    assert_eq!(sure.patients()[0].birth_date, Said::Value(date(1950, 4, 3)));
}

#[test]
fn the_caller_may_say_the_order() {
    let options = Options {
        date_order: Some(DateOrder::DayFirst),
        ..Options::default()
    };
    let text = "Patient ID,First Name,Last Name,DOB\n1,Sam,Reed,03/04/1980\n";
    let table = read_with(text.as_bytes(), &options).unwrap();
    assert_eq!(
        table.patients()[0].birth_date,
        Said::Value(date(1980, 4, 3))
    );
    assert_eq!(table.problems(), none());
}

#[test]
fn a_column_of_both_orders_leaves_out_what_is_open() {
    let text = "Patient ID,First Name,Last Name,DOB\n\
        1,Sam,Reed,25/12/1980\n2,Ana,Roy,12/25/1980\n3,Pat,Doe,03/04/1980\n";
    let table = read(text);
    let born: Vec<_> = table.patients().iter().map(|p| p.birth_date).collect();
    let christmas = Said::Value(date(1980, 12, 25));
    assert_eq!(born, [christmas, christmas, Said::Nothing]);
    assert_eq!(
        table.problems().len(),
        2,
        "the doubt and the cell: {:?}",
        table.problems()
    );
}

#[test]
fn spreadsheet_damage_is_undone_or_told() {
    let text = "Patient ID,First Name,Last Name,DOB,Mobile,State,ZIP\n\
        40021.0,Sam,Reed,32289,2085550142.0,NH,3431\n\
        =\"00123\",Ana,Roy,26-May-88,2.08555E+09,MA,1821-1234\n\
        1.23457E+11,Pat,Doe,1990-01-01,208-555-0143,ID,83702\n\
        7,'=Lee,Doe,1990-01-02,'+1 208-555-0144,ID,\"=\"\"83702\"\"\"\n";
    let table = read(text);
    let patients = table.patients();
    assert_eq!(patients.len(), 3);
    assert_eq!(patients[0].key.value, "40021");
    assert_eq!(patients[0].birth_date, Said::Value(date(1988, 5, 26)));
    assert_eq!(addresses(patients[0]), ["+12085550142"]);
    let Said::Value(region) = &patients[0].region else {
        panic!()
    };
    assert_eq!(region.zip.as_deref(), Some("03431"));
    assert_eq!(patients[1].key.value, "00123");
    assert_eq!(patients[1].birth_date, Said::Value(date(1988, 5, 26)));
    assert_eq!(patients[2].name, None, "a formula is nobody's name");
    assert_eq!(addresses(patients[2]), ["+12085550144"]);
    assert_eq!(
        table.problems(),
        [
            "line 3 ignored [Mobile]: was turned into a rounded number by a spreadsheet",
            "line 4 rejected [Patient ID]: was turned into a rounded number by a spreadsheet",
            "line 5 ignored [First Name]: begins like a spreadsheet formula",
        ]
    );
}

#[test]
fn equal_rows_are_read_once_and_of_one_key_the_last_counts() {
    let text = "Patient ID,First Name,Last Name,Email\n\
        1,Sam,Reed,a@example.org\n1,Sam,Reed,a@example.org\n\
        1,Sam,Reed,b@example.org\n1,Sam,Reed,a@example.org\n";
    let table = read(text);
    let mails: Vec<_> = table.patients().iter().flat_map(|p| addresses(p)).collect();
    assert_eq!(mails, ["a@example.org", "b@example.org", "a@example.org"]);
    assert_eq!(table.tally.skipped.get(&Skip::Repeated), Some(&1));
    assert_eq!(table.tally.rows, 4);
}

#[test]
fn namesakes_without_number_are_told_apart_not_merged() {
    let text = "Client,Client type,Date added,Primary clinician,Address,City,State,ZIP,Phone number,Email,Status\n\
        Sam Reed,,,,,,,,208-555-0142,a@example.org,\n\
        \"Reed, Sam\",,,,,,,,208-555-0142,b@example.org,\n\
        SAM REED,,,,,,,,603-555-0177,c@example.org,\n";
    let table = read(text);
    assert_eq!(table.layout, "simplepractice_clients");
    assert_eq!(table.patients().len(), 2);
    assert_eq!(table.patients()[0].key, table.patients()[1].key);
    assert_eq!(
        table.problems(),
        [
            "line 4 rejected [Client]: is the name of somebody else on line 2; without a number or a birthday the two cannot be told apart"
        ]
    );
}

#[test]
fn name_and_birthday_are_a_key_where_there_is_no_number() {
    let list = read("Last Name,First Name,DOB,Email\nReed,Sam,1980-01-02,a@example.org\n");
    let book =
        read("Patient,DOB,Appt Date,Appt Time,Status\nSam Reed,1/2/1980,2026-03-14,9:00,Booked\n");
    assert_eq!(list.patients()[0].key, book.visits()[0].patient);
    assert_eq!(
        book.visits()[0].key.value,
        "reed sam|1980-01-02|2026-03-14T09:00:00|"
    );
}

#[test]
fn a_visit_to_come_needs_a_time_of_day_and_one_that_is_over_does_not() {
    let text = "Patient ID,Appt Date,Status\n1,2026-03-14,Completed\n2,2026-03-14,Booked\n3,2026-03-14,weird\n4,,Booked\n";
    let table = read(text);
    assert_eq!(table.visits().len(), 1);
    assert_eq!(
        table.problems(),
        [
            "line 3 rejected [Appt Date]: names no time of day",
            "line 4 ignored [Status]: is no status that is known",
            "line 4 rejected [Appt Date]: names no time of day",
            "line 5 rejected [Appt Date]: is empty: the row names no time",
        ]
    );
}

#[test]
fn times_stand_together_apart_or_as_a_span() {
    let text = "Patient ID,Appt Date,Appt Time,End Time,Duration,Appointment Type\n\
        1,3/14/2026,9:00 AM,9:45 AM,,Initial Evaluation\n\
        2,3/14/2026 9:00 AM - 9:45 AM,,,,Follow up\n\
        3,46095,0.375,,0:45,\n\
        4,2026-03-14 00:00:00,09:00,2026-03-14 09:45,,\n\
        5,2026-03-14,09:00,08:00,,\n";
    let table = read(text);
    let nine = Some(Moment::Local(date(2026, 3, 14).at(9, 0, 0, 0)));
    for visit in table.visits() {
        assert_eq!(visit.starts_at, nine);
    }
    let minutes: Vec<_> = table.visits().iter().map(|v| v.minutes).collect();
    assert_eq!(minutes, [Some(45), Some(45), Some(45), Some(45), None]);
    let kinds: Vec<_> = table.visits().iter().map(|v| v.kind).collect();
    assert_eq!(
        kinds[..3],
        [
            Some(VisitKind::Evaluation),
            Some(VisitKind::Recurring),
            None
        ]
    );
    assert_eq!(
        table.problems(),
        ["line 6 ignored [End Time]: is no length of a visit"]
    );
}

#[test]
fn webpt_flags_and_signs_are_understood() {
    let header = "appointmnet_id,start_date,end_date,check_in_time,check_out_time,calendar_title,clinic_id,therapist_id,appointment_type,case_id,patient_id,appointment_status,apt_apttype,reason,time_stamp\n";
    let text = format!(
        "{header}-7,2026-03-02 09:00:00,,,,Maya,1,5,IE,3,40021,Active,IE,,\n\
         7,2026-03-02 09:00:00,,2026-03-02 08:57:00,,Maya,1,5,DN,3,40021,Active,DN,,\n\
         7,2026-03-03 09:00:00,,,,Maya,1,5,DN,4,40022,Inactive,NS,,\n\
         8,2026-03-04 09:00:00,,,,Maya,1,5,DN,4,,Active,DN,,\n"
    );
    let table = read(&text);
    assert_eq!(table.layout, "webpt_appointments");
    let [early, late, other] = table.visits()[..] else {
        panic!()
    };
    assert_eq!(
        early.key, late.key,
        "one visit before and after its check-in"
    );
    assert_ne!(late.key, other.key, "the number of another patient");
    assert_eq!(late.status, Some(VisitStatus::Arrived));
    assert_eq!(other.status, Some(VisitStatus::NoShow));
    assert_eq!(
        table.problems(),
        ["line 5 rejected [patient_id]: is empty: the row names no patient"]
    );
    let plans = "record_id,authorization_id,case_id,auth_number,auth_start_date,auth_end_date,visit_authorized_for,authorization_status,patient_id,clinic_id,export_flag\n\
        1,501,3,A,2026-03-01,2026-05-30,12,A,40021,1,1\n1,501,3,A,2026-03-01,2026-05-30,12,A,40021,1,3\n";
    let plans = read(plans);
    assert_eq!(plans.kinds(), ["episode", "plan"]);
    assert!(plans.problems()[0].contains("was taken back at the source"));
}

#[test]
fn people_are_described_as_far_as_the_table_goes() {
    let text = "MRN,Patient Name,Preferred Name,DOB,Sex,Language,Cell,Home Phone,Email,Guardian Name,Relationship,Guardian Phone,Status,Deceased Date\n\
        1,\"Reed, Samuel\",Sam,2015-01-02,F,es,208-555-0142,none,none@none.com,Ann Reed,Mother,208-555-0143,Active,\n\
        2,ZZTEST Patient,,1980-01-01,robot,,999-999-9999,,,,,,Active,\n\
        3,Ana Roy,,1950-01-01,,,,,,,,,Inactive,2026-01-05\n\
        ,40021,,1950-01-01,,,,,,,,,,\n";
    let table = read(text);
    let [child, test, dead] = table.patients()[..] else {
        panic!("{:?}", table.problems())
    };
    assert_eq!(child.name.as_ref().unwrap().first(), "Sam");
    assert_eq!(child.language, Said::Value("es".to_owned()));
    assert_eq!(addresses(child), ["+12085550142"]);
    assert_eq!(child.proxies[0].relation, Relation::Guardian);
    assert_eq!(child.proxies[0].contact_points.len(), 1);
    assert!(!child.inactive && test.inactive && dead.inactive);
    assert_eq!(
        test.contact_points,
        Said::Clear,
        "a filler says that there is none"
    );
    assert_eq!(dead.deceased, Said::Value(true));
    assert_eq!(child.deceased, Said::Nothing);
    assert_eq!(
        table.problems(),
        [
            "line 2 ignored [Email]: address is a placeholder",
            "line 3 ignored [Cell]: address is a placeholder",
            "line 3 ignored [Sex]: is no sex that is known",
            "line 5 rejected [Patient Name]: is a number where a name was expected",
        ]
    );
}

#[test]
fn a_column_that_stands_twice_is_told_where_it_matters() {
    let text = "Patient ID,First Name,Last Name,Email,Email\n1,Sam,Reed,a@example.org,b@example.org\n\
        2,Ana,Roy,,c@example.org\n";
    let table = read(text);
    assert_eq!(
        addresses(table.patients()[0]),
        ["a@example.org", "b@example.org"]
    );
    assert_eq!(addresses(table.patients()[1]), ["c@example.org"]);
    let text = "Patient ID,First Name,Last Name,DOB,DOB,Email\n1,Sam,Reed,1980-01-02,1981-01-02,a@example.org\n";
    assert_eq!(
        read(text).problems(),
        [
            "line 2 ignored [DOB]: stands twice in the header with different values; the first was taken"
        ]
    );
}

#[test]
fn a_mapping_of_ones_own_reads_an_unknown_table() {
    let mapping = r#"
        name = "old_book"
        title = "The book of the front desk"
        system = "desk"
        dates = "day-first"
        skip = [{ column = "Art", values = ["Pause"] }]

        [patient]
        key = "Nr"
        full_name = "Wer"
        numbers = { old = "Alt" }

        [clinician]
        name = "Bei"

        [appointment]
        starts = "Tag"
        starts_time = "Um"
        minutes = "Dauer"
        reason = "Grund"
        status = [{ column = "Stand", values = { weg = "cancelled", da = "completed" } }]
        otherwise = "booked"
    "#;
    let options = Options {
        mapping: Some(Layout::parse(mapping).unwrap()),
        time_zone: Some(TimeZone::get("America/Boise").unwrap()),
        ..Options::default()
    };
    let text = "Nr;Alt;Wer;Bei;Tag;Um;Dauer;Stand;Grund;Art\n\
        1;00X;Reed, Sam;Maya;3.4.2026;9:00;45;weg;Therapist ill;\n\
        ;;;Maya;3.4.2026;12:00;60;;;Pause\n";
    let table = read_with(text.as_bytes(), &options).unwrap();
    assert_eq!(table.layout, "old_book");
    assert_eq!(table.problems(), none());
    assert_eq!(table.tally.skipped.get(&Skip::NoRecord), Some(&1));
    assert_eq!(names(&table.patients()), ["Sam Reed"]);
    assert_eq!(table.patients()[0].identifiers[0].system, "desk:old");
    let visit = table.visits()[0];
    let exact = "2026-04-03T15:00:00Z".parse().unwrap();
    assert_eq!(visit.starts_at, Some(Moment::Exact(exact)));
    assert_eq!(
        visit.status,
        Some(VisitStatus::Cancelled(CancelledBy::Clinic))
    );
    assert!(read_with(text.as_bytes(), &Options::default()).is_err());
}

#[test]
fn a_namespace_of_ones_own_keeps_two_systems_apart() {
    let text = "Patient ID,First Name,Last Name,Email\n1,Sam,Reed,a@example.org\n";
    let options = Options {
        system: Some("east".to_owned()),
        ..Options::default()
    };
    let east = read_with(text.as_bytes(), &options).unwrap();
    assert_eq!(east.patients()[0].key.system, "east:patient");
    assert_eq!(read(text).patients()[0].key.system, "csv:patient");
}

#[test]
fn documents_keep_the_row_as_it_came() {
    let text = "Location,Purchase Date,Invoice Date,Patient Guid,Patient,Item,Staff Member,Payer,Invoice #,Income Category,Details,Status,Subtotal,Total,Collected,Total\n\
        Main,2026-07-02,,g-1,Sam Reed,\"=1+1\",Maya,Patient,1,T,,paid,95.10,95,95,0\n";
    let table = read(text);
    let Some(Record::Document(document)) = table.records().pop() else {
        panic!()
    };
    let json: serde_json::Value = serde_json::from_str(&document.json).unwrap();
    assert_eq!(json["Subtotal"], "95.10");
    assert_eq!(json["Item"], "=1+1", "text, never evaluated");
    assert_eq!(
        (&json["Total"], &json["Total'"]),
        (&"95".into(), &"0".into())
    );
    assert!(json.get("Invoice Date").is_none());
}

#[test]
fn closed_slots_are_nobodys_and_leave_nothing() {
    let text = "Patient ID,Patient Name,Therapist,Appt Date,Appt Time,Status\n\
        ,Lunch,Maya,2026-03-14,12:00,Blocked\n9,Meeting,Maya,2026-03-14,13:00,Blocked\n\
        1,Sam Reed,Maya,2026-03-14,14:00,Booked\n";
    let table = read(text);
    assert_eq!(table.kinds(), ["clinician", "patient", "appointment"]);
    assert_eq!(names(&table.patients()), ["Sam Reed"]);
    assert_eq!(table.tally.skipped.get(&Skip::NoRecord), Some(&2));
    assert_eq!(table.problems(), none());
}

#[test]
fn words_for_nothing_are_nobodys_name() {
    let text = "Patient ID,First Name,Middle Name,Last Name,Preferred Name,DOB,Email\n\
        1,Ana,NULL,Null,null,1980-01-02,N/A\n2,NULL,NULL,NULL,NULL,NULL,NULL\n";
    let table = read(text);
    let found: Vec<_> = table
        .patients()
        .iter()
        .map(|p| p.name.clone().unwrap())
        .collect();
    assert_eq!(
        (found[0].full().as_str(), found[0].preferred()),
        ("Ana Null", None)
    );
    assert_eq!(found.len(), 1);
    assert_eq!(
        table.problems(),
        ["line 3 rejected [Patient ID]: stands alone: the row says nothing else about the patient"]
    );
}

#[test]
fn rows_that_differ_only_in_what_is_not_read_are_one() {
    let text = "Patient ID,First Name,Last Name,Email,Shoe Size\n\
        1,Sam,Reed,a@example.org,42\n1,Sam,Reed,a@example.org,43\n";
    let table = read(text);
    assert_eq!(table.patients().len(), 1);
    assert_eq!(table.tally.skipped.get(&Skip::Repeated), Some(&1));
}

#[test]
fn files_that_are_no_tables_say_what_they_are() {
    for (bytes, what) in [
        (&b"PK\x03\x04\x14\0"[..], "XLSX"),
        (b"\xD0\xCF\x11\xE0\xA1", "XLS"),
        (b"\n<html><table>", "HTML"),
        (b"%PDF-1.7", "PDF"),
        (b"[{\"id\": 1}]", "JSON"),
    ] {
        let problem = read_with(bytes, &Options::default()).err().unwrap();
        assert!(problem.reason.contains(what), "{}", problem.reason);
    }
}
