-- Messages wait in the line of their channel, so that a letter that hangs holds up no text.
alter table outbox add column channel text not null default 'sms';
update outbox set channel = (select message.channel from message
    where message.practice_id = outbox.practice_id and message.message_id = outbox.message_id);
drop index outbox_due;
create index outbox_line on outbox (channel, due_at);
