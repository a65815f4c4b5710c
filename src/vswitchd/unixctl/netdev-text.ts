/** How dpctl/show names the kind of a datapath port and its settings: ` (vxlan: packet_type=ptap)`. */
import type { VportInfo } from '#datapath/dpif.js';

const VXLAN_PORT = 4789;

/** Nothing for a plain network device; the userspace datapath calls its internal ports dummies. */
export function formatNetdevType(port: VportInfo, isKernel: boolean): string {
  switch (port.type) {
    case 'netdev':
      return '';
    case 'internal':
      return isKernel ? ' (internal)' : ' (dummy-internal)';
    case 'dummy':
      return ' (dummy)';
    case 'vxlan': {
      const udpPort = port.udpPort ?? VXLAN_PORT;
      const settings = udpPort === VXLAN_PORT ? 'packet_type=ptap' : `dst_port=${udpPort}, packet_type=ptap`;
      return ` (vxlan: ${settings})`;
    }
  }
}
