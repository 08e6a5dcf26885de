/** A worker's loop of starts and relay, until it is killed by the test that started it: `node starting.ts URL AT`. What Temporal would
 *  hear goes to the table `heard`. */
import { connect, createPool } from '#db/connect.ts';
import { createRelay } from '#relay/relay.ts';
import { silent, time } from '#test/relay/signals.ts';
import { manualClock } from '#test/support/cart.ts';
import { createStarts } from '#worker/starts.ts';
import { hearing } from './hearing.ts';

const [url = '', at = ''] = process.argv.slice(2);
const pool = createPool(url, 12);
const db = connect(pool);
const relay = createRelay({ db, port: hearing(pool), time, log: silent, options: { pollMs: 20 } });
relay.start();
const options = { everyMs: 20, perSecond: 5_000 };
createStarts({ db, clock: manualClock(new Date(at)), relay, log: silent, options }).start();
