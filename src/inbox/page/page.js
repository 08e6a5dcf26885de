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
let limit = pageSize;
let tab = 'html';
let shownList = '';
let shownMessage = '';

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function row({ id, to, subject, receivedAt }) {
  const link = document.createElement('a');
  link.href = `#${id}`;
  link.append(
    element('span', 'to', to),
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
  const answer = await fetch(`/dev/inbox.json?bodies=no&limit=${limit}&search=${encodeURIComponent(search)}`);
  if (!answer.ok) throw new Error(answer.statusText);
  const text = await answer.text();
  if (text === shownList) return;
  shownList = text;
  const { total, items } = JSON.parse(text);
  byId('total').textContent = total;
  byId('list').replaceChildren(...items.map(row));
  byId('more').hidden = items.length >= total || limit >= 1000;
  byId('empty').hidden = total > 0;
  byId('empty').textContent = search ? 'No message matches the filter.' : byId('empty').textContent;
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
  byId('received').textContent = time.format(new Date(item.receivedAt));
  byId('headers').replaceChildren(...Object.entries(item.headers).map(headerRow));
  if (!item.html && tab === 'html') tab = 'text';
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
  byId('width').hidden = tab !== 'html';
  const address = `/dev/inbox/${id}/${tab}`;
  if (tab === 'html') {
    // replaced, not navigated: Back must leave the message, not the frame's last one
    if (byId('html').dataset.shows !== address) byId('html').contentWindow.location.replace(address);
    byId('html').dataset.shows = address;
  }
  if (!byId('plain').hidden) byId('plain').textContent = await (await fetch(address)).text();
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
  showTab();
});
window.addEventListener('hashchange', openMessage);
const preset = new URLSearchParams(location.search).get('to');
if (preset) byId('search').value = preset;
tick();
openMessage();
