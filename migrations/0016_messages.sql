-- Service messages (J16): what was asked to be sent, the shop's own templates, what became of orders.

-- A template of the shop's, by the API. Versions are immutable: a request keeps the one it was checked against.
create table templates (
  id uuid primary key,
  name text not null,
  version int not null check (version > 0),
  variables jsonb not null,                      -- what `data` must have: name → type, example
  texts jsonb not null,                          -- a list of {channel, locale, source}
  author text not null,
  created_at timestamptz not null,
  unique (name, version)
);

-- One transactional (or test) send, committed before it is answered. Its id is the key of its run and, where nothing stands in
-- the way, the id of its first row in `messages`.
create table message_requests (
  id uuid primary key,
  customer_id uuid not null references customers,
  profile text not null check (profile in ('personal', 'corporate')),
  requested_at timestamptz not null,
  valid_for_ms bigint not null,
  template text not null,
  journey text not null,                         -- in whose folder its texts lie
  template_id uuid references templates,         -- the shop's own, which go before ours
  cascade jsonb not null,
  locale text,                                   -- null: the customer's
  address_kind text check (address_kind in ('email', 'phone')),
  address text,                                  -- where it goes, if not where the profile says; emptied by erasure
  data bytea,                                    -- sealed: it may hold a link that resets a password. Null once nothing needs it
  is_test boolean not null default false
);
create index message_requests_customer on message_requests (customer_id);
create index message_requests_data on message_requests (requested_at) where data is not null;

-- What was answered to an `Idempotency-Key`. Pruned on wall time.
create table idempotency_keys (
  hash bytea primary key,                        -- SHA-256 of the API key's id and the header
  body bytea not null,                           -- HMAC-SHA-256 of the request: a short code in it must not be guessed from here
  request_id uuid not null,
  seen_at timestamptz not null default now()
);
create index idempotency_keys_seen on idempotency_keys using brin (seen_at);

-- In the database, so that no way of ending a run can forget it. Who was joined to another has another run still to come.
create function forget_message_data() returns trigger language plpgsql as $$
begin
  update message_requests set data = null where id = new.key::uuid and data is not null;
  return null;
end $$;
create trigger runs_forget_message_data after update of ended_at on runs for each row
  when (new.journey = 'message' and old.ended_at is null and new.ended_at is not null and new.outcome <> 'exited:merged')
  execute function forget_message_data();

-- The first word on each state of an order, with what its letter tells: once an order and state.
create table order_states (
  order_id text not null,
  state text not null check (state in ('placed', 'shipped', 'ready', 'delivered', 'cancelled', 'refunded')),
  customer_id uuid not null,
  profile text not null,
  at timestamptz not null,
  details jsonb not null,                        -- number, delivery, tracking …; emptied by erasure
  primary key (order_id, state)
);
create index order_states_customer on order_states (customer_id);
