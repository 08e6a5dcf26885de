import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ChannelName, type Contract, channelNames } from '#domain/journey.ts';
import { locales } from '#domain/shop.ts';
import { compileShort } from '#rendering/short/compile.ts';
import { templateName, templateNaming } from '#rendering/sources.ts';
import { namesIn, readOr } from '#scripts/lib/files.ts';

/** A journey's folder as `generate` sees it. */
export interface Journey {
  /** The folder's name: the workflow type and the first part of workflow ids. */
  name: string;
  folder: string;
  contract: Contract;
  /** The channels that each message has templates for. */
  channels: Readonly<Record<string, readonly ChannelName[]>>;
}

/** Every folder below `workflows` that has a contract. */
export async function readJourneys(workflows: string): Promise<Journey[]> {
  const journeys: Journey[] = [];
  for (const name of await namesIn(workflows)) {
    const folder = join(workflows, name);
    if (!existsSync(join(folder, 'contract.ts'))) continue;
    const module: { contract?: Contract } = await import(pathToFileURL(join(folder, 'contract.ts')).href);
    if (!module.contract) throw new Error(`src/workflows/${name}/contract.ts must export \`contract\`.`);
    const { contract } = module;
    journeys.push({ name, folder, contract, channels: await messageChannels({ folder, contract }) });
  }
  return journeys;
}

/** `win-back` → `winBack`: how its workflow function is called. */
export function functionName(journey: string): string {
  return journey.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What is wrong with a journey's folder, a sentence each. */
export async function journeyFaults(journey: Journey): Promise<string[]> {
  const parts = [nameFaults(journey), blockFaults(journey), await fileFaults(journey), await templateFaults(journey)];
  return parts.flat().map((fault) => `Journey ${journey.name}: ${fault}`);
}

function nameFaults({ name, contract }: Journey): string[] {
  return contract.name === name ? [] : [`its contract says the name "${contract.name}"; folder and name must agree.`];
}

function blockFaults({ contract }: Journey): string[] {
  const known = new Set(Object.keys(contract.blocks));
  return Object.entries(contract.blocks).flatMap(([block, { next }]) =>
    next.filter((name) => !known.has(name)).map((name) => `block "${block}" leads to "${name}", which is no block.`),
  );
}

async function fileFaults({ name, folder }: Journey): Promise<string[]> {
  const workflow = await readOr(join(folder, 'workflow.ts'), '');
  const declaration = `function ${functionName(name)}(`;
  const declared = ['export ', 'export async '].some((before) => workflow.includes(before + declaration));
  return [
    ...(declared ? [] : [`workflow.ts must have \`export ${declaration}entry: Entry)\`.`]),
    ...(await settingsFaults(join(folder, 'settings.ts'))),
  ];
}

/** What of a zod schema is of interest here. */
interface Schema {
  safeParse(value: unknown): {
    success: boolean;
    data?: { enabled?: unknown };
    error?: { issues: { path: PropertyKey[]; message: string }[] };
  };
}

/** Nobody has to set anything, and who sets one thing need not set all: everything has a default. */
async function settingsFaults(path: string): Promise<string[]> {
  if (!/^export const settings\b/m.test(await readOr(path, '')))
    return ['settings.ts must export the zod schema `settings`.'];
  const { settings }: { settings: Schema } = await import(pathToFileURL(path).href);
  const { success, data, error } = settings.safeParse({});
  if (success && typeof data?.enabled !== 'boolean')
    return ['settings.ts must have `enabled`: put `...entering` of src/workflows/settings-schemas.ts into it.'];
  return (error?.issues ?? []).map(
    ({ path: field, message }) => `settings.ts has no good default for \`${field.join('.')}\`: ${message}.`,
  );
}

/** The channels by which each message can go, by the templates that are there; e-mail is a must and comes first. */
async function messageChannels({ folder, contract }: Pick<Journey, 'folder' | 'contract'>) {
  const names = (await namesIn(join(folder, 'messages'))).map(templateName);
  const channelsOf = (message: string): ChannelName[] => {
    const found = new Set(names.flatMap((name) => (name?.message === message ? name.channels : [])));
    return channelNames.filter((channel) => found.has(channel));
  };
  return Object.fromEntries(Object.keys(contract.messages).map((message) => [message, channelsOf(message)]));
}

/** Every message has an e-mail template, every channel that it has is there in every locale and within its limits, and every
 *  template belongs to a message. */
async function templateFaults(journey: Journey): Promise<string[]> {
  const folder = join(journey.folder, 'messages');
  const files = await namesIn(folder);
  const faults = await Promise.all(files.map((file) => fileFaultsOf(journey, join(folder, file))));
  const found = new Set<string>();
  for (const file of files) {
    const { message, channels = [], locale } = templateName(file) ?? {};
    for (const channel of channels) found.add(`${message}.${channel}.${locale}`);
  }
  for (const [message, channels] of Object.entries(journey.channels))
    for (const channel of new Set<ChannelName>(['email', ...channels])) {
      const missing = locales.filter((locale) => !found.has(`${message}.${channel}.${locale}`));
      const type = channel === 'email' ? 'mjml' : 'txt';
      if (missing.length > 0)
        faults.push([
          `message "${message}" has no template messages/${message}.${channel}.<${missing.join('|')}>.${type}.`,
        ]);
    }
  return faults.flat();
}

/** What is wrong with the texts of presets, a sentence each: `<presets>/<name>/messages/<journey>/<template>`. */
export async function presetFaults(presets: string, journeys: readonly Journey[]): Promise<string[]> {
  const faults: string[] = [];
  for (const preset of (await namesIn(presets)).filter((name) => !name.endsWith('.ts')))
    for (const name of await namesIn(join(presets, preset, 'messages'))) {
      const folder = join(presets, preset, 'messages', name);
      const journey = journeys.find((known) => known.name === name);
      const found = journey
        ? await Promise.all((await namesIn(folder)).map((file) => overrideFaults(journey, join(folder, file))))
        : [[`messages/${name} is called like no journey.`]];
      faults.push(...found.flat().map((fault) => `Preset ${preset}: ${fault}`));
    }
  return faults;
}

/** A preset words what there is; it adds no channel, which settings could then name for others. */
async function overrideFaults(journey: Journey, path: string): Promise<string[]> {
  const faults = await fileFaultsOf(journey, path);
  const { message = '', channels = [] } = templateName(basename(path)) ?? {};
  const strange = channels.filter((channel) => !journey.channels[message]?.includes(channel));
  return faults.length > 0 || strange.length === 0
    ? faults
    : [`${basename(path)} words a message that journey ${journey.name} does not have for ${strange.join(', ')}.`];
}

async function fileFaultsOf({ contract }: Journey, path: string): Promise<string[]> {
  const file = `messages/${basename(path)}`;
  const name = templateName(basename(path));
  if (name === null) return [`${file} should be called ${templateNaming}.`];
  if (!(name.message in contract.messages)) return [`${file} belongs to no message of the contract.`];
  const text = await readOr(path, '');
  const faults = new Set<string>();
  for (const channel of name.channels) {
    if (channel === 'email') continue;
    try {
      compileShort(text, channel, file);
    } catch (error) {
      faults.add(`${error instanceof Error ? error.message : error}.`);
    }
  }
  return [...faults];
}
