-- Attribution (V2) takes the orders of a time, page by page: by customer alone it would read all orders there ever were.
create index orders_placed on orders (placed_at, order_id);
