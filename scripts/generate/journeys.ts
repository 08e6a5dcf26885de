import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Contract, channelNames } from '#domain/journey.ts';
import { locales } from '#domain/shop.ts';
import { namesIn, readOr } from '#scripts/lib/files.ts';

/** A journey's folder as `generate` sees it. */
export interface Journey {
  /** The folder's name: the workflow type and the first part of workflow ids. */
  name: string;
  folder: string;
  contract: Contract;
}

/** Every folder below `workflows` that has a contract. */
export async function readJourneys(workflows: string): Promise<Journey[]> {
  const journeys: Journey[] = [];
  for (const name of await namesIn(workflows)) {
    const folder = join(workflows, name);
    if (!existsSync(join(folder, 'contract.ts'))) continue;
    const module: { contract?: Contract } = await import(pathToFileURL(join(folder, 'contract.ts')).href);
    if (!module.contract) throw new Error(`src/workflows/${name}/contract.ts must export \`contract\`.`);
    journeys.push({ name, folder, contract: module.contract });
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
  const declaration = `export async function ${functionName(name)}(`;
  return [
    ...(workflow.includes(declaration) ? [] : [`workflow.ts must have \`${declaration}entry: Entry)\`.`]),
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

const templateName = /^(?<message>[\w-]+)\.(?<channel>\w+)\.(?<locale>\w+)\.\w+$/;

/** Every message has an e-mail template in every locale, and every template belongs to a message. */
async function templateFaults({ folder, contract }: Journey): Promise<string[]> {
  const faults: string[] = [];
  const found = new Set<string>();
  for (const file of await namesIn(join(folder, 'messages'))) {
    const { message = '', channel = '', locale = '' } = templateName.exec(basename(file))?.groups ?? {};
    if (!channelNames.some((name) => name === channel) || !locales.some((name) => name === locale))
      faults.push(
        `messages/${file} should be called <message>.<${channelNames.join('|')}>.<${locales.join('|')}>.<type>.`,
      );
    else if (!(message in contract.messages)) faults.push(`messages/${file} belongs to no message of the contract.`);
    found.add(`${message}.${channel}.${locale}`);
  }
  for (const message of Object.keys(contract.messages)) {
    const missing = locales.filter((locale) => !found.has(`${message}.email.${locale}`));
    if (missing.length > 0)
      faults.push(`message "${message}" has no template messages/${message}.email.<${missing.join('|')}>.mjml.`);
  }
  return faults;
}
