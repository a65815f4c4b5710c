/**
 * The learning switch: so many source MAC addresses behind an access port, one destination behind a trunk port, the
 * rule `actions=NORMAL`. Each source makes a megaflow of its own, as NORMAL looks at it; each frame gets a tag. Tagged
 * frames go the other way round, from the trunk to the access port, and lose theirs.
 */
import { BenchSwitch, twoPorts } from '../bench-switch.js';
import { BENCH_VLAN } from '../frame-bytes.js';
import { DESTINATION_MAC, makeFrames, numbered } from '../frames.js';
import { ALL_FRAMES, PacketWorkload, type WorkloadKind } from './workload.js';

const FIRST_MAC = 0x02_00_00_01_00_00;

export function normalWorkload(name: string, macCount: number): WorkloadKind {
  const addresses =
    macCount === 1 ? 'one learned MAC address' : `${macCount.toLocaleString('en-US')} learned MAC addresses`;
  return {
    name,
    summary: `NORMAL with ${addresses}, access to trunk (or back)`,
    // A mix has frames that an access port does not take.
    frames: ALL_FRAMES.filter((kind) => kind !== 'mix'),
    prepare: ({ frames }) => {
      const access = { tag: BENCH_VLAN };
      const trunk = { trunk: BENCH_VLAN };
      const plan = twoPorts(['actions=NORMAL'], {
        p1: frames === 'vlan' ? trunk : access,
        p2: frames === 'vlan' ? access : trunk,
        commands: [['fdb/add', 'br0', 'p2', String(BENCH_VLAN), macText(DESTINATION_MAC)]],
      });
      const target = new BenchSwitch(plan);
      const set = makeFrames({
        kind: frames,
        flowCount: macCount,
        port: target.portNumber('p1'),
        flowOf: (i, kind) => ({ ...numbered(i, kind), sourceMac: FIRST_MAC + i }),
      });
      return [
        new PacketWorkload({
          name,
          target,
          frames: set,
          settings: { frames, flows: macCount, masks: 1, microflowCache: true },
          expect: (packets) => ({
            hits: packets,
            missed: 0,
            lost: 0,
            sent: packets,
            dropped: 0,
            flows: macCount,
            masks: 1,
          }),
          peer: { plan, frames: set, inPort: 'p1', outPort: 'p2' },
        }),
      ];
    },
  };
}

function macText(mac: number): string {
  return mac.toString(16).padStart(12, '0').match(/../g)!.join(':');
}
