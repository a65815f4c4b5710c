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

/** The account of ofproto/trace, with the command that asks for it as the first line; null where there is no such port. */
export function traceEntry(sighting: Sighting, machine: Machine): readonly string[] | null {
  const request = sighting.kind === 'deliver' ? tunnelRequest(sighting, machine) : portRequest(sighting, machine);
  if (request === null) return null;
  const { args, shown } = request;
  const result = machine.vswitchd.unixctl('ofproto/trace', args);
  return [`ovs-appctl ofproto/trace ${shown}`, ...result.text.trimEnd().split('\n')];
}

interface TraceRequest {
  readonly args: readonly string[];
  readonly shown: string;
}

function portRequest({ place, frame }: Sighting, machine: Machine): TraceRequest | null {
  const { vswitchd } = machine;
  for (const name of vswitchd.bridgeNames()) {
    const isPort = vswitchd
      .bridge(name)
      ?.portDescriptions()
      .some((port) => port.name === place.device);
    if (isPort !== true) continue;
    const flow = `in_port=${place.device}`;
    return { args: [name, flow, toHex(frame)], shown: `${name} ${flow} ${toHex(frame)}` };
  }
  return null;
}

/** A frame out of a tunnel is told by its datapath key: the outer header is part of it. */
function tunnelRequest({ parts }: Sighting, machine: Machine): TraceRequest | null {
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
    const flow = formatOdpKey(extractFlow(inner.bytes, metadata), null);
    return { args: [name, flow, toHex(inner.bytes)], shown: `${name} '${flow}' ${toHex(inner.bytes)}` };
  }
  return null;
}
