/** Writes the starts of a night, little by little, until it is killed by the test that started it: `node planning.ts URL AT`. */
import { planStarts } from '#activities/starts.ts';
import { connect, createPool } from '#db/connect.ts';

const [url = '', at = ''] = process.argv.slice(2);
await planStarts(connect(createPool(url, 2)), new Date(at), 200);
setInterval(() => {}, 60_000);
