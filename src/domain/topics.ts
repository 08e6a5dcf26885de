/** What a customer may want to hear about or not, each on its own (`semantics.md`, Privacy). Every journey has one. */
export const topics = ['reminders', 'novelties', 'offers', 'advice'] as const;
export type Topic = (typeof topics)[number];
