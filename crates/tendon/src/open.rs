//! Wiring: a database, a desk and its carriers from the settings.

mod public_url;

use std::sync::Arc;

use anyhow::Context as _;
use tendon_care::id::PracticeId;
use tendon_care::practice::Practice;
use tendon_care::rules::{RulePack, Rules};
use tendon_care::{Clock, Randomness};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk, Parts};
use tendon_store::{Db, Durability, Options};

pub(crate) use self::public_url::PublicUrl;
use crate::edge::{SystemClock, SystemRandomness};
use crate::settings::Resolved;
use crate::{file, keys};

/// Opens the database of the settings; creates what is not there.
pub(crate) async fn database(
    settings: &Resolved,
    durability: Durability,
    randomness: Arc<dyn Randomness>,
) -> anyhow::Result<Db> {
    // The database lies in it where nothing else is said.
    file::create_folder(&settings.data_dir)?;
    if let Some(path) = file::of_sqlite(&settings.database_url) {
        file::create_if_absent(path)?;
    }
    Db::open(options(settings, durability, randomness)?)
        .await
        .context("opening the database")
}

/// Opens a database that must be there, and leaves its schema as it is.
pub(crate) async fn existing_database(settings: &Resolved) -> anyhow::Result<Db> {
    if let Some(path) = file::of_sqlite(&settings.database_url) {
        file::ensure_there(path)?;
    }
    let randomness = Arc::new(SystemRandomness);
    Db::open_as_it_is(options(settings, Durability::Full, randomness)?)
        .await
        .context("opening the database")
}

fn options(
    settings: &Resolved,
    durability: Durability,
    randomness: Arc<dyn Randomness>,
) -> anyhow::Result<Options> {
    Ok(Options {
        url: settings.database_url.clone(),
        durability,
        kek: keys::load(&settings.data_dir, &SystemRandomness)?,
        randomness,
    })
}

/// Reads the built-in rules with the operator's own packs over them.
pub(crate) fn rules(settings: &Resolved) -> anyhow::Result<Arc<Rules>> {
    let mut packs = RulePack::defaults().map_err(|problems| anyhow::anyhow!(said(&problems)))?;
    for path in &settings.file.rule_packs {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading rules from {}", path.display()))?;
        let name = path.display().to_string();
        packs.push(
            RulePack::parse(&name, &text).map_err(|problems| anyhow::anyhow!(said(&problems)))?,
        );
    }
    let rules = Rules::layered(&packs).map_err(|problems| anyhow::anyhow!(said(&problems)))?;
    Ok(Arc::new(rules))
}

fn said(problems: &[impl std::fmt::Display]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a desk needs besides the database.
pub(crate) struct Wiring {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) carriers: Carriers,
    pub(crate) public_url: String,
    pub(crate) rules: Arc<Rules>,
    pub(crate) side_by_side: usize,
}

/// Makes a desk.
pub(crate) fn desk(db: Db, wiring: Wiring) -> Desk {
    let Wiring {
        clock,
        randomness,
        carriers,
        public_url,
        rules,
        side_by_side,
    } = wiring;
    Desk::new(Parts {
        db,
        clock,
        randomness,
        carriers,
        public_url,
        rules,
        side_by_side,
    })
}

/// Finds the practice that a command means: the named one, or the only one.
pub(crate) async fn practice(db: &Db, named: Option<&str>) -> anyhow::Result<Practice> {
    choose(db.practices().await?, named)
}

fn choose(practices: Vec<Practice>, named: Option<&str>) -> anyhow::Result<Practice> {
    let wanted: Option<PracticeId> = named.and_then(|text| text.parse().ok());
    let mut fitting = practices.into_iter().filter(|practice| {
        named.is_none_or(|name| Some(practice.id) == wanted || practice.name == name)
    });
    let first = fitting.next().context(match named {
        Some(_) => "there is no practice of that name",
        None => {
            "there is no practice yet: add one with `tendon practices add --name N --time-zone Z`"
        }
    })?;
    anyhow::ensure!(
        fitting.next().is_none(),
        match named {
            Some(_) =>
                "several practices have that name: give the id, as `tendon practices list` shows it",
            None => "there are several practices: name one with --practice",
        }
    );
    Ok(first)
}

/// Opens a desk that sends nothing: for commands that administer.
pub(crate) async fn quiet_desk(settings: &Resolved) -> anyhow::Result<Desk> {
    let db = database(settings, Durability::Full, Arc::new(SystemRandomness)).await?;
    let wiring = Wiring {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        carriers: Carriers::all(Arc::new(Sandbox::new(0))),
        public_url: String::new(),
        rules: rules(settings)?,
        side_by_side: 1,
    };
    Ok(desk(db, wiring))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_practice_is_chosen_by_its_name_or_by_its_id() {
        let practice = |last: u8, name: &str| Practice {
            id: format!("pra_{last:032x}").parse().unwrap(),
            name: name.into(),
            time_zone: jiff::tz::TimeZone::UTC,
            state: None,
            phone: None,
        };
        let all = [
            practice(1, "River"),
            practice(2, "Lake"),
            practice(3, "Lake"),
        ];
        let id = all[2].id.to_string();
        let chosen = |count: usize, named| {
            let chosen = choose(all[..count].to_vec(), named);
            chosen.map_err(|error| error.to_string())
        };
        assert_eq!(chosen(1, None).unwrap().id, all[0].id);
        assert_eq!(chosen(3, Some("River")).unwrap().id, all[0].id);
        assert_eq!(chosen(3, Some(&id)).unwrap().id, all[2].id);
        for (count, named, why) in [
            (0, None, "there is no practice yet"),
            (3, None, "--practice"),
            (3, Some("Lake"), "give the id"),
            (3, Some("Sea"), "no practice of that name"),
        ] {
            let refused = chosen(count, named).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
