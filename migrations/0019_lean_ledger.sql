-- What a message costs: each of these was paid for by every one of them.

-- A version never changes, so that a reader who has seen its value asks for its id alone.
alter table settings add column id uuid not null unique default gen_random_uuid();

-- The ledger of messages and the blocks of runs are written under the customer's lock, for a customer and a run read in the same
-- transaction; neither is ever deleted. Checking that again took more than writing an index. `events` and `decisions` never did;
-- the invariants look for rows that belong to nobody.
alter table messages drop constraint messages_customer_id_fkey, drop constraint messages_run_id_fkey;
alter table run_blocks drop constraint run_blocks_run_id_fkey;

-- Room for a run's next version on its page: what changes no index (where it stands, what it remembers) then writes none.
alter table runs set (fillfactor = 80);
