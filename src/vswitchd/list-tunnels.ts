/**
 * ofproto/list-tunnels: the tunnel ports of all bridges and what packets they take. Mirrors tnl_port_format() of
 * ofproto/tunnel.c.
 */
import { formatHex } from '#src/openflow/number-text.js';
import type { SwitchPort } from './bundle.js';
import { formatIpv4, formatIpv6 } from './odp/address-text.js';
import type { TunnelConfig } from './tunnel.js';
import { reply, type UnixctlCommand } from './unixctl/command.js';

const addressText = (address: Uint8Array | null): string => {
  if (address === null) return '::';
  return address.length === 4 ? formatIpv4(address, 0) : formatIpv6(address, 0);
};

function endpoints(tunnel: TunnelConfig): string {
  if (!tunnel.remoteFromFlow) return `${addressText(tunnel.localIp)}->${addressText(tunnel.remoteIp)}`;
  return tunnel.localFromFlow ? 'flow->flow' : `${addressText(tunnel.localIp)}->flow`;
}

function outKey(tunnel: TunnelConfig): string {
  const isSame =
    tunnel.outKey === tunnel.inKey &&
    tunnel.outKeyPresent === tunnel.inKeyPresent &&
    tunnel.outKeyFromFlow === tunnel.inKeyFromFlow;
  if (isSame) return '';
  if (!tunnel.outKeyPresent) return ', out_key=none';
  return `, out_key=${tunnel.outKeyFromFlow ? 'flow' : formatHex(tunnel.outKey)}`;
}

function tosText({ tosInherit, tos }: TunnelConfig): string {
  if (tosInherit) return ', tos=inherit';
  return tos === 0 ? '' : `, tos=${formatHex(tos)}`;
}

function describe(port: SwitchPort, tunnel: TunnelConfig): string {
  const key = tunnel.inKeyFromFlow ? 'flow' : formatHex(tunnel.inKey);
  return (
    `port ${port.odpPort}: ${port.name} (${tunnel.type}: ${endpoints(tunnel)}, key=${key}, legacy_l2, ` +
    `dp port=${port.odpPort}${outKey(tunnel)}, ttl=${tunnel.ttlInherit ? 'inherit' : tunnel.ttl}${tosText(tunnel)}` +
    `${tunnel.dontFragment ? '' : ', df=false'}${tunnel.checksum ? ', csum=true' : ''})\n`
  );
}

export const listTunnelsCommand = (ports: () => Iterable<SwitchPort>): UnixctlCommand => ({
  name: 'ofproto/list-tunnels',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  run: () => reply([...ports()].map((port) => (port.tunnel === null ? '' : describe(port, port.tunnel))).join('')),
});
