-- The foundation: who customers are, what they did, what runs wait for, what was sent and why.
-- Business time is always passed in by the application (columns without a default). The few
-- columns on wall time (de-duplication, leases, claims) say so.

-- ── Who may call ──────────────────────────────────────────────────────────────────────────

create table sources (
  id uuid primary key,
  name text not null unique,
  write_key_hash bytea not null unique,          -- SHA-256; the key itself is shown once and not kept
  created_at timestamptz not null,
  revoked_at timestamptz
);

create table api_keys (
  id uuid primary key,
  name text not null unique,
  key_hash bytea not null unique,                -- SHA-256, as above
  created_at timestamptz not null,
  revoked_at timestamptz
);

-- ── What people set ───────────────────────────────────────────────────────────────────────

-- One name is 'shop', 'policy' or a journey; versions are immutable, a run keeps the one it entered with.
create table settings (
  name text not null,
  version int not null check (version > 0),
  value jsonb not null,
  author text not null,
  created_at timestamptz not null,
  primary key (name, version)
);

-- Business time = origin + (wall - origin) * scale. Written once; another scale on the same data is refused.
create table business_clock (
  only_row boolean primary key default true check (only_row),
  origin timestamptz not null,
  scale double precision not null check (scale > 0)
);

-- ── Customers ─────────────────────────────────────────────────────────────────────────────

-- A row lock here (ids in order) serialises intake, contact decisions and `finish` for that customer.
create table customers (
  id uuid primary key,
  traits jsonb not null default '{}',
  traits_at jsonb not null default '{}',         -- when each trait was said, so that a late event overwrites nothing newer
  kind text not null generated always as (case when traits->>'kind' = 'b2b' then 'b2b' else 'b2c' end) stored,
  locale text generated always as (traits->>'locale') stored,
  zone text generated always as (traits->>'timezone') stored,
  region text generated always as (traits->>'region') stored,
  last_seen_at timestamptz,
  created_at timestamptz not null,
  merged_into uuid references customers,
  erased_at timestamptz
);

create table profiles (
  customer_id uuid not null references customers on delete cascade,
  kind text not null check (kind in ('personal', 'corporate')),
  email text,
  email_at timestamptz,
  phone text,
  phone_at timestamptz,
  last_visit_at timestamptz,                     -- any page or screen
  last_activity_at timestamptz,                  -- newest browsing or cart activity: what idle times count from
  last_order_at timestamptz,
  -- One up for every visit or activity, however late it came in: `finish` compares it with what the run has read,
  -- so that an event that arrives late (and moves no timestamp) is not forgotten.
  activity_seq bigint not null default 0,
  primary key (customer_id, kind)
);

create table identities (
  kind text not null check (kind in ('user_id', 'anonymous_id', 'email', 'phone', 'telegram', 'device')),
  value text not null,
  customer_id uuid not null references customers on delete cascade,
  since timestamptz not null,
  primary key (kind, value)
);
create index identities_customer on identities (customer_id);

-- Two customers that claim one identity and may not be joined automatically: a person decides.
create table identity_conflicts (
  id uuid primary key,
  at timestamptz not null,
  kind text not null,
  value text not null,
  holder_id uuid not null references customers on delete cascade,
  claimant_id uuid not null references customers on delete cascade,
  reason text not null,
  resolved_at timestamptz,
  unique (kind, value, claimant_id)
);

-- Append-only: what was said, where and when. `consent_states` is its newest word.
create table consents (
  id uuid primary key,
  customer_id uuid not null references customers on delete cascade,
  purpose text not null check (purpose in ('advertising', 'personal_data')),
  channel text not null,                         -- 'email' …, or '*' for all
  topic text not null default '*',
  state text not null check (state in ('granted', 'denied')),
  text_version text,
  source text not null,
  ip inet,
  at timestamptz not null
);
create index consents_customer on consents (customer_id, at);

create table consent_states (
  customer_id uuid not null references customers on delete cascade,
  purpose text not null,
  channel text not null,
  topic text not null default '*',
  state text not null check (state in ('granted', 'denied')),
  at timestamptz not null,
  primary key (customer_id, purpose, channel, topic)
);

-- An address that must not be written to, whoever owns it: hard bounce, complaint, block.
create table suppressions (
  channel text not null,
  address text not null,
  reason text not null check (reason in ('bounced', 'complained', 'blocked')),
  at timestamptz not null,
  primary key (channel, address)
);

-- ── What came in ──────────────────────────────────────────────────────────────────────────

