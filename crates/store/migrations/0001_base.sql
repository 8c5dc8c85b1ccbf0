-- The base schema. One text for SQLite and PostgreSQL; the types are named so that both
-- understand them. Moments are epoch milliseconds (bigint), days are YYYY-MM-DD (text),
-- *_sealed columns hold AES-256-GCM values bound to their table, column and row,
-- *_blind columns hold keyed hashes under which sealed values are found.
-- Every primary key begins with the tenant.

create table practice (
    practice_id uuid not null primary key,
    name text not null,
    time_zone text not null,
    state text,
    phone text,
    wrapped_key bytea not null,
    version bigint not null default 1,
    created_at bigint not null
);

create table location (
    practice_id uuid not null,
    location_id uuid not null,
    name text not null,
    time_zone text not null,
    phone text,
    street text,
    hours text not null,
    primary key (practice_id, location_id)
);

create table clinician (
    practice_id uuid not null,
    clinician_id uuid not null,
    display_name text not null,
    primary key (practice_id, clinician_id)
);

create table patient (
    practice_id uuid not null,
    patient_id uuid not null,
    family text not null,
    given text not null,
    preferred text,
    birth_date text,
    sex text not null,
    language text not null,
    time_zone text,
    state text,
    zip text,
    deceased_at bigint,
    paused boolean not null default false,
    -- the survivor, once this record was merged into another
    merged_into uuid,
    version bigint not null default 1,
    created_at bigint not null,
    primary key (practice_id, patient_id)
);
create index patient_birth_date on patient (practice_id, birth_date);
create index patient_merged on patient (practice_id, merged_into) where merged_into is not null;
create index patient_name on patient (practice_id, family, given, patient_id);

-- The folded words of a patient's names and record numbers, for search by prefix.
create table patient_word (
    practice_id uuid not null,
    word ordered_text not null,
    patient_id uuid not null,
    primary key (practice_id, word, patient_id)
);
create index patient_word_patient on patient_word (practice_id, patient_id);

-- Blocking keys of patient matching (care::matching).
create table patient_block (
    practice_id uuid not null,
    block text not null,
    patient_id uuid not null,
    primary key (practice_id, block, patient_id)
);
create index patient_block_patient on patient_block (practice_id, patient_id);

create table patient_identifier (
    practice_id uuid not null,
    system text not null,
    value text not null,
    patient_id uuid not null,
    primary key (practice_id, system, value)
);
create index patient_identifier_patient on patient_identifier (practice_id, patient_id);

create table proxy (
    practice_id uuid not null,
    proxy_id uuid not null,
    patient_id uuid not null,
    family text not null,
    given text not null,
    relation text not null,
    authority text not null,
    authority_at bigint,
    primary key (practice_id, proxy_id)
);
create index proxy_patient on proxy (practice_id, patient_id);

create table contact_point (
    practice_id uuid not null,
    contact_point_id uuid not null,
    patient_id uuid not null,
    proxy_id uuid,
    kind text not null,
    address_sealed bytea not null,
    address_blind bytea not null,
    hint text not null,
    line text not null,
    standing text not null,
    standing_at bigint,
    shared boolean not null default false,
    rank bigint not null,
    primary key (practice_id, contact_point_id)
);
create index contact_point_patient on contact_point (practice_id, patient_id);
create index contact_point_blind on contact_point (practice_id, address_blind);

-- The consent ledger: rows are only ever added.
create table consent (
    practice_id uuid not null,
    consent_id uuid not null,
    patient_id uuid not null,
    -- the record in which it was said, while the patient was two records; null for all of them
    strand uuid,
    address_blind bytea not null,
    captured_at bigint not null,
    entry_sealed bytea not null,
    primary key (practice_id, consent_id)
);
create index consent_patient on consent (practice_id, patient_id, captured_at);
create index consent_address on consent (practice_id, address_blind);

create table referral (
    practice_id uuid not null,
    referral_id uuid not null,
    patient_id uuid not null,
    referrer text,
    received_at bigint not null,
    called_at bigint,
    primary key (practice_id, referral_id)
);
create index referral_patient on referral (practice_id, patient_id);
create index referral_uncalled on referral (practice_id, received_at) where called_at is null;

