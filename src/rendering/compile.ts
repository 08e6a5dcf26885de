import { splitFrontMatter } from './front-matter.ts';
import { trackedHrefs } from './links.ts';
import type { CompiledShort } from './short/compile.ts';
import type { Sources, TemplateSource } from './sources.ts';

/** A message before its model: Handlebars sources of its parts. */
export type CompiledTemplate = Omit<TemplateSource, 'text'> & (CompiledLetter | CompiledShort);

export interface CompiledLetter {
  form: 'letter';
  subject: string;
  html: string;
  text: string;
}

/** All templates, once. Takes about a second, so the caller keeps the result. The libraries are loaded here and not above:
 *  a start from the kept result does without them. */
export async function compileTemplates(sources: Sources): Promise<CompiledTemplate[]> {
  const [compileLetter, { compileShort }] = await Promise.all([
    letterCompiler(sources.layout['layout.mjml'] ?? ''),
    import('./short/compile.ts'),
  ]);
  return Promise.all(
    sources.templates.map(async ({ text, ...name }) => ({
      ...name,
      ...(name.channel === 'email'
        ? await compileLetter(text, name.file)
        : compileShort(text, name.channel, name.file)),
    })),
  );
}

/** MJML → HTML and text. */
async function letterCompiler(layout: string): Promise<(source: string, where: string) => Promise<CompiledLetter>> {
  const [{ default: mjml2html }, { parse }, toText] = await Promise.all([
    import('mjml'),
    import('yaml'),
    textCompiler(),
  ]);
  return async (source, where) => {
    const { front, body } = splitFrontMatter(source, where, parse);
    const { subject, preheader } = front;
    if (typeof subject !== 'string' || typeof preheader !== 'string')
      throw new Error(`${where}: begin it with front matter (--- lines) that has a subject and a preheader`);
    const { html, errors } = await mjml2html(fill(layout, { subject, preheader, content: body }), options);
    // Their lines are those of the layout around it, and of no file.
    if (errors.length > 0) throw new Error(`${where}: ${errors.map((error) => error.message).join('; ')}`);
    const tracked = trackedHrefs(squeeze(html), where);
    return { form: 'letter', subject, html: tracked, text: toText(tracked) };
  };
}

/** `fonts: {}`: no font is fetched from elsewhere, which would tell a third party who reads. No includes: a template that comes by
 *  the API must not read files. */
const options = { validationLevel: 'soft', keepComments: false, fonts: {}, ignoreIncludes: true } as const;

/** `[[name]]` marks the places of the layout that a message fills before MJML sees it. */
function fill(layout: string, parts: Record<string, string>): string {
  return layout.replace(/\[\[(\w+)\]\]/g, (mark, name: string) => parts[name] ?? mark);
}

/** MJML indents generously; without it a message is a third smaller, and Gmail clips those over 102 kB. */
function squeeze(html: string): string {
  return html.replace(/\n\s*/g, '\n').replace(/\n+/g, '\n');
}

/** The text part keeps the Handlebars of the HTML part, so that it is made once and filled like it. */
async function textCompiler(): Promise<(html: string) => string> {
  const { compile } = await import('html-to-text');
  const convert = compile({
    wordwrap: false,
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: '.no-text', format: 'skip' },
      { selector: 'div[style*="display:none"]', format: 'skip' },
      { selector: 'h1', options: { uppercase: false, leadingLineBreaks: 2, trailingLineBreaks: 1 } },
      { selector: 'h2', options: { uppercase: false, leadingLineBreaks: 2, trailingLineBreaks: 1 } },
      { selector: 'a', format: 'labelled' },
      { selector: 'td', format: 'block' },
    ],
    formatters: {
      /** `Label: address`, which reads better than brackets. */
      labelled(node, walk, builder) {
        walk(node.children, builder);
        const href: unknown = node.attribs?.href;
        if (typeof href === 'string') builder.addLiteral(`: ${href}`);
      },
    },
  });
  return (html) => convert(html).replace(/\s+: (?=\{\{|http)/g, ': ');
}
