/**
 * Sets of rules in the style of ClassBench (Taylor and Turner, 2007): access lists, firewalls, and chains of IP rules,
 * each with the shares of prefix lengths, ports and protocols by which such sets differ. Made from a seed, by our own
 * reading of what that paper says of real sets; none of its files or code is used.
 *
 * - **acl**: both addresses are specific, the source port is hardly ever looked at, the destination port mostly is one.
 * - **fw**: sources are wide or anything, destinations specific, ports of both sides are looked at.
 * - **ipc**: anything goes: pairs of hosts, pairs of networks, and rules on one side only.
 *
 * Ranges of ports are ranges that one mask can say, as an OpenFlow rule needs them.
 */
import type { ClassifierRule } from '#flowtable/classifier.js';
import {
  FlowKey,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_TP_DST,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { SeededRng } from '#src/sim/rng.js';

export const RULE_SET_STYLES = ['acl', 'fw', 'ipc'] as const;
export type RuleSetStyle = (typeof RULE_SET_STYLES)[number];

export interface NumberedRule extends ClassifierRule {
  readonly number: number;
}

/** How often each of several values comes. */
type Weighted = readonly (readonly [value: number, weight: number])[];

interface Style {
  readonly sourceLengths: Weighted;
  readonly destinationLengths: Weighted;
  /** Bits of the port that matter: 0 anything, 16 one port, 6 the ports from 1024 on as masks say them, … */
  readonly sourcePortBits: Weighted;
  readonly destinationPortBits: Weighted;
  /** IP protocols; 0 is any. */
  readonly protocols: Weighted;
}

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ETH_TYPE_IP = 0x0800;

/** Chains look at either address alike. */
const IPC_LENGTHS: Weighted = [
  [0, 15],
  [8, 4],
  [16, 14],
  [19, 5],
  [24, 22],
  [28, 6],
  [32, 34],
];

const STYLES: Readonly<Record<RuleSetStyle, Style>> = {
  acl: {
    sourceLengths: [
      [0, 5],
      [8, 2],
      [16, 8],
      [20, 6],
      [24, 25],
      [28, 12],
      [30, 7],
      [32, 35],
    ],
    destinationLengths: [
      [0, 1],
      [16, 5],
      [21, 4],
      [24, 25],
      [27, 10],
      [30, 10],
      [32, 45],
    ],
    sourcePortBits: [
      [0, 97],
      [16, 3],
    ],
    destinationPortBits: [
      [0, 20],
      [6, 8],
      [10, 4],
      [16, 68],
    ],
    protocols: [
      [TCP, 75],
      [UDP, 15],
      [ICMP, 4],
      [0, 6],
    ],
  },
  fw: {
    sourceLengths: [
      [0, 45],
      [8, 5],
      [12, 3],
      [16, 12],
      [24, 15],
      [32, 20],
    ],
    destinationLengths: [
      [0, 12],
      [16, 6],
      [22, 5],
      [24, 22],
      [29, 8],
      [32, 47],
    ],
    sourcePortBits: [
      [0, 70],
      [6, 14],
      [16, 16],
    ],
    destinationPortBits: [
      [0, 35],
      [6, 12],
      [11, 4],
      [16, 49],
    ],
    protocols: [
      [TCP, 52],
      [UDP, 26],
      [ICMP, 7],
      [0, 15],
    ],
  },
  ipc: {
    sourceLengths: IPC_LENGTHS,
    destinationLengths: IPC_LENGTHS,
    sourcePortBits: [
      [0, 72],
      [6, 6],
      [16, 22],
    ],
    destinationPortBits: [
      [0, 45],
      [6, 6],
      [9, 3],
      [16, 46],
    ],
    protocols: [
      [TCP, 45],
      [UDP, 20],
      [ICMP, 5],
      [0, 30],
    ],
  },
};

const WELL_KNOWN_PORTS = [
  20, 21, 22, 23, 25, 53, 67, 80, 110, 123, 135, 139, 143, 161, 389, 443, 445, 993, 1433, 1521, 3306, 3389, 5060, 8080,
];
/** Networks that a site has: prefixes of rules lie in few of them, and so within each other. */
const SITE_COUNT = 64;
const PREFIX_BITS = 32;
const PORT_BITS = 16;

/** So many different rules, the last of which matches every packet, with falling priorities. */
export function makeRules(style: RuleSetStyle, count: number, seed: number): readonly NumberedRule[] {
  const rng = new SeededRng(seed);
  const { sourceLengths, destinationLengths, sourcePortBits, destinationPortBits, protocols } = STYLES[style];
  const sites = Array.from({ length: SITE_COUNT }, () => rng.next32());
  const address = (): number => {
    // Within a site addresses are dense: some hundred networks of some hundred hosts.
    const site = sites[rng.nextBelow(SITE_COUNT)]!;
    return ((site & 0xffff_0000) | (rng.next32() & 0xffff)) >>> 0;
  };
  const rules: NumberedRule[] = [];
  const seen = new Set<string>();
  while (rules.length < count - 1) {
    const match = new Match();
    match.key.setU32(OFF_IN_PORT, 0);
    setBits(match, OFF_ETH_TYPE, 2, ETH_TYPE_IP, PORT_BITS, PORT_BITS);
    setBits(match, OFF_NW_SRC, 4, address(), drawn(rng, sourceLengths), PREFIX_BITS);
    setBits(match, OFF_NW_DST, 4, address(), drawn(rng, destinationLengths), PREFIX_BITS);
    const protocol = drawn(rng, protocols);
    if (protocol !== 0) setBits(match, OFF_NW_PROTO, 1, protocol, 8, 8);
    if (protocol === TCP || protocol === UDP) {
      setBits(match, OFF_TP_SRC, 2, port(rng), drawn(rng, sourcePortBits), PORT_BITS);
      setBits(match, OFF_TP_DST, 2, port(rng), drawn(rng, destinationPortBits), PORT_BITS);
    }
    const text = Buffer.from(match.key.bytes).toString('latin1') + Buffer.from(match.mask.bytes).toString('latin1');
    if (seen.has(text)) continue;
    seen.add(text);
    const number = rules.length;
    // As a list is written: earlier rules win. Priorities are 16 bits, so neighbours share one.
    rules.push({ match, number, priority: 65_000 - Math.floor((number * 64_000) / count) });
  }
  rules.push({ match: new Match(), number: rules.length, priority: 0 });
  return rules;
}

/** Packets: nine of ten within a rule that is drawn, bits that it leaves open drawn too; the others anywhere. */
export function makeKeys(rules: readonly NumberedRule[], count: number, seed: number): readonly FlowKey[] {
  const rng = new SeededRng(seed);
  return Array.from({ length: count }, () => {
    const key = new FlowKey();
    key.setU16(OFF_ETH_TYPE, ETH_TYPE_IP);
    key.setU8(OFF_NW_PROTO, [TCP, UDP, ICMP][rng.nextBelow(3)]!);
    key.setU32(OFF_NW_SRC, rng.next32());
    key.setU32(OFF_NW_DST, rng.next32());
    key.setU16(OFF_TP_SRC, 1024 + rng.nextBelow(64_000));
    key.setU16(OFF_TP_DST, port(rng));
    if (rng.nextBelow(10) === 0) return key;
    const { match } = rules[rng.nextBelow(rules.length)]!;
    for (let i = 0; i < key.words.length; i++) {
      const mask = match.mask.words[i]!;
      key.words[i] = (key.words[i]! & ~mask) | (match.key.words[i]! & mask);
    }
    return key;
  });
}

function port(rng: SeededRng): number {
  return rng.nextBelow(5) === 0
    ? 1024 + rng.nextBelow(64_000)
    : WELL_KNOWN_PORTS[rng.nextBelow(WELL_KNOWN_PORTS.length)]!;
}

function drawn(rng: SeededRng, weighted: Weighted): number {
  let left = rng.nextBelow(weighted.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [value, weight] of weighted) if ((left -= weight) < 0) return value;
  throw new Error('weights add up');
}

/** Matches the first `bits` bits of a field of `width` bits. */
function setBits(match: Match, offset: number, size: 1 | 2 | 4, value: number, bits: number, width: number): void {
  if (bits === 0) return;
  const mask = (2 ** width - 2 ** (width - bits)) >>> 0;
  const set = (key: FlowKey, number: number): void => {
    if (size === 4) key.setU32(offset, number >>> 0);
    else if (size === 2) key.setU16(offset, number);
    else key.setU8(offset, number);
  };
  set(match.mask, mask);
  set(match.key, (value & mask) >>> 0);
}