create table episode (
    practice_id uuid not null,
    episode_id uuid not null,
    patient_id uuid not null,
    clinician_id uuid,
    state text not null,
    state_at bigint not null,
    hold_reason text,
    review_on text,
    discharge text,
    reactivates uuid,
    version bigint not null default 1,
    primary key (practice_id, episode_id)
);
create index episode_patient on episode (practice_id, patient_id);
create index episode_state on episode (practice_id, state);

create table plan (
    practice_id uuid not null,
    plan_id uuid not null,
    episode_id uuid not null,
    patient_id uuid not null,
    visits bigint not null,
    visits_per_week bigint not null,
    starts_on text not null,
    ends_on text not null,
    authorised_visits bigint,
    primary key (practice_id, plan_id)
);
create index plan_episode on plan (practice_id, episode_id);
create index plan_patient on plan (practice_id, patient_id);

create table appointment (
    practice_id uuid not null,
    appointment_id uuid not null,
    patient_id uuid not null,
    episode_id uuid,
    location_id uuid not null,
    clinician_id uuid,
    kind text not null,
    starts_at bigint not null,
    minutes bigint not null,
    booked_at bigint not null,
    state text not null,
    state_at bigint,
    cancelled_by text,
    late boolean,
    inferred boolean,
    version bigint not null default 1,
    primary key (practice_id, appointment_id)
);
create index appointment_start on appointment (practice_id, starts_at, appointment_id);
create index appointment_patient on appointment (practice_id, patient_id, starts_at);
create index appointment_open on appointment (practice_id, starts_at) where state in ('booked', 'confirmed');

-- The timeline. Facts are only ever added; `detail` is the fact in its stored shape.
create table touchpoint (
    practice_id uuid not null,
    patient_id uuid not null,
    happened_at bigint not null,
    touchpoint_id uuid not null,
    code text not null,
    detail text not null,
    backfilled boolean not null,
    primary key (practice_id, patient_id, happened_at, touchpoint_id)
);

-- One subject inside one journey, on the version that it entered.
create table enrolment (
    practice_id uuid not null,
    enrolment_id uuid not null,
    journey text not null,
    journey_version bigint not null,
    subject uuid not null,
    patient_id uuid not null,
    appointment_id uuid,
    episode_id uuid,
    state text not null,
    ended_at bigint,
    end_reason text,
    entered_at bigint not null,
    version bigint not null default 1,
    primary key (practice_id, enrolment_id)
);
create index enrolment_subject on enrolment (practice_id, subject);
create index enrolment_patient on enrolment (practice_id, patient_id);
create index enrolment_open on enrolment (practice_id, journey) where ended_at is null;

-- When an enrolment wants to be woken. A lease makes one node work on it at a time.
create table timer (
    practice_id uuid not null,
    enrolment_id uuid not null,
    step text not null,
    due_at bigint not null,
    lease uuid,
    lease_until bigint not null default 0,
    primary key (practice_id, enrolment_id)
);
create index timer_due on timer (due_at);
create index timer_lease on timer (lease) where lease is not null;

create table conversation (
    practice_id uuid not null,
    conversation_id uuid not null,
    patient_id uuid not null,
    channel text not null,
    address_blind bytea not null,
    -- what a reply to the last outgoing message would answer, such as `visit`
    prompt text,
    prompt_appointment uuid,
    last_at bigint not null,
    last_inbound_at bigint,
    -- set while something the person wrote waits for an answer
    waiting_since bigint,
    primary key (practice_id, conversation_id)
);
create unique index conversation_address on conversation (practice_id, patient_id, channel, address_blind);
create index conversation_last on conversation (practice_id, last_at);
create index conversation_waiting on conversation (practice_id, waiting_since) where waiting_since is not null;

