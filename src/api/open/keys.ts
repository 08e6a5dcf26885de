import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { createKey, type KeyRow, listKeys, revokeKey } from '#db/keys.ts';
import { type Route, route } from './route.ts';
import { apiKeyCreated, keyInput, keyList, sourceCreated } from './schemas/keys.ts';

const id = z.object({ id: z.uuid() });

interface Kind {
  path: '/sources' | '/api-keys';
  table: 'sources' | 'api_keys';
  what: string;
  created: z.ZodType;
  show(row: KeyRow & { key: string }): unknown;
}

function keyRoutes({ path, table, what, created, show }: Kind): Route[] {
  return [
    route({
      method: 'get',
      path,
      tag: 'Keys',
      summary: `${what}: newest first, revoked ones too; never the key itself`,
      answer: keyList,
      async handle({ deps }) {
        return { items: await listKeys(deps.db, table), next: null };
      },
    }),
    route({
      method: 'post',
      path,
      tag: 'Keys',
      summary: `${what}: makes one; its key is shown this once`,
      body: keyInput,
      example: { name: 'site' },
      status: 201,
      answer: created,
      problems: ['key_name_taken'],
      async handle({ body, deps }) {
        const row = await createKey(deps.db, table, body.name, deps.clock.now());
        if (!row) throw new Problem('key_name_taken');
        return show(row);
      },
    }),
    route({
      method: 'delete',
      path: `${path}/{id}`,
      tag: 'Keys',
      summary: `${what}: revokes it, at once and for good`,
      params: id,
      status: 204,
      problems: table === 'api_keys' ? ['key_not_found', 'own_key'] : ['key_not_found'],
      async handle({ params, caller, deps }) {
        if (table === 'api_keys' && caller.id === params.id) throw new Problem('own_key');
        if (!(await revokeKey(deps.db, table, params.id, deps.clock.now()))) throw new Problem('key_not_found');
        return undefined;
      },
    }),
  ];
}

export const keysRoutes: Route[] = [
  ...keyRoutes({
    path: '/sources',
    table: 'sources',
    what: 'Sources of events',
    created: sourceCreated,
    show: ({ key, ...row }) => ({ ...row, writeKey: key }),
  }),
  ...keyRoutes({ path: '/api-keys', table: 'api_keys', what: 'API keys', created: apiKeyCreated, show: (row) => row }),
];
