/**
 * Topologies in one word, as mininet's `--topo` takes them: `single,4`, `linear,3`, `tree,2,3`. Each stands for a scenario
 * file, and is turned into one.
 *
 * As in mininet hosts are h1, h2, …, switches s1, s2, …, and a port's name says both; hosts have 10.0.0.1/8 and on.
 * Deliberately different: a switch is a machine of its own with one bridge of its name, and Ethernet addresses are made
 * from names.
 */
import { UserError } from '../report/user-error.js';
import { suggestion } from './suggest.js';

/** The values of a scenario file, before its schema has read them. */
export interface TopologyFile {
  readonly name: string;
  readonly machines: Readonly<
    Record<string, { readonly nics?: Readonly<Record<string, object>>; readonly script: string }>
  >;
  readonly vms: Readonly<
    Record<string, { readonly on: string; readonly tap: string; readonly bridge: string; readonly address: string }>
  >;
  readonly links: readonly { readonly between: readonly [string, string]; readonly [setting: string]: unknown }[];
  readonly steps: readonly object[];
}

export interface LinkWords {
  readonly latency?: string | undefined;
  readonly bandwidth?: string | undefined;
  readonly loss?: string | undefined;
}

const MAX_HOSTS = 1024;
const MAX_SWITCHES = 1024;

interface Shape {
  /** Words for what the numbers mean, and what stands for one that is not given. */
  readonly parameters: readonly { readonly name: string; readonly standard: number }[];
  build(network: Network, numbers: readonly number[]): void;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  single: {
    parameters: [{ name: 'hosts', standard: 2 }],
    build(network, [hosts]) {
      const hub = network.addSwitch();
      for (let i = 0; i < hosts!; i++) network.addHost(hub);
    },
  },
  linear: {
    parameters: [
      { name: 'switches', standard: 2 },
      { name: 'hosts of each switch', standard: 1 },
    ],
    build(network, [switches, hosts]) {
      let previous: string | null = null;
      for (let i = 0; i < switches!; i++) {
        const current = network.addSwitch();
        for (let j = 0; j < hosts!; j++) network.addHost(current);
        if (previous !== null) network.join(previous, current);
        previous = current;
      }
    },
  },
  tree: {
    parameters: [
      { name: 'depth', standard: 1 },
      { name: 'fanout', standard: 2 },
    ],
    build(network, [depth, fanout]) {
      const grow = (levels: number): string => {
        const root = network.addSwitch();
        for (let i = 0; i < fanout!; i++) {
          if (levels === 1) network.addHost(root);
          else network.join(root, grow(levels - 1));
        }
        return root;
      };
      grow(depth!);
    },
  },
};

class Network {
  readonly switches = new Map<string, { ports: number; readonly nics: string[] }>();
  readonly hosts: { readonly name: string; readonly on: string; readonly tap: string }[] = [];
  readonly links: (readonly [string, string])[] = [];

  addSwitch(): string {
    if (this.switches.size >= MAX_SWITCHES) throw new UserError(`a topology may have at most ${MAX_SWITCHES} switches`);
    const name = `s${this.switches.size + 1}`;
    this.switches.set(name, { ports: 0, nics: [] });
    return name;
  }

  addHost(on: string): void {
    if (this.hosts.length >= MAX_HOSTS) throw new UserError(`a topology may have at most ${MAX_HOSTS} hosts`);
    this.hosts.push({ name: `h${this.hosts.length + 1}`, on, tap: this.nextPort(on) });
  }

  join(a: string, b: string): void {
    const ends = [a, b].map((name) => {
      const port = this.nextPort(name);
      this.switches.get(name)!.nics.push(port);
      return `${name}:${port}`;
    });
    this.links.push(ends as [string, string]);
  }

  private nextPort(name: string): string {
    return `${name}-eth${++this.switches.get(name)!.ports}`;
  }
}

/** Throws UserError for a word that is no topology. */
export function makeTopology(text: string, steps: readonly object[], link: LinkWords = {}): TopologyFile {
  const [word = '', ...rest] = text.split(',');
  const shape = SHAPES[word];
  if (shape === undefined) {
    throw new UserError(`there is no topology "${word}"`, { hint: suggestion(word, Object.keys(SHAPES)) });
  }
  if (rest.length > shape.parameters.length) {
    const names = shape.parameters.map(({ name }) => name).join(', ');
    throw new UserError(`${word} takes at most ${shape.parameters.length} numbers: ${names}`);
  }
  const numbers = shape.parameters.map(({ name, standard }, index) => {
    const given = rest[index];
    if (given === undefined) return standard;
    const number = Number(given);
    if (/^\d{1,9}$/.test(given) && number >= 1) return number;
    throw new UserError(`${text}: expected a number of ${name} from 1 on, found "${given}"`);
  });
  const network = new Network();
  shape.build(network, numbers);
  return toFile(text, network, steps, link);
}

function toFile(text: string, network: Network, steps: readonly object[], link: LinkWords): TopologyFile {
  const settings = Object.fromEntries(Object.entries(link).filter(([, value]) => value !== undefined));
  return {
    name: `The topology ${text}`,
    machines: Object.fromEntries(
      [...network.switches].map(([name, { nics }]) => [
        name,
        {
          ...(nics.length === 0 ? {} : { nics: Object.fromEntries(nics.map((nic) => [nic, {}])) }),
          script: [`ovs-vsctl add-br ${name}`, ...nics.map((nic) => `ovs-vsctl add-port ${name} ${nic}`)].join('\n'),
        },
      ]),
    ),
    vms: Object.fromEntries(
      network.hosts.map(({ name, on, tap }, index) => [name, { on, tap, bridge: on, address: addressOf(index + 1) }]),
    ),
    links: network.links.map((between) => ({ between, ...settings })),
    steps,
  };
}

/** 10.0.0.1/8 and on. */
const addressOf = (number: number): string => `10.0.${number >> 8}.${number & 0xff}/8`;
