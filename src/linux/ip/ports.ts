/** Ephemeral ports (RFC 6056; Linux: net.ipv4.ip_local_port_range): taken in turn from a seeded start. */
import type { Rng } from '#datapath/environment.js';

const FIRST = 32_768;
const LAST = 60_999;

export class EphemeralPorts {
  private readonly isTaken: (port: number) => boolean;
  private next: number;

  constructor(rng: Rng, isTaken: (port: number) => boolean) {
    this.next = FIRST + (rng.next32() % (LAST - FIRST + 1));
    this.isTaken = isTaken;
  }

  /** A free port, or null when all are taken. */
  take(): number | null {
    for (let tries = FIRST; tries <= LAST; tries++) {
      const port = this.next;
      this.next = port === LAST ? FIRST : port + 1;
      if (!this.isTaken(port)) return port;
    }
    return null;
  }
}
