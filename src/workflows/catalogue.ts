// Written by `npm run generate` from the folders beside it. Do not edit.

import type { ChannelName } from '#domain/journey.ts';
import { routeEvents } from '#domain/routing.ts';
import { contract as abandonment } from './abandonment/contract.ts';
import { settings as abandonmentSettings } from './abandonment/settings.ts';
import { contract as atRisk } from './at-risk/contract.ts';
import { settings as atRiskSettings } from './at-risk/settings.ts';
import { contract as itemEvent } from './item-event/contract.ts';
import { settings as itemEventSettings } from './item-event/settings.ts';
import { contract as lifecycle } from './lifecycle/contract.ts';
import { settings as lifecycleSettings } from './lifecycle/settings.ts';
import { contract as message } from './message/contract.ts';
import { settings as messageSettings } from './message/settings.ts';
import { contract as newModel } from './new-model/contract.ts';
import { settings as newModelSettings } from './new-model/settings.ts';
import { contract as optIn } from './opt-in/contract.ts';
import { settings as optInSettings } from './opt-in/settings.ts';
import { contract as orderConfirmation } from './order-confirmation/contract.ts';
import { settings as orderConfirmationSettings } from './order-confirmation/settings.ts';
import { contract as replenishment } from './replenishment/contract.ts';
import { settings as replenishmentSettings } from './replenishment/settings.ts';
import { contract as reservation } from './reservation/contract.ts';
import { settings as reservationSettings } from './reservation/settings.ts';
import { contract as reservationFollowup } from './reservation-followup/contract.ts';
import { settings as reservationFollowupSettings } from './reservation-followup/settings.ts';
import { contract as welcome } from './welcome/contract.ts';
import { settings as welcomeSettings } from './welcome/settings.ts';
import { contract as winBack } from './win-back/contract.ts';
import { settings as winBackSettings } from './win-back/settings.ts';

/** Contracts by journey. */
export const contracts = {
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
} as const;

/** zod schemas of settings by journey. */
export const settingsSchemas = {
  abandonment: abandonmentSettings,
  'at-risk': atRiskSettings,
  'item-event': itemEventSettings,
  lifecycle: lifecycleSettings,
  message: messageSettings,
  'new-model': newModelSettings,
  'opt-in': optInSettings,
  'order-confirmation': orderConfirmationSettings,
  replenishment: replenishmentSettings,
  reservation: reservationSettings,
  'reservation-followup': reservationFollowupSettings,
  welcome: welcomeSettings,
  'win-back': winBackSettings,
} as const;

export type JourneyName = keyof typeof contracts;

export const journeyNames = [
  'abandonment',
  'at-risk',
  'item-event',
  'lifecycle',
  'message',
  'new-model',
  'opt-in',
  'order-confirmation',
  'replenishment',
  'reservation',
  'reservation-followup',
  'welcome',
  'win-back',
] as const satisfies readonly JourneyName[];

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
  abandonment: {
    'cart-reminder': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'cart-still-here': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'cart-questions': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'cart-last-call': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-cart': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'cart-promo': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'cart-promo-expires': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    favourites: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'favourites-alternatives': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    view: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'view-alternatives': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'view-expensive': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    category: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'latest-updates': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'pick-a-category': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  'at-risk': {
    promo: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'promo-ends': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-promo': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-promo-ends': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  'item-event': {
    'back-in-stock': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'price-drop': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  lifecycle: {
    'cross-sell': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'review-request': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'top-up': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    news: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'small-promo': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'bigger-promo': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  message: {
    'password-reset': ['email'],
    'login-code': ['email', 'telegram', 'sms', 'viber', 'whatsapp'],
    'email-confirmation': ['email'],
    'account-created': ['email'],
    'account-changed': ['email', 'telegram', 'sms', 'viber'],
  },
  'new-model': {
    'new-model': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  'opt-in': {
    confirm: ['email'],
  },
  'order-confirmation': {
    'order-confirmed': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'order-shipped': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'order-ready': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'order-delivered': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'order-cancelled': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'order-refunded': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  replenishment: {
    'running-out': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'run-out': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  reservation: {
    offer: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'hold-cancelled': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    overtaken: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'item-sold': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  'reservation-followup': {
    'other-items': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'promo-code': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  welcome: {
    'how-it-works': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'first-order': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    originals: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'try-on': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    novelties: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'how-to-order': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-papers': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-range': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-delivery': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-manager': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-lists': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-terms': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
  'win-back': {
    offer: ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
    'company-offer': ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'],
  },
};

/** Which journeys hear of which event. */
export const routing = routeEvents(Object.values(contracts));
