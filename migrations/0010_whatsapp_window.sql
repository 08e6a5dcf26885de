-- When a customer last wrote to the shop on WhatsApp: for a day after it Meta lets the shop write freely. Not moved where customers are
-- joined: then it is as if they had not written.
alter table customers add column whatsapp_at timestamptz;
