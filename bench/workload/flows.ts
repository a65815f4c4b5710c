/**
 * So many flows that one rule forwards: `priority=10,udp,nw_dst=10.0.0.0/8,actions=output:2`. One megaflow covers them
 * all, so what is measured is the microflow cache, and beyond its size the megaflow table with one mask. A mix of frames
 * has a rule, and so a megaflow, for each of its kinds.
 */
import { BenchSwitch, twoPorts } from '../bench-switch.js';
import type { PlainFrameKind } from '../frame-bytes.js';
import { type FrameKind, makeFrames, plainKind } from '../frames.js';
import { ALL_FRAMES, PacketWorkload, type WorkloadKind } from './workload.js';

const IPV4_RULE = 'priority=10,udp,nw_dst=10.0.0.0/8,actions=output:2';
const RULES: Readonly<Record<PlainFrameKind, string>> = {
  udp: IPV4_RULE,
  vlan: IPV4_RULE,
  ipv6: 'priority=10,udp6,ipv6_dst=fd00:2::/32,actions=output:2',
  vxlan: 'priority=10,udp,nw_dst=192.168.0.0/16,actions=output:2',
};

/** The kinds of frames among the first flows of a set. */
function kindsAmong(frames: FrameKind, flowCount: number): readonly PlainFrameKind[] {
  return [...new Set(Array.from({ length: Math.min(flowCount, 10) }, (_, i) => plainKind(frames, i)))];
}

/** Rules that forward all numbered flows. */
export const forwardingRules = (frames: FrameKind, flowCount = 10): readonly string[] => [
  ...new Set(kindsAmong(frames, flowCount).map((kind) => RULES[kind])),
];

/** Flows that the cache holds with room to spare. */
const EASY_FLOW_COUNT = 2048;

export function flowsWorkload(name: string, flowCount: number, isLong = false): WorkloadKind {
  return {
    name,
    summary: `${flowCount.toLocaleString('en-US')} UDP ${flowCount === 1 ? 'flow' : 'flows'}, one rule, one megaflow`,
    frames: ALL_FRAMES,
    takesSkew: true,
    isLong,
    prepare: ({ frames, skew }) => {
      const rules = forwardingRules(frames, flowCount);
      const plan = twoPorts(rules);
      const target = new BenchSwitch(plan);
      const set = makeFrames({ kind: frames, flowCount, port: target.portNumber('p1'), skew });
      const megaflows = kindsAmong(frames, flowCount).length;
      return [
        new PacketWorkload({
          name,
          target,
          frames: set,
          settings: { frames, skew, flows: flowCount, masks: rules.length, microflowCache: true },
          expect: (packets) => ({
            hits: packets,
            missed: 0,
            lost: 0,
            sent: packets,
            dropped: 0,
            flows: megaflows,
            // Rules of two lengths of prefix are two masks; a tag is another value of the same mask.
            masks: rules.length,
            ...(flowCount <= EASY_FLOW_COUNT ? { microflowHits: { least: packets * 0.9 } } : {}),
          }),
          peer: { plan, frames: set, inPort: 'p1', outPort: 'p2' },
        }),
      ];
    },
  };
}