create table events (
  id uuid not null,
  received_at timestamptz not null,
  occurred_at timestamptz not null,              -- corrected by the client's clock skew, never in the future
  source_id uuid not null,
  message_id text not null,
  type text not null,
  name text not null,
  customer_id uuid not null,
  profile text not null,
  payload json not null,                         -- as it came; json, not jsonb: half the CPU, never queried inside
  primary key (received_at, id)
) partition by range (received_at);
create index events_customer on events (customer_id, occurred_at desc);

-- De-duplication apart from the partitions: a 16-byte hash of (source, message id). Pruned on wall time.
create table event_keys (
  hash bytea primary key check (octet_length(hash) = 16),
  seen_at timestamptz not null default now()
);
-- Keys come in the order of time: a few bytes a page say which pages are old, where a tree would cost each event a write.
create index event_keys_seen on event_keys using brin (seen_at);

-- ── What customers have and did ───────────────────────────────────────────────────────────

create table cart_items (
  customer_id uuid not null references customers on delete cascade,
  profile text not null,
  product_id text not null,
  quantity int not null,                         -- 0: removed; kept so that a late 'added' does not bring it back
  added_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (customer_id, profile, product_id)
);

create table interests (
  customer_id uuid not null references customers on delete cascade,
  profile text not null,
  kind text not null check (kind in ('favourite', 'view', 'category')),
  ref text not null,                             -- product id, or category
  times int not null default 1,
  first_at timestamptz not null,
  last_at timestamptz not null,
  removed_at timestamptz,
  primary key (customer_id, profile, kind, ref)
);

-- Keyed by the shop's id across sources: a webhook and a tracking event about one order are one order.
create table orders (
  order_id text primary key,
  customer_id uuid not null references customers,
  profile text not null,
  state text not null check (state in ('placed', 'cancelled', 'refunded')),
  total bigint not null,                         -- minor units
  currency text not null,
  placed_at timestamptz not null,
  state_at timestamptz not null
);
create index orders_customer on orders (customer_id, placed_at desc);

create table order_lines (
  order_id text not null references orders on delete cascade,
  product_id text not null,
  quantity int not null,
  price bigint not null,
  primary key (order_id, product_id)
);
create index order_lines_product on order_lines (product_id);

-- ── Catalogue ─────────────────────────────────────────────────────────────────────────────

create table products (
  id text primary key,                           -- the shop's id
  sku text,
  name text not null,
  url text not null,
  image_url text,
  category text,
  brand text,
  attributes jsonb not null default '{}',
  published_at timestamptz not null,             -- novelties are the newest of these
  updated_at timestamptz not null
);
create index products_sku on products (sku);
create index products_category on products (category, published_at desc);
create index products_published on products (published_at desc);

create table offers (
  product_id text not null references products on delete cascade,
  region text not null default '*',              -- '*': everywhere without an offer of its own
  price bigint not null check (price >= 0),      -- minor units
  old_price bigint check (old_price > price),
  currency text not null,
  stock int not null check (stock >= 0),
  updated_at timestamptz not null,
  primary key (product_id, region)
);

-- ── Journeys ──────────────────────────────────────────────────────────────────────────────

create table runs (
  id uuid primary key,
  workflow_id text not null,
  journey text not null,
  key text not null,
  customer_id uuid not null references customers,
  settings_version int not null,
  trigger_at timestamptz not null,               -- when the event that started it happened
  entered_at timestamptz not null,
  block text,                                    -- what it waits to do next
  due_at timestamptz,                            -- and when
  read_seq bigint not null,                      -- profiles.activity_seq when a decision of this run last read
  progress jsonb not null default '{}',          -- the journey's own memory between steps
  asked int not null default 0,                  -- the last request of the workflow that was answered for good,
  answer jsonb,                                  -- and the answer, for an activity that is run again
  ended_at timestamptz,
  outcome text
);
create unique index runs_live on runs (workflow_id) where ended_at is null;
create index runs_customer on runs (customer_id, entered_at desc);
create index runs_journey on runs (journey, entered_at);
create index runs_due on runs (due_at) where ended_at is null;

-- One row a block that a run came to: entered = waiting + passed + dropped, by construction (V1).
create table run_blocks (
  run_id uuid not null references runs on delete cascade,
  block text not null,
  iteration int not null default 1,
  entered_at timestamptz not null,
  left_at timestamptz,
  result text check (result in ('passed', 'dropped')),
  reason text,
  primary key (run_id, block, iteration),
  check ((left_at is null) = (result is null))
);

