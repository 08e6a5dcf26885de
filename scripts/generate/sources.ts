import { functionName, type Journey } from './journeys.ts';

const header = '// Written by `npm run generate` from the folders beside it. Do not edit.\n';

/** src/workflows/index.ts: what the worker bundles. An export's name is the workflow type. */
export function barrelSource(journeys: readonly Journey[]): string {
  const lines = journeys.map(({ name }) => {
    const local = functionName(name);
    return {
      folder: name,
      line: `export { ${local === name ? name : `${local} as '${name}'`} } from './${name}/workflow.ts';\n`,
    };
  });
  const all = [...lines, { folder: 'kit', line: `export { job } from './kit/job.ts';\n` }];
  return (
    header +
    all
      .sort((a, b) => (a.folder < b.folder ? -1 : 1))
      .map(({ line }) => line)
      .join('')
  );
}

/** src/workflows/catalogue.ts: what everybody may know of all journeys. */
export function catalogueSource(journeys: readonly Journey[]): string {
  const imports = journeys.flatMap(({ name }) => {
    const local = functionName(name);
    return [
      `import { contract as ${local} } from './${name}/contract.ts';\n`,
      `import { settings as ${local}Settings } from './${name}/settings.ts';\n`,
    ];
  });
  const entries = (suffix: string) =>
    journeys.map(({ name }) => {
      const key = functionName(name) === name ? name : `'${name}'`;
      const value = functionName(name) + suffix;
      return key === value ? key : `${key}: ${value}`;
    });
  const names = journeys.map(({ name }) => `'${name}'`);
  return `${header}
import type { ChannelName } from '#domain/journey.ts';
import { routeEvents } from '#domain/routing.ts';
${imports.join('')}
/** Contracts by journey. */
export const contracts = ${object(entries(''))} as const;

/** zod schemas of settings by journey. */
export const settingsSchemas = ${object(entries('Settings'))} as const;

export type JourneyName = keyof typeof contracts;

export const journeyNames = ${list(names)} as const satisfies readonly JourneyName[];

/** Names of a journey's messages; of all journeys' by default. */
export type MessageName<Journey extends JourneyName = JourneyName> = Journey extends JourneyName
  ? keyof (typeof contracts)[Journey]['messages']
  : never;

/** Names of a journey's blocks; of all journeys' by default. */
export type BlockName<Journey extends JourneyName = JourneyName> = Journey extends JourneyName
  ? keyof (typeof contracts)[Journey]['blocks']
  : never;

/** The channels that each message has texts for: settings may name no other for it. */
export const messageChannels: Readonly<Record<JourneyName, Readonly<Record<string, readonly ChannelName[]>>>> = {
${journeys.map(channelEntries).join('')}};

/** Which journeys hear of which event. */
export const routing = routeEvents(Object.values(contracts));
`;
}

function channelEntries({ name, channels }: Journey): string {
  const lines = Object.entries(channels).map(([message, names]) => {
    const quoted = names.map((channel) => `'${channel}'`);
    const line = `    ${key(message)}: [${quoted.join(', ')}],\n`;
    return line.length <= 121
      ? line
      : `    ${key(message)}: [\n${quoted.map((one) => `      ${one},\n`).join('')}    ],\n`;
  });
  return `  ${key(name)}: {\n${lines.join('')}  },\n`;
}

const key = (name: string) => (/^[a-z_]\w*$/i.test(name) ? name : `'${name}'`);

// As the formatter would write them: on one line where they fit.
const object = (entries: string[]) => wrap('{', entries, '}', ' ');
const list = (entries: string[]) => wrap('[', entries, ']', '');

function wrap(open: string, entries: string[], close: string, pad: string): string {
  const line = `${open}${pad}${entries.join(', ')}${pad}${close}`;
  return line.length <= 60 ? line : `${open}\n${entries.map((entry) => `  ${entry},\n`).join('')}${close}`;
}
