import type Handlebars from 'handlebars';
import type { CompiledLetter } from './compile.ts';
import { dataFor, type Make, oneLine, prepare, tidy } from './filling.ts';

/** A letter's three parts, which share their links. */
export function prepareLetter(own: Record<'html' | 'text', typeof Handlebars>, template: CompiledLetter): Make {
  const subject = prepare(own.text, template.subject, true);
  const html = prepare(own.html, template.html, false);
  const text = prepare(own.text, template.text, true);
  return (input) => {
    const data = dataFor(input);
    const content = {
      form: 'letter',
      subject: oneLine(subject(input, data)),
      html: html(input, data),
      text: `${tidy(text(input, data))}\n`,
    } as const;
    return { content, links: data.links.targets, unsubscribeUrl: data.unsubscribeUrl };
  };
}
