-- The pair of keys by which push services know us (VAPID, RFC 8292). Browsers subscribe to the public one, so it is made
-- once and kept; the private one is sealed under VESTNIK_SECRET as webhook secrets are.
create table vapid_keys (
  single boolean primary key default true check (single),
  public_key text not null,                      -- uncompressed point of P-256, base64url
  sealed bytea not null,
  created_at timestamptz not null
);
