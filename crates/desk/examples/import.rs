//! Imports FHIR or HL7 v2 files into a database and prints the report and the rate:
//! `cargo run --release -p tendon-desk --example import -- fhir PATH… --database sqlite:FILE`
//!
//! The first practice of the database is used; an empty one gets one. `--bulk`
//! leaves the fsyncs out, `--problems FILE` writes one line for each problem,
//! `--times N` imports the same files again.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tendon_care::access::Access;
use tendon_care::practice::Practice;
use tendon_care::rules::Rules;
use tendon_care::{Clock, Mint, Randomness};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::import::{Arrival, ImportOptions, News, read_fhir, read_hl7};
use tendon_desk::{Carriers, Desk, Parts};
use tendon_exchange::source::{self, walk};
use tendon_store::{Db, Durability, Options, SecretKey};

#[derive(Debug)]
struct Machine;

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "an example is its own edge of the process"
        )]
        let now = Timestamp::now();
        now
    }
}

impl Randomness for Machine {
    fn fill(&self, bytes: &mut [u8]) {
        // A measurement needs ids that differ, not ids that nobody can guess.
        use std::hash::{BuildHasher, RandomState};
        for chunk in bytes.chunks_mut(8) {
            let random = RandomState::new().hash_one(0_u8).to_le_bytes();
            chunk
                .iter_mut()
                .zip(random)
                .for_each(|(byte, value)| *byte = value);
        }
    }
}

struct Asked {
    format: String,
    paths: Vec<String>,
    database: String,
    problems: Option<String>,
    bulk: bool,
    times: usize,
}

fn asked() -> Option<Asked> {
    let mut arguments = std::env::args().skip(1);
    let mut asked = Asked {
        format: arguments.next()?,
        paths: Vec::new(),
        database: "sqlite:import.db".to_owned(),
        problems: None,
        bulk: false,
        times: 1,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--database" => asked.database = arguments.next()?,
            "--problems" => asked.problems = arguments.next(),
            "--times" => asked.times = arguments.next()?.parse().ok()?,
            "--bulk" => asked.bulk = true,
            _ => asked.paths.push(argument),
        }
    }
    Some(asked)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(asked) = asked() else {
        return Err("usage: import fhir|hl7 PATH… [--database URL] [--problems FILE]".into());
    };
    let durability = if asked.bulk {
        Durability::Bulk
    } else {
        Durability::Full
    };
    let db = Db::open(Options {
        url: asked.database.clone(),
        durability,
        kek: SecretKey::new([7; 32]),
        randomness: Arc::new(Machine),
    })
    .await?;
    let desk = Desk::new(Parts {
        db,
        clock: Arc::new(Machine),
        randomness: Arc::new(Machine),
        carriers: Carriers::all(Arc::new(Sandbox::new(100))),
        public_url: "http://localhost".to_owned(),
        rules: Arc::new(Rules::defaults().map_err(|_| "the shipped rules are damaged")?),
        side_by_side: 8,
    });
    let access = practice(&desk).await?;
    for _ in 0..asked.times {
        run(&desk, &access, &asked).await?;
    }
    Ok(())
}

async fn run(
    desk: &Desk,
    access: &Access,
    asked: &Asked,
) -> Result<(), Box<dyn std::error::Error>> {
    let arrivals: Box<dyn Iterator<Item = Arrival> + Send> = match asked.format.as_str() {
        "fhir" => Box::new(read_fhir(walk(&asked.paths, source::FHIR).0)),
        "hl7" => Box::new(read_hl7(walk(&asked.paths, source::HL7).0)),
        _ => return Err("the format is fhir or hl7".into()),
    };
    let mut problems = match &asked.problems {
        Some(file) => Some(std::fs::File::create(file)?),
        None => None,
    };
    let options = ImportOptions::default();
    #[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
    let started = Instant::now();
    let report = desk
        .import_arrivals(access, arrivals, &options, |news| {
            if let (News::Problem(problem), Some(file)) = (news, &mut problems) {
                let at = format!("{} {}", problem.source, problem.position);
                let severity = problem.severity.word();
                let _ = writeln!(
                    file,
                    "{severity}\t{at}\t{}\t{}",
                    problem.field, problem.reason
                );
            }
        })
        .await?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{:#}", report.to_json(asked.problems.as_deref()));
    let total = report.total();
    let all = total.created + total.updated + total.unchanged + total.rejected;
    println!(
        "{all} records, {} problems in {seconds:.2} s: {:.0} a second",
        report.problems,
        all as f64 / seconds
    );
    Ok(())
}

async fn practice(desk: &Desk) -> Result<Access, Box<dyn std::error::Error>> {
    if let Some(first) = desk.db().practices().await?.first() {
        return Ok(Access::system(first.id, "import"));
    }
    let practice = Practice {
        id: Mint::new(&Machine, &Machine).id(),
        name: "Riverside PT".to_owned(),
        time_zone: jiff::tz::TimeZone::get("America/Chicago")?,
        state: Some("IL".to_owned()),
        phone: None,
    };
    desk.open_practice(&practice).await?;
    Ok(Access::system(practice.id, "import"))
}
