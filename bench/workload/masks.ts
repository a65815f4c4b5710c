/**
 * So many masks: rules that look at an address and at ports that no packet has, and packets that differ from them first
 * at every bit in turn. Prefix tracking then makes a megaflow with a mask of its own for each combination of bits: the
 * traffic of a tuple space explosion (CVE-2019-25076), in full sight.
 *
 * The microflow cache is off: it would hide the table that is measured.
 */
import { BenchSwitch, type SwitchPlan, twoPorts } from '../bench-switch.js';
import type { UdpFlow } from '../frame-bytes.js';
import { DESTINATION_MAC, type FrameKind, makeFrames, numberedTunnel, SOURCE_MAC } from '../frames.js';
import { PacketWorkload, type WorkloadKind } from './workload.js';

const ADDRESS_BITS = 32;
const PORT_BITS = 16;
const RULE_ADDRESS = 0x0a_00_00_0a;
const RULE_PORT = 80;
const RULE_SOURCE_PORT = 4096;
const MIN_FLOW_COUNT = 1024;

/** How many bits of each field make masks; 0 where the field is not looked at. */
export interface Explosion {
  readonly source: number;
  readonly destinationPort: number;
  readonly sourcePort: number;
}

export const maskCountOf = ({ source, destinationPort, sourcePort }: Explosion): number =>
  Math.max(1, source) * Math.max(1, destinationPort) * Math.max(1, sourcePort);

/** A workload of source × destinationPort × sourcePort masks, or one where all are 0. Bits are counted from the highest. */
export function masksWorkload(name: string, bits: Partial<Explosion>, isLong = false): WorkloadKind {
  const explosion = { source: 0, destinationPort: 0, sourcePort: 0, ...bits };
  const maskCount = maskCountOf(explosion);
  return {
    name,
    summary:
      maskCount === 1
        ? 'one megaflow of one mask, no microflow cache'
        : `${maskCount.toLocaleString('en-US')} megaflows, each with a mask of its own, hit evenly, no microflow cache`,
    // Tries, which make the masks, are of IPv4; a VXLAN frame has one destination port.
    frames: explosion.sourcePort > 0 ? ['udp', 'vlan'] : ['udp', 'vlan', 'vxlan'],
    isLong,
    prepare: ({ frames }) => {
      const plan = explosionPlan(frames, explosion);
      const target = new BenchSwitch(plan);
      const flowCount = Math.max(MIN_FLOW_COUNT, maskCount);
      const set = makeFrames({
        kind: frames,
        flowCount,
        port: target.portNumber('p1'),
        flowOf: (i) => explodingFlow(frames, i, explosion),
      });
      return [
        new PacketWorkload({
          name,
          target,
          frames: set,
          settings: { frames, flows: flowCount, masks: maskCount, microflowCache: false },
          expect: (packets) => ({
            hits: packets,
            megaflowHits: packets,
            missed: 0,
            lost: 0,
            sent: packets,
            dropped: 0,
            flows: maskCount,
            masks: maskCount,
          }),
          peer: { plan, frames: set, inPort: 'p1', outPort: 'p2', masks: maskCount },
        }),
      ];
    },
  };
}

/** VXLAN has one destination port, so there the source port takes its place. */
const portField = (frames: FrameKind): string => (frames === 'vxlan' ? 'tp_src' : 'tp_dst');

/** A whitelist and what is let through besides, without a microflow cache. */
export function explosionPlan(frames: FrameKind, { source, destinationPort, sourcePort }: Explosion): SwitchPlan {
  const rules = ['priority=1,actions=output:2'];
  if (source > 0) rules.push('priority=100,udp,nw_src=10.0.0.10,actions=output:2');
  if (destinationPort > 0) rules.push(`priority=90,udp,${portField(frames)}=${RULE_PORT},actions=output:2`);
  if (sourcePort > 0) rules.push(`priority=80,udp,tp_src=${RULE_SOURCE_PORT},actions=output:2`);
  if (rules.length === 1) {
    rules.push(`priority=50,udp,nw_dst=${frames === 'vxlan' ? '192.168.0.0' : '10.2.0.0'}/16,actions=output:2`);
  }
  return twoPorts(rules, { microflowCache: false });
}

/** A number that looks random but depends on i alone. */
function scramble(i: number): number {
  let x = Math.imul(i + 1, 0x9e37_79b1);
  x ^= x >>> 15;
  x = Math.imul(x, 0x85eb_ca6b);
  return (x ^ (x >>> 13)) >>> 0;
}

/** `value` with bit `index` from the top of `width` turned over, and what is below it taken from `low`. */
function differAt(value: number, index: number, width: number, low: number): number {
  const bit = 2 ** (width - 1 - index);
  const flipped = Math.floor(value / bit) % 2 === 0 ? value + bit : value - bit;
  return flipped - (flipped % bit) + (low % bit);
}

/** Flow number i: of each field another bit is the first that differs from the rule's, in all combinations. */
export function explodingFlow(frames: FrameKind, i: number, explosion: Explosion): UdpFlow {
  let rest = i;
  const take = (count: number): number | null => {
    if (count === 0) return null;
    const bit = rest % count;
    rest = Math.floor(rest / count);
    return bit;
  };
  const bits = {
    source: take(explosion.source),
    destinationPort: take(explosion.destinationPort),
    sourcePort: take(explosion.sourcePort),
  };
  const differ = (value: number, bit: number | null, width: number, seed: number): number =>
    bit === null ? value : differAt(value, bit, width, scramble(seed));
  const source = differ(RULE_ADDRESS, bits.source, ADDRESS_BITS, i);
  const port = differ(RULE_PORT, bits.destinationPort, PORT_BITS, i + 1024);
  if (frames === 'vxlan') return { ...numberedTunnel(i), source, sourcePort: port };
  return {
    sourceMac: SOURCE_MAC,
    destinationMac: DESTINATION_MAC,
    source,
    destination: 0x0a_02_00_01 + (scramble(i) & 0xff),
    sourcePort:
      bits.sourcePort === null
        ? 1024 + (i & 0x7fff)
        : differAt(RULE_SOURCE_PORT, bits.sourcePort, PORT_BITS, scramble(i + 2048)),
    destinationPort: port,
  };
}
