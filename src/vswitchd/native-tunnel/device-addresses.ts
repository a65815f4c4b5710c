/**
 * IP addresses of dummy devices (netdev-dummy/ip4addr, ip6addr): one of either family. A device that goes takes its
 * addresses along. Mirrors netdev_dummy_set_in4(), _set_in6() and _get_addr_list() of lib/netdev-dummy.c.
 */
import type { Netdev } from '../netdev.js';
import { countBits, isMapped, isSet, mapped, masked, sameAddress } from './address.js';

export interface DeviceAddress {
  readonly ip: Uint8Array;
  readonly mask: Uint8Array;
}

export class DeviceAddresses {
  private readonly ipv4 = new WeakMap<Netdev, DeviceAddress>();
  private readonly ipv6 = new WeakMap<Netdev, DeviceAddress>();

  /** ip and mask of 4 or 16 bytes. */
  set(device: Netdev, ip: Uint8Array, mask: Uint8Array): void {
    if (ip.length === 4) this.ipv4.set(device, { ip: mapped(ip), mask: mapped(mask) });
    else this.ipv6.set(device, { ip, mask });
  }

  of(device: Netdev): readonly DeviceAddress[] {
    const ipv4 = this.ipv4.get(device);
    const ipv6 = this.ipv6.get(device);
    return [
      ...(ipv4 !== undefined && isSet(ipv4.ip.subarray(12)) ? [ipv4] : []),
      ...(ipv6 !== undefined && isSet(ipv6.ip) ? [ipv6] : []),
    ];
  }

  /** The device's address in the longest network that a destination is in too, or null. */
  sourceFor(device: Netdev, destination: Uint8Array): Uint8Array | null {
    let best: Uint8Array | null = null;
    let bestBits = -1;
    for (const { ip, mask } of this.of(device)) {
      if (isMapped(destination) && !isMapped(ip)) continue;
      const bits = countBits(mask);
      if (bits <= bestBits || !sameAddress(masked(destination, mask), masked(ip, mask))) continue;
      best = ip;
      bestBits = bits;
    }
    return best;
  }
}
