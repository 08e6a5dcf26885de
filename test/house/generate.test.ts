import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { journeyFaults, readJourneys } from '#scripts/generate/journeys.ts';
import { mindFaults, mindsSource, readMinds } from '#scripts/generate/minds.ts';
import { barrelSource, catalogueSource } from '#scripts/generate/sources.ts';

const workflows = join(inject('runFolder'), 'generate');

const contract = {
  name: 'win-back',
  startsOn: [],
  goalOn: [],
  blocks: { wait: { kind: 'wait', title: 'Waits', next: ['end'] }, end: { kind: 'end', title: 'End', next: [] } },
  messages: { offer: { kind: 'marketing' } },
};

const zod = `import { z } from ${JSON.stringify(import.meta.resolve('zod'))};`;
const settings = (fields: string) => `${zod}\nexport const settings = z.strictObject({ ${fields} });`;

/** A whole journey; what a test replaces makes it a faulty one. */
const whole: Record<string, string | null> = {
  'contract.ts': `export const contract = ${JSON.stringify(contract)};`,
  'settings.ts': settings('enabled: z.boolean().default(true)'),
  'workflow.ts': `export async function winBack(entry: Entry): Promise<Outcome> {}`,
  'messages/offer.email.en.mjml': '',
  'messages/offer.email.ru.mjml': '',
};

async function journey(changes: Record<string, string | null> = {}) {
  const folder = join(workflows, String(Math.random()).slice(2));
  for (const [name, text] of Object.entries({ ...whole, ...changes })) {
    if (text === null) continue;
    const path = join(folder, 'win-back', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return readJourneys(folder);
}

async function faultsOf(changes: Record<string, string | null>): Promise<string[]> {
  return (await Promise.all((await journey(changes)).map(journeyFaults))).flat();
}

test('a whole journey has no fault, and its workflow type keeps the dash', async () => {
  expect(await faultsOf({})).toEqual([]);
  const journeys = await journey();
  expect(barrelSource(journeys)).toContain(`export { winBack as 'win-back' } from './win-back/workflow.ts';`);
  expect(catalogueSource(journeys)).toContain(`export const contracts = { 'win-back': winBack } as const;`);
});

test('the catalogue says by which channels each message can go, e-mail first', async () => {
  const push = '---\ntitle: Hello\nurl: cartUrl\n---\nHello';
  const journeys = await journey({
    ...Object.fromEntries(['en', 'ru'].map((locale) => [`messages/offer.push.${locale}.txt`, push])),
    ...Object.fromEntries(['en', 'ru'].map((locale) => [`messages/offer.sms.${locale}.txt`, 'Hello'])),
  });
  expect((await Promise.all(journeys.map(journeyFaults))).flat()).toEqual([]);
  expect(catalogueSource(journeys)).toContain(`  'win-back': {
    offer: ['email', 'sms', 'web_push', 'app_push'],
  },
`);
});

test.each([
  [
    'a message without a template',
    { 'messages/offer.email.ru.mjml': null },
    'message "offer" has no template messages/offer.email.<ru>.mjml',
  ],
  [
    'a template without a message',
    { 'messages/gift.email.en.mjml': '' },
    'messages/gift.email.en.mjml belongs to no message',
  ],
  [
    'a template in an unknown locale',
    { 'messages/offer.email.xx.mjml': '' },
    'messages/offer.email.xx.mjml should be called',
  ],
  [
    'a channel in one language only',
    { 'messages/offer.sms.en.txt': 'Hello' },
    'message "offer" has no template messages/offer.sms.<ru>.txt',
  ],
  [
    'a short text with the ending of a letter',
    { 'messages/offer.sms.en.mjml': '' },
    'messages/offer.sms.en.mjml should be called <message>.email.<en|ru>.mjml or <message>.<telegram|',
  ],
  [
    'a text that is too long for its channel',
    { 'messages/offer.sms.en.txt': 'Hello', 'messages/offer.sms.ru.txt': 'я'.repeat(135) },
    'messages/offer.sms.ru.txt: the text takes 3 SMS segments',
  ],
  [
    'a push without a title, told once for both pushes',
    { 'messages/offer.push.en.txt': 'Hello', 'messages/offer.push.ru.txt': '---\ntitle: Да\nurl: cartUrl\n---\nДа' },
    'messages/offer.push.en.txt: give it a `title`',
  ],
  ['a workflow under another name', { 'workflow.ts': 'export async function other() {}' }, 'workflow.ts must have'],
  ['settings that are not exported', { 'settings.ts': '' }, 'settings.ts must export'],
  ['settings that cannot switch it off', { 'settings.ts': settings('') }, 'settings.ts must have `enabled`'],
  [
    'a setting without a default',
    { 'settings.ts': settings('enabled: z.boolean().default(true), days: z.int()') },
    'settings.ts has no good default for `days`',
  ],
])('%s is a fault of its journey', async (_, changes, fault) => {
  expect(await faultsOf(changes)).toEqual([expect.stringContaining(`Journey win-back: ${fault}`)]);
});

test('a folder that is called otherwise than its journey, and a block that leads nowhere, are faults', async () => {
  const odd = { ...contract, name: 'winback', blocks: { wait: { kind: 'wait', title: 'Waits', next: ['gone'] } } };
  expect(await faultsOf({ 'contract.ts': `export const contract = ${JSON.stringify(odd)};` })).toEqual([
    expect.stringContaining('folder and name must agree'),
    expect.stringContaining('block "wait" leads to "gone", which is no block'),
  ]);
});

test('the mind of each journey is taken from its folder', async () => {
  const activities = join(workflows, 'minds');
  await mkdir(join(activities, 'win-back'), { recursive: true });
  await writeFile(join(activities, 'win-back/mind.ts'), 'export const mind: Mind = {};');
  const [journeys, minds] = [await journey(), await readMinds(activities)];
  expect(mindFaults(journeys, minds)).toEqual([]);
  expect(mindsSource(journeys, minds)).toContain(`import { mind as winBack } from './win-back/mind.ts';`);
  expect(mindsSource(journeys, minds)).toContain(`'win-back': winBack,`);
});

test('a journey without a mind, a mind without a journey, and one that is not exported, are faults', async () => {
  const journeys = await journey();
  const stray = { journey: 'at-risk', source: 'export const mind: Mind = {};' };
  expect(mindFaults(journeys, [stray])).toEqual([
    'Journey win-back: it has no mind; write src/activities/win-back/mind.ts, which exports `mind`.',
    expect.stringContaining('src/activities/at-risk/mind.ts is the mind of no journey'),
  ]);
  expect(mindFaults(journeys, [{ journey: 'win-back', source: 'const mind = {};' }])).toEqual([
    'Journey win-back: src/activities/win-back/mind.ts must export `mind`.',
  ]);
});
