-- Items exist once, and whoever waits for one asks whether it was sold since. Of all events only these are looked for by
-- their product; the others pay nothing for it.
create index events_item_sold on events (
  left(coalesce(payload -> 'properties' ->> 'product_id', payload -> 'properties' ->> 'sku'), 200), occurred_at
) where name = 'Item Sold';
