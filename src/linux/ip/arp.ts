/**
 * Address resolution for IPv4 over Ethernet (RFC 826, RFC 5227 for announcements; Linux: net/ipv4/arp.c with
 * arp_ignore and arp_announce 0).
 */
import { ARP_OP_REPLY, ARP_OP_REQUEST, ARP_SIZE, type ArpHeader, buildArp, parseArp } from '#datapath/packet/arp.js';
import { buildEthernet, ETH_HEADER_SIZE, ETH_TYPE_ARP } from '#datapath/packet/ethernet.js';
import type { NetDevice } from '../device/net-device.js';
import { ANY_IPV4, BROADCAST_MAC, formatAddress, type IpAddress, isSame, isUnspecified, ZERO_MAC } from './address.js';
import type { IpStack } from './stack.js';

export type ArpListener = (device: NetDevice, header: ArpHeader) => void;

export class Arp {
  private readonly stack: IpStack;
  private readonly listeners = new Set<ArpListener>();

  constructor(stack: IpStack) {
    this.stack = stack;
  }

  /** Hears of every well-formed ARP packet for this host (arping). Returns the way to stop. */
  listen(listener: ArpListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Asks who has an address. `source` is what we say we are; by default the address that reaches the target. */
  request(device: NetDevice, target: IpAddress, unicastTo: Uint8Array | null, source: IpAddress | null = null): void {
    this.send(device, unicastTo ?? BROADCAST_MAC, {
      opcode: ARP_OP_REQUEST,
      senderMac: device.mac,
      senderIp: source ?? this.stack.sourceAddress(device, target) ?? ANY_IPV4,
      targetMac: ZERO_MAC,
      targetIp: target,
    });
  }

  receive(device: NetDevice, frame: Uint8Array): void {
    const parsed = parseArp(frame, ETH_HEADER_SIZE);
    if (!parsed.ok) {
      this.stack.drop(frame, device, 'bad-header', `ARP: ${parsed.problem}`);
      return;
    }
    const header = parsed.header;
    const isForUs = this.stack.isLocal(header.targetIp);
    const isAnnouncement = isSame(header.senderIp, header.targetIp);
    if (isForUs || isAnnouncement) this.stack.delivered(frame, device, 'ARP');
    // An entry we have is refreshed by any packet; only a request to us makes a new one.
    if (!isUnspecified(header.senderIp) && !this.stack.isLocal(header.senderIp)) {
      this.stack.neighbours.learn(device, header.senderIp, header.senderMac, {
        solicited: header.opcode === ARP_OP_REPLY && isForUs && !isAnnouncement,
        create: header.opcode === ARP_OP_REQUEST && isForUs,
      });
    }
    if (!isForUs && !isAnnouncement) {
      this.stack.drop(frame, device, 'not-for-us', `ARP for ${formatAddress(header.targetIp)}`);
      return;
    }
    for (const listener of this.listeners) listener(device, header);
    if (header.opcode === ARP_OP_REQUEST && isForUs) {
      this.send(device, header.senderMac, {
        opcode: ARP_OP_REPLY,
        senderMac: device.mac,
        senderIp: header.targetIp,
        targetMac: header.senderMac,
        targetIp: header.senderIp,
      });
    }
  }

  private send(device: NetDevice, to: Uint8Array, header: ArpHeader): void {
    const frame = new Uint8Array(ETH_HEADER_SIZE + ARP_SIZE);
    buildEthernet(frame, 0, { destination: to, source: device.mac, type: ETH_TYPE_ARP });
    buildArp(frame, ETH_HEADER_SIZE, header);
    device.send(frame);
  }
}
