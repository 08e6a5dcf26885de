/** The push services of the browsers that there are: Chrome and those made of it, Firefox, Edge, Safari. */
export const knownPushServices: readonly string[] = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  '*.push.services.mozilla.com',
  '*.notify.windows.com',
  'web.push.apple.com',
  '*.push.apple.com',
];

/** Whether a subscription's endpoint is one that may be posted to. Anybody can send us subscriptions, and a worker will call
 *  what stands in them from inside of our network: so it is not judged by what looks dangerous, but must be https at a service
 *  that is known. `*.example.com` is any host below. */
export function isPushEndpoint(endpoint: string, services: readonly string[] = knownPushServices): boolean {
  const url = URL.parse(endpoint);
  if (url === null || url.protocol !== 'https:' || url.port !== '') return false;
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return services.some((service) =>
    service.startsWith('*.') ? url.hostname.endsWith(service.slice(1)) : url.hostname === service,
  );
}

/** Whether a text can name a push service in the settings. Addresses in digits and single names are never public ones. */
export function isPushService(name: string): boolean {
  return /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(name);
}
