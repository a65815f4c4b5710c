/**
 * NORMAL: the bridge as a VLAN-aware learning switch. Mirrors xlate_normal() of ofproto-dpif-xlate.c
 * (IEEE 802.1Q-2018 §8.6 to §8.8).
 */
import {
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_PACKET_TYPE,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
  PT_ETH,
  VLAN_CFI,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { OFPP_CONTROLLER, OFPP_NONE } from '#src/openflow/ports.js';
import { type Bundle, isFloodable, type SwitchPort } from '../bundle.js';
import { isLocked, macText } from '../mac-learning.js';
import { isSnooped, snoopedBundles } from './normal-multicast.js';
import { fdbLookup } from './outcome.js';
import { outputToPort } from './output.js';
import type { Translation } from './translation.js';
import {
  extractTags,
  includesVlan,
  inputVidError,
  isVlanType,
  putTags,
  type Tags,
  translateInput,
  translateOutput,
} from './vlan.js';

const ETH_TYPE_ARP = 0x0806;
const ARP_REQUEST = 1;
const ARP_REPLY = 2;

/** Addresses that a bridge keeps to itself: IEEE 802.1D's 01:80:c2:00:00:0x, Extreme's and Cisco's protocols. */
const RESERVED_ADDRESSES: ReadonlySet<string> = new Set([
  ...Array.from({ length: 16 }, (_, i) => `0180c200000${i.toString(16)}`),
  '00e02b000000',
  '00e02b000004',
  '00e02b000006',
  '01000c000000',
  '01000ccccccc',
  '01000ccccccd',
  '01000ccdcdcd',
  ...Array.from({ length: 8 }, (_, i) => `01000cccccc${i}`),
]);

/** mac as 12 hexadecimal digits. */
export const isReservedAddress = (mac: string): boolean => RESERVED_ADDRESSES.has(mac);

/** An ARP that a machine broadcasts about itself, as after a migration. */
function isGratuitousArp({ flow, wc }: Translation): boolean {
  if (flow.u16(OFF_ETH_TYPE) !== ETH_TYPE_ARP) return false;
  setExact(wc, OFF_ETH_DST, 6);
  if (flow.u32(OFF_ETH_DST) !== 0xffffffff || flow.u16(OFF_ETH_DST + 4) !== 0xffff) return false;
  setExact(wc, OFF_NW_PROTO, 1);
  const op = flow.u8(OFF_NW_PROTO);
  if (op === ARP_REPLY) return true;
  if (op !== ARP_REQUEST) return false;
  setExact(wc, OFF_NW_SRC, 4);
  setExact(wc, OFF_NW_DST, 4);
  return flow.u32(OFF_NW_SRC) === flow.u32(OFF_NW_DST);
}

export function translateNormal(t: Translation): void {
  const { flow, wc, bridge } = t;
  setExact(wc, OFF_ETH_SRC, 6);
  setExact(wc, OFF_ETH_DST, 6);
  wc.setU16(OFF_VLAN_TCI, wc.u16(OFF_VLAN_TCI) | VLAN_VID_MASK | VLAN_CFI);

  const inPortNumber = flow.u32(OFF_IN_PORT);
  const inPort = bridge.ports.get(inPortNumber) ?? null;
  const inBundle = inPort?.bundle ?? null;
  const isControllers = inBundle === null && (inPortNumber === OFPP_CONTROLLER || inPortNumber === OFPP_NONE);
  if (inBundle === null && !isControllers) {
    t.report('error', `received packet on unknown port ${inPortNumber}`);
    t.report('warn', 'no input bundle, dropping');
    return;
  }
  if (isVlanType(flow.u16(OFF_ETH_TYPE)) && (flow.u16(OFF_VLAN_TCI) & VLAN_CFI) === 0) {
    t.report('warn', 'partial VLAN tag, dropping');
    return;
  }

  if (inBundle !== null && bridge.mirrors.isOutput(inBundle)) {
    if (t.input.packet !== null) t.report('error', mirrorOutputError(inBundle));
    t.report('warn', 'input port is mirror output port, dropping');
    return;
  }

  const inTags = extractTags(flow);
  let tags: Tags = inTags;
  if (inBundle !== null) {
    const error = inputVidError(inBundle, inTags[0].vid);
    if (error !== null) {
      t.report('error', error);
      t.report('warn', 'disallowed VLAN VID for this input port, dropping');
      return;
    }
    tags = translateInput(inBundle, inTags);
  }
  const vlan = tags[0].vid;

  if (inPort !== null && !bridge.forwardsBpdu && isReservedAddress(macText(flow.bytes, OFF_ETH_DST))) {
    t.report('detail', 'packet has reserved destination MAC, dropping');
    return;
  }
  const refusal = inPort === null ? null : bondError(t, inPort, vlan);
  if (refusal !== null) {
    t.report('detail', refusal);
    return;
  }

  const gratuitousArp = isGratuitousArp(t);
  if (inBundle !== null && flow.u32(OFF_PACKET_TYPE) === PT_ETH) {
    const mac = macText(flow.bytes, OFF_ETH_SRC);
    t.credits.push({ kind: 'learn', bundle: inBundle, mac, vlan, gratuitousArp });
    if (t.input.allowSideEffects && bridge.learn(mac, vlan, gratuitousArp, inBundle)) {
      t.note(`learned that ${mac.match(/../g)!.join(':')} is on port ${inBundle.name} in VLAN ${vlan}`);
    }
  }

  if (bridge.mcast !== null && isSnooped(t)) {
    const bundles = snoopedBundles(t, bridge.mcast, inBundle, vlan);
    if (bundles === null) flood(t, inBundle, tags);
    else for (const bundle of bundles) outputToBundle(t, bundle, tags);
    return;
  }

  const destination = macText(flow.bytes, OFF_ETH_DST);
  t.fdbLookups.push(fdbLookup(bridge.name, destination, vlan));
  const entry = bridge.fdb.lookup(destination, vlan);
  if (entry?.bundle == null) {
    t.note('no learned MAC for destination, flooding');
    flood(t, inBundle, tags);
  } else if (bridge.mirrors.isOutput(entry.bundle)) {
    t.report('warn', 'learned port is a mirror port, dropping');
  } else if (entry.bundle === inBundle) {
    t.note('learned port is input port, dropping');
  } else {
    t.note('forwarding to learned port');
    outputToBundle(t, entry.bundle, tags);
  }
}

function flood(t: Translation, inBundle: Bundle | null, tags: Tags): void {
  const { bundles, mirrors } = t.bridge;
  for (const bundle of bundles) {
    if (bundle === inBundle || !includesVlan(bundle, tags) || !isFloodable(bundle)) continue;
    if (!mirrors.isOutput(bundle)) outputToBundle(t, bundle, tags);
  }
  t.tally.flooded();
}

/** Why a packet from the port is not taken. */
export const mirrorOutputError = (bundle: Bundle): string =>
  `dropping packet received on port ${bundle.name}, which is reserved exclusively for mirroring`;

/** Sends a packet with these (internal) tags out of a bundle. */
export function outputToBundle(t: Translation, bundle: Bundle, tags: Tags): void {
  const { flow, wc } = t;
  if (bundle.vlanMode === 'dot1q-tunnel' && bundle.cvlans !== null) wc.setU16(OFF_VLAN1_TCI, 0xffff);
  const out = translateOutput(bundle, tags);
  if (bundle.priorityTags !== 'never') out[0].pcp = flow.u16(OFF_VLAN_TCI) & 0xe000;
  const hashed = bundle.bond?.hashedOutput() ?? null;
  const port = portOf(t, bundle, out[0].vid, hashed === null);
  if (port === null) return;
  const saved = [flow.u32(OFF_VLAN_TPID), flow.u32(OFF_VLAN1_TPID)] as const;
  putTags(flow, out, bundle.priorityTags);
  // OVS takes none of a NORMAL action's outputs for the last: what a bridge beyond a patch does is done to a copy.
  const { isLast } = t;
  t.isLast = false;
  outputToPort(t, port.ofPort, { isLast: false, hashed });
  t.isLast = isLast;
  flow.setU32(OFF_VLAN_TPID, saved[0]);
  flow.setU32(OFF_VLAN1_TPID, saved[1]);
}

/** The port of the bundle that the packet leaves by, or null where there is none (yet, or with a link). */
function portOf(t: Translation, bundle: Bundle, vlan: number, isChosen: boolean): SwitchPort | null {
  const { bond } = bundle;
  if (bond === null) return bundle.ports[0] ?? null;
  // Where the datapath chooses, the packet's headers decide nothing here.
  const member = bond.chooseMember(t.flow, vlan, isChosen ? t.wc : null);
  if (member !== null && isChosen) t.credits.push({ kind: 'bond', bond, flow: t.flow.clone(), vlan });
  return member?.port ?? null;
}

/** Why a packet may not come in by a member of a bond, or null where it may. */
function bondError(t: Translation, port: SwitchPort, vlan: number): string | null {
  const { flow, bridge } = t;
  switch (port.bundle?.bond?.admit(port, flow) ?? 'accept') {
    case 'accept':
      return null;
    case 'drop':
      return 'bonding refused admissibility, dropping';
    case 'drop-if-moved': {
      const source = macText(flow.bytes, OFF_ETH_SRC);
      t.fdbLookups.push(fdbLookup(bridge.name, source, vlan));
      const known = bridge.fdb.lookup(source, vlan);
      if (known === null || known.bundle === port.bundle) return null;
      // That a machine has moved here is believed, unless it has just been heard elsewhere.
      if (isGratuitousArp(t) && !isLocked(known, bridge.nowSec)) return null;
      return 'SLB bond thinks this packet looped back, dropping';
    }
  }
}
