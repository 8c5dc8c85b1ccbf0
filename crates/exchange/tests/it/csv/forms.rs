//! One table in every form in which programs write tables.

use encoding_rs::WINDOWS_1252;
use tendon_exchange::csv::Options;

use super::{read, read_with};

const HEADER: [&str; 10] = [
    "Appt #",
    "Appt Date",
    "Start Time",
    "Duration (min)",
    "Patient Name",
    "DOB",
    "Cell Phone",
    "Therapist",
    "Status",
    "Cancel Reason",
];

const ROWS: [[&str; 10]; 4] = [
    [
        "A-1",
        "03/14/2026",
        "9:00 AM",
        "45",
        "Lefèvre, Renée",
        "05/26/1988",
        "(603) 555-0177",
        "Maya Ortiz",
        "Completed",
        "",
    ],
    [
        "A-2",
        "03/04/2026",
        "2:30 PM",
        "30",
        "Núñez, Ana María",
        "01/02/1971",
        "208-555-0142",
        "Maya Ortiz",
        "Cancelled",
        "patient: flat tyre, again",
    ],
    [
        "A-3",
        "03/05/2026",
        "11:15 AM",
        "30",
        "O'Brien; Pat",
        "12/31/1999",
        "208-555-0143",
        "Sam \"Doc\" Reed",
        "No Show",
        "",
    ],
    [
        "A-4",
        "03/06/2026",
        "8:00 AM",
        "60",
        "Lefèvre, Renée",
        "05/26/1988",
        "(603) 555-0177",
        "Maya Ortiz",
        "Scheduled",
        "line one\nline two | still\tit",
    ],
];

#[derive(Clone, Copy, Debug)]
enum Encoding {
    Utf8,
    Utf8Marked,
    Utf16Le,
    Utf16Be,
    Utf16LeUnmarked,
    Windows1252,
}

impl Encoding {
    const ALL: [Self; 6] = [
        Self::Utf8,
        Self::Utf8Marked,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Utf16LeUnmarked,
        Self::Windows1252,
    ];

