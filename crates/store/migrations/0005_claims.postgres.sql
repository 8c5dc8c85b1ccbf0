-- What only PostgreSQL needs before the shared text of 0005.
-- A claim answers what it took there, so nothing is looked up by its lease. Rows that are
-- leased, stepped and planned anew all day get room beside them: a change that touches no
-- index then writes no index.
drop index timer_lease;
drop index outbox_lease;
alter table timer set (fillfactor = 60);
alter table outbox set (fillfactor = 60);
alter table enrolment set (fillfactor = 80);
