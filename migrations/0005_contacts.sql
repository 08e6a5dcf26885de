-- Many journeys, one voice: what is planned, on which channel, and by which device.

-- A live run that waits for a message is a planned contact: it holds its slot against lower classes (R1, R2).
alter table runs add column class text not null default 'bulk'
  check (class in ('service', 'lifecycle', 'item_event', 'abandonment', 'bulk'));
alter table runs alter column class drop default;
-- The message that is due at `due_at`; null where none is planned (the goal is reached, nobody can be written to).
alter table runs add column plan jsonb;          -- {message, channel, until, obeys, counts, sale}
-- While it goes on its customer gets no bulk (welcome, J1).
alter table runs add column excludes_bulk boolean not null default false;
create index runs_planned on runs (customer_id) where ended_at is null;

alter table messages add column sale boolean not null default false;
alter table messages alter column address drop not null;
alter table messages add column price numeric;   -- minor units of the shop's currency, as it was when it was sent
create index messages_provider on messages (provider, provider_id) where provider_id is not null;

-- One run of a campaign has many customers.
alter table messages drop constraint messages_run_id_block_iteration_channel_key;
alter table messages add constraint messages_once unique (run_id, customer_id, block, iteration, channel);

-- Browsers and apps that take notifications. The address is an endpoint (web push) or a registration token (FCM).
create table devices (
  channel text not null check (channel in ('web_push', 'app_push')),
  address text not null,
  customer_id uuid not null references customers on delete cascade,
  keys jsonb,                                    -- of web push: p256dh, auth (RFC 8291)
  user_agent text,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  primary key (channel, address)
);
create index devices_customer on devices (customer_id);

-- `advance`: the channel that a run waits on has failed; it looks at once.
alter table outbox drop constraint outbox_signal_check;
alter table outbox add constraint outbox_signal_check check (signal in ('start', 'goal', 'exit', 'advance'));

-- A decision asks for all channels of an address at once.
create index suppressions_address on suppressions (address);

-- A goal or an exit that is on its way to a run ends its planned contact at once: nothing is held back for a message that will
-- not go. Here, so that no writer of the outbox can forget it; whoever writes there holds the customer's lock.
create function forget_plan() returns trigger language plpgsql as $$
begin
  update runs set plan = null where workflow_id = new.workflow_id and ended_at is null and plan is not null;
  return null;
end $$;
create trigger outbox_forget_plan after insert or update of seq on outbox
  for each row when (new.signal in ('goal', 'exit')) execute function forget_plan();
