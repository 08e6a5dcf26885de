/* Vestnik's notifications. The shop serves a file of its own with one line: importScripts('https://crm.example.com/site/worker.js') */
(() => {
  const gateway = '{{gateway}}';

  /** Our tracked links and the shop's own pages; a notification leads nowhere else. */
  const own = (text) => {
    try {
      const url = new URL(text, self.location.origin);
      const isOurs = url.origin === self.location.origin || url.href.startsWith(`${gateway}/`);
      return isOurs && /^https?:$/.test(url.protocol) ? url.href : self.location.origin;
    } catch {
      return self.location.origin;
    }
  };

  const read = (data) => {
    try {
      return data.json();
    } catch {
      return null;
    }
  };

  // Another service may send to the same worker: what is not in our shape is left to it.
  self.addEventListener('push', (event) => {
    const { title, body, url, image, tag } = read(event.data) ?? {};
    if (typeof title !== 'string' || typeof url !== 'string' || typeof tag !== 'string') return;
    const options = { body, tag, data: { vestnik: own(url) }, ...(image && { image }) };
    event.waitUntil(self.registration.showNotification(title, options));
  });

  self.addEventListener('notificationclick', (event) => {
    const { vestnik } = event.notification.data ?? {};
    if (!vestnik) return;
    event.notification.close();
    event.waitUntil(self.clients.openWindow(vestnik));
  });

  /** The push service gave the browser another address: Vestnik learns it by the old one, which only the two know. */
  const move = async ({ oldSubscription, newSubscription }) => {
    if (!oldSubscription) return;
    const { userVisibleOnly, applicationServerKey } = oldSubscription.options;
    const subscription =
      newSubscription ?? (await self.registration.pushManager.subscribe({ userVisibleOnly, applicationServerKey }));
    const body = JSON.stringify({ old: oldSubscription.endpoint, subscription });
    await fetch(`${gateway}/site/v1/push/subscriptions`, { method: 'PUT', body, credentials: 'omit' });
  };
  self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(move(event)));
})();
