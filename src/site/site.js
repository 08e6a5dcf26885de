/* Vestnik for websites: <script async src="https://crm.example.com/site.js" data-write-key="vsw_…"></script> */
(() => {
  const script = document.currentScript;
  const gateway = script.src.replace(/\/site\.js(?:[?#].*)?$/, '');
  const { writeKey, worker = '/vestnik-worker.js', page: autoPage } = script.dataset;
  const called = Array.isArray(window.vestnik) ? window.vestnik : [];

  /** What is kept between pages. A browser that allows no storage keeps it for this page. */
  const memory = {};
  const kept = (storage, name, value) => {
    const key = `vestnik.${name}`;
    try {
      if (value === undefined) return JSON.parse(window[storage].getItem(key)) ?? memory[key];
      if (value === null) window[storage].removeItem(key);
      else window[storage].setItem(key, JSON.stringify(value));
    } catch {
      if (value === undefined) return memory[key];
    }
    memory[key] = value ?? undefined;
    return value;
  };
  const browser = (name, value) => kept('localStorage', name, value);
  // Of this tab alone, so that two tabs never overwrite what the other has still to send.
  const tab = (name, value) => kept('sessionStorage', name, value);

  const newId = () => {
    const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
    return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };
  const anonymousId = () => browser('anonymousId') ?? browser('anonymousId', newId());
  const who = () => {
    const userId = browser('userId');
    return { anonymousId: anonymousId(), ...(userId && { userId }) };
  };

  // ── Events: put down first, then sent; what could not be sent goes with the next page ──

  let sending = false;
  let failures = 0;
  let timer;
  const waiting = () => tab('queue') ?? [];
  const most = 100;
  const together = 20;

  const post = (path, body, method = 'POST') => {
    const text = JSON.stringify({ ...body, writeKey });
    // Plain text needs no preflight; of a page that is being left the browser sends 64 KB.
    return fetch(gateway + path, { method, body: text, credentials: 'omit', keepalive: text.length < 60000 });
  };

  const flush = async () => {
    const batch = waiting().slice(0, together);
    if (sending || batch.length === 0) return;
    sending = true;
    const status = await post('/v1/batch', { batch, sentAt: new Date() }).then(
      (answer) => answer.status,
      () => 0,
    );
    sending = false;
    // What can never be taken is not sent again; the write key is the shop's to mend.
    if (status === 0 || status >= 500 || status === 429 || status === 408) {
      failures += 1;
      clearTimeout(timer);
      timer = setTimeout(flush, Math.min(60000, 1000 * 2 ** failures));
      return;
    }
    failures = 0;
    const sent = new Set(batch.map((call) => call.messageId));
    tab(
      'queue',
      waiting().filter((call) => !sent.has(call.messageId)),
    );
    flush();
  };

  const surroundings = () => {
    const { href, pathname, search } = location;
    const campaign = {};
    for (const [name, value] of new URLSearchParams(search)) {
      const utm = /^utm_(\w+)$/.exec(name)?.[1];
      if (utm) campaign[utm === 'campaign' ? 'name' : utm] = value.slice(0, 300);
    }
    return {
      library: { name: 'vestnik-site', version: '1' },
      page: { url: href, path: pathname, search, title: document.title, referrer: document.referrer },
      locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      userAgent: navigator.userAgent,
      ...(Object.keys(campaign).length > 0 && { campaign }),
    };
  };

  const call = (type, said, context = {}) => {
    const event = { type, messageId: newId(), timestamp: new Date(), ...who(), ...said };
    tab('queue', [...waiting(), { ...event, context: { ...surroundings(), ...context } }].slice(-most));
    flush();
  };

  // Whoever leaves: what is not on its way yet is handed to the browser. What comes twice is stored once.
  addEventListener('pagehide', () => {
    const batch = waiting();
    if (batch.length === 0 || (sending && batch.length <= together)) return;
    post('/v1/batch', { batch, sentAt: new Date() }).catch(() => {});
  });
  addEventListener('online', flush);

  // ── Notifications ──

  const canPush = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
  const bytesOf = (key) =>
    Uint8Array.from(atob(key.replace(/-/g, '+').replace(/_/g, '/')), (sign) => sign.charCodeAt(0));
  const same = (a, b) => a !== null && `${new Uint8Array(a)}` === `${b}`;

  /** The subscription to the shop's own key; one to another key (of a provider before) cannot be used. */
  const subscription = async () => {
    const registration = await navigator.serviceWorker.register(worker);
    await navigator.serviceWorker.ready;
    const answer = await fetch(`${gateway}/site/v1/push/key`, { credentials: 'omit' });
    if (!answer.ok) throw new Error(`Vestnik answers ${answer.status}`);
    const applicationServerKey = bytesOf((await answer.json()).publicKey);
    const earlier = await registration.pushManager.getSubscription();
    if (earlier && same(earlier.options.applicationServerKey, applicationServerKey)) return earlier;
    await earlier?.unsubscribe();
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  };

  /** Tells whose subscription it is. `renewal`: nobody was asked just now. */
  const tell = async (renewal) => {
    const made = await subscription();
    // Somebody else may sign in until it is answered.
    const said = told();
    const body = { subscription: made.toJSON(), renewal, ...who() };
    const answer = await post('/site/v1/push/subscriptions', body);
    if (!answer.ok) throw new Error(`Vestnik answers ${answer.status}`);
    browser('push', { endpoint: made.endpoint, told: said });
  };
  /** Told again when somebody else signs in, and once a day: push services change addresses. */
  const told = () => `${JSON.stringify(who())} ${new Date().toISOString().slice(0, 10)}`;

  const current = async () => {
    const registration = canPush() && (await navigator.serviceWorker.getRegistration(worker));
    return registration ? registration.pushManager.getSubscription() : null;
  };

  /** Also at the address that the worker has moved to since. */
  const forget = async () => {
    const addresses = [browser('push')?.endpoint, (await current())?.endpoint];
    for (const endpoint of new Set(addresses.filter(Boolean)))
      await post('/site/v1/push/subscriptions', { endpoint }, 'DELETE');
    browser('push', null);
  };

  const renew = async () => {
    const push = browser('push');
    if (!push || !canPush()) return;
    if (Notification.permission !== 'granted') await forget();
    else if (push.told !== told() || push.endpoint !== (await current())?.endpoint) await tell(true);
  };
  // One after another: the last word is the last to come.
  let turn = Promise.resolve();
  const inTurn = (act) => {
    const done = turn.then(act);
    turn = done.catch(() => {});
    return done;
  };
  // The next page tries again.
  const renewQuietly = () => inTurn(renew).catch(() => {});

  const vestnik = {
    /** Calls of before this file was there: `(window.vestnik ??= []).push(['track', 'Product Viewed', {…}])`. */
    push: ([name, ...args]) => vestnik[name]?.(...args),
    anonymousId,
    track: (event, properties = {}, context) => call('track', { event, properties }, context),
    page: (name, properties = {}, context) => {
      const { page } = surroundings();
      call('page', { ...(name && { name }), properties: { ...page, ...properties } }, context);
    },
    /** `identify(userId, traits)`; `identify(traits)` of a visitor without a login. */
    identify: (id, traits = {}, context) => {
      const named = typeof id === 'string' || typeof id === 'number';
      if (named) browser('userId', String(id));
      call('identify', { traits: named ? traits : (id ?? {}) }, context);
      renewQuietly();
    },
    /** After signing out: whoever comes next is somebody else. */
    reset: () => {
      browser('userId', null);
      browser('anonymousId', null);
    },
    /** Asks whether notifications are wanted; call it when somebody clicks. Resolves to `subscribed`, `denied`, `default`
     *  (neither yes nor no) or `unsupported`. */
    subscribeToPush: async () => {
      if (!canPush()) return 'unsupported';
      const permission = await Notification.requestPermission();
      if (permission !== 'granted') return permission;
      await inTurn(() => tell(false));
      return 'subscribed';
    },
    unsubscribeFromPush: async () => {
      await inTurn(forget);
      await (await current())?.unsubscribe();
    },
  };
  window.vestnik = vestnik;

  if (autoPage !== 'off') vestnik.page();
  called.forEach(vestnik.push);
  flush();
  renewQuietly();
})();