-- What was written to and by people.
create table message (
    practice_id uuid not null,
    message_id uuid not null,
    conversation_id uuid,
    patient_id uuid not null,
    direction text not null,
    contact_point_id uuid,
    channel text not null,
    purpose text not null,
    language text not null,
    cause text not null,
    enrolment_id uuid,
    journey text,
    journey_version bigint,
    step text,
    template text,
    prompt text,
    appointment_id uuid,
    -- when the visit began when this was written: a moved visit makes it stale
    appointment_start bigint,
    sender uuid,
    content_sealed bytea not null,
    segments bigint not null default 0,
    expires_at bigint not null,
    state text not null,
    state_at bigint not null,
    attempt bigint not null default 0,
    carrier text,
    carrier_ref text,
    failure_class text,
    failure_code text,
    task_id uuid,
    intent text,
    created_at bigint not null,
    handed_over_at bigint,
    version bigint not null default 1,
    primary key (practice_id, message_id)
);
create index message_patient on message (practice_id, patient_id, created_at);
create index message_conversation on message (practice_id, conversation_id, created_at);
create index message_created on message (practice_id, created_at);
create index message_appointment on message (practice_id, appointment_id) where appointment_id is not null;
create index message_enrolment on message (practice_id, enrolment_id) where enrolment_id is not null;
create unique index message_carrier_ref on message (practice_id, carrier, carrier_ref) where carrier_ref is not null;
-- What was handed over, for the caps on people and on addresses.
create index message_sent on message (practice_id, patient_id, handed_over_at) where handed_over_at is not null;
create index message_contact_sent on message (practice_id, contact_point_id, handed_over_at)
    where handed_over_at is not null;

-- Messages that wait for the dispatcher. A lease makes one node work on one at a time;
-- `started` is set, durably, before the carrier is called.
create table outbox (
    practice_id uuid not null,
    message_id uuid not null,
    due_at bigint not null,
    priority bigint not null default 100,
    started boolean not null default false,
    lease uuid,
    lease_until bigint not null default 0,
    primary key (practice_id, message_id)
);
create index outbox_due on outbox (due_at);
create index outbox_lease on outbox (lease) where lease is not null;

-- Why a message was sent, held, moved or dropped.
create table decision (
    practice_id uuid not null,
    message_id uuid not null,
    decided_at bigint not null,
    decision_id uuid not null,
    outcome text not null,
    reason text not null,
    until_at bigint,
    chain text not null,
    -- the member of staff who decided; null for the rules
    decided_by uuid,
    primary key (practice_id, message_id, decision_id)
);
create index decision_time on decision (practice_id, decided_at);

create table task (
    practice_id uuid not null,
    task_id uuid not null,
    kind text not null,
    patient_id uuid,
    appointment_id uuid,
    message_id uuid,
    due_at bigint not null,
    owner uuid,
    opened_at bigint not null,
    done_at bigint,
    done_by uuid,
    version bigint not null default 1,
    primary key (practice_id, task_id)
);
create index task_open on task (practice_id, due_at) where done_at is null;
create index task_patient on task (practice_id, patient_id);

-- Journey definitions, as text. A version never changes; the newest enabled one takes new subjects.
create table journey_definition (
    practice_id uuid not null,
    name text not null,
    version bigint not null,
    source text not null,
    created_at bigint not null,
    primary key (practice_id, name, version)
);
create table journey_switch (
    practice_id uuid not null,
    name text not null,
    enabled boolean not null,
    primary key (practice_id, name)
);

-- A practice's own words in place of the compiled ones.
create table wording (
    practice_id uuid not null,
    name text not null,
    language text not null,
    part text not null,
    source text not null,
    version bigint not null,
    changed_at bigint not null,
    changed_by uuid,
    primary key (practice_id, name, language, part)
);

create table staff_user (
    practice_id uuid not null,
    user_id uuid not null,
    email text not null,
    name text not null,
    role text not null,
    password_hash text not null,
    totp_sealed bytea,
    -- a secret shown to the user and not yet proven by a code
    totp_pending_sealed bytea,
    -- the last time step that was accepted, so that no code works twice
    totp_step bigint not null default 0,
    failures bigint not null default 0,
    locked_until bigint not null default 0,
    disabled boolean not null default false,
    version bigint not null default 1,
    created_at bigint not null,
    primary key (practice_id, user_id)
);
create unique index staff_user_email on staff_user (email);

create table staff_session (
    token_hash bytea not null primary key,
    practice_id uuid not null,
    session_id uuid not null,
    user_id uuid not null,
    created_at bigint not null,
    seen_at bigint not null,
    -- false until the second factor was given
    complete boolean not null
);
create index staff_session_user on staff_session (practice_id, user_id);

-- Failed sign-ins with addresses that nobody has, so that they lock like any other.
create table signin_ghost (
    email_hash bytea not null primary key,
    failures bigint not null,
    locked_until bigint not null,
    failed_at bigint not null
);
create index signin_ghost_failed on signin_ghost (failed_at);

