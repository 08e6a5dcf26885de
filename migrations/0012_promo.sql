-- Promo codes (R8). A pool has codes of one or several sizes; a code is one row, so that it has one owner.
create table promo_pools (
  id uuid primary key,
  name text not null unique,                     -- what journeys' settings name
  kind text not null check (kind in ('imported', 'generated')),
  sizes jsonb not null,                          -- what a code is worth and for whom; the first that fits the customer
  expiry jsonb not null,                         -- {"at": instant} or {"after": duration since the issue}
  low_stock int not null check (low_stock >= 0), -- fewer free codes of a size than this raise an alert
  pattern text,                                  -- of generated codes; `?` stands for a character
  ahead int check (ahead > 0),                   -- so many free codes of each size are kept
  most int check (most >= 0),                    -- so many are ever made of each size; null: no end
  seed bytea,                                    -- what generated codes are made of
  made int not null default 0,                   -- attempts at making one
  low_at timestamptz,                            -- since when it is known to run low
  empty_at timestamptz,                          -- since when messages went without a code
  turned_away bigint not null default 0,         -- how many
  created_at timestamptz not null,
  check ((kind = 'generated') = (pattern is not null and ahead is not null and seed is not null))
);

create table promo_codes (
  key text primary key,                          -- the code in upper case: nobody can have one that another has
  code text not null,
  pool_id uuid not null references promo_pools,
  seq bigint generated always as identity,
  size text not null,
  percent int check (percent between 1 and 100),
  amount bigint check (amount > 0),              -- minor units
  currency text,
  -- To whom, by which step of a run: asked again it gives the same one.
  customer_id uuid references customers,
  run_id uuid references runs,
  block text,
  iteration int,
  issued_at timestamptz,
  expires_at timestamptz,
  -- The first order that carried it, whoever's.
  redeemed_at timestamptz,
  redeemed_order text,
  check ((percent is null) = (amount is not null) and (amount is null) = (currency is null)),
  check ((issued_at is null) = (customer_id is null) and (issued_at is null) = (expires_at is null)
    and (issued_at is null) = (run_id is null) and (issued_at is null) = (block is null) and (issued_at is null) = (iteration is null)),
  check ((redeemed_at is null) = (redeemed_order is null))
);
create index promo_codes_free on promo_codes (pool_id, size, seq) where issued_at is null and redeemed_at is null;
create index promo_codes_pool on promo_codes (pool_id, seq);
create index promo_codes_run on promo_codes (run_id) where run_id is not null;
create index promo_codes_customer on promo_codes (customer_id) where customer_id is not null;

-- The codes that an order carries, as the shop writes them. Null: no word of them.
alter table orders add column codes text[];

-- Settings that named one code for all get a pool of the same worth: its codes are made when they are asked for.
insert into promo_pools (id, name, kind, sizes, expiry, low_stock, pattern, ahead, seed, created_at)
select distinct on (promo) gen_random_uuid(), 'cart-' || left(md5(promo::text), 6), 'generated',
  jsonb_build_array(jsonb_build_object('name', 'all', 'when', '[]'::jsonb, 'percent', promo->'percent')),
  jsonb_build_object('after', promo->'validFor'), 0, left(promo->>'code', 20) || '-????????', 100,
  decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'), created_at
from (select value->'promo' as promo, created_at from settings where name = 'abandonment' and value->'promo' ? 'code') named;

update settings set value = jsonb_set(value, '{promo}', jsonb_build_object('pool', 'cart-' || left(md5((value->'promo')::text), 6)))
where name = 'abandonment' and value->'promo' ? 'code';
