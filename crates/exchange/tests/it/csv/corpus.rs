//! The exports of many systems that lie beside the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::person::Sex;
use tendon_exchange::Record;
use tendon_exchange::csv::Options;
use tendon_exchange::record::{Moment, Said, VisitStatus};

use super::{Table, addresses, names, read, read_with};

const CORPUS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/data/csv_layouts"
);

fn file(name: &str) -> Option<Vec<u8>> {
    if !Path::new(CORPUS).is_dir() {
        println!("SKIPPED: the corpus csv_layouts is not beside the repository");
        return None;
    }
    Some(std::fs::read(Path::new(CORPUS).join(name)).unwrap())
}

fn table(name: &str) -> Option<Table> {
    file(name).map(read)
}

fn all_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in [CORPUS.to_owned(), format!("{CORPUS}/variants")] {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        files.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            !path.ends_with("header_aliases.csv") && matches!(ending, Some("csv" | "tsv"))
        }));
    }
    files.sort();
    files
}

#[test]
fn every_file_is_records_or_problems_and_no_problem_repeats_a_value() {
    let files = all_files();
    if files.is_empty() {
        println!("SKIPPED: the corpus csv_layouts is not beside the repository");
        return;
    }
    assert!(files.len() >= 33, "{} files", files.len());
    let mut layouts: BTreeMap<String, usize> = BTreeMap::new();
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let table = match read_with(bytes.as_slice(), &Options::default()) {
            Ok(table) => table,
            Err(problem) => {
                assert_eq!(problem.reason, "is empty", "{}", path.display());
                continue;
            }
        };
        assert!(!table.items.is_empty(), "{}", path.display());
        *layouts.entry(table.layout.clone()).or_default() += 1;
        let told = table.problems().join("\n");
        for secret in [
            "Okafor",
            "Renée",
            "Lefèvre",
            "555",
            "example.test",
            "HYPERLINK",
            "40021",
        ] {
            assert!(!told.contains(secret), "{}: {told}", path.display());
        }
    }
    assert!(layouts.len() >= 19, "{layouts:?}");
    assert!(
        !layouts.contains_key("visits") && !layouts.contains_key("patients"),
        "{layouts:?}"
    );
}

#[test]
fn the_variants_of_one_table_say_the_same() {
    let Some(plain) = table("simplepractice_client_details_report.csv") else {
        return;
    };
    assert_eq!(names(&plain.patients()), ["Samuel Okafor", "Renée Lefèvre"]);
    for name in [
        "v01_utf8_bom.csv",
        "v02_cp1252.csv",
        "v04_semicolon.csv",
        "v05_lf_only_no_final_newline.csv",
        "v07_title_lines_before_header.csv",
        "v08_total_row_at_end.csv",
        "v11_blank_and_whitespace_rows.csv",
        "v20_ambiguous_dates.csv",
    ] {
        let variant = table(&format!("variants/{name}")).unwrap();
        assert_eq!(variant.records(), plain.records(), "{name}");
        assert_eq!(variant.problems(), Vec::<String>::new(), "{name}");
    }
    let quoted = table("variants/v12_quoted_everything_embedded_newline.csv").unwrap();
    let plain_jane = table("jane_appointments.csv").unwrap();
    assert_eq!(quoted.records(), plain_jane.records());
}

#[test]
fn broken_rows_cost_themselves_only() {
    let Some(ragged) = table("variants/v10_ragged_rows.csv") else {
        return;
    };
    assert_eq!(
        ragged.problems(),
        [
            "line 4 ignored []: row has 2 cells where the header has 18; the others were taken as empty",
            "line 5 rejected []: row has 26 cells where the header has 18; a separator inside a cell was not quoted",
        ]
    );
    let unclosed = table("variants/v16_unclosed_quote.csv").unwrap();
    assert_eq!(unclosed.patients().len(), 2);
    assert_eq!(
        unclosed.problems(),
        [
            "line 4 rejected []: row has a quote that is never closed; row has 3 cells where the header has 18"
        ]
    );
    let formula = table("variants/v14_formula_injection.csv").unwrap();
    assert_eq!(formula.patients().len(), 2);
    assert_eq!(
        formula.problems(),
        ["line 4 rejected [Client]: begins like a spreadsheet formula"]
    );
    let header = table("variants/v18_header_only.csv").unwrap();
    assert_eq!(
        header.problems(),
        ["line 1 ignored []: table has a header and no rows"]
    );
    let empty = read_with(
        file("variants/v19_empty_file.csv").unwrap().as_slice(),
        &Options::default(),
    );
    assert_eq!(empty.err().unwrap().reason, "is empty");
}