-- Who met a trigger and did not enter: the holes (V2).
create table not_entered (
  journey text not null,
  key text not null,
  customer_id uuid not null references customers on delete cascade,
  reason text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  times int not null default 1,
  primary key (journey, key, customer_id, reason)
);
create index not_entered_time on not_entered (journey, last_at);

-- The outbox: written with what caused it, drained by the relay. Another cause for the same signal before it
-- is drained bumps `seq`; the relay deletes only the seq that it has delivered, so no cause is ever lost.
create table outbox (
  id bigint generated always as identity primary key,
  workflow_id text not null,
  signal text not null check (signal in ('start', 'goal', 'exit')),
  journey text not null,
  customer_id uuid not null,
  key text not null,
  reason text not null,                          -- event name or exit reason
  occurred_at timestamptz not null,
  seq int not null default 1,
  attempts int not null default 0,
  claimed_until timestamptz not null,            -- wall time: whoever claimed it has until then
  created_at timestamptz not null default now(), -- wall time
  last_error text,
  unique (workflow_id, signal)
);
create index outbox_due on outbox (claimed_until);

-- ── Messages ──────────────────────────────────────────────────────────────────────────────

-- The ledger: what was decided for good. Uniqueness is the last defence of "no message twice".
create table messages (
  id uuid primary key,
  customer_id uuid not null references customers,
  run_id uuid references runs,
  journey text not null,
  block text not null,                           -- the step
  iteration int not null default 1,
  channel text not null,
  template text not null,
  locale text not null,
  class text not null check (class in ('service', 'lifecycle', 'item_event', 'abandonment', 'bulk')),
  kind text not null check (kind in ('marketing', 'service')),
  counts boolean not null,                       -- takes a slot of the contact policy
  state text not null check (state in ('reserved', 'submitting', 'accepted', 'delivered', 'failed', 'unknown', 'dropped')),
  reason text,
  settings_version int not null,
  address text,                                  -- emptied by erasure
  goods text[] not null default '{}',
  links text[] not null default '{}',            -- what /t/c/:token may lead to, by index
  due_at timestamptz not null,
  reserved_at timestamptz not null,
  lease_until timestamptz,                       -- wall time: while it lives nobody judges a `submitting` row
  attempts int not null default 0,
  provider text,
  provider_id text,
  accepted_at timestamptz,
  delivered_at timestamptz,
  failed_at timestamptz,
  failed_reason text,
  opened_at timestamptz,
  opened_by text check (opened_by in ('human', 'machine', 'unknown')),
  clicked_at timestamptz,
  unsubscribed_at timestamptz,
  complained_at timestamptz,
  unique (run_id, block, iteration, channel)
);
create index messages_customer on messages (customer_id, reserved_at desc);
create index messages_journey on messages (journey, reserved_at desc);
create index messages_submitting on messages (lease_until) where state = 'submitting';

create table message_events (
  id uuid not null,
  at timestamptz not null,
  message_id uuid not null,
  kind text not null,                            -- opened, clicked, unsubscribed, delivered, bounced …
  by text,
  link int,
  user_agent text,
  primary key (at, id)
) partition by range (at);
create index message_events_message on message_events (message_id, at);

-- Append-only: every answer of a decision, sends and non-sends alike, with its reason and inputs.
create table decisions (
  id uuid not null,
  at timestamptz not null,
  customer_id uuid not null,
  journey text not null,
  run_id uuid,
  block text not null,
  iteration int not null default 1,
  channel text,
  decision text not null check (decision in ('send', 'defer', 'skip', 'drop', 'suppress', 'stop')),
  reason text not null,
  until timestamptz,
  message_id uuid,
  details jsonb not null default '{}',
  primary key (at, id)
) partition by range (at);
create index decisions_customer on decisions (customer_id, at desc);
create index decisions_run on decisions (run_id, at);

-- Partitions are made on demand, for any month (a backtest may start in 2010).
create function ensure_month(parent text, month date) returns void language plpgsql as $$
declare
  first date := date_trunc('month', month)::date;
  part text := format('%s_%s', parent, to_char(first, 'YYYY_MM'));
begin
  if to_regclass(part) is null then
    -- `if not exists` alone fails where two make the same table at once.
    perform pg_advisory_xact_lock(hashtext(part));
    execute format('create table if not exists %I partition of %I for values from (%L) to (%L)',
      part, parent, first::timestamp at time zone 'UTC', (first + interval '1 month')::timestamp at time zone 'UTC');
  end if;
end $$;
