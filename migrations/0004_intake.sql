-- Intake: what a gateway remembers of customers holds while their version stands.

-- Goes up when an identity leaves the customer, and when a run of theirs begins, ends, passes to somebody else or becomes due
-- earlier. Intake compares it under the customer's lock with what it remembers, in place of reading all that for each event.
-- In the database, so that no writer can forget it.
alter table customers add column version int not null default 0;

create function customer_changed() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    update customers set version = version + 1 where id = old.customer_id;
  end if;
  if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.customer_id <> old.customer_id) then
    update customers set version = version + 1 where id = new.customer_id;
  end if;
  return null;
end $$;

create trigger identities_customer_changed after update or delete on identities
  for each row execute function customer_changed();
create trigger runs_begun after insert or delete on runs
  for each row execute function customer_changed();
create trigger runs_changed after update on runs for each row
  when (new.customer_id <> old.customer_id or new.ended_at is distinct from old.ended_at
    or new.due_at < coalesce(old.due_at, 'infinity'))
  execute function customer_changed();

-- Written with every event, under the lock of a customer who is there, and customers are never deleted: to look for the
-- customer once more with each row was a tenth of what it costs to write it.
alter table cart_items drop constraint cart_items_customer_id_fkey;
alter table interests drop constraint interests_customer_id_fkey;
