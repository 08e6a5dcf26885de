import { categoryLink, lines, nothing } from '#activities/content.ts';
import type { ActivityDeps } from '#activities/deps.ts';
import type { Candidate, Content, Situation } from '#activities/mind.ts';
import { recommend } from '#activities/recommend.ts';
import { mindOf } from '#activities/shared.ts';
import { situationOf } from '#activities/situation.ts';
import type { Trx } from '#db/connect.ts';
import { readFacts } from '#db/facts.ts';
import { largestCategories } from '#db/goods.ts';
import type { MessageRequest } from '#db/message-requests.ts';
import type { MessageContent } from '#domain/content.ts';
import type { ChannelName } from '#domain/journey.ts';
import { exampleOf, filled } from '#domain/template-variables.ts';
import type { MessageModel, Rendered, RenderInput } from '#rendering/model.ts';
import { ourTemplates } from '#workflows/variables.ts';

interface Asked {
  request: MessageRequest;
  /** Id of the customer whose data it shows; anything else: a sample. */
  about: unknown;
}

/** What a test of a message shows: what its journey would tell a customer now, and a sample of the catalogue where it would tell
 *  nothing. Marked as a test, whatever the channel. */
export async function testContent(
  trx: Trx,
  situation: Situation,
  { request, about }: Asked,
  { renderer, ...deps }: ActivityDeps,
): Promise<Content> {
  const { journey, template: message, cascade } = request;
  const shown = typeof about === 'string' ? await situationAbout(trx, situation, about, journey) : null;
  const told = shown && (await toldBy(trx, shown, { journey, message, cascade }, { ...deps, renderer }));
  const content = told ?? (await sample(trx, shown ?? situation, message));
  const kind = mindOf(journey).contract.messages[message]?.kind ?? 'service';
  const customer = shown && { firstName: shown.facts.customer.firstName };
  const render = <Channel extends ChannelName>(input: RenderInput<Channel>): Rendered<Channel> => {
    const model = { ...input.model, ...(customer && { customer }) };
    return marked(renderer.render({ ...input, journey, message, kind, model }));
  };
  return { ...content, render };
}

async function situationAbout(
  trx: Trx,
  { now }: Situation,
  customerId: string,
  journey: string,
): Promise<Situation | null> {
  const at = new Date(now);
  const request = { customerId, journey, key: '', profile: null, run: { workflowId: 'test' }, now: at };
  const facts = await readFacts(trx, request);
  return facts === null || facts.gone !== null ? null : situationOf(facts, at, now, null);
}

/** Null where the journey would not speak to this customer by this message now. */
async function toldBy(
  trx: Trx,
  bare: Situation,
  { journey, message, cascade }: Pick<Candidate, 'message' | 'cascade'> & { journey: string },
  deps: ActivityDeps,
): Promise<Content | null> {
  const { contract, load, step, compose } = mindOf(journey);
  if (contract.key === 'order' || contract.key === 'purchase' || contract.key === 'request') return null;
  // Without what is its own among the facts a mind would fail on the first look at them.
  const facts = load === undefined ? bare.facts : await load(trx, bare.facts, '');
  const situation = { ...bare, facts };
  const due = step(situation);
  const here = { do: 'send' as const, block: 'test', iteration: 1, refs: [], progress: null };
  const asked = { ...here, message, cascade, firstDue: situation.now, validForMs: 0 };
  const candidate = due.do === 'send' && due.message === message ? due : asked;
  const content = await compose(trx, situation, candidate, deps);
  return 'untrue' in content ? null : { ...content, promo: content.promo ?? samplePromo(situation.now) };
}

const day = 86_400_000;

function samplePromo(now: number): NonNullable<MessageModel['promo']> {
  return { code: 'TEST-CODE', percent: 10, amount: null, expires: new Date(now + 7 * day).toISOString() };
}

/** Everything that a letter could show. */
async function sample(trx: Trx, situation: Situation, message: string): Promise<Content> {
  const { facts, shop, now } = situation;
  const goods = lines(await recommend(trx, situation, { from: ['novelties'], count: 6, seed: 'test' }));
  const categories = (await largestCategories(trx, facts.customer.region, 6)).map((name) => categoryLink(shop, name));
  const variables = ourTemplates.get(message)?.variables;
  const data = variables === undefined ? {} : filled(variables, exampleOf(variables));
  const parts = { goods: goods.slice(0, 2), more: goods.slice(2), category: categories[0] ?? null, categories };
  return { ...nothing, ...parts, promo: samplePromo(now), data };
}

const mark = '[Test] ';

function marked<Channel extends ChannelName>(rendered: Rendered<Channel>): Rendered<Channel> {
  const content: MessageContent = rendered.content;
  return { ...rendered, content: withMark(content) as Rendered<Channel>['content'] };
}

function withMark(content: MessageContent): MessageContent {
  if (content.form === 'letter') return { ...content, subject: `${mark}${content.subject}` };
  if (content.form === 'push') return { ...content, title: `${mark}${content.title}` };
  return { ...content, text: `${mark}${content.text}` };
}
