import { Socket } from 'node:net';

/** Sends together what is written in one turn of the event loop: a transaction has several statements, and a system call for
 *  each cost as much as all else that Node does for it. */
export class GatheringSocket extends Socket {
  #isGathering = false;

  override cork(): void {
    super.cork();
    if (this.#isGathering) return;
    this.#isGathering = true;
    super.cork();
    process.nextTick(() => {
      this.#isGathering = false;
      super.uncork();
    });
  }
}
