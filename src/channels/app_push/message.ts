import { carrying, type OutgoingMessage } from '#channels/channel.ts';

/** FCM takes 4,096 bytes of notification and data; what is beside them in the document needs little. */
const longestBody = 1000;
const longestTitle = 150;

/** A message of FCM's HTTP v1 API for one registration token. `data` is for the app: the link that it opens, and our id. */
export function toFcm(message: OutgoingMessage, token: string, ttl: number, wallNow: number) {
  const { id, kind, journey, template } = message;
  const { title, body, url, imageUrl } = carrying(message, 'push').content;
  const isUrgent = kind === 'service';
  // Advertising of a journey that still waits for a phone gives way to what is newer.
  const collapse = isUrgent ? id : journey.slice(0, 64);
  return {
    message: {
      token,
      notification: {
        title: cut(title, longestTitle),
        body: cut(body, longestBody),
        ...(imageUrl && { image: imageUrl }),
      },
      data: { url, messageId: id },
      fcm_options: { analytics_label: template.replace(/[^\w.~%-]/g, '-').slice(0, 50) },
      android: {
        priority: isUrgent ? 'HIGH' : 'NORMAL',
        ttl: `${ttl}s`,
        collapse_key: collapse,
        notification: { tag: id },
      },
      apns: {
        headers: {
          'apns-priority': isUrgent ? '10' : '5',
          'apns-expiration': String(Math.floor(wallNow / 1000) + ttl),
          'apns-collapse-id': collapse,
        },
        payload: { aps: { sound: 'default', ...(imageUrl && { 'mutable-content': 1 }) } },
        ...(imageUrl && { fcm_options: { image: imageUrl } }),
      },
    },
  };
}

function cut(text: string, most: number): string {
  const signs = Array.from(text);
  return signs.length <= most
    ? text
    : `${signs
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}
