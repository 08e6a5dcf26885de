-- Replenishment (J14): when what customers have bought runs out. Written by the nightly job alone (`src/db/replenishment`).

-- What is learnt of how long one piece lasts a usual household: of a product, a category, and all consumables together.
create table replenishment_intervals (
  level text not null check (level in ('product', 'category', 'all')),
  ref text not null,                             -- product id, category, '*'
  days double precision,                         -- median of those who bought again; null: nobody has
  repeaters int not null,                        -- customers who bought it again
  buyers int not null,
  primary key (level, ref)
);

-- When a customer's consumables run out.
create table replenishment (
  customer_id uuid not null,
  product_id text not null,
  bought_at timestamptz not null,                -- the last purchase
  quantity int not null,                         -- of that day
  times int not null,                            -- intervals between purchases
  own_days double precision,                     -- their median, of one piece in a usual household; null where there is none
  due_at timestamptz not null,                   -- expected run-out
  until_at timestamptz not null,                 -- from then on it is not missed any more
  offered_at timestamptz,                        -- when a run that speaks of it was to start
  primary key (customer_id, product_id)
);
create index replenishment_due on replenishment (due_at);

-- Whose orders changed since the job looked. Filled from `order_changes`, with `metrics_changed`.
create table replenishment_changed (customer_id uuid primary key);

create table replenishment_state (
  only_row boolean primary key default true check (only_row),
  refreshed_at timestamptz not null,             -- business time
  learnt_at timestamptz not null,
  learnt_by text not null                        -- the settings by which intervals and due dates were found
);
