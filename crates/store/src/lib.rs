//! Every SQL statement, row and migration; audit, outbox, timers; SQLite and PostgreSQL behind one Db.
