/** The beginning of every message that ovs-ofctl prints: `NXST_FLOW reply (OF1.3) (xid=0x2):`. */
import type { OpenFlowVersion } from './protocol.js';

export function messageHead(name: string, version: OpenFlowVersion, xid: number): string {
  const tag = version === 10 ? '' : ` (OF1.${version - 10})`;
  return `${name}${tag} (xid=0x${xid.toString(16)}):`;
}
