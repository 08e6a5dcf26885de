-- Secrets by which shops and providers sign their webhooks. Signatures can only be checked with the secret itself, so it
-- is not hashed but sealed: AES-256-GCM under a key derived from VESTNIK_SECRET, bound to the row's id and source.
create table webhook_secrets (
  id uuid primary key,
  source text not null,                          -- the last part of /webhooks/:source
  name text not null,
  source_id uuid not null references sources,    -- whose events they are: what de-duplication goes by
  sealed bytea not null,
  created_at timestamptz not null
);
create index webhook_secrets_source on webhook_secrets (source, created_at desc);
