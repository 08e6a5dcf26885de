import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { type ProblemCode, problems } from '#api/problems.ts';
import { mindboxRoutes } from './mindbox-document.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { problem } from './schemas/common.ts';
import { trackingRoutes } from './tracking-document.ts';
import { webhookRoutes } from './webhooks-document.ts';

type Document = ReturnType<OpenApiGeneratorV31['generateDocument']>;

let document: Document | undefined;

/** OpenAPI 3.1, made of the same schemas that check what comes in. Made once, when it is first asked for. */
export function openApiDocument(): Document {
  document ??= generate();
  return document;
}

function generate(): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key; the first one is printed at start',
  });
  registry.registerComponent('securitySchemes', 'writeKey', {
    type: 'http',
    scheme: 'basic',
    description: 'The write key of a source as the user name, no password',
  });
  registry.registerComponent('securitySchemes', 'webhookSignature', {
    type: 'apiKey',
    in: 'header',
    name: 'webhook-signature',
    description: 'Or the header of the source: X-Shopify-Hmac-Sha256, X-WC-Webhook-Signature',
  });
  registry.registerComponent('securitySchemes', 'mindboxKey', {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`Mindbox secretKey="…"` with the write key of a source',
  });
  for (const route of routes) registry.registerPath(pathOf(route));
  for (const route of [...trackingRoutes, ...webhookRoutes, ...mindboxRoutes]) registry.registerPath(route);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Vestnik',
      version: '1',
      description:
        'Lists are `{items, next}`: give `next` back as `cursor` for the next page. Money is in minor units. Times are ' +
        'ISO 8601 in UTC, business time. Errors are problem+json (RFC 9457); their codes are explained at [/docs/errors](/docs/errors).',
    },
    servers: [{ url: '/', description: 'This gateway' }],
  });
}

function pathOf(route: Route): RouteConfig {
  return {
    method: route.method,
    path: `/api/v1${route.path}`,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security: [{ apiKey: [] }],
    request: requestOf(route),
    responses: { [route.status ?? 200]: success(route), ...failures(route) },
  };
}

function requestOf({
  params,
  query,
  headers,
  body,
  bodyInDocument,
  files = [],
  example,
}: Route): NonNullable<RouteConfig['request']> {
  const shown = bodyInDocument ?? body;
  return {
    ...(isObject(params) && { params }),
    ...(isObject(query) && { query }),
    ...(headers && { headers }),
    ...(shown && {
      body: {
        required: true,
        content: {
          'application/json': { schema: shown, ...(example !== undefined && { example }) },
          ...Object.fromEntries(files.map((type) => [type, { schema: z.string() }])),
        },
      },
    }),
  };
}

function isObject(schema: z.ZodType | undefined): schema is z.ZodObject {
  return schema instanceof z.ZodObject && Object.keys(schema.shape).length > 0;
}

function success({ answer, answerType = 'application/json', status }: Route): ResponseConfig {
  if (!answer) return { description: 'Done' };
  const description = status === 201 ? 'Made' : status === 202 ? 'Taken: it is committed' : 'The answer';
  return { description, content: { [answerType]: { schema: answer } } };
}

/** Every code that a route may answer with, by status. */
function failures(route: Route): Record<string, ResponseConfig> {
  const codes = new Set<ProblemCode>([
    ...(route.problems ?? []),
    'unauthorized',
    'too_many_wrong_keys',
    'internal',
    'unavailable',
  ]);
  if (isObject(route.params) || isObject(route.query) || route.body) codes.add('invalid_request');
  if (route.body) for (const code of ['malformed_json', 'too_large', 'not_json'] as const) codes.add(code);
  const byStatus = Map.groupBy(codes, (code) => String(problems[code].status));
  return Object.fromEntries([...byStatus].sort().map(([status, codes]) => [status, failure(codes)]));
}

function failure(codes: readonly ProblemCode[]): ResponseConfig {
  const lines = codes.map((code) => `\`${code}\`: ${problems[code].title}. ${problems[code].next}`);
  return { description: lines.join('\n\n'), content: { 'application/problem+json': { schema: problem } } };
}
