/**
 * So many masks: two rules that look at an address and a port that no packet has, and packets that differ from them
 * first at every bit in turn. Prefix tracking then makes a megaflow with a mask of its own for each pair of bits: the
 * traffic of a tuple space explosion (CVE-2019-25076), in full sight.
 *
 * The microflow cache is off: it would hide the table that is measured.
 */
import { BenchSwitch } from '../bench-switch.js';
import { type FrameKind, makeFrames, numberedTunnel, SOURCE_MAC, DESTINATION_MAC, type UdpFlow } from '../frames.js';
import { Workload, type WorkloadKind } from './workload.js';

const ADDRESS_BITS = 32;
const PORT_BITS = 16;
const RULE_ADDRESS = 0x0a_00_00_0a;
const RULE_PORT = 80;
const FLOW_COUNT = 1024;

/** `addressBits` × `portBits` masks, or one where both are 0. Bits are counted from the highest. */
export function masksWorkload(name: string, addressBits: number, portBits: number): WorkloadKind {
  const maskCount = Math.max(1, addressBits) * Math.max(1, portBits);
  return {
    name,
    summary:
      maskCount === 1
        ? 'one megaflow of one mask, no microflow cache'
        : `${maskCount} megaflows, each with a mask of its own, hit evenly, no microflow cache`,
    prepare: ({ frames }) => {
      const target = new BenchSwitch({
        ports: [{ name: 'p1' }, { name: 'p2' }],
        rules: rulesFor(frames, addressBits, portBits),
        microflowCache: false,
      });
      const flowOf = (i: number) => explodingFlow(frames, i, addressBits, portBits);
      return new Workload({
        name,
        target,
        frames: makeFrames(frames, FLOW_COUNT, target.portNumber('p1'), flowOf),
        settings: { frames, flows: FLOW_COUNT, masks: maskCount, microflowCache: false },
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
      });
    },
  };
}

/** VXLAN has one destination port, so there the source port takes its place. */
const portField = (frames: FrameKind): string => (frames === 'vxlan' ? 'tp_src' : 'tp_dst');

function rulesFor(frames: FrameKind, addressBits: number, portBits: number): string[] {
  const rules = ['priority=1,actions=output:2'];
  if (addressBits > 0) rules.push('priority=100,udp,nw_src=10.0.0.10,actions=output:2');
  if (portBits > 0) rules.push(`priority=90,udp,${portField(frames)}=${RULE_PORT},actions=output:2`);
  if (addressBits === 0 && portBits === 0) {
    rules.push(`priority=50,udp,nw_dst=${frames === 'vxlan' ? '192.168.0.0' : '10.2.0.0'}/16,actions=output:2`);
  }
  return rules;
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

function explodingFlow(frames: FrameKind, i: number, addressBits: number, portBits: number): UdpFlow {
  const pair = i % (Math.max(1, addressBits) * Math.max(1, portBits));
  const addressBit = addressBits === 0 ? null : pair % addressBits;
  const portBit = portBits === 0 ? null : Math.floor(pair / Math.max(1, addressBits));
  const source = addressBit === null ? RULE_ADDRESS : differAt(RULE_ADDRESS, addressBit, ADDRESS_BITS, scramble(i));
  const port = portBit === null ? RULE_PORT : differAt(RULE_PORT, portBit, PORT_BITS, scramble(i + FLOW_COUNT));
  if (frames === 'vxlan') return { ...numberedTunnel(i), source, sourcePort: port };
  return {
    sourceMac: SOURCE_MAC,
    destinationMac: DESTINATION_MAC,
    source,
    destination: 0x0a_02_00_01 + (scramble(i) & 0xff),
    sourcePort: 1024 + (i & 0x7fff),
    destinationPort: port,
  };
}
