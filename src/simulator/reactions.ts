import type { MessageCall, ReceivedMessage } from './calls.ts';
import { type Dice, dice } from './dice.ts';
import { whenRead } from './hours.ts';
import type { Life, Stage } from './life.ts';
import { visit } from './visit.ts';

/** Apple's proxy loads every picture of every letter, and names itself exactly so. */
const appleProxy = 'Mozilla/5.0';
const imageProxy = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';
const browsers = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
] as const;
const minute = 60_000;

/** Somebody who holds a message. */
interface Reader {
  stage: Stage;
  life: Life;
  message: ReceivedMessage;
  throws: Dice;
}

/** Plans all that one person does about one message. */
export function receive(stage: Stage, life: Life, message: ReceivedMessage): void {
  life.messages += 1;
  const throws = dice(stage.seed, 'message', life.person.index, life.messages);
  const reader = { stage, life, message, throws };
  const came = message.at.getTime() + throws.between(1, 60) * 1000;
  if (message.channel === 'email') receiveLetter(reader, came);
  else receiveShort(reader, came);
}

function receiveLetter(reader: Reader, came: number): void {
  const { stage, life, throws } = reader;
  if (throws.chance(stage.rates.bounces)) {
    does(reader, came, 'bounced');
    return;
  }
  does(reader, came, 'delivered');
  const hasProxy = life.person.hasAppleMail;
  if (hasProxy) does(reader, came + throws.between(1, 45) * minute, 'opened', { userAgent: appleProxy });
  read(reader, came);
}

/** Rates are of messages; only those who open one do anything more about it. */
function read(reader: Reader, came: number): void {
  const { stage, life, message, throws } = reader;
  const { rates } = stage;
  const { eagerness, zone, readingHour, hasAppleMail } = life.person;
  const [opens, clicks] = message.isBulk ? [rates.bulkOpens, rates.bulkClicks] : [rates.opens, rates.clicks];
  if (life.person.isSilent || !throws.chance(Math.min(0.95, opens * eagerness.opens))) return;
  const at = whenRead(came, zone, readingHour, throws);
  // Apple's own reader shows what its proxy has loaded: that a person looks at it, nobody is told.
  if (!hasAppleMail) does(reader, at, 'opened', { userAgent: imageProxy });
  const then = at + throws.between(5, 90) * 1000;
  if (throws.chance(rates.complains / opens)) does(reader, then, 'complained');
  else if (throws.chance(rates.unsubscribes / opens)) does(reader, then, 'unsubscribed');
  else if (throws.chance(clicks / opens)) click(reader, then);
}

/** A text is read as soon as it comes, or not at all; a notification that is pressed opens its page. */
function receiveShort(reader: Reader, came: number): void {
  const { stage, life, message, throws } = reader;
  const isPush = message.channel === 'web_push' || message.channel === 'app_push';
  does(reader, came, 'delivered');
  const chance = isPush ? stage.rates.pushClicks : stage.rates.textClicks;
  if (!life.person.isSilent && throws.chance(chance)) click(reader, came + throws.exponential(30) * minute);
}

function click(reader: Reader, at: number): void {
  const { stage, life, message, throws } = reader;
  does(reader, at, 'clicked', { userAgent: throws.pick(browsers), whichLink: throws.number() });
  if (message.code !== undefined && !life.codes.includes(message.code)) life.codes.push(message.code);
  stage.plan(at + 3_000, (arrives) => visit(stage, life, arrives, { goods: message.goods ?? [] }));
}

function does(
  { stage, message }: Reader,
  at: number,
  did: MessageCall['did'],
  how: Pick<MessageCall, 'userAgent' | 'whichLink'> = {},
): void {
  stage.plan(at, (then) => stage.tell(then, { to: 'message', message, did, ...how }));
}
