/**
 * The slow path: every packet misses, goes up, is translated, has a flow installed for exactly itself
 * (`upcall/disable-megaflows`), and is executed. Before each round all flows are deleted, which is not timed.
 */
import { BenchSwitch } from '../bench-switch.js';
import { makeFrames, numberedFlow, numberedTunnel } from '../frames.js';
import { forwardingRule } from './flows.js';
import { Workload, type WorkloadKind } from './workload.js';

export function missInstallWorkload(name: string, flowCount: number): WorkloadKind {
  return {
    name,
    summary: 'every packet is an upcall: translate, install a flow for it alone, execute',
    prepare: ({ frames }) => {
      const target = new BenchSwitch({ ports: [{ name: 'p1' }, { name: 'p2' }], rules: [forwardingRule(frames)] });
      target.appctl('upcall/disable-megaflows');
      const set = makeFrames(
        frames,
        flowCount,
        target.portNumber('p1'),
        frames === 'vxlan' ? numberedTunnel : numberedFlow,
      );
      return new Workload({
        name,
        target,
        frames: set,
        settings: { frames, flows: flowCount, masks: 1, microflowCache: true },
        roundLimit: flowCount,
        reset: () => {
          target.appctl('revalidator/purge');
          target.rewind();
        },
        expect: (packets) => ({
          hits: 0,
          missed: packets,
          lost: 0,
          sent: packets,
          dropped: 0,
          flows: packets,
          masks: 1,
        }),
      });
    },
  };
}
