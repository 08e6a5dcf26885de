import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { gone, living, params, tag } from './customers.ts';
import { route } from './route.ts';

const link = route({
  method: 'post',
  path: '/customers/{id}/telegram-link',
  tag,
  summary: "Makes a link that binds the customer's Telegram",
  description:
    'Show it to the customer where they are signed in. Pressing Start there makes their chat with the bot an address of this ' +
    'customer, and is their consent to advertising on Telegram. Whoever has the link can follow it: it lives for 30 minutes.',
  params,
  answer: z.object({
    url: z.url().meta({ description: '`https://t.me/<bot>?start=…`' }),
    expiresAt: z.iso.datetime().meta({ description: 'In real time, however fast business time runs' }),
  }),
  problems: [...gone, 'no_telegram_bot', 'telegram_unreachable'],
  async handle({ params, deps }) {
    if (!deps.telegram) throw new Problem('no_telegram_bot');
    const { id } = await living(deps, params.id);
    return deps.telegram.link(id);
  },
});

export const telegramLinkRoutes = [link];