#[test]
fn webpt_appointments_say_who_when_where_and_how_it_stands() {
    let Some(table) = table("webpt_standard_extract_appointments.csv") else {
        return;
    };
    assert_eq!(table.problems(), Vec::<String>::new());
    assert_eq!(
        table.kinds(),
        [
            "clinician",
            "episode",
            "appointment",
            "appointment",
            "episode",
            "appointment"
        ]
    );
    let visits = table.visits();
    let [done, booked, cancelled] = visits.as_slice() else {
        panic!("{} visits", visits.len());
    };
    assert_eq!(done.status, Some(VisitStatus::Completed));
    assert_eq!(
        done.status_at,
        Some(Moment::Local(date(2026, 3, 2).at(9, 49, 3, 0)))
    );
    assert_eq!(done.kind, Some(VisitKind::Evaluation));
    assert_eq!(done.minutes, Some(45));
    assert_eq!(
        done.starts_at,
        Some(Moment::Local(date(2026, 3, 2).at(9, 0, 0, 0)))
    );
    assert_eq!(
        (done.patient.system.as_str(), done.patient.value.as_str()),
        ("webpt:patient", "40021")
    );
    assert_eq!(done.clinician_name.as_deref(), Some("Maya Ortiz PT"));
    assert_eq!(done.location.as_ref().unwrap().value, "1201");
    assert_eq!(done.episode.as_ref().unwrap().value, "55101");
    assert_eq!(
        done.changed_at,
        Some(Moment::Local(date(2026, 3, 2).at(22, 10, 4, 0)))
    );
    assert_eq!(booked.status, Some(VisitStatus::Booked));
    assert_eq!(booked.kind, Some(VisitKind::Recurring));
    assert_eq!(
        booked.key.value, "90377|40021",
        "the sign is a state, not a number"
    );
    assert_eq!(
        cancelled.status,
        Some(VisitStatus::Cancelled(CancelledBy::Patient))
    );
    assert_eq!(
        cancelled.clinician, None,
        "a calendar of a room names nobody"
    );
}

#[test]
fn webpt_authorisations_and_payments_are_plans_and_documents() {
    let Some(plans) = table("webpt_standard_extract_authorizations.csv") else {
        return;
    };
    let Some(Record::Plan(plan)) = plans.records().pop() else {
        panic!("{:?}", plans.kinds());
    };
    assert_eq!(plan.authorised_visits, Some(12));
    assert_eq!(plan.starts_on, Some(date(2026, 3, 1)));
    assert_eq!(plan.ends_on, Some(date(2026, 5, 30)));
    let payments = table("webpt_standard_extract_transactions.csv").unwrap();
    let documents = payments.records();
    let [
        Record::Document(first),
        Record::Document(second),
        Record::Document(third),
    ] = documents.as_slice()
    else {
        panic!("{:?}", payments.kinds());
    };
    assert_eq!(
        first.key, second.key,
        "a later row takes the place of an earlier one"
    );
    assert_ne!(second.key, third.key);
    let json: serde_json::Value = serde_json::from_str(&second.json).unwrap();
    assert_eq!(json["dollar_amount_paid"], "45.00");
    assert_eq!(second.patient.as_ref().unwrap().value, "40021");
}

#[test]
fn jane_tells_the_state_by_words_and_times() {
    let Some(table) = table("jane_appointments.csv") else {
        return;
    };
    assert_eq!(table.problems(), Vec::<String>::new());
    let visits = table.visits();
    let status: Vec<_> = visits.iter().map(|visit| visit.status.unwrap()).collect();
    let by_patient = VisitStatus::Cancelled(CancelledBy::Patient);
    assert_eq!(
        status,
        [VisitStatus::Completed, VisitStatus::NoShow, by_patient]
    );
    assert_eq!(visits[1].kind, Some(VisitKind::Evaluation));
    assert_eq!(
        visits[1].status_at,
        Some(Moment::Local(date(2026, 7, 2).at(0, 0, 0, 0)))
    );
    assert_eq!(visits[0].minutes, Some(50));
    assert_eq!(visits[0].location_name.as_deref(), Some("Main Street"));
    let patients = table.patients();
    assert_eq!(
        names(&patients),
        ["Samuel Okafor", "Renée Lefèvre-O’Neil", "Ana de la Cruz"]
    );
    assert_eq!(patients[0].name.as_ref().unwrap().first(), "Sam");
    assert_eq!(patients[0].identifiers[0].system, "jane:chart");
    let sales = super::corpus::table("jane_sales.csv").unwrap();
    let Record::Document(sale) = sales.records()[1] else {
        panic!("{:?}", sales.kinds());
    };
    assert_eq!(
        sale.patient,
        Some(visits[0].patient.clone()),
        "one person in two reports"
    );
}

