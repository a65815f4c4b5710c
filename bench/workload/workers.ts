/** Frames sharded over worker threads: named here, so that whoever asks is told, until there is a room of workers. */
import { ALL_FRAMES, type WorkloadKind } from './workload.js';

export function workersWorkload(name: string, count: number): WorkloadKind {
  const missing = 'not built yet: there are no workers, and the switch runs in one thread';
  return {
    name,
    summary: `frames sharded over ${count === 1 ? 'one worker thread' : `${count} worker threads`} (${missing})`,
    frames: ALL_FRAMES,
    missing,
    prepare: () => {
      throw new Error(missing);
    },
  };
}
