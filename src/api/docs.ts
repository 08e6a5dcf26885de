import { join } from 'node:path';
import { type Response, Router } from 'express';
import helmet from 'helmet';
import { getAbsoluteFSPath } from 'swagger-ui-dist';
import { escapeHtml } from './html.ts';
import { openApiDocument } from './open/document.ts';
import { problems } from './problems.ts';

/** Everything comes from this gateway. Swagger UI draws its icons from data: URLs and sets style attributes. */
const policy = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  // The gateway speaks plain HTTP; whoever terminates TLS before it says this.
  strictTransportSecurity: false,
});

const files: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** `/openapi.json`, `/docs` (Swagger UI, served from here) and `/docs/errors`. */
export function docsRouter(): Router {
  const router = Router();
  router.get('/openapi.json', (_request, response) => {
    response.set('Cache-Control', 'no-cache').json(openApiDocument());
  });
  router.use('/docs', policy);
  router.get('/docs', (_request, response) => html(response, docsPage));
  router.get('/docs/errors', (_request, response) => html(response, errorsPage()));
  router.get('/docs/start.js', (_request, response) => {
    response.type('text/javascript').set('Cache-Control', 'no-cache').send(startScript);
  });
  for (const [name, type] of Object.entries(files)) {
    router.get(`/docs/${name}`, (_request, response) => {
      response.set({ 'Content-Type': type, 'Cache-Control': 'public, max-age=3600' });
      response.sendFile(join(getAbsoluteFSPath(), name));
    });
  }
  return router;
}

function html(response: Response, page: string): void {
  response.type('html').set('Cache-Control', 'no-cache').send(page);
}

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vestnik: open API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const startScript = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
`;

function errorsPage(): string {
  const rows = Object.entries(problems).map(
    ([code, { status, title, next }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${marked(title)}</td><td>${marked(next)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vestnik: errors</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1f2430; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-bottom: 1px solid #dfe3ea; }
  tr:target { background: #fff6d6; }
  code { font-size: .9em; overflow-wrap: anywhere; }
  @media (max-width: 40rem) {
    thead { display: none; }
    tr, td { display: block; }
    tr { padding: .75rem 0; border-bottom: 1px solid #dfe3ea; }
    td { padding: .1rem 0; border: 0; }
  }
</style>
</head>
<body>
<h1>Errors</h1>
<p>Every error is problem+json (RFC 9457). <code>code</code> says which, <code>errors</code> names the values that are
wrong, <code>instance</code> is the id of the request in the logs. <a href="/docs">All routes</a></p>
<table>
<thead><tr><th>Code</th><th>Status</th><th>What is wrong</th><th>What to do next</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</body>
</html>
`;
}

function marked(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}
