/**
 * `npm run bench:goals -- FILE.json…`: the goals for the switch's speed as a table in Markdown, and beside each what was
 * measured, from the output of `upcall bench --json`. Figures are of time on a processor.
 */
import { readFileSync } from 'node:fs';

interface Measured {
  readonly name: string;
  readonly onCpuNs: number;
  readonly settings: { readonly frames?: string; readonly skew?: string };
  readonly peers?: readonly { readonly peer: string; readonly onCpuNs: number; readonly claim: number }[];
}

interface Goal {
  readonly work: string;
  readonly name: string;
  readonly frames?: string;
  readonly skew?: string;
  /** Nanoseconds for an operation, or times the figure of another workload. */
  readonly most: number;
  readonly timesOf?: string;
}

const flows = (work: string, name: string, most: number, frames = 'udp', skew = 'uniform'): Goal => ({
  work,
  name,
  frames,
  skew,
  most,
});

const GOALS: readonly Goal[] = [
  flows('1 flow', 'flows-1', 25),
  flows('1k flows', 'flows-1k', 25),
  flows('10k flows', 'flows-10k', 35),
  flows('100k flows, uniform', 'flows-100k', 65),
  flows('1M flows, uniform', 'flows-1m', 90),
  flows('1M flows, Zipf', 'flows-1m', 70, 'udp', 'zipf'),
  flows('802.1Q, 1k flows', 'flows-1k', 28, 'vlan'),
  flows('IPv6, 1k flows', 'flows-1k', 30, 'ipv6'),
  flows('VXLAN frames, 1k flows', 'flows-1k', 38, 'vxlan'),
  { work: 'NORMAL, access to trunk, 1 MAC', name: 'normal-1', frames: 'udp', most: 40 },
  { work: 'NORMAL, access to trunk, 10k MACs', name: 'normal-10k', frames: 'udp', most: 70 },
  { work: 'VXLAN encapsulation', name: 'vxlan-encap', most: 75 },
  { work: 'VXLAN decapsulation', name: 'vxlan-decap', most: 75 },
  { work: 'megaflow hit, 1 mask', name: 'masks-1', frames: 'udp', most: 60 },
  { work: 'megaflow hit, 32 masks', name: 'masks-32', frames: 'udp', most: 2, timesOf: 'masks-1' },
  { work: 'megaflow hit, 512 masks', name: 'masks-512', frames: 'udp', most: 2, timesOf: 'masks-1' },
  { work: 'megaflow hit, 8,192 masks', name: 'masks-8192', frames: 'udp', most: 2, timesOf: 'masks-1' },
  { work: 'miss: translate and execute', name: 'miss', frames: 'udp', most: 2000 },
  { work: 'miss with install', name: 'miss-install', frames: 'udp', most: 5000 },
  { work: 'flow set-up into the table', name: 'setup/put', most: 5000 },
  { work: 'loading a pcap, a packet', name: 'load/upcall', most: 35 },
];

const ns = (value: number): string => (value < 1000 ? value.toFixed(1) : value.toFixed(0));

/** The table, with a dash where nothing was measured. */
export function goalTable(measured: readonly Measured[]): string {
  const find = (name: string, frames?: string, skew?: string): Measured | undefined =>
    measured.find(
      (one) =>
        one.name === name &&
        (frames === undefined || one.settings.frames === frames) &&
        (skew === undefined || one.settings.skew === skew),
    );
  const rows = GOALS.map((goal) => {
    const one = find(goal.name, goal.frames, goal.skew);
    const base = goal.timesOf === undefined ? undefined : find(goal.timesOf, goal.frames);
    const goalText = goal.timesOf === undefined ? `≤ ${ns(goal.most)} ns` : `≤ ${goal.most}× ${goal.timesOf}`;
    const limit = goal.timesOf === undefined ? goal.most : base === undefined ? null : goal.most * base.onCpuNs;
    const verdict =
      one === undefined || limit === null
        ? '–'
        : one.onCpuNs <= limit
          ? 'met'
          : `${(one.onCpuNs / limit).toFixed(1)}× too slow`;
    const dpdk = one?.peers?.find(({ peer }) => peer === 'ovs-dpdk');
    return [
      goal.work,
      goalText,
      one === undefined ? '–' : `${ns(one.onCpuNs)} ns`,
      verdict,
      dpdk === undefined ? '–' : `${ns(dpdk.onCpuNs)} ns`,
      dpdk === undefined ? '–' : `${dpdk.claim.toFixed(2)}×`,
    ];
  });
  const head = ['work', 'goal', 'measured', 'verdict', 'OVS-DPDK beside it', 'claim'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

const files = process.argv.slice(2);
if (process.argv[1]?.endsWith('goals.js') === true) {
  const measured = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Measured[]);
  process.stdout.write(goalTable(measured));
}
