/** A process that commits a signal and never comes to relaying it: killed by the test that started it. */
import { connect, createPool } from '#db/connect.ts';
import { putOutbox } from '#db/outbox.ts';
import { row } from './signals.ts';

const [url = '', subject = ''] = process.argv.slice(2);
const db = connect(createPool(url, 1));
await db.transaction().execute((trx) => putOutbox(trx, [row(subject)]));
process.stdout.write('committed\n');
setInterval(() => {}, 60_000);
