/**
 * Numbers for ports: OpenFlow's (ofproto.c alloc_ofp_port) and the datapath's (dpif-netdev.c choose_port).
 */
import { OFPP_MAX } from '#src/openflow/ports.js';

/** OpenFlow numbers of one bridge: requests are granted while they last, others count up and are not soon reused. */
export class OpenFlowNumbers {
  private readonly inUse = new Set<number>();
  private readonly used = new Set<number>();
  private last = 0;

  allocate(request: number | undefined): number {
    if (request !== undefined && request > 0 && request < OFPP_MAX && !this.inUse.has(request)) {
      return this.take(request);
    }
    for (const avoid of [this.used, this.inUse]) {
      for (let tries = 0; tries < 32768; tries++) {
        if (++this.last >= 32768) this.last = 1;
        if (!avoid.has(this.last)) return this.take(this.last);
      }
    }
    throw new Error('no OpenFlow port number is free');
  }

  release(port: number): void {
    this.inUse.delete(port);
  }

  private take(port: number): number {
    this.inUse.add(port);
    this.used.add(port);
    return port;
  }
}

/** The number that the dummy datapath gives a port: the one in its name where it is free, with 100 added for br*. */
export function dummyPortNumber(name: string, isFree: (port: number) => boolean): number {
  const digits = /\d+/.exec(name);
  if (digits !== null) {
    const wanted = Number(digits[0]) + (name.startsWith('br') ? 100 : 0);
    if (wanted > 0 && wanted < 0xffffffff && isFree(wanted)) return wanted;
  }
  let port = 1;
  while (!isFree(port)) port++;
  return port;
}
