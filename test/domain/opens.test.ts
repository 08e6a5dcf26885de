import { expect, test } from 'vitest';
import { classifyClick, classifyOpen } from '#domain/opens.ts';

const late = { method: 'GET' };
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';

test.each([
  ['a mail program on a phone', safari, 'human'],
  ['Outlook', 'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)', 'human'],
  ['Outlook on Android', 'Outlook-Android/2.0', 'human'],
  [
    "Gmail's proxy",
    'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
    'human',
  ],
  ["Yahoo's proxy", 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html', 'human'],
  ["Apple's privacy proxy", 'Mozilla/5.0', 'machine'],
  ['a filter', 'Barracuda Sentinel (EE)', 'machine'],
  ['a script', 'python-requests/2.31', 'machine'],
  ['nobody who says so', '', 'unknown'],
  ['nobody at all', undefined, 'unknown'],
])('an open by %s', (_who, userAgent, by) => {
  expect(classifyOpen({ ...late, userAgent })).toBe(by);
});

test.each(['prefetch', 'prefetch;prerender', 'preview'])('a browser that looks ahead (%s) is a machine', (purpose) => {
  expect(classifyOpen({ ...late, userAgent: safari, purpose })).toBe('machine');
  expect(classifyClick({ ...late, userAgent: safari, purpose })).toBe('machine');
  expect(classifyClick({ ...late, userAgent: safari, purpose: 'navigate' })).toBe('human');
});

const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36';

test.each([
  'Barracuda Sentinel (EE)',
  'Mimecast-URL-Check/1.0',
  'proofpoint',
  'BingPreview/1.0b',
  'SafeLinks',
  'Forcepoint',
  'Sophos',
])('a scanner that says so is a machine, also behind the name of a browser: %s', (scanner) => {
  for (const userAgent of [scanner, `${chrome} ${scanner}`])
    expect(classifyClick({ ...late, userAgent })).toBe('machine');
  expect(classifyClick({ ...late, userAgent: chrome })).toBe('human');
});

test('HEAD is nothing; a click without a browser is a machine', () => {
  expect(classifyOpen({ method: 'HEAD', userAgent: safari })).toBeNull();
  expect(classifyClick({ method: 'HEAD', userAgent: safari })).toBeNull();
  expect(classifyClick({ ...late, userAgent: undefined })).toBe('machine');
  expect(classifyClick({ ...late, userAgent: 'Slackbot-LinkExpanding 1.0' })).toBe('machine');
});
