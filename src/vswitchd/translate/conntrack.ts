/** ct and ct_clear. Mirrors compose_conntrack_action() and compose_ct_clear_action() of ofproto-dpif-xlate.c. */
import type { ConntrackNat } from '#datapath/dpif.js';
import {
  OFF_CT_LABEL,
  OFF_CT_MARK,
  OFF_CT_STATE,
  OFF_CT_ZONE,
  OFF_RECIRC_ID,
  OFF_TUN_ID,
} from '#flowtable/flow-key.js';
import { maskValue } from '#src/openflow/field-value.js';
import { readSubfield, subfieldMask } from '#src/openflow/subfield.js';
import type { ConntrackRequest, NatRequest } from '#src/openflow/translate-context.js';
import type { Translation } from './translation.js';

const LABEL_SIZE = 16;
/** Fields that a frozen state keeps: their bits were matched when it was made. */
const isFrozen = (name: string): boolean => /^(x*reg\d+|metadata|in_port|tun_)/.test(name);

/** The packet is untracked again, and has no connection. */
export function clearConntrack(t: Translation): void {
  t.flow.bytes.fill(0, OFF_CT_STATE, OFF_CT_STATE + 4);
  t.flow.bytes.fill(0, OFF_CT_MARK, OFF_TUN_ID);
  t.conntracked = false;
}

export function translateConntrack(t: Translation, request: ConntrackRequest): void {
  const { flow, wc } = t;
  const zone = zoneOf(t, request);
  const savedLabelMask = wc.bytes.slice(OFF_CT_LABEL, OFF_CT_LABEL + LABEL_SIZE);
  const savedMarkMask = wc.u32(OFF_CT_MARK);
  t.commit();
  // The nested actions leave in the masks what of mark and label they set.
  wc.setU32(OFF_CT_MARK, 0);
  wc.bytes.fill(0, OFF_CT_LABEL, OFF_CT_LABEL + LABEL_SIZE);
  if (request.nat !== null && t.input.trace) t.report('action', t.describe({ kind: 'nat', ...request.nat }));
  if (request.nat === null || request.actions.length > 0) t.translate(request.actions);
  const markMask = wc.u32(OFF_CT_MARK);
  const labelMask = wc.bytes.slice(OFF_CT_LABEL, OFF_CT_LABEL + LABEL_SIZE);
  t.actions.push({
    kind: 'ct',
    commit: request.commit,
    force: request.force,
    zone,
    mark: markMask === 0 ? null : { value: (flow.u32(OFF_CT_MARK) & markMask) >>> 0, mask: markMask },
    label: labelMask.every((byte) => byte === 0)
      ? null
      : { value: labelMask.map((byte, i) => byte & flow.bytes[OFF_CT_LABEL + i]!), mask: labelMask },
    helper: request.alg,
    nat: request.nat === null ? null : natOf(request.nat),
  });
  wc.setU32(OFF_CT_MARK, savedMarkMask);
  wc.bytes.set(savedLabelMask, OFF_CT_LABEL);
  if (request.recircTable !== null) {
    t.conntracked = true;
    const id = t.freezer.recirculate(t, request.recircTable);
    const copy = flow.clone();
    copy.setU32(OFF_RECIRC_ID, id);
    copy.setU16(OFF_CT_ZONE, zone);
    t.recirculated.push({ id, flow: copy, isConntrack: true, nat: request.nat });
    t.note(
      `A clone of the packet is forked to recirculate. The forked pipeline will be resumed at table ${request.recircTable}.`,
    );
  }
  clearConntrack(t);
  t.note('Sets the packet to an untracked state, and clears all the conntrack fields.');
}

export function translateCtClear(t: Translation): void {
  if (!t.conntracked) return;
  clearConntrack(t);
  t.actions.push({ kind: 'ct_clear' });
}

function zoneOf(t: Translation, { zone }: ConntrackRequest): number {
  if (typeof zone === 'number') return zone;
  const isResumed = t.input.flow.u32(OFF_RECIRC_ID) !== 0;
  if (!isResumed || !isFrozen(zone.field.name)) maskValue(t.wc, zone.field, subfieldMask(zone));
  return Number(readSubfield(t.flow, zone));
}

function natOf(nat: NatRequest): ConntrackNat {
  const { addresses } = nat;
  const bytes = (value: bigint, size: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn));
  const size = addresses?.family === 4 ? 4 : 16;
  return {
    type: nat.type,
    addresses: addresses === null ? null : { min: bytes(addresses.min, size), max: bytes(addresses.max, size) },
    ports: nat.ports,
    persistent: nat.persistent,
    selection: nat.selection,
  };
}
