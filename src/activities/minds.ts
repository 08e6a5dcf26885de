// Written by `npm run generate` from the folders beside it. Do not edit.

import type { Mind } from '#activities/mind.ts';
import type { JourneyName } from '#workflows/catalogue.ts';
import { mind as abandonment } from './abandonment/mind.ts';
import { mind as atRisk } from './at-risk/mind.ts';
import { mind as itemEvent } from './item-event/mind.ts';
import { mind as lifecycle } from './lifecycle/mind.ts';
import { mind as message } from './message/mind.ts';
import { mind as newModel } from './new-model/mind.ts';
import { mind as optIn } from './opt-in/mind.ts';
import { mind as orderConfirmation } from './order-confirmation/mind.ts';
import { mind as replenishment } from './replenishment/mind.ts';
import { mind as reservation } from './reservation/mind.ts';
import { mind as reservationFollowup } from './reservation-followup/mind.ts';
import { mind as welcome } from './welcome/mind.ts';
import { mind as winBack } from './win-back/mind.ts';

/** Minds by journey. */
export const minds: Readonly<Record<JourneyName, Mind>> = {
  abandonment,
  'at-risk': atRisk,
  'item-event': itemEvent,
  lifecycle,
  message,
  'new-model': newModel,
  'opt-in': optIn,
  'order-confirmation': orderConfirmation,
  replenishment,
  reservation,
  'reservation-followup': reservationFollowup,
  welcome,
  'win-back': winBack,
};
