-- What is known of customers by their orders (P2–P4): metrics, RFM, lifecycle stages. One row a customer and kind of profile,
-- recomputed by sets (`src/db/metrics`); the reports and segments read it.

-- What goods cost the shop: of an offer, and of a line as it was when it was ordered. Null: not known.
alter table offers add column cost bigint check (cost >= 0);
alter table order_lines add column cost bigint;
alter table order_lines add column old_price bigint; -- the price before a reduction

-- Of an order's lines, for metrics to count orders alone. `margin`: total less cost; null where a cost is not known.
alter table orders add column margin bigint;
alter table orders add column discounted boolean not null default false;

-- Which orders came or changed since metrics looked. Only added to and read away: writers never wait for the recompute.
create table order_changes (
  id bigint generated always as identity primary key,
  order_id text not null,
  customer_id uuid not null,
  profile text not null
);

create function order_changed() returns trigger language plpgsql as $$
begin
  insert into order_changes (order_id, customer_id, profile) values (new.order_id, new.customer_id, new.profile);
  if tg_op = 'UPDATE' and (old.customer_id, old.profile) is distinct from (new.customer_id, new.profile) then
    insert into order_changes (order_id, customer_id, profile) values (old.order_id, old.customer_id, old.profile);
  end if;
  return null;
end $$;
create trigger orders_changed after insert or update of customer_id, profile, state, total, currency, placed_at, state_at on orders
  for each row execute function order_changed();
insert into order_changes (order_id, customer_id, profile) select order_id, customer_id, profile from orders;

-- Whose metrics are to be counted anew. Written by the recompute alone.
create table metrics_changed (
  customer_id uuid not null,
  profile text not null,
  primary key (customer_id, profile)
);

-- Without a reference to customers: they are never deleted, and looking each of a million up is a third of writing them.
create table customer_metrics (
  customer_id uuid not null,
  profile text not null check (profile in ('personal', 'corporate')),
  orders int not null check (orders > 0),
  turnover bigint not null,                      -- minor units of the shop's currency; orders in others count without it
  average bigint not null generated always as ((2 * turnover + orders) / (2 * orders)) stored,
  profit bigint,                                 -- of the orders whose cost is known; null where it is of none
  discounted int not null,                       -- orders with a reduced price or less to pay than the sum of their lines
  first_order_at timestamptz not null,
  last_order_at timestamptz not null,
  interval_days double precision generated always as (
    extract(epoch from last_order_at - first_order_at)::double precision / 86400 / nullif(orders - 1, 0)) stored,
  code smallint not null,                        -- 111 … 333, 3 the best, however it is shown
  score smallint not null,                       -- 111 … 555, 5 the best
  segment text not null,
  stage text not null check (stage in ('new', 'potential', 'loyal', 'at_risk', 'churning', 'lost', 'gone')),
  stage_at timestamptz not null,
  changes_at timestamptz,                        -- when code, score or stage change next by time alone
  primary key (customer_id, profile)
-- Room on each page, and no index on what changes: a day moves a tenth of the rows, each to a place beside itself (HOT). That
-- all are read for those who are due costs less than an index to keep.
) with (fillfactor = 80);

-- What quantiles and ranks have taught: the least figure of each score but the lowest.
create table rfm_thresholds (
  profile text not null,
  scale text not null check (scale in ('codes', 'scores')),
  axis text not null check (axis in ('recency', 'frequency', 'money')),
  thresholds double precision[] not null,
  primary key (profile, scale, axis)
);

create table metrics_state (
  only_row boolean primary key default true check (only_row),
  refreshed_at timestamptz not null,             -- business time
  learnt_at timestamptz not null,
  judged_by text not null                        -- the rules by which all rows were judged
);

-- Append-only. `seq` is the order in which they were noticed: who starts journeys by them remembers the last it took.
create table stage_transitions (
  seq bigint generated always as identity primary key,
  customer_id uuid not null,
  profile text not null,
  from_stage text,                               -- null: the first of this profile
  to_stage text,                                 -- null: no order is left
  at timestamptz not null
);
create index stage_transitions_customer on stage_transitions (customer_id, at);
create index stage_transitions_time on stage_transitions (at);
