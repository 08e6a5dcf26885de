-- Recommendations (P6): what can be bought by index, what sells, what goes together.

-- The lowest price at which some region has it in stock; null: nowhere. So goods that are sold out, most of a resale shop's
-- catalogue, stand in none of the indexes below.
alter table products add column shelf_price bigint;
-- A place on a ring, the same for ever: a random sample begins somewhere on it, and reads no more than it takes.
alter table products add column spread int not null generated always as (hashtext(id)) stored;

create function shelve() returns trigger language plpgsql as $$
begin
  update products p set shelf_price = fresh.price
  from (
    select product_id, (select min(o.price) from offers o where o.product_id = c.product_id and o.stock > 0) as price
    from (select distinct product_id from changed) c
  ) fresh
  where p.id = fresh.product_id and p.shelf_price is distinct from fresh.price;
  return null;
end $$;
create trigger offers_added after insert on offers referencing new table as changed
  for each statement execute function shelve();
create trigger offers_changed after update on offers referencing new table as changed
  for each statement execute function shelve();
create trigger offers_gone after delete on offers referencing old table as changed
  for each statement execute function shelve();
update products p set shelf_price = (select min(o.price) from offers o where o.product_id = p.id and o.stock > 0);

create index products_new on products (published_at desc, id) where shelf_price is not null;
create index products_new_in on products (category, published_at desc, id) where shelf_price is not null;
create index products_priced_in on products (category, shelf_price, id) where shelf_price is not null;
create index products_spread on products (spread, id) where shelf_price is not null;
create index products_spread_in on products (category, spread, id) where shelf_price is not null;
drop index products_published;

-- The best of each region and of each category, by orders, favourites and views, the newer the more; computed anew now and then.
create table hits (
  region text not null,                          -- '*': everybody
  category text not null,                        -- '*': all
  product_id text not null,
  score double precision not null,
  primary key (region, category, product_id)
);
create index hits_best on hits (region, category, score desc, product_id);

-- What goes with a product: looked at by the same customers, bought in the same orders. The best of each.
create table product_pairs (
  kind text not null check (kind in ('seen', 'bought')),
  product_id text not null,
  other_id text not null,
  times int not null,                            -- customers, orders
  score double precision not null,               -- cosine, less where few have done it
  primary key (kind, product_id, other_id)
);
create index product_pairs_best on product_pairs (kind, product_id, score desc, other_id);

-- What a message showed beside what it is about (`goods`): the next ones may show something else.
alter table messages add column shown text[] not null default '{}';
