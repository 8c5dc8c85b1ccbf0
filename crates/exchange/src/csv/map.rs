//! From a row to records: place, clinician, patient and course of care first,
//! then what the row is about.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::Skip;
use super::cells::Cells;
use super::fields::{DocumentMap, NamedMap, PatientMap, PlanMap};
use super::layout::Layout;
use super::memory::{Memory, Namesakes, fingerprint};
use super::order::Orders;
use super::row::{Flaw, Row};
use super::rows::MAX_ROW_BYTES;
use super::visit::{self, Around};
use super::{patient, value};
use crate::Item;
use crate::record::{
    ClinicianRecord, DocumentRecord, EpisodeRecord, ForeignKey, LocationRecord, PlanRecord, Record,
};

/// Turns the rows of one table into items.
pub struct Mapper {
    layout: Layout,
    source: String,
    header: Vec<String>,
    orders: Orders,
    zone: Option<TimeZone>,
    patient_columns: Vec<usize>,
    said: Memory,
    namesakes: Namesakes,
}

impl Mapper {
    /// Begins with the layout found in the header.
    pub fn new(
        layout: Layout,
        source: String,
        header: Vec<String>,
        orders: Orders,
        zone: Option<TimeZone>,
    ) -> Self {
        let mut patient_columns = Vec::new();
        if let Some(mut map) = layout.patient.clone() {
            map.for_each(&mut |_, column| patient_columns.extend(column.at.iter().copied()));
        }
        Self {
            layout,
            source,
            header,
            orders,
            zone,
            patient_columns,
            said: Memory::default(),
            namesakes: Namesakes::default(),
        }
    }

    /// Returns the name of the layout.
    pub fn layout_name(&self) -> &str {
        self.layout.name()
    }

    /// Reads a row; what it holds may have been said before.
    pub fn read(&mut self, row: &Row) -> Result<Vec<Item>, Skip> {
        let whole = fingerprint((0..row.len()).map(|at| row.cell(at)));
        if row.flaw.is_none() && self.said.holds(whole) {
            return Err(Skip::Repeated);
        }
        let mut cells = Cells {
            row,
            header: &self.header,
            source: &self.source,
            orders: &mut self.orders,
            zone: self.zone.as_ref(),
            problems: Vec::new(),
        };
        if !check_form(&mut cells) {
            return Ok(vec![cells.item(None)]);
        }
        if cells.any(&self.layout.skip) {
            return Err(Skip::NoRecord);
        }
        let mut row = RowMapper {
            layout: &self.layout,
            cells,
            said: &mut self.said,
            namesakes: &mut self.namesakes,
            patient_columns: &self.patient_columns,
            items: Vec::new(),
            whole,
        };
        row.read()?;
        Ok(row.items)
    }
}

/// Notes what is wrong with the form of a row; false where its cells may stand
/// under the wrong names.
fn check_form(cells: &mut Cells<'_>) -> bool {
    let (row, width) = (cells.row, cells.header.len());
    let beyond = (width..row.len()).any(|at| !row.cell(at).is_empty());
    let fits = row.len() == width;
    let counts = || format!("row has {} cells where the header has {width}", row.len());
    match row.flaw {
        Some(Flaw::TooLong) => {
            cells.reject(
                usize::MAX,
                format!("row is longer than {MAX_ROW_BYTES} bytes"),
            );
        }
        Some(Flaw::Unclosed) if fits => {
            cells.ignore(usize::MAX, "row has a quote that is never closed");
            return true;
        }
        Some(Flaw::Unclosed) => cells.reject(
            usize::MAX,
            format!("row has a quote that is never closed; {}", counts()),
        ),
        Some(Flaw::Stray) if !fits => cells.reject(
            usize::MAX,
            format!("row has a quote inside a quoted cell; {}", counts()),
        ),
        _ if beyond => cells.reject(
            usize::MAX,
            format!("{}; a separator inside a cell was not quoted", counts()),
        ),
        // Programs leave out empty cells at the end; half a row was cut off.
        _ if row.len() * 2 < width => {
            let reason = format!("{}; the others were taken as empty", counts());
            cells.ignore(usize::MAX, reason);
            return true;
        }
        _ => return true,
    }
    false
}

struct RowMapper<'a> {
    layout: &'a Layout,
    cells: Cells<'a>,
    said: &'a mut Memory,
    namesakes: &'a mut Namesakes,
    patient_columns: &'a [usize],
    items: Vec<Item>,
    whole: u64,
}

