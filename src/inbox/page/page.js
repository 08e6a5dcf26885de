// The development inbox: a list that refreshes itself, and the message that the address's hash names.

const byId = (id) => document.getElementById(id);
const pageSize = 100;
const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const short = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const channelNames = new Map(Array.from(byId('channel').options, ({ value, text }) => [value, text]));
let limit = pageSize;
let tab = 'html';
let shownList = '';
let shownMessage = '';
/** Whether the text was chosen, and not shown because there was nothing else. */
let wantsText = false;

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** What a channel is called; none for e-mail, which most messages are. */
function kindOf(channel) {
  return channel === 'email' ? '' : (channelNames.get(channel) ?? channel);
}

function row({ id, channel, to, subject, receivedAt }) {
  const link = document.createElement('a');
  link.href = `#${id}`;
  const recipient = element('span', 'to', to);
  if (kindOf(channel)) recipient.prepend(element('span', 'kind', kindOf(channel)), ' ');
  link.append(
    recipient,
    element('time', '', short.format(new Date(receivedAt))),
    element('span', 'subject', subject || '(no subject)'),
  );
  if (id === openId()) link.setAttribute('aria-current', 'true');
  const item = document.createElement('li');
  item.append(link);
  return item;
}

const openId = () => location.hash.slice(1);

async function refresh() {
  const search = byId('search').value.trim();
  const channel = byId('channel').value;
  const answer = await fetch(`/dev/inbox.json?${new URLSearchParams({ bodies: 'no', limit, search, channel })}`);
  if (!answer.ok) throw new Error(answer.statusText);
  const text = await answer.text();
  if (text === shownList) return;
  shownList = text;
  const { total, items } = JSON.parse(text);
  byId('total').textContent = total;
  byId('list').replaceChildren(...items.map(row));
  byId('more').hidden = items.length >= total || limit >= 1000;
  byId('empty').hidden = total > 0;
  byId('empty').textContent = search || channel ? 'No message matches the filter.' : byId('empty').textContent;
}

async function openMessage() {
  const id = openId();
  document.body.classList.toggle('reading', id !== '');
  byId('message').hidden = id === '';
  byId('pick').hidden = id !== '';
  for (const link of document.querySelectorAll('#list a')) {
    link.setAttribute('aria-current', String(link.hash === `#${id}`));
  }
  if (id === '' || id === shownMessage) return;
  const answer = await fetch(`/dev/inbox/${id}/item.json`);
  if (!answer.ok) {
    location.hash = '';
    return;
  }
  const item = await answer.json();
  shownMessage = id;
  byId('subject').textContent = item.subject || '(no subject)';
  byId('from').textContent = item.from;
  byId('to').textContent = item.to;
  byId('kind').textContent = kindOf(item.channel);
  byId('kind').hidden = item.channel === 'email';
  byId('received').textContent = time.format(new Date(item.receivedAt));
  byId('headers').replaceChildren(...Object.entries(item.headers).map(headerRow));
  byId('tabs').querySelector('[data-tab="html"]').hidden = !item.html;
  if (!item.html && tab === 'html') tab = 'text';
  else if (item.html && tab === 'text' && !wantsText) tab = 'html';
  await showTab();
}

function headerRow([name, value]) {
  const made = document.createElement('tr');
  made.append(element('th', '', name), element('td', '', value));
  return made;
}

async function showTab() {
  const id = openId();
  for (const button of document.querySelectorAll('[data-tab]')) {
    button.setAttribute('aria-selected', String(button.dataset.tab === tab));
  }
  byId('html').hidden = tab !== 'html';
  byId('headers').hidden = tab !== 'headers';
  byId('plain').hidden = tab !== 'text' && tab !== 'source';
  byId('plain').classList.toggle('bubble', tab === 'text' && !byId('kind').hidden);
  byId('width').hidden = tab !== 'html';
  const address = `/dev/inbox/${id}/${tab}`;
  if (tab === 'html') {
    // replaced, not navigated: Back must leave the message, not the frame's last one
    if (byId('html').dataset.shows !== address) byId('html').contentWindow.location.replace(address);
    byId('html').dataset.shows = address;
  }
  if (!byId('plain').hidden) byId('plain').replaceChildren(...withLinks(await (await fetch(address)).text()));
}

/** Text whose addresses can be followed, as a phone shows it. */
function withLinks(text) {
  return text.split(/(https?:\/\/[^\s"<>]+)/).map((part, index) => {
    if (index % 2 === 0) return part;
    const link = element('a', '', part);
    link.href = part;
    link.target = '_blank';
    link.rel = 'noopener';
    return link;
  });
}

async function tick() {
  try {
    if (!document.hidden) await refresh();
    byId('state').textContent = '';
  } catch {
    byId('state').textContent = 'not reachable';
  }
  setTimeout(tick, 2000);
}

byId('search').addEventListener('input', () => {
  limit = pageSize;
  refresh();
});
byId('channel').addEventListener('change', () => {
  limit = pageSize;
  refresh();
});
byId('more').addEventListener('click', () => {
  limit = Math.min(1000, limit + 3 * pageSize);
  refresh();
});
byId('back').addEventListener('click', () => {
  location.hash = '';
});
byId('width').addEventListener('click', () => {
  const narrow = byId('html').classList.toggle('phone');
  byId('width').setAttribute('aria-pressed', String(narrow));
});
byId('tabs').addEventListener('click', ({ target }) => {
  if (!target.dataset.tab) return;
  tab = target.dataset.tab;
  wantsText = tab === 'text';
  showTab();
});
window.addEventListener('hashchange', openMessage);
const preset = new URLSearchParams(location.search);
byId('search').value = (preset.get('to') ?? '').trim();
if (channelNames.has(preset.get('channel'))) byId('channel').value = preset.get('channel');
tick();
openMessage();
