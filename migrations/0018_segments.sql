-- Segments (P5): named conditions over all that is known of a customer, and who meets them. Lists from elsewhere have members
-- and no condition.
create table segments (
  id uuid primary key,
  name text not null unique,
  condition jsonb,                               -- `Condition` (src/domain/segments.ts); null: members are imported
  expires_at timestamptz,                        -- of an imported list: from then on nobody is in it
  created_at timestamptz not null,
  evaluated_at timestamptz,                      -- business time up to which members are right
  judged_by text,                                -- by what members were found: where it is another now, all are looked at
  size int not null default 0
);

create table segment_members (
  segment_id uuid not null references segments on delete cascade,
  customer_id uuid not null,
  since timestamptz not null,
  primary key (segment_id, customer_id)
);
create index segment_members_customer on segment_members (customer_id);

-- Append-only: who entered and left, in the order in which it was noticed.
create table segment_changes (
  seq bigint generated always as identity primary key,
  segment_id uuid not null references segments on delete cascade,
  customer_id uuid not null,
  entered boolean not null,
  at timestamptz not null
);
create index segment_changes_segment on segment_changes (segment_id, at);

-- Who was merged into another or erased since segments were last looked at. Only added to and read away.
create table customers_ceased (customer_id uuid not null);

-- Whose metrics were written when: what segments look at again.
alter table customer_metrics add column changed_at timestamptz not null default '-infinity';
