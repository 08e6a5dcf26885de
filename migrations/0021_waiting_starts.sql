-- Journeys that nobody's event starts but a lifecycle stage does (P3, J12, J13). A night may move a million customers; their
-- starts wait here for their time, spread evenly, and come into the outbox at a limited rate.
create table waiting_starts (
  journey text not null,
  customer_id uuid not null,
  key text not null,
  profile text not null check (profile in ('personal', 'corporate')),
  reason text not null,               -- what starts it, as the run's story tells it
  since timestamptz not null,         -- business time: who has ordered since is not started
  due_at timestamptz not null,        -- business time
  primary key (journey, customer_id, key)
);
create index waiting_starts_due on waiting_starts (due_at);

-- The last of `stage_transitions` whose starts were written. It moves in the transaction that writes them. What was noticed before
-- anybody read it starts nothing.
create table start_cursor (
  only_row boolean primary key default true check (only_row),
  seq bigint not null
);
insert into start_cursor (seq) select coalesce(max(seq), 0) from stage_transitions;

-- How far a journey that goes once a quarter has got in going through those who are in its stages.
create table quarter_scans (
  journey text primary key,
  quarter text not null,              -- `2026-Q3`, on the shop's calendar
  after_customer uuid,                -- null: all of the quarter are written
  counted bigint not null default 0
);

-- How many starts may go now, of all workers together. Wall time.
create table start_pace (
  only_row boolean primary key default true check (only_row),
  tokens double precision not null,
  filled_at timestamptz not null
);
insert into start_pace (tokens, filled_at) values (0, now());