#[test]
fn cliniko_says_what_its_api_promises() {
    let Some(cliniko) = table("cliniko_patients_api_fields.csv") else {
        return;
    };
    let patient = cliniko.patients()[0];
    assert_eq!(
        addresses(patient),
        ["+12085550142", "+12085550143", "sam@example.test"]
    );
    assert_eq!(patient.birth_date, Said::Value(date(1988, 5, 26)));
    assert_eq!(patient.sex, Said::Value(Sex::Male));
    let Said::Value(region) = &patient.region else {
        panic!()
    };
    assert_eq!(
        (region.state.as_deref(), region.zip.as_deref()),
        (Some("ID"), Some("83702"))
    );
    let visits = table("cliniko_individual_appointments_api_fields.csv").unwrap();
    let exact = "2026-07-21T03:45:00Z".parse().unwrap();
    assert_eq!(visits.visits()[0].starts_at, Some(Moment::Exact(exact)));
    assert_eq!(visits.visits()[0].minutes, Some(45));
    assert_eq!(visits.visits()[0].status, Some(VisitStatus::Booked));
}

#[test]
fn patients_of_other_systems_are_read_as_their_help_pages_promise() {
    let Some(docnote) = table("docnote_patient_import.csv") else {
        return;
    };
    let born = &docnote.patients()[0].birth_date;
    assert_eq!(*born, Said::Value(date(2010, 5, 26)));
    let workflow = table("workflowhealth_patient_import.csv").unwrap();
    assert_eq!(names(&workflow.patients()), ["Jane Jones Doe"]);
    let link2md = table("link2md_patient_import.csv").unwrap();
    assert_eq!(
        addresses(link2md.patients()[0]),
        ["+12085550142", "sam@example.test"]
    );
    assert!(!link2md.patients()[0].inactive);
}

#[test]
fn visits_of_other_systems_are_read_as_their_help_pages_promise() {
    let Some(webchart) = table("webchart_appointments_import.csv") else {
        return;
    };
    let told: Vec<_> = webchart
        .visits()
        .iter()
        .map(|visit| (visit.status, visit.minutes))
        .collect();
    assert_eq!(
        told,
        [
            (Some(VisitStatus::Confirmed), Some(45)),
            (Some(VisitStatus::NoShow), Some(30))
        ]
    );
    let amd = table("advancedmd_amd_data_PARTIAL.tsv").unwrap();
    assert_eq!(amd.visits()[0].status, Some(VisitStatus::Completed));
    assert_eq!(
        amd.visits()[0].starts_at,
        Some(Moment::Local(date(2026, 3, 2).at(0, 0, 0, 0)))
    );
    let prompt = table("prompt_revenue_all_data_PARTIAL.csv").unwrap();
    assert_eq!(prompt.visits()[1].status, Some(VisitStatus::NoShow));
    let vet = table("vetdata_appointments_import.csv").unwrap();
    assert_eq!(vet.visits()[0].status, Some(VisitStatus::Completed));
}

#[test]
fn two_reports_of_simplepractice_mean_one_person_by_one_name() {
    let Some(attendance) = table("simplepractice_client_attendance_report.csv") else {
        return;
    };
    let status: Vec<_> = attendance
        .visits()
        .iter()
        .map(|v| v.status.unwrap())
        .collect();
    let late = VisitStatus::Cancelled(CancelledBy::Patient);
    assert_eq!(status, [VisitStatus::Completed, VisitStatus::NoShow, late]);
    let report = table("simplepractice_appointment_status_report.csv").unwrap();
    assert_eq!(report.visits()[0].patient, attendance.visits()[0].patient);
    assert_eq!(
        report.visits()[1].starts_at,
        Some(Moment::Local(date(2026, 5, 2).at(14, 30, 0, 0)))
    );
}
