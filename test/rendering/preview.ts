/** Pictures of every letter and the short forms of every message, to be looked at: `node test/rendering/preview.ts FOLDER [MESSAGE]`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shown } from '#channels/sandbox/shown.ts';
import type { Locale } from '#domain/shop.ts';
import { smsSize } from '#domain/sms.ts';
import { exampleOf, filled } from '#domain/template-variables.ts';
import type { MessageModel } from '#rendering/model.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { launchBrowser } from '#test/support/chromium.ts';
import { ourTemplates } from '#workflows/variables.ts';
import { fullModel, inputFor, inputOf, leastModel } from './sample.ts';

const views = [
  { name: 'desktop', width: 640, colorScheme: 'light' },
  { name: 'phone', width: 375, colorScheme: 'light' },
  { name: 'dark', width: 640, colorScheme: 'dark' },
  { name: 'minimal', width: 375, colorScheme: 'light' },
] as const;

/** Stands for a product's photo. */
function picture(index: number): string {
  const hue = (index * 67 + 20) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600"><rect width="600" height="600" fill="hsl(${hue} 30% 88%)"/><ellipse cx="300" cy="470" rx="170" ry="24" fill="hsl(${hue} 20% 70%)"/><rect x="${170 + index * 6}" y="150" width="${260 - index * 12}" height="320" rx="${20 + index * 18}" fill="hsl(${hue} 38% 46%)"/><path d="M235 150c0-90 130-90 130 0" fill="none" stroke="hsl(${hue} 38% 34%)" stroke-width="14"/></svg>`;
  return `data:image/svg+xml;base64,${btoa(svg)}`;
}

/** Letters that show a selection, the reduced first, as the journey composes them. */
const selections = [
  ...['favourites', 'category', 'latest-updates', 'first-order', 'novelties', 'company-range'],
  ...['other-items', 'promo-code'],
];

/** Messages that may go with a promo code, beside those that are called so. */
const codes = ['first-order', 'how-to-order', 'company-range', 'company-terms'];

function modelOf({ message, locale }: { message: string; locale: Locale }, view: string): MessageModel {
  if (view === 'minimal') return leastModel(message, locale);
  const model = fullModel(locale, picture);
  const all = [...model.goods, ...model.more].map((line) => ({ ...line, quantity: 1 }));
  const reduced = all.toSorted((a, b) => Number(b.oldPrice !== null) - Number(a.oldPrice !== null));
  const promo = message.includes('promo') || codes.includes(message) ? model.promo : null;
  return selections.includes(message) ? { ...model, goods: reduced, more: [], promo } : { ...model, promo };
}

const [folder = '', only] = process.argv.slice(2);
if (folder === '') throw new Error('name the folder for the pictures: node test/rendering/preview.ts FOLDER [MESSAGE]');
mkdirSync(folder, { recursive: true });
const renderer = await createRenderer();
const chosen = renderer.templates.filter(({ message }) => !only || message === only);
writeShortForms();
const browser = await launchBrowser();
const page = await browser.newPage();
for (const { name, width, colorScheme } of views) {
  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme });
  for (const template of chosen.filter(({ channel }) => channel === 'email')) {
    const { html, text } = renderer.render(inputOf(template, inWordsOf(template, modelOf(template, name)))).content;
    const file = join(folder, fileOf(template));
    if (name === 'desktop') writeFileSync(`${file}.html`, html);
    if (name === 'desktop') writeFileSync(`${file}.txt`, text);
    await page.setContent(html, { waitUntil: 'load' });
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    if (Number(overflow) > 0) process.stderr.write(`${file} at ${width} px scrolls sideways by ${overflow} px\n`);
    await page.screenshot({ path: `${file}.${name}.png`, fullPage: true });
  }
}
await browser.close();

/** A preset's own wording lies beside the usual one. */
function fileOf({ texts, message, locale }: (typeof chosen)[number]): string {
  return `${texts === null ? '' : `${texts}.`}${message}.${locale}`;
}

function inWordsOf({ texts, message, journey }: (typeof chosen)[number], model: MessageModel): MessageModel {
  const { variables } = ourTemplates.get(message) ?? {};
  const queue = journey === 'reservation' ? { hours: 16, inCatalogue: true } : {};
  const data = variables ? filled(variables, exampleOf(variables, 'all')) : queue;
  return { ...model, data, shop: { ...model.shop, texts } };
}

/** One file a message and language: each channel as it is with all there can be, and with the least. */
function writeShortForms(): void {
  for (const name of new Set(chosen.map(fileOf)))
    for (const { message, locale } of chosen.filter((one) => fileOf(one) === name).slice(0, 1)) {
      const forms = chosen.filter((one) => fileOf(one) === name && one.channel !== 'email');
      const models = [fullModel(locale), leastModel(message, locale)];
      const texts = forms.flatMap((form) =>
        models.map((model) => {
          const { content } = renderer.render(inputFor(form, form.channel, inWordsOf(form, model)));
          const { segments, units } = smsSize(content.form === 'text' ? content.text : '');
          const size = form.channel === 'sms' ? ` (${segments} segments, ${units} characters)` : '';
          return `===== ${form.channel}${size}\n\n${shown(content)}\n`;
        }),
      );
      writeFileSync(join(folder, `${name}.short.txt`), texts.join('\n'));
    }
}
