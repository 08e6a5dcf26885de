// Sends the sample cart through the same public API that a shop's website uses, then says where to look.
const form = document.querySelector('#cart');
const told = document.querySelector('#told');

form?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const sample = JSON.parse(form.dataset.sample);
  const email = form.elements.email.value.trim();
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    await leaveCart(sample, email);
    tell(sample, email);
  } catch (error) {
    told.className = 'failed';
    told.textContent = `The gateway did not take it (${error.message}). Is npm start still running?`;
  } finally {
    button.disabled = false;
  }
});

/** One customer an address, so that a second click is the same customer coming back. */
async function leaveCart({ goods, writeKey }, email) {
  const userId = `start-page:${email.toLowerCase()}`;
  const timestamp = new Date().toISOString();
  const seen = (event, product_id) => ({
    type: 'track',
    event,
    userId,
    timestamp,
    messageId: crypto.randomUUID(),
    properties: { product_id, quantity: 1 },
  });
  const batch = [
    { type: 'identify', userId, timestamp, messageId: crypto.randomUUID(), traits: { email } },
    seen('Product Viewed', goods[0]),
    ...goods.map((id) => seen('Product Added', id)),
  ];
  const response = await fetch('/v1/batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${writeKey}:`)}` },
    body: JSON.stringify({ batch, sentAt: timestamp }),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
}

function tell({ scale, inbox, temporalUi }, email) {
  told.className = '';
  const wait =
    scale === 1
      ? 'after half an hour of quiet (three seconds after npm start -- --scale 600 --data .vestnik-fast)'
      : `after half an hour of quiet, which is ${Math.max(1, Math.round(1800 / scale))} s here`;
  const where = [
    inbox && link(`${inbox}?to=${encodeURIComponent(email)}`, 'the inbox'),
    temporalUi && link(`${temporalUi}/namespaces/default/workflows`, 'the waiting journey in Temporal UI'),
  ].filter(Boolean);
  told.replaceChildren(
    `The cart is left. The first message goes ${wait}, or in the morning if it is night at the shop. Look at `,
  );
  where.forEach((anchor, index) => {
    told.append(...(index > 0 ? [' and '] : []), anchor);
  });
  told.append('.');
}

function link(href, text) {
  const anchor = document.createElement('a');
  anchor.href = href;
  anchor.textContent = text;
  return anchor;
}
