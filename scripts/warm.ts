/** Compiles what processes would compile at their start: the workflow bundle and the letters. Run when an image is built. */
import { createRenderer } from '#rendering/renderer.ts';
import { workflowBundle } from '#worker/bundle.ts';

await Promise.all([workflowBundle(), createRenderer()]);
