/** What a bounce of Amazon SES (and of Resend, which sends by it) means; null: nothing. A transient one in general is mostly an
 *  answer by itself, such as "out of office", of somebody who has the letter. */
export function bounceKind(type: string, subType: string): 'bounced' | 'failed' | null {
  if (type === 'Permanent') return 'bounced';
  return type === 'Transient' && (subType === 'General' || subType === '') ? null : 'failed';
}
