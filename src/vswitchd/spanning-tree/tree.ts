/**
 * What the rest of the switch knows of a spanning tree, whichever protocol makes it: the state of each port, and a tree
 * that takes the BPDUs which come in. Mirrors xport_stp_*() and xport_rstp_*() of ofproto-dpif-xlate.c.
 */
import type { Row } from '#src/ovsdb/database.js';
import type { SwitchPort } from '../bundle.js';

/** blocking and listening are STP's, discarding is RSTP's; a port that is disabled takes no part. */
export type TreeState = 'disabled' | 'blocking' | 'discarding' | 'listening' | 'learning' | 'forwarding';

/** What a port is in the tree of its bridge. */
export interface TreePort {
  readonly state: TreeState;
}

export const forwardsIn = (state: TreeState): boolean => state === 'forwarding';
export const learnsIn = (state: TreeState): boolean => state === 'learning' || state === 'forwarding';

/** A port outside the tree carries everything. */
export const mayForward = ({ tree }: SwitchPort): boolean => tree.port === null || forwardsIn(tree.port.state);
export const mayLearn = ({ tree }: SwitchPort): boolean => tree.port === null || learnsIn(tree.port.state);

/** What a switch port remembers of the tree. */
export interface PortTree {
  /** Null while it takes no part. */
  port: TreePort | null;
  /** As the switch last took it up, and since when. */
  state: TreeState;
  enteredMs: number;
}

/** OFPPS10_STP_* (OpenFlow 1.0 §5.2.1): two bits of a port's state. */
export const STATE_BITS: Readonly<Record<TreeState, number>> = {
  disabled: 0,
  listening: 0,
  discarding: 0,
  learning: 1 << 8,
  forwarding: 2 << 8,
  blocking: 3 << 8,
};

/** A port as the database has it. */
export interface TreePortSettings {
  readonly port: SwitchPort;
  readonly row: Row;
}

/** The tree of one bridge. */
export interface SpanningTree {
  readonly protocol: 'STP' | 'RSTP';
  /**
   * Brings it in line with the records of the bridge and of its ports that may take part, in OVS's order; false where
   * they make no sense, and there can be no tree.
   */
  configure(row: Row, ports: readonly TreePortSettings[], bridgeMac: Uint8Array): boolean;
  /** A BPDU came in by the port. */
  receive(port: SwitchPort, frame: Uint8Array): void;
  /** The port leaves the bridge. */
  leave(port: SwitchPort): void;
  /** What time and BPDUs have brought about. */
  run(nowMs: number): void;
  /** When it is to run again, at the latest. */
  readonly nextRunMs: number;
  /** It is taken down: all ports leave it. */
  close(): void;
  /** stp/tcn, rstp/tcn. */
  changeTopology(): void;
  /** stp/show, rstp/show. */
  text(): string;
  /** What the database shows of the bridge and of a port, and what is counted there. */
  bridgeColumns(): Readonly<Record<string, string>>;
  portColumns(port: SwitchPort, nowMs: number): Readonly<Record<string, string>> | null;
  portCounts(port: SwitchPort): Readonly<Record<string, number>> | null;
}
