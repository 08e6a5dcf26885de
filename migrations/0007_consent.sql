-- Consent: purposes × channels × topics, and a yes that waits to be confirmed.

-- A channel on which somebody said yes in a customer's name, and the customer has not confirmed it yet: nothing but the
-- letter that asks for it may go there.
create table opt_ins (
  customer_id uuid not null references customers on delete cascade,
  channel text not null,
  asked_at timestamptz not null,
  primary key (customer_id, channel)
);

-- A write key stands in the source of a website: anybody can say yes with it in anybody's name. So such a word (its source is
-- the event's name) has to be confirmed where the shop says so, where its owner had said no before, and where the owner of the
-- address before had. In the database, so that no writer of consents can forget it, and in the transaction that writes them: no
-- message goes between the word and its row here. Any no, and any yes that is surely the customer's own, ends the waiting.
create function await_confirmation() returns trigger language plpgsql as $$
begin
  delete from opt_ins o using said s
    where o.customer_id = s.customer_id and s.purpose = 'advertising' and s.topic = '*' and s.channel in (o.channel, '*')
      and (s.state = 'denied' or s.source not in ('Subscribed', 'Consent Changed'));
  insert into opt_ins (customer_id, channel, asked_at)
  select distinct on (s.customer_id, c.channel) s.customer_id, c.channel, s.at
  from said s
  join unnest(array['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push']) as c (channel)
    on s.channel in (c.channel, '*')
  left join lateral (
    select b.state from consents b
    where b.customer_id = s.customer_id and b.purpose = s.purpose and b.topic = '*' and b.channel in (c.channel, '*')
      and (b.at, b.id) < (s.at, s.id)
    order by b.at desc, b.id desc limit 1) before on true
  where s.purpose = 'advertising' and s.topic = '*' and s.state = 'granted' and s.source in ('Subscribed', 'Consent Changed')
    and not exists (
      select from consents l
      where l.customer_id = s.customer_id and l.purpose = s.purpose and l.topic = '*' and l.channel in (c.channel, '*')
        and (l.at, l.id) > (s.at, s.id))
    and case before.state
      when 'granted' then false
      when 'denied' then true
      else coalesce((select value->'doubleOptIn' from settings where name = 'shop' order by version desc limit 1) ? c.channel, false)
        or exists (
          -- By its key (`offset 0`): a plan that was made while there were few joined them, and read all of the channel's each time.
          select from identities i,
            lateral (select reason from suppressions where channel = c.channel and address = i.value offset 0) u
          where i.customer_id = s.customer_id and u.reason = 'unsubscribed')
    end
  order by s.customer_id, c.channel, s.at
  on conflict (customer_id, channel) do nothing;
  return null;
end $$;
create trigger consents_await_confirmation after insert on consents
  referencing new table as said for each statement execute function await_confirmation();
