/**
 * Options of tunnels on their way into translation and out of it: OpenFlow tables see them as tun_metadata fields,
 * datapath flows as they stand in the header. Mirrors what xlate_actions() of ofproto-dpif-xlate.c does with
 * tunnel.metadata, and tun_metadata_from_geneve_udpif() and its inverse.
 *
 * Deliberately different: the megaflow of a packet with options that the map does not allow matches those very options.
 */
import {
  type FlowKey,
  OFF_TUN_FLAGS,
  OFF_TUN_OPTIONS,
  OFF_TUN_OPTIONS_PRESENT,
  TUN_F_UDPIF,
} from '#flowtable/flow-key.js';
import {
  clearOptions,
  encodeOptionsMask,
  type OptionMap,
  rawOptionsSize,
  translateOptions,
} from '#flowtable/tunnel-options.js';

/** Did the key come with Geneve options (if none), as the datapath has them? */
export const hasRawOptions = (key: FlowKey): boolean => (key.u16(OFF_TUN_FLAGS) & TUN_F_UDPIF) !== 0;

/** Brings flow and mask into the form of the bridge's tables; false where the bridge cannot take the options. */
export function beginOptions(flow: FlowKey, wc: FlowKey, map: OptionMap): boolean {
  if (hasRawOptions(flow) && !translateOptions(flow, map)) {
    const size = rawOptionsSize(flow);
    wc.bytes.fill(0xff, OFF_TUN_OPTIONS, OFF_TUN_OPTIONS + size);
    wc.setU16(OFF_TUN_OPTIONS_PRESENT, 0xffff);
    wc.setU16(OFF_TUN_FLAGS, wc.u16(OFF_TUN_FLAGS) | TUN_F_UDPIF);
    return false;
  }
  flow.optionPlaces ??= map;
  wc.optionPlaces = flow.optionPlaces;
  return true;
}

/** Brings the mask into the form of the packet as it came (`upcall`). */
export function endOptions(wc: FlowKey, upcall: FlowKey): void {
  if (hasRawOptions(upcall)) {
    encodeOptionsMask(wc, upcall);
  } else if (upcall.optionPlaces === null) {
    // There were no options: what was looked at are the ones that actions have made.
    clearOptions(wc);
    wc.optionPlaces = null;
  }
}