impl RowMapper<'_> {
    fn read(&mut self) -> Result<(), Skip> {
        let layout = self.layout;
        let removed = self.cells.any(&layout.removed);
        let Some(map) = &layout.patient else {
            return Ok(());
        };
        // First of all: a closed slot has a clinician and perhaps a "patient",
        // and is nobody's visit.
        let visit = layout.appointment.as_ref();
        let visit = match visit.map(|map| (map, visit::standing(&mut self.cells, map, removed))) {
            Some((_, None)) => return Err(Skip::NoRecord),
            Some((map, Some(standing))) => Some((map, standing)),
            None => None,
        };
        // What was noted so far concerns the visit, where the row has one.
        let mut about_visit = Vec::new();
        if visit.is_some() {
            about_visit = std::mem::take(&mut self.cells.problems);
        }
        let Some(who) = patient::identify(&mut self.cells, map, &layout.system) else {
            self.cells.problems.splice(0..0, about_visit);
            self.push(None);
            return Ok(());
        };
        let key = who.key.clone();
        let location = self.location();
        let clinician = self.clinician();
        let is_subject = visit.is_none() && layout.plan.is_none() && layout.document.is_none();
        self.patient(who, map, removed && is_subject, is_subject);
        let episode = self.episode(&key);
        if let Some((map, standing)) = visit {
            self.cells.problems.splice(0..0, about_visit);
            let around = Around {
                patient: key,
                clinician,
                location,
                episode,
            };
            let visit = visit::read(&mut self.cells, map, &layout.system, around, standing);
            if let Some(visit) = &visit {
                self.said.replace(&visit.key, self.whole);
            }
            self.push(visit.map(|visit| Record::Appointment(Box::new(visit))));
        } else if let Some(map) = &layout.plan {
            self.plan(map, key, episode, removed);
        } else if let Some(map) = &layout.document {
            self.document(map, key);
        }
        if self.items.is_empty() {
            return Err(Skip::Repeated);
        }
        Ok(())
    }

    fn push(&mut self, record: Option<Record>) {
        let item = self.cells.item(record);
        self.items.push(item);
    }

    /// Makes items of what was not said before in the same words.
    fn push_once(&mut self, key: &ForeignKey, content: u64, record: Record) {
        if !self.said.holds(content) {
            self.said.replace(key, content);
            self.push(Some(record));
        }
    }

    fn location(&mut self) -> (Option<ForeignKey>, Option<String>) {
        let Some(map) = &self.layout.location else {
            return (None, None);
        };
        let (key, name) = visit::named(&mut self.cells, map, &self.layout.system, "location");
        if let (Some(key), Some(name)) = (&key, &name) {
            let region = self.region(map);
            let content = fingerprint([key.system.as_str(), key.value.as_str(), name.as_str()]);
            let record = LocationRecord {
                key: key.clone(),
                aliases: Vec::new(),
                name: name.clone(),
                region,
            };
            self.push_once(key, content, Record::Location(record));
        }
        (key, name)
    }

    fn region(&mut self, map: &NamedMap) -> tendon_care::patient::Region {
        let state = self.cells.value(&map.state).map(|cell| cell.text);
        let zip = self.cells.value(&map.zip).map(|cell| cell.text);
        value::region(state, zip, None)
    }

    fn clinician(&mut self) -> (Option<ForeignKey>, Option<String>) {
        let Some(map) = &self.layout.clinician else {
            return (None, None);
        };
        let (key, name) = visit::named(&mut self.cells, map, &self.layout.system, "clinician");
        if let (Some(key), Some(name)) = (&key, &name) {
            let content = fingerprint([key.system.as_str(), key.value.as_str(), name.as_str()]);
            let record = ClinicianRecord {
                key: key.clone(),
                aliases: Vec::new(),
                display_name: name.clone(),
            };
            self.push_once(key, content, Record::Clinician(record));
        }
        (key, name)
    }

    /// Reads the patient unless the same cells were read before; a table of
    /// visits repeats them in every row.
    fn patient(
        &mut self,
        who: patient::Identity,
        map: &PatientMap,
        removed: bool,
        is_subject: bool,
    ) {
        let places = self.patient_columns.iter();
        let content = fingerprint(places.map(|at| self.cells.row.cell(*at)));
        if self.said.holds(content) {
            return;
        }
        let key = who.key.clone();
        let system = &self.layout.system;
        let Some(record) = patient::read(&mut self.cells, map, system, who.key, removed) else {
            if is_subject {
                let reason = "stands alone: the row says nothing else about the patient";
                self.cells.reject(Cells::place(&map.key), reason);
                self.push(None);
            }
            return;
        };
        if who.by_name_alone
            && let Some(line) = self.namesakes.other(&record, self.cells.row.line)
        {
            let place = Cells::place(&map.full_name);
            let reason = format!(
                "is the name of somebody else on line {line}; without a number or a birthday the two cannot be told apart"
            );
            self.cells.reject(place, reason);
            self.push(None);
            return;
        }
        self.said.replace(&key, content);
        self.push(Some(Record::Patient(Box::new(record))));
    }

    fn episode(&mut self, patient: &ForeignKey) -> Option<ForeignKey> {
        let map = self.layout.episode.as_ref()?;
        let cell = self.cells.value(&map.key)?;
        let number = match value::record_number(cell.text) {
            Ok(number) => number.into_owned(),
            Err(error) => {
                self.cells.ignore(cell.at, error.to_string());
                return None;
            }
        };
        let key = ForeignKey {
            system: format!("{}:case", self.layout.system),
            value: number,
        };
        let record = EpisodeRecord {
            key: key.clone(),
            patient: patient.clone(),
            started_at: None,
            ended: None,
            on_hold: false,
        };
        let content = fingerprint([key.system.as_str(), &key.value, &patient.value]);
        self.push_once(&key, content, Record::Episode(record));
        Some(key)
    }

    fn plan(
        &mut self,
        map: &PlanMap,
        patient: ForeignKey,
        episode: Option<ForeignKey>,
        removed: bool,
    ) {
        let cells = &mut self.cells;
        let Some(cell) = cells.value(&map.key) else {
            cells.reject(Cells::place(&map.key), "is empty: the plan has no number");
            return self.push(None);
        };
        if removed {
            let reason = "was taken back at the source, which no plan can say; correct it by hand";
            cells.reject(cell.at, reason);
            return self.push(None);
        }
        let number = match value::record_number(cell.text) {
            Ok(number) => number.into_owned(),
            Err(error) => {
                cells.reject(cell.at, error.to_string());
                return self.push(None);
            }
        };
        let mut count = |column| {
            let cell = cells.value(column)?;
            let count = value::count(cell.text);
            if count.is_none() {
                cells.ignore(cell.at, "is no whole number");
            }
            count
        };
        let visits = count(&map.visits);
        let visits_per_week = count(&map.visits_per_week).and_then(|n| u8::try_from(n).ok());
        let authorised_visits = count(&map.authorised_visits);
        let mut day = |column| {
            let cell = cells.value(column)?;
            match cells.stamp(cell) {
                Ok(stamp) => Some(stamp.date),
                Err(error) => {
                    cells.ignore(cell.at, error.to_string());
                    None
                }
            }
        };
        let record = PlanRecord {
            key: ForeignKey {
                system: format!("{}:plan", self.layout.system),
                value: number,
            },
            patient,
            episode,
            visits,
            visits_per_week,
            authorised_visits,
            starts_on: day(&map.starts_on),
            ends_on: day(&map.ends_on),
        };
        self.said.replace(&record.key, self.whole);
        self.push(Some(Record::Plan(record)));
    }

    fn document(&mut self, map: &DocumentMap, patient: ForeignKey) {
        let parts: Vec<String> = map
            .key
            .iter()
            .map(|column| self.cells.value(column))
            .map(|cell| cell.map(|cell| cell.text.to_owned()).unwrap_or_default())
            .collect();
        if parts.iter().all(String::is_empty) {
            let place = map.key.first().map_or(usize::MAX, Cells::place);
            self.cells.reject(place, "is empty: the row has no number");
            return self.push(None);
        }
        let key = ForeignKey {
            system: self.layout.name.replacen('_', ":", 1),
            value: parts.join("|"),
        };
        self.said.replace(&key, self.whole);
        let record = DocumentRecord {
            resource_type: map.resource_type.clone(),
            key,
            patient: Some(patient),
            json: self.as_json(),
        };
        self.push(Some(Record::Document(record)));
    }

    /// Writes the filled cells under their column names, in the order of the row.
    fn as_json(&self) -> String {
        let mut object = Map::new();
        for (at, name) in self.cells.header.iter().enumerate() {
            let text = self.cells.row.cell(at);
            if text.is_empty() || name.is_empty() {
                continue;
            }
            let mut name = name.clone();
            while object.contains_key(&name) {
                name.push('\'');
            }
            object.insert(name, Value::String(text.to_owned()));
        }
        Value::Object(object).to_string()
    }
}
