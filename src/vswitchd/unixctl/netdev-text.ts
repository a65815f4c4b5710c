/** How dpctl/show names the kind of a datapath port and its settings: ` (vxlan: packet_type=ptap)`. */
import type { VportInfo } from '#datapath/dpif.js';

const VXLAN_PORT = 4789;
const GENEVE_PORT = 6081;
const GTPU_PORT = 2152;

/** Nothing for a plain network device. type: what kind of device it shows as. */
export function formatNetdevType(port: VportInfo, type: string): string {
  switch (port.type) {
    case 'netdev':
      return '';
    case 'internal':
    case 'dummy':
      return ` (${type})`;
    case 'vxlan':
      return formatUdpTunnel(port, VXLAN_PORT);
    case 'geneve':
      return formatUdpTunnel(port, GENEVE_PORT);
    case 'gtpu':
      return formatUdpTunnel(port, GTPU_PORT);
    case 'gre':
    case 'ip6gre':
      return ` (${port.type}: packet_type=ptap)`;
    case 'erspan':
    case 'ip6erspan':
      return ` (${port.type}: erspan_ver=0, packet_type=ptap)`;
  }
}

function formatUdpTunnel(port: VportInfo, usual: number): string {
  const udpPort = port.udpPort ?? usual;
  const settings = udpPort === usual ? 'packet_type=ptap' : `dst_port=${udpPort}, packet_type=ptap`;
  return ` (${port.type}: ${settings})`;
}
