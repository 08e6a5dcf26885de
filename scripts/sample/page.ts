import { escapeHtml } from '#api/html.ts';
import type { Product } from '#db/products.ts';
import { formatMoney } from '#rendering/helpers.ts';

/** A page of the sample shop: where a click in a message lands. It sells nothing. */
export function page(title: string, products: readonly Product[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1.5rem; max-width: 64rem; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1.5rem; list-style: none; padding: 0; }
img { width: 100%; height: auto; border-radius: 0.75rem; }
a { color: inherit; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>A page of the sample shop, so that links in messages lead somewhere. <a href="/sample">All goods</a> · <a href="/">Start page</a></p>
<ul>
${products.map(item).join('\n')}
</ul>
</body>
</html>`;
}

function item({ name, url, imageUrl, offers }: Product): string {
  const offer = offers.find(({ region }) => region === '*');
  const state = offer ? `${formatMoney(offer.price, 'en')}${offer.stock === 0 ? ', out of stock' : ''}` : '';
  const image = imageUrl ? `<img src="${escapeHtml(imageUrl)}" alt="" width="320" height="320">` : '';
  return `<li><a href="${escapeHtml(url)}">${image}${escapeHtml(name)}</a><br>${escapeHtml(state)}</li>`;
}
