// Written by `npm run generate` from the folders beside it. Do not edit.

import { routeEvents } from '#domain/routing.ts';
import { contract as abandonment } from './abandonment/contract.ts';
import { settings as abandonmentSettings } from './abandonment/settings.ts';

/** Contracts by journey. */
export const contracts = { abandonment } as const;

/** zod schemas of settings by journey. */
export const settingsSchemas = { abandonment: abandonmentSettings } as const;

export type JourneyName = keyof typeof contracts;

export const journeyNames = ['abandonment'] as const satisfies readonly JourneyName[];

/** Names of a journey's messages; of all journeys' by default. */
export type MessageName<Journey extends JourneyName = JourneyName> = Journey extends JourneyName
  ? keyof (typeof contracts)[Journey]['messages']
  : never;

/** Names of a journey's blocks; of all journeys' by default. */
export type BlockName<Journey extends JourneyName = JourneyName> = Journey extends JourneyName
  ? keyof (typeof contracts)[Journey]['blocks']
  : never;

/** Which journeys hear of which event. */
export const routing = routeEvents(Object.values(contracts));
