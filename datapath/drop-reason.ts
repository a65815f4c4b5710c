/**
 * Why a frame died: one table of codes with one sentence each. Every drop anywhere is counted under one of these,
 * tied to a place, and can be printed. Mirrors the kernel's net/openvswitch/drop.h and VPP's error tables.
 */
export const DROP_REASONS = {
  'no-vport': 'The frame was for a datapath port that does not exist.',
  'vport-down': 'The port is administratively down or has no carrier.',
  'mtu-exceeded': 'The frame is longer than the MTU of the port it was to leave by.',
  'frame-too-short': 'The frame is shorter than an Ethernet header.',
  'frame-too-long': 'The frame is longer than any that the datapath takes.',
  'no-packet-buffer': 'All packet buffers were in use.',
  'upcall-queue-full': 'The upcall queue of the port was full, so the flow miss was lost.',
  'upcall-port-full': 'The port had its fair share of the upcall queue in use, so the flow miss was lost.',
  'flow-drop': 'The matching flow has no actions: drop.',
  'explicit-drop': 'A drop action was executed.',
  'recirculation-limit': 'The packet was recirculated more often than the datapath allows.',
  'malformed-action': 'An action could not be applied to this packet.',
  'vlan-depth': 'Another VLAN tag could not be pushed.',
  'ttl-exceeded': 'The TTL or hop limit reached zero.',
  'no-tunnel-route': 'The host has no route to the tunnel endpoint.',
  'no-tunnel-neighbour': 'The tunnel endpoint did not answer ARP or neighbour discovery.',
  'no-underlay': 'The datapath has no host stack to carry tunnelled packets.',
  'tunnel-bad-header': 'The tunnel header was malformed.',
  'tunnel-no-port': 'No tunnel port matches the outer header.',
  'recursion-too-deep': 'Tables called each other deeper than translation goes.',
  'too-many-resubmits': 'The OpenFlow tables were looked up more often than translation allows.',
  'stack-too-deep': 'The OpenFlow actions pushed more than the stack takes.',
  'no-recirculation-context': 'The packet came back from a recirculation that the switch no longer knows.',
  'recirculation-conflict': 'The OpenFlow actions would have recirculated the packet twice at once.',
  'bridge-not-found': 'The bridge that the packet was to go on in is no longer there.',
  'too-many-mpls-labels': 'More MPLS labels were to be pushed than a packet may have.',
  'unsupported-packet-type': 'A packet without an Ethernet header came to a bridge that takes none.',
  congestion: 'The tunnel carried a congestion mark that the packet within it cannot take over.',
  'invalid-tunnel-metadata': 'The options of the tunnel header were malformed.',
  'forwarding-disabled': 'The spanning tree does not let the port forward.',
  'vlan-filtered': 'The port does not carry the VLAN of the frame.',
  bpdu: 'A reserved multicast address that the bridge does not forward.',
  'no-bridge-port': 'The frame came in on a port that no bridge has.',
  'link-loss': 'The link lost the frame.',
  'link-down': 'The link is down.',
  'link-queue-full': 'The queue of the link was full.',
  'not-for-us': 'The frame is addressed to another host.',
  'no-route': 'No route to the destination.',
  'no-neighbour': 'The next hop did not answer ARP or neighbour discovery.',
  'bad-checksum': 'A header checksum was wrong.',
  'bad-header': 'A header was malformed or truncated.',
  'no-socket': 'Nothing listens on the destination port.',
  'unknown-protocol': 'The host does not speak this protocol.',
  'fragmentation-needed': 'The packet is too long for the link and must not be fragmented.',
  'reassembly-timeout': 'A fragment of the packet did not arrive in time.',
  'device-queue-full': 'The receive queue of the device was full.',
  meter: 'A band of a meter was exceeded.',
  'not-sampled': 'A sample action that nothing follows did not pick the packet.',
  'not-ethernet': 'A packet without an Ethernet header was for a port that takes frames.',
  'no-header-room': 'There was no room in front of the frame for another header.',
} as const;

export type DropReason = keyof typeof DROP_REASONS;

export const DROP_REASON_CODES = Object.keys(DROP_REASONS) as readonly DropReason[];

/** A small integer for each reason, for counters in typed arrays. */
export const dropReasonIndex: Readonly<Record<DropReason, number>> = Object.fromEntries(
  DROP_REASON_CODES.map((code, index) => [code, index]),
) as Record<DropReason, number>;
