/**
 * Which ports and buckets can take packets now. Mirrors port_run() of ofproto-dpif.c and bucket_is_alive() of
 * ofproto-dpif-xlate.c; OpenFlow 1.5.1 §5.10.1.2.
 */
import { OFPP_CONTROLLER } from '#src/openflow/ports.js';
import type { Bridge } from './bridge.js';
import type { SwitchPort } from './bundle.js';
import type { Group, GroupBucket } from './group.js';

/** Groups that watch groups are followed so far; more than any sane chain, and an end to circles. */
export const MAX_WATCH_DEPTH = 128;

/** Is the device up, with a carrier? */
export const isPortLive = (port: SwitchPort): boolean => port.netdev.up && port.netdev.carrier;

/** `tooDeep` hears of groups that watch each other in a circle. */
export function isBucketLive(
  bridge: Bridge,
  group: Group,
  bucket: GroupBucket,
  tooDeep: () => void,
  depth = 0,
): boolean {
  if (depth >= MAX_WATCH_DEPTH) {
    tooDeep();
    return false;
  }
  if (group.type === 'select' && bucket.weight === 0) return false;
  const { watchPort, watchGroup } = bucket;
  if (watchPort === null && watchGroup === null) return true;
  if (watchPort !== null && isWatchedPortLive(bridge, watchPort)) return true;
  const watched = watchGroup === null ? undefined : bridge.groups.get(watchGroup);
  if (watched === undefined) return false;
  return watched.buckets.some((other) => isBucketLive(bridge, watched, other, tooDeep, depth + 1));
}

function isWatchedPortLive(bridge: Bridge, watchPort: number): boolean {
  if (watchPort === OFPP_CONTROLLER) return bridge.wantsPacketInOnMiss;
  const port = bridge.ports.get(watchPort);
  return port !== undefined && isPortLive(port);
}
