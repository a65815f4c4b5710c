/**
 * How long a connection is remembered after its last packet, by what it was doing; and named sets of such times.
 *
 * Mirrors lib/conntrack-tp.c: policy 0 is the default, a policy says only what it changes, and a connection whose
 * policy is gone falls back to the defaults.
 */

/** Seconds, under the names that ovs-vsctl's zone timeouts use. */
export interface CtTimeouts {
  readonly tcpSynSent: number;
  readonly tcpSynRecv: number;
  readonly tcpEstablished: number;
  readonly tcpFinWait: number;
  readonly tcpTimeWait: number;
  readonly tcpClose: number;
  readonly udpFirst: number;
  readonly udpSingle: number;
  readonly udpMultiple: number;
  readonly icmpFirst: number;
  readonly icmpReply: number;
}

export type CtTimeout = keyof CtTimeouts;

export const DEFAULT_CT_TIMEOUTS: CtTimeouts = {
  tcpSynSent: 30,
  tcpSynRecv: 30,
  tcpEstablished: 24 * 60 * 60,
  tcpFinWait: 15 * 60,
  tcpTimeWait: 45,
  tcpClose: 30,
  udpFirst: 60,
  udpSingle: 60,
  udpMultiple: 30,
  icmpFirst: 60,
  icmpReply: 30,
};

export const DEFAULT_TIMEOUT_POLICY = 0;

export class TimeoutPolicies {
  private readonly policies = new Map<number, CtTimeouts>();

  /** Makes or replaces a policy; times that are not given are the defaults. */
  set(id: number, timeouts: Partial<CtTimeouts>): void {
    this.policies.set(id, { ...DEFAULT_CT_TIMEOUTS, ...timeouts });
  }

  /** False when there is no such policy. */
  delete(id: number): boolean {
    return this.policies.delete(id);
  }

  get(id: number): CtTimeouts | null {
    return this.policies.get(id) ?? (id === DEFAULT_TIMEOUT_POLICY ? DEFAULT_CT_TIMEOUTS : null);
  }

  /** All that were set, by number. */
  list(): readonly (readonly [id: number, timeouts: CtTimeouts])[] {
    return [...this.policies].sort(([a], [b]) => a - b);
  }

  seconds(id: number, timeout: CtTimeout): number {
    return (this.policies.get(id) ?? DEFAULT_CT_TIMEOUTS)[timeout];
  }
}
