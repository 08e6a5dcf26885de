import type { MessageContent, ShortText } from '#domain/content.ts';

/** What a customer would see of a message, as plain text: for people who look at the sandbox and at previews. */
export function shown(content: MessageContent): string {
  switch (content.form) {
    case 'letter':
      return content.text;
    case 'text':
      return shortText(content);
    case 'push': {
      const { title, body, url, imageUrl } = content;
      return JSON.stringify({ title, body, url, imageUrl }, null, 2);
    }
  }
}

function shortText({ text, button, imageUrl, approved }: ShortText): string {
  const parts = [
    text,
    button && `[${button.label}] ${button.url}`,
    imageUrl && `(image) ${imageUrl}`,
    approved && `(approved) ${approved.name}: ${JSON.stringify(approved.parameters)}`,
  ];
  return parts.filter((part) => part !== null && part !== '').join('\n\n');
}

/** What stands in a list of messages: the subject, the title, or how the text begins, without addresses. */
export function headline(content: MessageContent): string {
  if (content.form === 'letter') return content.subject;
  if (content.form === 'push') return content.title;
  const line = (content.text.split('\n')[0] ?? '').replace(/[\s:]*https?:\S+/g, '').trim();
  const signs = Array.from(line);
  return signs.length <= 60 ? line : `${signs.slice(0, 59).join('').trimEnd()}…`;
}
