-- What only PostgreSQL needs before the shared text of 0001.
-- SQLite compares text by bytes unless told otherwise; this makes PostgreSQL do the same
-- for the columns that are searched by prefix.
create domain ordered_text as text collate "C";
