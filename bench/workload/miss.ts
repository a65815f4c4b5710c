/**
 * The slow path: every packet misses, goes up, is translated, and is executed; with `install` a flow for exactly itself
 * is installed besides (`upcall/disable-megaflows`). Before each round all flows are deleted, which is not timed.
 */
import { BenchSwitch, twoPorts } from '../bench-switch.js';
import { makeFrames } from '../frames.js';
import { forwardingRules } from './flows.js';
import { ALL_FRAMES, PacketWorkload, type WorkloadKind } from './workload.js';

export function missWorkload(name: string, flowCount: number, installs: boolean): WorkloadKind {
  return {
    name,
    summary: installs
      ? 'every packet is an upcall: translate, install a flow for it alone, execute'
      : 'every packet is an upcall: translate, execute, and install nothing',
    frames: ALL_FRAMES.filter((kind) => kind !== 'mix'),
    prepare: ({ frames }) => {
      // As OVS is made to do it: flows are for single packets, and none may be installed.
      const commands = [
        ['upcall/disable-megaflows'],
        ['upcall/set-flow-limit', installs ? String(10 * flowCount) : '0'],
      ];
      const plan = twoPorts(forwardingRules(frames), { commands });
      const target = new BenchSwitch(plan);
      const set = makeFrames({ kind: frames, flowCount, port: target.portNumber('p1') });
      return [
        new PacketWorkload({
          name,
          target,
          frames: set,
          settings: { frames, flows: flowCount, microflowCache: true },
          roundLimit: flowCount,
          reset: () => {
            if (installs) target.appctl('revalidator/purge');
            target.rewind();
          },
          expect: (packets) => ({
            hits: 0,
            missed: packets,
            lost: 0,
            sent: packets,
            dropped: 0,
            flows: installs ? packets : 0,
            masks: installs ? 1 : 0,
          }),
          peer: { plan, frames: set, inPort: 'p1', outPort: 'p2', misses: installs ? 'install' : 'execute' },
        }),
      ];
    },
  };
}
