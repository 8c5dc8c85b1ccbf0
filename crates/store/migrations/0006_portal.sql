-- A birthday counts in the browser that gave it, and in no other that has the link.
alter table patient_link add column proof_hash bytea;

-- Wrong birthdays given for a patient within a day, behind whatever link: a fresh
-- link must not be five fresh guesses.
create table birthday_guess (
    practice_id uuid not null,
    patient_id uuid not null,
    failures bigint not null,
    -- when the first of them was given
    since bigint not null,
    primary key (practice_id, patient_id)
);

-- A key for codes is shown to one session. Who else knows the password sees another.
alter table staff_session add column totp_pending_sealed bytea;
alter table staff_user drop column totp_pending_sealed;
