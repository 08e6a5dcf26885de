/** A process of its own, for its memory: `sleepers.ts 100000` prints megabytes. */
import { residentWith } from './sleeping.ts';

console.log(await residentWith(Number(process.argv[2])));
process.exit();
