-- What all customers together have taught: when they open, and how often they react on each channel. Derived from `messages`,
-- computed anew now and then.
create table habits (
  name text primary key,                         -- 'hours', 'channels'
  value jsonb not null,
  computed_at timestamptz not null
);

-- The zone that counted for the customer when it was decided (their own, or by phone or region, or the shop's): opens are
-- counted by its hours. Null on what was decided before: then the customer's own zone counts, else the shop's.
alter table messages add column zone text;