-- One-time links to sign in, made on the command line only.
create table signin_link (
    token_hash bytea not null primary key,
    practice_id uuid not null,
    user_id uuid not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);

create table api_token (
    token_hash bytea not null primary key,
    practice_id uuid not null,
    token_id uuid not null,
    name text not null,
    role text not null,
    created_at bigint not null,
    revoked_at bigint
);

create table patient_link (
    token_hash bytea not null primary key,
    practice_id uuid not null,
    link_id uuid not null,
    patient_id uuid not null,
    appointment_id uuid,
    -- the address that it was sent to: whose choices are made behind it
    contact_point_id uuid,
    created_at bigint not null,
    expires_at bigint not null,
    verified_until bigint not null default 0,
    failures bigint not null default 0
);
create index patient_link_patient on patient_link (practice_id, patient_id);

-- The one-click way out of a kind of e-mail (RFC 8058). Works for good.
create table unsubscribe_link (
    token_hash bytea not null primary key,
    practice_id uuid not null,
    link_id uuid not null,
    patient_id uuid not null,
    contact_point_id uuid not null,
    purpose text not null,
    created_at bigint not null,
    used_at bigint
);
create index unsubscribe_link_patient on unsubscribe_link (practice_id, patient_id);

-- What came from addresses that nobody here has.
create table stray_message (
    practice_id uuid not null,
    stray_id uuid not null,
    channel text not null,
    address_sealed bytea not null,
    address_blind bytea not null,
    hint text not null,
    body_sealed bytea not null,
    intent text not null,
    -- a no counts for whoever turns out to have the address
    opts_out boolean not null,
    carrier text not null,
    carrier_ref text not null,
    came_at bigint not null,
    primary key (practice_id, stray_id)
);
create unique index stray_message_carrier_ref on stray_message (practice_id, carrier, carrier_ref);
create index stray_message_address on stray_message (practice_id, address_blind, came_at);

-- What a source said last about each of its things: makes imports idempotent.
create table source_record (
    practice_id uuid not null,
    kind text not null,
    system text not null,
    value text not null,
    entity_id uuid,
    patient_id uuid,
    hash bytea not null,
    changed_at bigint,
    body_sealed bytea,
    primary key (practice_id, kind, system, value)
);
create index source_record_entity on source_record (practice_id, entity_id);
create index source_record_patient on source_record (practice_id, patient_id);

-- What a source said about a patient who has not come yet; taken in when the patient does.
create table parked_record (
    practice_id uuid not null,
    kind text not null,
    system text not null,
    value text not null,
    awaits_system text not null,
    awaits_value text not null,
    hash bytea not null,
    parked_at bigint not null,
    body_sealed bytea not null,
    primary key (practice_id, kind, system, value)
);
create index parked_record_awaits on parked_record (practice_id, awaits_system, awaits_value);

-- Merges with what is needed to take them back.
create table merge (
    practice_id uuid not null,
    merge_id uuid not null,
    survivor uuid not null,
    retired uuid not null,
    merged_at bigint not null,
    undone_at bigint,
    diff_sealed bytea not null,
    primary key (practice_id, merge_id)
);
create index merge_retired on merge (practice_id, retired);

create table match_review (
    practice_id uuid not null,
    patient_a uuid not null,
    patient_b uuid not null,
    posterior double precision not null,
    evidence text not null,
    found_at bigint not null,
    settled_at bigint,
    verdict text,
    primary key (practice_id, patient_a, patient_b)
);

create table idempotency (
    practice_id uuid not null,
    token_id uuid not null,
    key text not null,
    request_hash bytea not null,
    status bigint not null,
    body_sealed bytea not null,
    stored_at bigint not null,
    primary key (practice_id, token_id, key)
);

create table setting (
    practice_id uuid not null,
    name text not null,
    value text not null,
    primary key (practice_id, name)
);

create table audit (
    practice_id uuid not null,
    seq bigint not null,
    recorded_at bigint not null,
    actor text not null,
    role text not null,
    action text not null,
    entity text not null,
    entity_id uuid,
    patient_id uuid,
    purpose text not null,
    detail text not null,
    prev_hash bytea not null,
    hash bytea not null,
    primary key (practice_id, seq)
);
create index audit_patient on audit (practice_id, patient_id, seq);
create table audit_head (
    practice_id uuid not null primary key,
    seq bigint not null,
    hash bytea not null
);
