const behind = JSON.parse(document.getElementById('behind').textContent);
const drill = document.getElementById('drill');

function part(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** The condition of one field, in jq's words. */
function condition([field, wanted]) {
  return Array.isArray(wanted)
    ? `(${wanted.map((one) => `.${field} == ${JSON.stringify(one)}`).join(' or ')})`
    : `.${field} == ${JSON.stringify(wanted)}`;
}

function show({ side, list, of, n, where, examples }) {
  const said = Object.entries(where).map(([field, wanted]) => `${field} ${[wanted].flat().join(', ') || 'none'}`);
  const rows = examples.map((cells) => {
    const row = document.createElement('tr');
    row.append(...cells.map((cell) => part('td', cell)));
    return row;
  });
  const table = document.createElement('table');
  table.append(...rows);
  const filter = Object.entries(where).map(condition).join(' and ') || 'true';
  drill
    .querySelector('div')
    .replaceChildren(
      part('h3', `${n.toLocaleString('en')} ${of === 'lines' ? list : 'customers'}`),
      part('p', said.join(' · ')),
      table,
      part('p', examples.length < n ? `The first ${examples.length}. All of them:` : 'As lines of JSON:'),
      part('pre', `jq -c 'select(${filter})' ${side}/${list}.jsonl`),
    );
  drill.showModal();
}

document.addEventListener('click', ({ target }) => {
  const index = target.dataset?.i;
  if (index !== undefined) show(behind[index]);
});
