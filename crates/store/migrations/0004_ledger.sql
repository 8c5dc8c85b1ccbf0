-- What became of the messages of a week, counted without opening one of them.
drop index message_created;
create index message_created on message
    (practice_id, created_at, message_id, direction, state, channel, purpose, journey);
