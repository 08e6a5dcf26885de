/** What people answer who want no advertising any more: the words that carriers ask for (CTIA Messaging Principles, 5.1.2), and Russian ones. */
const stopWords = new Set([
  'STOP',
  'STOPALL',
  'STOP ALL',
  'UNSUBSCRIBE',
  'CANCEL',
  'END',
  'QUIT',
  'REVOKE',
  'OPTOUT',
  'OPT OUT',
  'СТОП',
  'СТОП ВСЕ',
  'ОТПИСАТЬСЯ',
  'ОТПИСКА',
  'ОТПИШИТЕ',
  'ОТПИШИТЕ МЕНЯ',
  'ОТКАЗ',
  'ОТМЕНА',
]);

/** Whether an answer is such a word and nothing else: "Stop the delivery, please" is for a person to read. */
export function isStopWord(text: string): boolean {
  const words = text.slice(0, 100).normalize('NFKC').toUpperCase().replaceAll('Ё', 'Е');
  return stopWords.has(words.replace(/[^\p{L}\p{N}]+/gu, ' ').trim());
}
