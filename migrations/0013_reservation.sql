-- The reservation queue (J9): every item exists once, and these rows are its queue.

-- Business time throughout, where nothing else is said.
create table items (
  id text primary key,                           -- the shop's id of the product
  -- What the shop said last. An item that is free and has a hold is shown as offered, then as held.
  state text not null default 'out' check (state in ('out', 'free', 'ordered', 'sold')),
  said_at timestamptz,                           -- and when it was so: late news overwrites nothing newer
  order_id text,                                 -- by which it is ordered
  is_queued boolean not null default false,      -- somebody waits, or is about to: its workflow must hear of news
  places int not null default 0,                 -- given out so far
  holds int not null default 0
);

-- What was said of an item and is not yet taken into its queue. Written by intake, under the item's lock; deleted when applied.
create table item_news (
  id bigint generated always as identity primary key,
  item_id text not null,
  what text not null check (what in ('joined', 'left', 'out', 'returned', 'ordered', 'cancelled', 'sold')),
  customer_id uuid,
  order_id text,
  at timestamptz not null
);
create index item_news_item on item_news (item_id, id);
create index item_news_customer on item_news (customer_id);

-- A place in the queue. Numbers are given as customers join and never change: who has the lowest is the next.
create table queue_places (
  id uuid primary key,
  item_id text not null references items,
  customer_id uuid not null references customers,
  number int not null,
  joined_at timestamptz not null,
  ended_at timestamptz,
  outcome text,
  unique (item_id, number),
  check ((ended_at is null) = (outcome is null))
);
create unique index queue_places_once on queue_places (item_id, customer_id) where ended_at is null;
create index queue_places_customer on queue_places (customer_id);

-- The item is kept for one customer, from the offer on.
create table holds (
  id uuid primary key,
  item_id text not null references items,
  place_id uuid not null references queue_places,
  number int not null,
  offered_at timestamptz not null,
  accepted_at timestamptz,                       -- when the first channel took the offer
  until timestamptz,
  ended_at timestamptz,
  outcome text,
  unique (item_id, number),
  check ((ended_at is null) = (outcome is null)),
  check ((until is null) = (accepted_at is null))
);
-- Never two holders of one item: the last line of defence.
create unique index holds_one on holds (item_id) where ended_at is null;
create index holds_place on holds (place_id);

-- Who is to be told what on which channel, written with the change that they are told of.
create table queue_notices (
  id uuid primary key,
  item_id text not null references items,
  place_id uuid not null references queue_places,
  hold_id uuid references holds,
  message text not null,
  iteration int not null,
  channel text not null,
  due_at timestamptz not null,
  done_at timestamptz,
  result text,
  unique nulls not distinct (place_id, hold_id, message, channel),
  check ((done_at is null) = (result is null))
);
create index queue_notices_open on queue_notices (item_id) where done_at is null;
create index queue_notices_hold on queue_notices (hold_id);

-- One run of an item (or a campaign) has many customers.
alter table runs alter column customer_id drop not null;
alter table outbox alter column customer_id drop not null;

-- Whom the shop wants its webhooks to be sent to (Standard Webhooks), and what is on its way to them.
create table webhook_endpoints (
  id uuid primary key,
  url text not null,
  events text[] not null,                        -- `hold.*`, or names
  sealed bytea not null,                         -- the secret they are signed with (AES-256-GCM)
  created_at timestamptz not null
);

create table webhook_deliveries (
  id uuid primary key,                           -- `webhook-id`: the same in every attempt
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  event text not null,
  payload text not null,                         -- the body to the byte, since it is signed
  at timestamptz not null,                       -- when it happened
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
  attempts int not null default 0,
  next_at timestamptz not null default now(),    -- wall time; while somebody tries, until when nobody else does
  created_at timestamptz not null default now(), -- wall time
  ended_at timestamptz,                          -- wall time
  last_error text
);
create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'waiting';
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, id desc);

-- Read from the tables now.
drop index events_item_sold;
