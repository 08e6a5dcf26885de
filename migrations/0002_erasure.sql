-- Erasure: the person goes, the counts stay.

-- Who was erased must stay unwritten: their suppressions wait under a keyed hash of the address, and stand in clear again
-- only when somebody brings that address. The key is the database's own: it outlives a change of secrets, and is there for
-- whoever takes an address in.
create table erasure_key (
  only_row boolean primary key default true check (only_row),
  key bytea not null check (octet_length(key) = 32)
);
insert into erasure_key (key)
  select decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');

-- Hashed twice with the key, so that nothing can be appended to what was hashed.
create function erased_address(address text) returns text stable language sql as $$
  select 'erased:' || encode(sha256(key || sha256(key || convert_to(address, 'UTF8'))), 'hex') from erasure_key
$$;

create index suppressions_erased on suppressions (address) where address like 'erased:%';

-- `unsubscribed`: who was erased had said no, and their consents went with them.
alter table suppressions drop constraint suppressions_reason_check;
alter table suppressions add constraint suppressions_reason_check
  check (reason in ('bounced', 'complained', 'blocked', 'unsubscribed'));

-- An address that comes back brings along what was known of it. In the database, so that no writer of identities can forget
-- it, and no reader of suppressions needs to know of it.
create function restore_suppressions() returns trigger language plpgsql as $$
begin
  if exists (select from suppressions where address like 'erased:%') then
    update suppressions s set address = taken.value
    from (select value, erased_address(value) as hash from taken_identities where kind not in ('user_id', 'anonymous_id')) taken
    where s.address like 'erased:%' and s.address = taken.hash
      and not exists (select from suppressions known where known.channel = s.channel and known.address = taken.value);
  end if;
  return null;
end $$;
create trigger identities_restore_suppressions after insert on identities
  referencing new table as taken_identities for each statement execute function restore_suppressions();

-- Who was merged into a customer goes where that customer goes.
create index customers_merged on customers (merged_into) where merged_into is not null;
