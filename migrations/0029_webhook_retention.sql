-- What has ended is forgotten after a month (`src/worker/housekeeping.ts`), and found without reading what is kept.
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where state <> 'waiting';
