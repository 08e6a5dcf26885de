-- Every message is written twice or more, and each index that a write touches costs as much as the row. What is asked for by time
-- alone needs only a summary of pages (BRIN), which does not keep an UPDATE from staying on its page either (HOT); and rows
-- that are sure to be written again leave room for it there.
drop index messages_journey;
drop index messages_submitting;
create index messages_times on messages using brin (reserved_at, lease_until) with (pages_per_range = 32, autosummarize = on);
alter table messages set (fillfactor = 60);
-- Who asks what became of a run knows whose it was.
drop index decisions_run;
