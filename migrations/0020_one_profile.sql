-- One profile (P1): what comes from files, whose it is, and what a person has decided where we may not.

-- A loyalty card: what the till knows of somebody.
alter table identities drop constraint identities_kind_check,
  add check (kind in ('user_id', 'anonymous_id', 'email', 'phone', 'telegram', 'card', 'device'));

-- What was decided about a conflict: by a person, or by what joined the two afterwards.
alter table identity_conflicts
  add column decision text check (decision in ('merged', 'kept_apart')),
  add column decided_by text; -- the API key's name; null: nobody, the two were joined by what came in
create index identity_conflicts_open on identity_conflicts (id) where resolved_at is null;

-- A file on its way in, and how far it is. Business time.
create table imports (
  id uuid primary key,
  kind text not null check (kind in ('customers', 'orders', 'products')),
  file text not null,                            -- its name
  content bytea not null,                        -- SHA-256 of what it holds and of how it is read
  line int not null default 0,                   -- all up to here is in, or refused
  imported int not null default 0,
  unchanged int not null default 0,
  refused int not null default 0,
  started_at timestamptz not null,
  finished_at timestamptz
);
-- Who was killed goes on where they stood.
create unique index imports_open on imports (content) where finished_at is null;
