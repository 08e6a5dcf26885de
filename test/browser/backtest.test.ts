import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { linesBehind } from '#scripts/backtest/figures.ts';
import { readLists } from '#scripts/backtest/lists.ts';
import { segmentLines } from '#test/backtest/record.ts';
import { fileOf, run } from '#test/backtest/support.ts';
import { desktop, openBrowser, overflow, phone } from '#test/support/browser.ts';

const { report, out } = await run({ events: fileOf(`${segmentLines(10, 8).join('\n')}\n`) });
const url = pathToFileURL(join(out, 'report.html')).href;
const open = await openBrowser();

test.each([
  ['a desktop', desktop],
  ['a phone', phone],
])(
  'on %s the report opens as a file, asks nothing of anybody, and each number shows what it counts',
  async (_where, viewport) => {
    const { page, problems, hosts } = await open({ viewport });
    await page.goto(url);
    expect(await overflow(page)).toBe(0);
    expect(await page.locator('svg rect').count()).toBeGreaterThan(3);

    const [block] = report.sides[0]?.sent ?? [];
    const lines = linesBehind(block?.messages ?? { list: 'messages', where: {} }, await readLists(join(out, 'A')));
    await page
      .getByRole('row')
      .filter({ hasText: block?.block ?? '' })
      .first()
      .getByRole('button')
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('heading').textContent()).toBe(`${lines.length} messages`);
    expect(await dialog.getByRole('row').count()).toBe(Math.min(10, lines.length));
    expect(await dialog.getByRole('row').first().textContent()).toContain(lines[0]?.customer);
    const { journey, block: name } = lines[0] as { journey: string; block: string };
    const filter = `select(.journey == "${journey}" and .block == "${name}")`;
    expect(await dialog.locator('pre').textContent()).toBe(`jq -c '${filter}' A/messages.jsonl`);
    await dialog.getByRole('button', { name: 'Close' }).click();
    expect(await dialog.isVisible()).toBe(false);
    expect(problems).toEqual([]);
    expect([...hosts]).toEqual(['']);
  },
);
