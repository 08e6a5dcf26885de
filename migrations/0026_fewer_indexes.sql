-- Every message is written twice or more, and each index that a write touches costs as much as the row. What is asked for by time
-- alone needs only a summary of pages (BRIN), which does not keep an UPDATE from staying on its page either (HOT); and rows
-- that are sure to be written again leave room for it there.
drop index messages_journey;
drop index messages_submitting;
create index messages_times on messages using brin (reserved_at, lease_until) with (pages_per_range = 32, autosummarize = on);
alter table messages set (fillfactor = 60);
-- Who asks what became of a run knows whose it was.
drop index decisions_run;

-- A customer's chat is asked for with every decision. By customer alone, the planner of a young database joins the index of all chats
-- to it: a walk through everybody's.
drop index identities_customer;
create index identities_customer on identities (customer_id, kind);

-- Its condition is taken apart for each UPDATE as well: only for those that may meet it.
drop trigger runs_changed on runs;
create trigger runs_changed after update of customer_id, ended_at, due_at on runs for each row
  when (new.customer_id <> old.customer_id or new.ended_at is distinct from old.ended_at
    or new.due_at < coalesce(old.due_at, 'infinity'))
  execute function customer_changed();
