//! The layouts that are compiled in.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::layout::Layout;

const FILES: [&str; 23] = [
    include_str!("../../layouts/tendon_patients.toml"),
    include_str!("../../layouts/tendon_appointments.toml"),
    include_str!("../../layouts/webpt_appointments.toml"),
    include_str!("../../layouts/webpt_authorizations.toml"),
    include_str!("../../layouts/webpt_charges.toml"),
    include_str!("../../layouts/webpt_transactions.toml"),
    include_str!("../../layouts/jane_appointments.toml"),
    include_str!("../../layouts/jane_sales.toml"),
    include_str!("../../layouts/jane_compensation.toml"),
    include_str!("../../layouts/simplepractice_status.toml"),
    include_str!("../../layouts/simplepractice_attendance.toml"),
    include_str!("../../layouts/simplepractice_clients.toml"),
    include_str!("../../layouts/prompt_revenue.toml"),
    include_str!("../../layouts/advancedmd_data.toml"),
    include_str!("../../layouts/cliniko_patients.toml"),
    include_str!("../../layouts/cliniko_appointments.toml"),
    include_str!("../../layouts/webchart_appointments.toml"),
    include_str!("../../layouts/link2md_patients.toml"),
    include_str!("../../layouts/workflowhealth_patients.toml"),
    include_str!("../../layouts/docnote_patients.toml"),
    include_str!("../../layouts/vetdata_appointments.toml"),
    include_str!("../../layouts/visits.toml"),
    include_str!("../../layouts/patients.toml"),
];

static BUILT_IN: LazyLock<Vec<Layout>> = LazyLock::new(|| {
    // A test reads every file; one that did not parse would be missing here.
    FILES
        .iter()
        .filter_map(|text| Layout::parse(text).ok())
        .collect()
});

static VOCABULARY: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| BUILT_IN.iter().flat_map(Layout::vocabulary).collect());

/// Returns the layouts that are compiled in; the last two take any table whose
/// columns have usual names.
pub fn layouts() -> &'static [Layout] {
    &BUILT_IN
}

/// Returns the folded names of every column that some layout knows.
pub fn vocabulary() -> &'static BTreeSet<String> {
    &VOCABULARY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_parses_under_a_name_of_its_own() {
        assert_eq!(layouts().len(), FILES.len());
        let names: BTreeSet<&str> = layouts().iter().map(Layout::name).collect();
        assert_eq!(names.len(), FILES.len());
        assert!(layouts().iter().all(|layout| !layout.title().is_empty()));
        assert!(vocabulary().contains("patientguid"));
    }
}
