//! The engine that a test runs on.

use super::{TestDb, server, template};

/// One of the two engines, with the name of the test that it was chosen for.
///
/// [`on_both_engines`](crate::on_both_engines) hands it to a test, which makes
/// as many databases with it as it needs.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    kind: Kind,
    test: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Chooses SQLite for a test.
    pub fn sqlite(test: &'static str) -> Self {
        Self {
            kind: Kind::Sqlite,
            test,
        }
    }

    /// Chooses PostgreSQL for a test, as [`TestDb::postgres`] does.
    pub fn postgres(test: &'static str) -> Option<Self> {
        server().map(|_| Self {
            kind: Kind::Postgres,
            test,
        })
    }

    /// Makes an empty database.
    pub fn database(self) -> TestDb {
        match self.kind {
            Kind::Sqlite => TestDb::sqlite(self.test),
            Kind::Postgres => self.on_server(TestDb::made),
        }
    }

    /// Makes a database that has a schema.
    ///
    /// PostgreSQL takes most of a second for the schema and a tenth of one for a
    /// copy, so it migrates once for each `schema`, whoever comes first, and
    /// copies. A SQLite file stays empty: whoever opens it migrates it anyway, in
    /// a few milliseconds. `migrate` is handed the URL of the database to migrate.
    ///
    /// # Panics
    /// Where the database cannot be made.
    pub async fn migrated(self, schema: &str, migrate: impl AsyncFnOnce(String)) -> TestDb {
        match self.kind {
            Kind::Sqlite => TestDb::sqlite(self.test),
            Kind::Postgres => {
                let template = self.on_server(|server, _| server.to_owned());
                let template = template::ready(&template, schema, migrate).await;
                self.on_server(|server, name| TestDb::copied(server, name, &template))
            }
        }
    }

    fn on_server<T>(self, make: impl FnOnce(&str, &str) -> T) -> T {
        let server = server().unwrap_or_default();
        make(&server, self.test)
    }
}
