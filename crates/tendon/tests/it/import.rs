//! Imports of files that are not what their place in a command says.

use tendon_testkit::database::TestDb;

use crate::run::Place;

fn place(name: &str) -> Place {
    Place::new(TestDb::sqlite(name)).with_practice()
}

const PEOPLE: &str =
    "patient_id,first_name,last_name,dob,mobile\n1001,Ana,Morales,1968-02-29,312-555-0142\n";

#[test]
fn a_layout_that_nobody_knows_is_refused_before_any_file_is_read() {
    let place = place("layout");
    let file = place.data_dir.join("people.csv");
    std::fs::write(&file, PEOPLE).unwrap();
    let file = file.to_str().unwrap();
    let refused = place.run(&["import", "csv", file, "--layout", "nosuch"], "");
    assert_eq!(refused.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(
        errors.contains("--layout nosuch: not known; known are"),
        "{errors}"
    );
    assert!(!place.data_dir.join("problems").exists());
    let done = place.run(&["import", "csv", file], "");
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn a_mapping_says_where_it_is_wrong_and_which_column_is_not_there() {
    let place = place("mapping");
    let file = place.data_dir.join("people.csv");
    std::fs::write(&file, PEOPLE).unwrap();
    let mapping = place.data_dir.join("mapping.toml");
    let import = |text: &str| {
        std::fs::write(
            &mapping,
            format!("name = \"x\"\ntitle = \"X\"\nsystem = \"x\"\n{text}"),
        )
        .unwrap();
        let (file, mapping) = (file.to_str().unwrap(), mapping.to_str().unwrap());
        place.run(&["import", "csv", file, "--mapping", mapping], "")
    };
    let broken = import("[patient]\nkez = \"a\"\n");
    let errors = String::from_utf8_lossy(&broken.stderr);
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        errors.contains("line 5, column 1: unknown field `kez`"),
        "{errors}"
    );
    let lacking = import("[patient]\nkey = \"patient_id\"\n[appointment]\nstarts = \"Nope\"\n");
    assert_eq!(lacking.status.code(), Some(2));
    let problems = std::fs::read_dir(place.data_dir.join("problems")).unwrap();
    let problems = problems.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let problems: String = problems.collect();
    assert!(
        problems.contains(r#"appointment.starts (column \"Nope\")"#),
        "{problems}"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_table() {
    let place = place("pipe");
    let refused = place.run(&["import", "csv", "/dev/stdin"], PEOPLE);
    assert_eq!(refused.status.code(), Some(2));
    let problems = std::fs::read_dir(place.data_dir.join("problems")).unwrap();
    let problems = problems.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let problems: String = problems.collect();
    assert!(
        problems.contains("is a pipe: a table is read twice"),
        "{problems}"
    );
}
