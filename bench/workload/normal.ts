/**
 * The learning switch: so many source MAC addresses behind an access port, one destination behind a trunk port, the
 * rule `actions=NORMAL`. Each source makes a megaflow of its own, as NORMAL looks at it; each frame gets a tag. Tagged
 * frames go the other way round, from the trunk to the access port, and lose theirs.
 */
import { BenchSwitch } from '../bench-switch.js';
import { BENCH_VLAN, DESTINATION_MAC, makeFrames, numberedFlow, numberedTunnel } from '../frames.js';
import { Workload, type WorkloadKind } from './workload.js';

const FIRST_MAC = 0x02_00_00_01_00_00;

export function normalWorkload(name: string, macCount: number): WorkloadKind {
  return {
    name,
    summary: `NORMAL with ${macCount.toLocaleString('en-US')} learned MAC addresses, access to trunk (or back)`,
    prepare: ({ frames }) => {
      const access = { tag: BENCH_VLAN };
      const trunk = { trunk: BENCH_VLAN };
      const target = new BenchSwitch({
        ports: [
          { name: 'p1', ...(frames === 'vlan' ? trunk : access) },
          { name: 'p2', ...(frames === 'vlan' ? access : trunk) },
        ],
        rules: ['actions=NORMAL'],
      });
      target.appctl('fdb/add', 'br0', 'p2', String(BENCH_VLAN), macText(DESTINATION_MAC));
      const flowOf = (i: number) => ({
        ...(frames === 'vxlan' ? numberedTunnel(i) : numberedFlow(i)),
        sourceMac: FIRST_MAC + i,
      });
      return new Workload({
        name,
        target,
        frames: makeFrames(frames, macCount, target.portNumber('p1'), flowOf),
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
      });
    },
  };
}

function macText(mac: number): string {
  return mac.toString(16).padStart(12, '0').match(/../g)!.join(':');
}
