/** The ports of a bridge as exporters know them: by their number in the datapath. */
import type { Bridge } from '../bridge.js';
import type { SwitchPort } from '../bundle.js';

const TUNNEL_PROTOCOLS: Readonly<Record<string, number>> = { gre: 47, vxlan: 17, geneve: 17 };

/** Tunnels share a datapath port: the newest of them stands for it. */
export function portByOdp(bridge: Bridge, odpPort: number): SwitchPort | null {
  let found: SwitchPort | null = null;
  for (const port of bridge.portsByAge) if (port.odpPort === odpPort) found = port;
  return found;
}

/** The IP protocol that carries the tunnel of a port; 0 where it has none. */
export const tunnelProtocolOf = (port: SwitchPort | null): number => TUNNEL_PROTOCOLS[port?.tunnel?.type ?? ''] ?? 0;
