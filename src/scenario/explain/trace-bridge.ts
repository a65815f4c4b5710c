/**
 * What a bridge does with a frame: ofproto/trace of it, for the frame that went into a bridge and did not come out, or
 * not where it should have.
 */
import { VXLAN_PORT } from '#datapath/packet/vxlan.js';
import {
  FlowKey,
  OFF_IN_PORT,
  OFF_TUN_DST,
  OFF_TUN_FLAGS,
  OFF_TUN_ID,
  OFF_TUN_SRC,
  OFF_TUN_TTL,
  TUN_F_KEY,
} from '#flowtable/flow-key.js';
import { extractFlow } from '#datapath/flow-extract.js';
import type { Machine } from '../../linux/machine.js';
import { formatOdpKey } from '../../vswitchd/odp/odp-format.js';
import type { Sighting } from '../witness.js';

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Did the sighting bring the frame into the machine's switch: by a port, from the host itself, or out of a tunnel? */
export function entersSwitch({ kind, place, parts }: Sighting, machine: Machine): boolean {
  if (place.host !== machine.name || place.namespace !== '' || place.device === null || !machine.hasSwitch)
    return false;
  if (kind === 'deliver') return parts.inner !== null;
  const device = machine.device(place.device);
  if (device?.enslaved !== true) return false;
  return device.kind === 'internal' ? kind === 'transmit' : kind === 'receive';
}

export interface BridgeTrace {
  /** Whose tables were asked: `br0`, or `ovs-system` for a frame out of a tunnel. */
  readonly bridge: string;
  readonly lines: readonly string[];
}

/** The account of ofproto/trace; null where the frame came in by no port of a bridge. */
export function traceEntry(sighting: Sighting, machine: Machine): BridgeTrace | null {
  const args = sighting.kind === 'deliver' ? tunnelArguments(sighting, machine) : portArguments(sighting, machine);
  if (args === null) return null;
  const result = machine.vswitchd.unixctl('ofproto/trace', args);
  // A tunnel that no bridge has any more: there is nobody to ask.
  if (!result.ok) return null;
  return { bridge: args[0]!, lines: result.text.trimEnd().split('\n') };
}

function portArguments({ place, frame }: Sighting, machine: Machine): readonly string[] | null {
  const { vswitchd } = machine;
  for (const name of vswitchd.bridgeNames()) {
    const ports = vswitchd.bridge(name)?.portDescriptions() ?? [];
    if (ports.some((port) => port.name === place.device)) return [name, `in_port=${place.device}`, toHex(frame)];
  }
  return null;
}

/** A frame out of a tunnel is told by its datapath key: the outer header is part of it. */
function tunnelArguments({ parts }: Sighting, machine: Machine): readonly string[] | null {
  const { inner, ipv4, vxlan } = parts;
  if (inner === null || ipv4 === null || vxlan === null) return null;
  for (const [name, dpif] of machine.vswitchd.datapaths()) {
    const vport = dpif.portDump().find((port) => port.type === 'vxlan' && (port.udpPort ?? VXLAN_PORT) === VXLAN_PORT);
    if (vport === undefined) continue;
    const metadata = new FlowKey();
    metadata.setU32(OFF_IN_PORT, vport.port);
    metadata.setU32(OFF_TUN_ID + 4, vxlan.vni);
    metadata.bytes.set(ipv4.source, OFF_TUN_SRC);
    metadata.bytes.set(ipv4.destination, OFF_TUN_DST);
    metadata.setU16(OFF_TUN_FLAGS, TUN_F_KEY);
    metadata.setU8(OFF_TUN_TTL, ipv4.ttl);
    metadata.updateShape();
    // The command names a datapath without its type: ovs-system.
    return [
      name.slice(name.indexOf('@') + 1),
      formatOdpKey(extractFlow(inner.bytes, metadata), null),
      toHex(inner.bytes),
    ];
  }
  return null;
}
