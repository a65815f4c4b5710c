/** Reserved port numbers (OpenFlow 1.5.1 §7.2.1): OpenFlow 1.0's 16-bit numbers, which OVS uses inside. */
export const OFPP_MAX = 0xff00;
/** "No port set yet" in actset_output. */
export const OFPP_UNSET = 0xfff7;
export const OFPP_IN_PORT = 0xfff8;
export const OFPP_TABLE = 0xfff9;
export const OFPP_NORMAL = 0xfffa;
export const OFPP_FLOOD = 0xfffb;
export const OFPP_ALL = 0xfffc;
export const OFPP_CONTROLLER = 0xfffd;
export const OFPP_LOCAL = 0xfffe;
export const OFPP_NONE = 0xffff;

/** Names as flows write them. */
export const RESERVED_PORT_NAMES: ReadonlyMap<number, string> = new Map([
  [OFPP_UNSET, 'UNSET'],
  [OFPP_IN_PORT, 'IN_PORT'],
  [OFPP_TABLE, 'TABLE'],
  [OFPP_NORMAL, 'NORMAL'],
  [OFPP_FLOOD, 'FLOOD'],
  [OFPP_ALL, 'ALL'],
  [OFPP_CONTROLLER, 'CONTROLLER'],
  [OFPP_LOCAL, 'LOCAL'],
  [OFPP_NONE, 'ANY'],
]);

/** Names and numbers of a bridge's ports, as text needs them. Either side may not know the other. */
/** Names of a switch's tables (Flow_Table:name, or `mod-table … name:`). */
export interface TableNames {
  nameOf(table: number): string | undefined;
  numberOf(name: string): number | undefined;
}

/** Names of a switch's ports, and of its tables where they have any and may be used. */
export interface PortNames {
  nameOf(port: number): string | undefined;
  numberOf(name: string): number | undefined;
  readonly tables?: TableNames;
}

export const NO_PORT_NAMES: PortNames = { nameOf: () => undefined, numberOf: () => undefined };
