/** The parts that stp/show and rstp/show have in common. */

export interface BridgeIdentity {
  readonly id: bigint;
  readonly helloTimeSec: number;
  readonly maxAgeSec: number;
  readonly forwardDelaySec: number;
}

const macOf = (id: bigint): string => (id & ((1n << 48n) - 1n)).toString(16).padStart(12, '0').match(/../g)!.join(':');

export const bridgeLines = (
  { id, helloTimeSec, maxAgeSec, forwardDelaySec }: BridgeIdentity,
  priorityLabel: string,
): readonly string[] => [
  `${priorityLabel}${id >> 48n}`,
  `  stp-system-id   ${macOf(id)}`,
  `  stp-hello-time  ${helloTimeSec}s`,
  `  stp-max-age     ${maxAgeSec}s`,
  `  stp-fwd-delay   ${forwardDelaySec}s`,
];

/** A column is one wider than its longest value; longer ones are cut. */
const column = (text: string, width: number): string => text.slice(0, width).padEnd(width + 1);

export const portHeading = (costWidth: number): readonly string[] => [
  `  ${['Interface', 'Role', 'State'].map((word) => column(word, 10)).join('')}${column('Cost', costWidth)}Pri.Nbr `,
  `  ---------- ---------- ---------- ${'-'.repeat(costWidth)} -------`,
];

export interface ShownPort {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly cost: number;
  readonly id: string;
}

export const portLine = (costWidth: number, { name, role, state, cost, id }: ShownPort): string =>
  `  ${[name, role, state].map((word) => column(word, 10)).join('')}${String(cost).padEnd(costWidth + 1)}${id}`;
