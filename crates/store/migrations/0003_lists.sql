-- What the lists of the day read, in the order in which they read it.

-- Which courses of care have nothing ahead, and how many visits each has had: read from
-- the index alone, since a practice has millions of visits and some thousand open courses.
create index appointment_episode on appointment (practice_id, episode_id, state, starts_at);
drop index episode_state;
create index episode_state on episode (practice_id, state, patient_id, episode_id);

-- Twelve weeks of visits, counted by day without looking at a single one of them.
drop index appointment_start;
create index appointment_start on appointment (practice_id, starts_at, appointment_id, state, cancelled_by);

-- Whether somebody found by one word has the other one too.
drop index patient_word_patient;
create index patient_word_patient on patient_word (practice_id, patient_id, word);
