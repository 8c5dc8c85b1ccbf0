-- How often each person, and each address of several people, was written to under
-- a cap. The number says nothing by itself: it moves with every such message, so
-- that two nodes which decide at once cannot both have the last one.
create table attention (
    practice_id uuid not null,
    -- a patient's id, or the blind index of an address
    whose bytea not null,
    sends bigint not null,
    primary key (practice_id, whose)
);
