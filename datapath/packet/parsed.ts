/**
 * The outcome of parsing a header out of hostile bytes: the header and where its payload begins, or which layer was
 * short or malformed and by how much. Parsers never throw.
 */

export type Layer =
  | 'ethernet'
  | 'vlan'
  | 'arp'
  | 'ipv4'
  | 'ipv6'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmpv6'
  | 'nd'
  | 'vxlan'
  | 'mpls'
  | 'gre'
  | 'geneve'
  | 'gtpu'
  | 'nsh';

export interface ParseFailure {
  readonly ok: false;
  readonly layer: Layer;
  /** truncated: fewer bytes than the header says or needs. malformed: bytes that the specification forbids. */
  readonly problem: 'truncated' | 'malformed';
  readonly neededSize: number;
  readonly availableSize: number;
}

export type Parsed<T> = { readonly ok: true; readonly header: T; readonly payloadOffset: number } | ParseFailure;

export function truncated(layer: Layer, neededSize: number, availableSize: number): ParseFailure {
  return { ok: false, layer, problem: 'truncated', neededSize, availableSize };
}

export function malformed(layer: Layer, neededSize: number, availableSize: number): ParseFailure {
  return { ok: false, layer, problem: 'malformed', neededSize, availableSize };
}
