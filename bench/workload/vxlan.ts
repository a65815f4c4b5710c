/**
 * Native tunnels: br-int has a VXLAN port, br-phy the tunnel's local address and the port to the network. Encapsulation
 * pushes 50 bytes of headers (tnl_push); decapsulation takes them off and looks the inner packet up again (tnl_pop and a
 * recirculation: two hits for each packet).
 */
import { BenchSwitch, type SwitchPlan } from '../bench-switch.js';
import { BENCH_VNI } from '../frame-bytes.js';
import { makeFrames, numberedTunnel } from '../frames.js';
import { OWN_FRAMES, PacketWorkload, type WorkloadKind } from './workload.js';

const FLOW_COUNT = 1000;
const LOCAL_MAC = 0x02_00_00_00_77_02;
const REMOTE_MAC = 0x02_00_00_00_77_01;
const REMOTE = 0xc0_a8_4d_01;

function planFor(direction: 'encap' | 'decap'): SwitchPlan {
  const encap = direction === 'encap';
  const tunnel = { name: 'vx0', number: 10, vxlan: { remote: '192.168.77.1', vni: BENCH_VNI } };
  const host = { name: encap ? 'p1' : 'p2', number: encap ? 1 : 2 };
  const wire = { name: encap ? 'p2' : 'p1', number: encap ? 2 : 1 };
  return {
    bridges: [
      {
        name: 'br-phy',
        mac: '02:00:00:00:77:02',
        address: '192.168.77.2/24',
        ports: [wire],
        rules: ['actions=NORMAL'],
      },
      {
        name: 'br-int',
        ports: [host, tunnel],
        rules: [
          encap
            ? 'in_port=1,udp,nw_dst=10.0.0.0/8,actions=output:10'
            : 'in_port=10,udp,nw_dst=10.0.0.0/8,actions=output:2',
        ],
      },
    ],
    commands: [
      ['ovs/route/add', '192.168.77.0/24', 'br-phy'],
      ['tnl/arp/set', 'br-phy', '192.168.77.1', '02:00:00:00:77:01'],
      ...(encap ? [['fdb/add', 'br-phy', 'p2', '0', '02:00:00:00:77:01']] : []),
    ],
    microflowCache: true,
  };
}

export function vxlanWorkload(name: string, direction: 'encap' | 'decap'): WorkloadKind {
  const encap = direction === 'encap';
  return {
    name,
    summary: `${FLOW_COUNT.toLocaleString('en-US')} flows ${encap ? 'into' : 'out of'} a native VXLAN tunnel`,
    frames: OWN_FRAMES,
    prepare: () => {
      const plan = planFor(direction);
      const target = new BenchSwitch(plan);
      const set = makeFrames({
        kind: encap ? 'udp' : 'vxlan',
        flowCount: FLOW_COUNT,
        port: target.portNumber('p1'),
        ...(encap
          ? {}
          : {
              flowOf: (i) => ({
                ...numberedTunnel(i),
                source: REMOTE,
                sourceMac: REMOTE_MAC,
                destinationMac: LOCAL_MAC,
              }),
            }),
      });
      return [
        new PacketWorkload({
          name,
          target,
          frames: set,
          settings: { frames: encap ? 'udp' : 'vxlan', flows: FLOW_COUNT, microflowCache: true },
          expect: (packets) => ({
            hits: encap ? packets : 2 * packets,
            missed: 0,
            lost: 0,
            sent: packets,
            dropped: 0,
            flows: encap ? 1 : 2,
          }),
          peer: { plan, frames: set, inPort: 'p1', outPort: 'p2' },
        }),
      ];
    },
  };
}
