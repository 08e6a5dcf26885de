import type { Contract } from '#domain/journey.ts';
import { contracts } from '#workflows/catalogue.ts';

/** Journeys that who wants no advertising leaves. Service messages are none: their journeys go on. */
export const advertising = Object.values<Contract>(contracts)
  .filter((contract) => contract.class !== 'service')
  .map((contract) => contract.name);
