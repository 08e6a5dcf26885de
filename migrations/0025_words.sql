-- Words of which there are few are domains on the tables that every event and message writes. PostgreSQL takes a table's CHECK constraints
-- apart anew for each INSERT and UPDATE, also of columns that it does not touch; for a ledger row that took longer than writing it.
-- The constraint of a domain is kept ready, and asked only where its column is given a value.
create domain contact_class as text check (value in ('service', 'lifecycle', 'item_event', 'abandonment', 'bulk'));
create domain message_kind as text check (value in ('marketing', 'service'));
create domain message_state as text
  check (value in ('reserved', 'submitting', 'accepted', 'delivered', 'failed', 'unknown', 'dropped'));
create domain visitor as text check (value in ('human', 'machine', 'unknown'));
create domain decision_word as text check (value in ('send', 'defer', 'skip', 'drop', 'suppress', 'stop'));
create domain block_result as text check (value in ('passed', 'dropped'));
create domain profile_kind as text check (value in ('personal', 'corporate'));
create domain identity_kind as text check (value in ('user_id', 'anonymous_id', 'email', 'phone', 'telegram', 'card', 'device'));
create domain interest_kind as text check (value in ('favourite', 'view', 'category'));
create domain item_state as text check (value in ('out', 'free', 'ordered', 'sold'));
create domain item_word as text check (value in ('joined', 'left', 'out', 'returned', 'ordered', 'cancelled', 'sold'));

alter table messages
  drop constraint messages_class_check,
  drop constraint messages_kind_check,
  drop constraint messages_state_check,
  drop constraint messages_opened_by_check,
  alter class type contact_class,
  alter kind type message_kind,
  alter state type message_state,
  alter opened_by type visitor;
alter table runs
  drop constraint runs_class_check,
  alter class type contact_class;
alter table run_blocks
  drop constraint run_blocks_result_check,
  alter result type block_result;
alter table decisions
  drop constraint decisions_decision_check,
  alter decision type decision_word;
alter table profiles
  drop constraint profiles_kind_check,
  alter kind type profile_kind;
alter table identities
  drop constraint identities_kind_check,
  alter kind type identity_kind;
alter table interests
  drop constraint interests_kind_check,
  alter kind type interest_kind;
alter table items
  drop constraint items_state_check,
  alter state type item_state;
alter table item_news
  drop constraint item_news_what_check,
  alter what type item_word;
