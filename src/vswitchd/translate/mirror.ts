/**
 * Copies of a packet for the mirrors that select it. Mirrors mirror_packet() of ofproto-dpif-xlate.c.
 *
 * The invariant: no two copies of one packet go to the same place, however many mirrors select it and however often it
 * passes by them.
 */
import { OFF_ETH_DST, OFF_IN_PORT, OFF_VLAN_TCI, VLAN_CFI, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import { OFPP_CONTROLLER, OFPP_NONE } from '#src/openflow/ports.js';
import type { Bundle } from '../bundle.js';
import { macText } from '../mac-learning.js';
import type { Mirror } from '../mirror.js';
import { isReservedAddress, outputToBundle } from './normal.js';
import type { Translation } from './translation.js';
import { extractTags, includesVlan, inputVidError, type Tags, translateInput } from './vlan.js';

/** The packet has come in by the port that the flow names. */
export function mirrorIngress(t: Translation): void {
  const { mirrors } = t.bridge;
  if (mirrors.isEmpty) return;
  const inPort = t.flow.u32(OFF_IN_PORT);
  const bundle = t.bridge.ports.get(inPort)?.bundle ?? null;
  if (bundle !== null) mirrorPacket(t, bundle, mirrors.ofSource(bundle));
  else if (inPort !== OFPP_CONTROLLER && inPort !== OFPP_NONE) {
    t.report('error', `received packet on unknown port ${inPort}`);
  }
}

/** The packet goes out by the bundle as it is now. */
export function mirrorEgress(t: Translation, bundle: Bundle): void {
  const { mirrors } = t.bridge;
  if (!mirrors.isEmpty) mirrorPacket(t, bundle, mirrors.ofDestination(bundle));
}

function mirrorPacket(t: Translation, bundle: Bundle, candidates: number): void {
  const inTags = extractTags(t.flow);
  const error = inputVidError(bundle, inTags[0].vid);
  if (error !== null) {
    t.report('error', error);
    return;
  }
  const tags = translateInput(bundle, inTags);
  const { mirrors } = t.bridge;
  let left = candidates & ~t.mirrored;
  let used = 0;
  while (left !== 0) {
    const index = 31 - Math.clz32(left & -left);
    const bit = 1 << index;
    left &= ~bit;
    const mirror = mirrors.at(index);
    if (mirror === undefined) continue;
    if (mirror.vlans !== null) {
      t.wc.setU16(OFF_VLAN_TCI, t.wc.u16(OFF_VLAN_TCI) | VLAN_CFI | VLAN_VID_MASK);
      if (!mirror.vlans.has(tags[0].vid)) continue;
    }
    used |= bit;
    // Before the copy is sent: it may come by other mirrors itself.
    t.mirrored |= mirrors.withSameOutput(mirror);
    t.mirrorSnaplen = mirror.snaplen;
    sendCopy(t, mirror, tags);
    left &= ~t.mirrored;
    t.mirrorSnaplen = 0;
  }
  if (used !== 0) t.credits.push({ kind: 'mirror', mirrors, used });
}

function sendCopy(t: Translation, { output }: Mirror, tags: Tags): void {
  if (typeof output !== 'number') {
    outputToBundle(t, output, tags);
    return;
  }
  if (tags[0].vid === output || isReservedAddress(macText(t.flow.bytes, OFF_ETH_DST))) return;
  const moved: Tags = [{ ...tags[0], vid: output }, tags[1]];
  for (const bundle of t.bridge.bundles) {
    if (includesVlan(bundle, moved) && !t.bridge.mirrors.isOutput(bundle)) outputToBundle(t, bundle, moved);
  }
}
