/** What BFD and CFM of a port are given to live by. */
import type { Rng } from '#datapath/environment.js';

export interface LinkMonitorEnvironment {
  readonly rng: Rng;
  nowMs(): number;
  /** Packets that the port has received so far. */
  rxPackets(): number;
  /** What the monitor says of the link, or of itself, has changed. */
  onChange(): void;
  /** There is something to send at once. */
  wake(): void;
}
