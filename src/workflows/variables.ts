import type { Variables } from '#domain/template-variables.ts';
import { type JourneyName, messageChannels } from './catalogue.ts';
import { variables as message } from './message/variables.ts';
import { variables as orders } from './order-confirmation/variables.ts';

/** The journeys whose messages may be sent by the open API, with what the `data` of each message must have. */
const sendable: Partial<Record<JourneyName, Readonly<Record<string, Variables>>>> = {
  message,
  'order-confirmation': orders,
};

export interface OurTemplate {
  name: string;
  journey: JourneyName;
  variables: Variables;
  channels: NonNullable<(typeof messageChannels)[JourneyName][string]>;
}

/** Our templates for transactional sends, by name. */
export const ourTemplates: ReadonlyMap<string, OurTemplate> = new Map(
  Object.entries(sendable).flatMap(([journey, messages]) =>
    Object.entries(messages).map(([name, variables]) => [
      name,
      {
        name,
        journey: journey as JourneyName,
        variables,
        channels: messageChannels[journey as JourneyName][name] ?? [],
      },
    ]),
  ),
);
