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
export const hasLink = ({ netdev }: SwitchPort): boolean => netdev.up && netdev.carrier;

/** Where there is CFM or BFD, does one of them say that the other end can be reached? */
const isReachable = ({ bfd, cfm }: SwitchPort): boolean =>
  (bfd === null && cfm === null) || cfm?.mayEnable === true || bfd?.isForwarding() === true;

/** Has the port a link, and do CFM or BFD, and LACP, where there is any, let it carry traffic? */
export const isPortLive = (port: SwitchPort): boolean =>
  hasLink(port) && isReachable(port) && (port.bundle?.lacp == null || port.bundle.lacp.mayEnable(port));

/** What is worth telling of an inquiry. */
export interface LivenessReport {
  /** Groups watch each other in a circle. */
  tooDeep(): void;
  /** A bucket of a watched group cannot take packets. */
  notLive(bucket: GroupBucket): void;
}

/** The groups of a bridge as they are in a version. */
export interface GroupsInVersion {
  readonly bridge: Bridge;
  readonly version: number;
}

export function isBucketLive(
  groups: GroupsInVersion,
  group: Group,
  bucket: GroupBucket,
  report: LivenessReport,
): boolean {
  return isLiveAt(group, bucket, { ...groups, report, known: new Map() }, 0);
}

interface Inquiry extends GroupsInVersion {
  readonly report: LivenessReport;
  /** What is known of groups at a depth, so that groups which watch each other many times over end soon. */
  readonly known: Map<string, boolean>;
}

function isLiveAt(group: Group, bucket: GroupBucket, inquiry: Inquiry, depth: number): boolean {
  if (depth >= MAX_WATCH_DEPTH) {
    inquiry.report.tooDeep();
    return false;
  }
  if (group.type === 'select' && bucket.weight === 0) return false;
  const { watchPort, watchGroup } = bucket;
  if (watchPort === null && watchGroup === null) return true;
  if (watchPort !== null && isWatchedPortLive(inquiry.bridge, watchPort)) return true;
  return watchGroup !== null && isGroupLive(watchGroup, inquiry, depth + 1);
}

function isGroupLive(groupId: number, inquiry: Inquiry, depth: number): boolean {
  const group = inquiry.bridge.groups.get(groupId, inquiry.version);
  if (group === undefined) return false;
  const place = `${groupId}@${depth}`;
  let isLive = inquiry.known.get(place);
  if (isLive === undefined) {
    isLive = group.buckets.some((bucket) => {
      if (isLiveAt(group, bucket, inquiry, depth)) return true;
      inquiry.report.notLive(bucket);
      return false;
    });
    inquiry.known.set(place, isLive);
  }
  return isLive;
}

function isWatchedPortLive(bridge: Bridge, watchPort: number): boolean {
  if (watchPort === OFPP_CONTROLLER) return bridge.wantsPacketInOnMiss;
  const port = bridge.ports.get(watchPort);
  return port !== undefined && isPortLive(port);
}
