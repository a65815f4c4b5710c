/** Spanning tree priority vectors and times (IEEE 802.1D-2004 §17.6, §17.18.4). Mirrors lib/rstp-common.h. */

export interface PriorityVector {
  readonly rootId: bigint;
  readonly rootPathCost: number;
  readonly designatedBridge: bigint;
  readonly designatedPort: number;
  /** 0 but for the way to the root that a port offers. */
  readonly bridgePort: number;
}

export const NO_VECTOR: PriorityVector = {
  rootId: 0n,
  rootPathCost: 0,
  designatedBridge: 0n,
  designatedPort: 0,
  bridgePort: 0,
};

/** In seconds. */
export interface RstpTimes {
  readonly forwardDelay: number;
  readonly helloTime: number;
  readonly maxAge: number;
  readonly messageAge: number;
}

export const NO_TIMES: RstpTimes = { forwardDelay: 0, helloTime: 0, maxAge: 0, messageAge: 0 };

export const sameTimes = (a: RstpTimes, b: RstpTimes): boolean =>
  a.forwardDelay === b.forwardDelay &&
  a.helloTime === b.helloTime &&
  a.maxAge === b.maxAge &&
  a.messageAge === b.messageAge;

export type Comparison = 'inferior' | 'superior' | 'same';

/** What the same port of the same bridge says replaces what it said before, even if it is worse. */
export function compareVectors(a: PriorityVector, b: PriorityVector): Comparison {
  const isFromSame = a.designatedBridge === b.designatedBridge && a.designatedPort === b.designatedPort;
  if (isFromSame && a.rootId === b.rootId && a.rootPathCost === b.rootPathCost) {
    if (a.bridgePort === b.bridgePort) return 'same';
    return a.bridgePort < b.bridgePort ? 'superior' : 'inferior';
  }
  if (isFromSame) return 'superior';
  if (a.rootId !== b.rootId) return a.rootId < b.rootId ? 'superior' : 'inferior';
  if (a.rootPathCost !== b.rootPathCost) return a.rootPathCost < b.rootPathCost ? 'superior' : 'inferior';
  if (a.designatedBridge !== b.designatedBridge)
    return a.designatedBridge < b.designatedBridge ? 'superior' : 'inferior';
  return a.designatedPort < b.designatedPort ? 'superior' : 'inferior';
}
