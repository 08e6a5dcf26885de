import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeHtml } from '#api/html.ts';
import { sections } from './html-sections.ts';
import type { Lists } from './lists.ts';
import { Numbers } from './numbers.ts';
import type { Report } from './report.ts';

/** The report as one file that needs nothing else; the lists in full stand beside it. */
export async function pageOf(
  report: Report,
  sides: readonly { name: string; lists: Lists }[],
  lists: readonly string[],
): Promise<string> {
  const [style, script] = await Promise.all(['page.css', 'page.js'].map((name) => asset(name)));
  const numbers = new Numbers();
  const body = sections(report, numbers);
  const links = sides.flatMap(({ name }) =>
    lists.map((list) => `<a href="${name}/${list}.jsonl">${name}/${list}.jsonl</a>`),
  );
  const title = `Backtest ${report.period.from} – ${report.period.until}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${style}</style>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
<h2>The lists</h2>
<p>Every line behind every number, as JSON Lines beside this page: ${links.join(' · ')}.</p>
</main>
<dialog id="drill"><form method="dialog"><button>Close</button></form><div></div></dialog>
<script type="application/json" id="behind">${jsonInHtml(numbers.behind(sides))}</script>
<script>
${script}</script>
</html>
`;
}

const asset = (name: string) => readFile(join(import.meta.dirname, name), 'utf8');

/** Nothing in it ends the script that holds it. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
