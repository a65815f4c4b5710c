/**
 * So many flows that one rule forwards: `priority=10,udp,nw_dst=10.0.0.0/8,actions=output:2`. One megaflow covers them
 * all, so what is measured is the microflow cache, and beyond its size the megaflow table with one mask.
 */
import { BenchSwitch } from '../bench-switch.js';
import { type FrameKind, makeFrames, numberedFlow, numberedTunnel } from '../frames.js';
import { Workload, type WorkloadKind } from './workload.js';

/** The rule that forwards all numbered flows. */
export function forwardingRule(frames: FrameKind): string {
  const network = frames === 'vxlan' ? '192.168.0.0/16' : '10.0.0.0/8';
  return `priority=10,udp,nw_dst=${network},actions=output:2`;
}

/** Flows that the cache holds with room to spare. */
const EASY_FLOW_COUNT = 2048;

export function flowsWorkload(name: string, flowCount: number): WorkloadKind {
  return {
    name,
    summary: `${flowCount.toLocaleString('en-US')} UDP ${flowCount === 1 ? 'flow' : 'flows'}, one rule, one megaflow`,
    prepare: ({ frames }) => {
      const target = new BenchSwitch({ ports: [{ name: 'p1' }, { name: 'p2' }], rules: [forwardingRule(frames)] });
      const flowOf = frames === 'vxlan' ? numberedTunnel : numberedFlow;
      return new Workload({
        name,
        target,
        frames: makeFrames(frames, flowCount, target.portNumber('p1'), flowOf),
        settings: { frames, flows: flowCount, masks: 1, microflowCache: true },
        expect: (packets) => ({
          hits: packets,
          missed: 0,
          lost: 0,
          sent: packets,
          dropped: 0,
          flows: 1,
          masks: 1,
          ...(flowCount <= EASY_FLOW_COUNT ? { microflowHits: { least: packets * 0.9 } } : {}),
        }),
      });
    },
  };
}
