import type { Links } from '#api/deps.ts';
import { escapeHtml } from '#api/html.ts';
import type { Product } from '#db/products.ts';

export interface Part {
  name: string;
  isUp: boolean;
  version: string;
}

interface StartPage {
  parts: Part[];
  links: Links;
  goods: Product[];
  /** Null: no development machine, so no sample cart. */
  writeKey: string | null;
  scale: number;
}

/** The start page. Plain HTML; `page.js` sends the sample cart. */
export function startPage({ parts, links, goods, writeKey, scale }: StartPage): string {
  const cart = writeKey === null ? '' : goods.length === 0 ? emptyShop : sampleCart(goods, writeKey, links, scale);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vestnik</title>
<link rel="stylesheet" href="/start.css">
<script type="module" src="/start.js"></script>
</head>
<body>
<header>
<h1>Vestnik</h1>
<p>Customer journeys that survive restarts. Events come in, journeys wait and decide, messages go out.</p>
</header>
<main>
${cart}
<section aria-labelledby="look">
<h2 id="look">Look around</h2>
<ul class="links">
${places(links).map(place).join('\n')}
</ul>
</section>
<section aria-labelledby="runs">
<h2 id="runs">What runs</h2>
<dl>
${parts.map(state).join('\n')}
${writeKey === null ? '' : `<div><dt>Time</dt><dd>${time(scale)}</dd></div>`}
</dl>
</section>
</main>
</body>
</html>
`;
}

function places({ inbox, temporalUi }: Links): { url: string; name: string; what: string }[] {
  return [
    ...(inbox ? [{ url: inbox, name: 'Inbox', what: 'every message that was sent, to anybody' }] : []),
    ...(temporalUi ? [{ url: temporalUi, name: 'Temporal UI', what: 'what each journey waits for, and why' }] : []),
    { url: '/docs', name: 'Open API', what: 'read and change everything from your own programs' },
    { url: '/readyz', name: 'Health', what: 'whether the parts answer, for machines' },
  ];
}

function place({ url, name, what }: { url: string; name: string; what: string }): string {
  return `<li><a href="${escapeHtml(url)}">${name}</a> <span>${what}</span></li>`;
}

function state({ name, isUp, version }: Part): string {
  const said = isUp ? `<span class="up">up</span> ${escapeHtml(version)}` : '<span class="down">does not answer</span>';
  return `<div><dt>${name}</dt><dd>${said}</dd></div>`;
}

function time(scale: number): string {
  return scale === 1 ? 'as on the wall' : `${scale} business seconds in each second`;
}

const emptyShop = `<section aria-labelledby="try">
<h2 id="try">Try it</h2>
<p>The catalogue is empty, so there is nothing to leave in a cart: put products with <code>PUT /api/v1/products</code>.</p>
</section>`;

function sampleCart(goods: Product[], writeKey: string, links: Links, scale: number): string {
  const data = { goods: goods.map(({ id }) => id), writeKey, scale, inbox: links.inbox, temporalUi: links.temporalUi };
  const images = goods.map(({ imageUrl, name }) =>
    imageUrl
      ? `<li><img src="${escapeHtml(pathOf(imageUrl))}" alt="" width="72" height="72">${escapeHtml(name)}</li>`
      : `<li>${escapeHtml(name)}</li>`,
  );
  return `<section class="try" aria-labelledby="try">
<h2 id="try">Try it: leave a cart behind</h2>
<p>This puts two goods into a customer's cart, as a shop's website would, and goes away.</p>
<ul class="goods">
${images.join('\n')}
</ul>
<form id="cart" data-sample="${escapeHtml(JSON.stringify(data))}">
<label for="email">Customer's e-mail</label>
<input id="email" name="email" type="email" required autocomplete="email" value="ann@example.com" spellcheck="false">
<button>Leave the cart</button>
</form>
<p class="hint">Nothing leaves this machine: all messages end in the inbox.</p>
<div id="told" role="status"></div>
<noscript><p>The button needs JavaScript. The <code>curl</code> line that <code>npm start</code> prints does the same.</p></noscript>
</section>`;
}

/** Pictures of the sample are this gateway's; its address as the browser sees it may be another. */
function pathOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed && parsed.hostname === 'localhost' ? parsed.pathname : url;
}
