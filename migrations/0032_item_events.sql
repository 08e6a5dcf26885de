-- Item events (J15): back in stock for those who wait, a lower price for whose favourite it is.

-- The waiting list of a product is an interest like a favourite, so that joining, passing on, export and erasure know it already.
alter domain interest_kind drop constraint interest_kind_check;
alter domain interest_kind add constraint interest_kind_check check (value in ('favourite', 'view', 'category', 'waiting'));
-- Who is to hear of a product. Partial, and of columns that never change: views, which are most of the table, stand not in it, and what
-- writes `last_at` or `removed_at` anew, as each view does, stays an update within the page (HOT), which an index of those would end.
create index interests_wished on interests (ref, customer_id) where kind in ('favourite', 'waiting');

-- Offers that have become better, until those who care are found: written by the statement that changes the offer, whoever writes it,
-- and only where somebody cares. A worker takes them in the order in which they came.
create table offer_changes (
  seq bigint generated always as identity primary key,
  product_id text not null,
  region text not null,
  was_price bigint,                              -- minor units; null: it had no offer
  was_currency text,
  was_in_stock boolean not null,
  at timestamptz not null,                       -- business time
  -- How far its worker has got, by when the customer began to wish for it.
  after_at timestamptz not null default '-infinity',
  after_customer uuid not null default '00000000-0000-0000-0000-000000000000',
  started int not null default 0
);

-- What customers are to be told of, once; the newest of each cause. Whether they were told stands in the ledger.
create table wish_news (
  customer_id uuid not null,
  product_id text not null,
  cause text not null check (cause in ('stock', 'price')),
  at timestamptz not null,                       -- business time
  was_price bigint not null,                     -- before; for what was not offered, the price then
  currency text not null,
  primary key (customer_id, product_id, cause)
);
-- What is old news is forgotten.
create index wish_news_at on wish_news (at);

-- Asked in a `case`, so only of offers that have become better: an import in which nothing changes asks nothing.
-- That something is back is news to who waits for it, a price to whose favourite it is, too.
create function is_wished_for(product text, is_cheaper boolean) returns boolean language sql stable as $$
  select exists (select from interests where kind in ('favourite', 'waiting') and (is_cheaper or kind = 'waiting') and removed_at is null
    and ref in (product, (select sku from products where id = product)))
$$;

-- An own offer takes the place of the one for everywhere.
create function notice_new_offers() returns trigger language plpgsql as $$
begin
  insert into offer_changes (product_id, region, was_price, was_currency, was_in_stock, at)
  select n.product_id, n.region, w.price, w.currency, coalesce(w.stock > 0, false), n.updated_at
  from fresh n left join offers w on w.product_id = n.product_id and w.region = '*' and n.region <> '*'
    and not exists (select from fresh f where f.product_id = n.product_id and f.region = '*')
  where case when n.stock > 0 and (coalesce(w.stock, 0) = 0 or (n.price < w.price and n.currency = w.currency))
    then is_wished_for(n.product_id, coalesce(n.price < w.price, false)) end
  order by n.product_id, n.region;
  return null;
end $$;

create function notice_better_offers() returns trigger language plpgsql as $$
begin
  insert into offer_changes (product_id, region, was_price, was_currency, was_in_stock, at)
  select n.product_id, n.region, o.price, o.currency, o.stock > 0, n.updated_at
  from fresh n join stale o using (product_id, region)
  where case when n.stock > 0 and (o.stock = 0 or (n.price < o.price and n.currency = o.currency))
    then is_wished_for(n.product_id, n.price < o.price) end
  order by n.product_id, n.region;
  return null;
end $$;

create trigger offers_new_noticed after insert on offers referencing new table as fresh
  for each statement execute function notice_new_offers();
create trigger offers_better_noticed after update on offers referencing old table as stale new table as fresh
  for each statement execute function notice_better_offers();
