import pg from 'pg';

/** A database as migrated as `template`, in the same server. Returns its address. */
export async function createDatabase(template: string, name: string): Promise<string> {
  const url = new URL(template);
  await asAdmin(template, `create database ${name} template ${url.pathname.slice(1)}`);
  url.pathname = `/${name}`;
  return url.href;
}

/** Whoever is still connected is thrown out. */
export async function dropDatabase(template: string, name: string): Promise<void> {
  await asAdmin(template, `drop database ${name} with (force)`);
}

/** Beside the template: a database that somebody is connected to is no template. */
async function asAdmin(template: string, statement: string): Promise<void> {
  const url = new URL(template);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