    fn encode(self, text: &str) -> Vec<u8> {
        let marked = format!("\u{FEFF}{text}");
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8Marked => marked.into_bytes(),
            Self::Utf16Le => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Utf16LeUnmarked => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Windows1252 => WINDOWS_1252.encode(text).0.into_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Form {
    encoding: Encoding,
    separator: char,
    line_end: &'static str,
    preamble: bool,
    sums: bool,
    all_quoted: bool,
}

fn forms() -> Vec<Form> {
    let mut forms = Vec::new();
    for encoding in Encoding::ALL {
        for separator in [',', ';', '\t', '|'] {
            for line_end in ["\n", "\r\n", "\r"] {
                for bits in 0..8 {
                    forms.push(Form {
                        encoding,
                        separator,
                        line_end,
                        preamble: bits & 1 > 0,
                        sums: bits & 2 > 0,
                        all_quoted: bits & 4 > 0,
                    });
                }
            }
        }
    }
    forms
}

impl Form {
    fn row(self, cells: &[&str]) -> String {
        let quoted = |cell: &&str| {
            let needs = cell.contains([self.separator, '"', '\n']);
            if needs || self.all_quoted {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                (*cell).to_owned()
            }
        };
        let cells: Vec<String> = cells.iter().map(quoted).collect();
        cells.join(&self.separator.to_string()) + "\n"
    }

    fn write(self) -> Vec<u8> {
        let mut text = String::new();
        if self.preamble {
            text += "Appointment report\nGenerated 05/06/2026 2:14 PM, by the front desk\n\n";
        }
        text += &self.row(&HEADER);
        if self.sums {
            text += &self.row(&["4 visits", "2 patients", "2 therapists"]);
        }
        for (n, row) in ROWS.iter().enumerate() {
            text += &self.row(row);
            if self.sums && n == 1 {
                text += "\n";
                text += &self.row(&HEADER);
            }
        }
        if self.sums {
            text += &self.row(&["Total", "", "", "165"]);
            text += "Page 1 of 1\n";
        }
        self.encoding.encode(&text.replace('\n', self.line_end))
    }
}

#[test]
fn a_table_says_the_same_in_every_form() {
    let plain = Form {
        encoding: Encoding::Utf8,
        separator: ',',
        line_end: "\n",
        preamble: false,
        sums: false,
        all_quoted: false,
    };
    let expected = read(plain.write());
    assert_eq!(expected.layout, "visits");
    assert_eq!(expected.visits().len(), 4);
    assert_eq!(expected.patients().len(), 3);
    assert_eq!(expected.problems(), Vec::<String>::new());
    let forms = forms();
    assert_eq!(forms.len(), 576);
    for form in forms {
        let table = read(form.write());
        assert_eq!(table.records(), expected.records(), "{form:?}");
        assert_eq!(table.problems(), Vec::<String>::new(), "{form:?}");
        let sums = table.tally.skipped.values().sum::<u64>();
        assert_eq!(sums, if form.sums { 5 } else { 0 }, "{form:?}");
    }
}

#[test]
fn problems_name_the_physical_line_in_every_form() {
    for form in forms() {
        let text = String::from("Name,First Name,Last Name,DOB,Email\n")
            + ",Ana,\"Reed\nJones\",1980-01-01,a@example.org\n"
            + "\n,Sam,Okafor,1980-13-45,b@example.org\n";
        let text = text.replace(',', &form.separator.to_string());
        let text = form.encoding.encode(&text.replace('\n', form.line_end));
        assert_eq!(
            read(&text).problems(),
            ["line 5 ignored [DOB]: is no date or time in a known form"],
            "{form:?}"
        );
    }
}

#[test]
fn columns_may_stand_in_any_order_and_letters() {
    let order = [9, 3, 1, 7, 5, 0, 8, 2, 6, 4];
    let mut text = String::new();
    let mut push = |cells: Vec<String>| text += &(cells.join(";") + "\n");
    push(order.iter().map(|at| HEADER[*at].to_uppercase()).collect());
    for row in &ROWS[..2] {
        push(order.iter().map(|at| row[*at].to_owned()).collect());
    }
    let table = read(text);
    assert_eq!(table.visits().len(), 2);
    let plain = read(
        "Appt #,Appt Date,Start Time,Patient Name,DOB\nA-1,03/14/2026,9:00 AM,\"Lefèvre, Renée\",05/26/1988\n",
    );
    assert_eq!(table.visits()[0].patient, plain.visits()[0].patient);
    assert_eq!(table.visits()[0].starts_at, plain.visits()[0].starts_at);
}

#[test]
fn glued_encodings_zeros_and_wrong_letters_are_read_and_told() {
    let mut bytes = "First Name,Last Name,Email\nRenée,Roy,a@example.org\n"
        .as_bytes()
        .to_vec();
    bytes.extend(b"Andr\xE9,Roy,b@example.org\n");
    bytes.extend("Zoë,N\0úñez,c@example.org\nChloÃ©,Oâ€™Neil,d@example.org\n".as_bytes());
    let table = read(bytes);
    let found = super::names(&table.patients());
    assert_eq!(
        found,
        ["Renée Roy", "André Roy", "Zoë Núñez", "Chloé O’Neil"]
    );
    assert_eq!(
        table.problems(),
        [
            "line 3 ignored []: text is UTF-8 in some lines and windows-1252 in others; each was read as it is",
            "line 4 ignored []: text has zero bytes, which were dropped",
            "line 5 ignored []: letters were written in one encoding and read in another before; they were put right",
        ]
    );
}

/// A table without end that counts what was asked of it.
struct Endless {
    given: usize,
    rest: Vec<u8>,
    row: u64,
}

impl std::io::Read for &mut Endless {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.len() < buf.len() {
            self.row += 1;
            let row = format!("{n},Reed,Sam,{n}@example.org\n", n = self.row);
            self.rest.extend(row.bytes());
        }
        let count = buf.len();
        for (to, from) in buf.iter_mut().zip(self.rest.drain(..count)) {
            *to = from;
        }
        self.given += count;
        Ok(count)
    }
}

#[test]
fn a_table_without_end_is_read_row_by_row() {
    let mut endless = Endless {
        given: 0,
        rest: b"Patient ID,Last Name,First Name,Email\n".to_vec(),
        row: 0,
    };
    let mut reader =
        tendon_exchange::csv::open(&mut endless, "table.csv", &Options::default()).unwrap();
    let first = reader.next().unwrap();
    assert!(first.record.is_some());
    assert_eq!(reader.by_ref().take(10).count(), 10);
    drop(reader);
    assert!(
        endless.given < 2 << 20,
        "{} bytes for eleven rows",
        endless.given
    );
}

/// A source that breaks off.
struct Broken<'a>(&'a [u8]);

impl std::io::Read for Broken<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buf) {
            Ok(0) => Err(std::io::ErrorKind::ConnectionReset.into()),
            read => read,
        }
    }
}

#[test]
fn a_source_that_breaks_off_keeps_what_came_before() {
    let head = b"First Name,Last Name,Email\n".to_vec();
    assert!(read_with(Broken(&head), &Options::default()).is_err());
    let mut long = head;
    for n in 0..30_000 {
        long.extend(format!("Sam,Reed{n},s{n}@example.org\n").bytes());
    }
    let mut reader =
        tendon_exchange::csv::open(Broken(&long), "table.csv", &Options::default()).unwrap();
    let items: Vec<_> = reader.by_ref().collect();
    let (last, before) = items.split_last().unwrap();
    assert!(before.iter().all(|item| item.record.is_some()));
    assert_eq!(last.problems[0].reason, "cannot be read: connection reset");
}
