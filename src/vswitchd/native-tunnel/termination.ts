/**
 * Which packets end here: those to an address of a device that a route goes by, and to the port (or protocol) of a
 * tunnel. A lookup says which datapath port takes the packet, and marks what it looked at. Mirrors lib/tnl-ports.c.
 */
import { Classifier } from '#flowtable/classifier.js';
import {
  FlowKey,
  OFF_ETH_DST,
  OFF_ETH_TYPE,
  OFF_IPV6_DST,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_TP_DST,
  OFF_VLAN_TCI,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { Match } from '#flowtable/match.js';
import { LATEST_VERSION } from '#flowtable/versions.js';
import { isMapped } from './address.js';

const FRAG_BITS = 3;
const IP_PROTO_UDP = 17;
const IP_PROTO_GRE = 47;

/** A datapath port that tunnels share. */
export interface ListeningPort {
  readonly name: string;
  readonly odpPort: number;
  /** 0 for protocols without ports. */
  readonly udpPort: number;
  readonly protocol: number;
  /** How many tunnels there are by it. */
  count: number;
}

export interface LocalAddress {
  readonly mac: Uint8Array;
  readonly ip: Uint8Array;
}

interface Termination {
  readonly match: Match;
  readonly priority: 0;
  readonly port: ListeningPort;
}

const OVER_GRE: ReadonlySet<string> = new Set(['gre', 'ip6gre', 'erspan', 'ip6erspan']);

export const tunnelProtocol = (type: string): number => (OVER_GRE.has(type) ? IP_PROTO_GRE : IP_PROTO_UDP);

export class TerminationTable {
  readonly ports: readonly ListeningPort[];
  private readonly table = new Classifier<Termination>([]);

  constructor(ports: readonly ListeningPort[], addresses: readonly LocalAddress[]) {
    this.ports = ports;
    for (const address of addresses) for (const port of ports) this.insert(port, address);
  }

  /** The datapath port that takes the packet, or null. */
  lookup(flow: FlowKey, wc: FlowKey): number | null {
    return this.table.lookup(flow, LATEST_VERSION, wc)?.port.odpPort ?? null;
  }

  list(): readonly Termination[] {
    return [...this.table.rules()];
  }

  private insert(port: ListeningPort, { mac, ip }: LocalAddress): void {
    const key = new FlowKey();
    const mask = new FlowKey();
    key.bytes.set(mac, OFF_ETH_DST);
    setExact(mask, OFF_ETH_DST, 6);
    setExact(mask, OFF_ETH_TYPE, 2);
    if (isMapped(ip)) {
      key.setU16(OFF_ETH_TYPE, 0x0800);
      key.bytes.set(ip.subarray(12), OFF_NW_DST);
      setExact(mask, OFF_NW_DST, 4);
    } else {
      key.setU16(OFF_ETH_TYPE, 0x86dd);
      key.bytes.set(ip, OFF_IPV6_DST);
      setExact(mask, OFF_IPV6_DST, 16);
    }
    key.setU8(OFF_NW_PROTO, port.protocol);
    setExact(mask, OFF_NW_PROTO, 1);
    mask.setU8(OFF_NW_FRAG, FRAG_BITS);
    mask.setU16(OFF_VLAN_TCI, 0xffff);
    if (port.udpPort !== 0) {
      key.setU16(OFF_TP_DST, port.udpPort);
      setExact(mask, OFF_TP_DST, 2);
    }
    // The first that is there stands.
    if (this.table.lookup(key, LATEST_VERSION, null) === null)
      this.table.insert({ match: new Match(key, mask), priority: 0, port });
  }
}
