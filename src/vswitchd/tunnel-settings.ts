/** A tunnel's settings as dpif/show tells them: those that are not the usual ones. Mirrors get_tunnel_config(). */
import { formatIpv4, formatIpv6 } from './odp/address-text.js';
import { DEFAULT_TTL, DEFAULT_UDP_PORTS, defaultPacketTypes, type ErspanConfig, type TunnelConfig } from './tunnel.js';

export function tunnelSettings(tunnel: TunnelConfig): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  const add = (name: string, value: string | null): void => {
    if (value !== null) settings.set(name, value);
  };
  add('remote_ip', addressText(tunnel.remoteIp, tunnel.remoteFromFlow));
  add('local_ip', addressText(tunnel.localIp, tunnel.localFromFlow));
  const inKey = tunnel.inKeyFromFlow ? 'flow' : tunnel.inKeyPresent ? String(tunnel.inKey) : null;
  const outKey = tunnel.outKeyFromFlow ? 'flow' : tunnel.outKeyPresent ? String(tunnel.outKey) : null;
  if (inKey === outKey) add('key', inKey);
  else {
    add('in_key', inKey);
    add('out_key', outKey);
  }
  add('ttl', tunnel.ttlInherit ? 'inherit' : tunnel.ttl === DEFAULT_TTL ? null : String(tunnel.ttl));
  add('tos', tunnel.tosInherit ? 'inherit' : tunnel.tos === 0 ? null : `0x${tunnel.tos.toString(16)}`);
  const usualPort = DEFAULT_UDP_PORTS[tunnel.type] ?? tunnel.udpPort;
  add('dst_port', tunnel.udpPort === usualPort ? null : String(tunnel.udpPort));
  add('csum', tunnel.checksum ? 'true' : null);
  add('seq', tunnel.sequence ? 'true' : null);
  add('packet_type', tunnel.packetTypes === defaultPacketTypes(tunnel.type) ? null : tunnel.packetTypes);
  add('df_default', tunnel.dontFragment ? null : 'false');
  add('egress_pkt_mark', tunnel.egressPktMark === null ? null : String(tunnel.egressPktMark));
  if (tunnel.type === 'erspan' || tunnel.type === 'ip6erspan') addErspan(tunnel.erspan, add);
  return settings;
}

function addErspan(erspan: ErspanConfig, add: (name: string, value: string) => void): void {
  const { version, index, direction, hardwareId } = erspan;
  const hex = (value: number | null): string => (value === null ? 'flow' : `0x${value.toString(16)}`);
  add('erspan_ver', version === null ? 'flow' : String(version));
  if (version === null || version === 1) add('erspan_idx', hex(version === null ? null : index));
  if (version === null || version === 2) {
    add('erspan_dir', version === null || direction === null ? 'flow' : String(direction));
    add('erspan_hwid', hex(version === null ? null : hardwareId));
  }
}

function addressText(address: Uint8Array | null, fromFlow: boolean): string | null {
  if (fromFlow) return 'flow';
  if (address === null) return null;
  return address.length === 4 ? formatIpv4(address, 0) : formatIpv6(address, 0);
}
