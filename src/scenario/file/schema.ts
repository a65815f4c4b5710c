/**
 * The schema of scenario files: the one source of their checks, their types and the published JSON Schema.
 *
 * Invariant: all objects are strict, so that a misspelt key is an error and never ignored.
 */
import { z } from 'zod';
import { STEP_KINDS } from '../step/step-table.js';
import {
  addressWithPrefix,
  deviceName,
  fileName,
  flag,
  hostName,
  mac,
  map,
  oneOrMany,
  place,
  rate,
  share,
  time,
  whole,
  words,
} from './values.js';

const addresses = oneOrMany(addressWithPrefix).describe('Its addresses with their prefix lengths, one or a list');
const mtu = whole(68, 65_535).describe('The largest packet, in bytes; 1500 when not given');
const script = words('a shell script').describe('What its shell runs, line by line, until a command fails');

const nic = map(
  {
    mac: mac.optional().describe('Its Ethernet address; made from its name when not given'),
    address: addresses.optional(),
    mtu: mtu.optional(),
    up: flag.optional().describe('Whether it is up from the start, as it is when not given'),
  },
  'a map of mac, address, mtu and up',
).describe('A network card');

const machine = map(
  {
    nics: z
      .record(deviceName, nic, { error: 'expected a map of network cards by name' })
      .optional()
      .describe('Its network cards by name'),
    script: script.optional(),
  },
  'a map of nics and script',
).describe('A machine with a switch (ovs-vsctl, ovs-ofctl, …) and an IP stack');

const vm = map(
  {
    on: hostName.describe('The machine that it runs on'),
    bridge: deviceName
      .optional()
      .describe(
        "The bridge that its tap becomes a port of, after the machine's script has run; without it the script does so",
      ),
    tap: deviceName
      .optional()
      .describe("The tap on the machine that is the other end of its card; the VM's name when not given"),
    tag: whole(1, 4094).optional().describe('The VLAN that its port is an access port of'),
    mac: mac.optional().describe('The Ethernet address of its card; made from its name when not given'),
    address: addresses.optional(),
    gateway: words('an IP address').optional().describe('Where it sends what is not for its own network'),
    mtu: mtu.optional(),
    script: script.optional(),
  },
  'a map that says on which machine the VM runs',
).describe('A guest on a machine, with a network card eth0');

const link = map(
  {
    between: z
      .tuple([place, place], { error: 'expected a list of two places such as [host1:eth0, host2:eth0]' })
      .describe('The two network cards that it joins'),
    latency: time.optional().describe('Time from one end to the other'),
    bandwidth: rate.optional().describe('Bits per second; unlimited when not given'),
    loss: share.optional().describe('The share of frames that it loses'),
    queue: whole(1, 100_000).optional().describe('Frames that may wait for a busy link; 1000 when not given'),
  },
  'a map of between, latency, bandwidth, loss and queue',
).describe('A cable between two network cards');

const capture = map(
  {
    at: place.describe('The device or datapath port'),
    file: fileName.optional().describe('The name of the pcap file; made from the place when not given'),
    direction: z
      .enum(['in', 'out', 'both'])
      .optional()
      .describe('What comes in by it, what goes out, or both, as when not given'),
  },
  'a map of at, file and direction',
).describe('Frames that --pcap writes to a file');

/** One object for each kind of step, with that kind's word as a key. */
const steps = STEP_KINDS.map((kind) =>
  map(
    {
      name: words('a name').optional().describe('What the step is for; shown in the report'),
      [kind.name]: kind.schema,
    },
    'a step: a map with one of its kinds as key',
  ),
);

const step = z.union(steps).describe('One of the kinds of steps');

const hosts = <T extends z.ZodType>(value: T, what: string) =>
  z.record(hostName, value, { error: `expected a map of ${what} by name` });

export const scenarioSchema = map(
  {
    name: words('a name').describe('What the scenario is, in one line'),
    description: words('a text').optional().describe('What it shows'),
    machines: hosts(machine, 'machines').describe('The machines by name'),
    vms: hosts(vm, 'VMs').optional().describe('The VMs by name'),
    links: z.array(link, { error: 'expected a list of links' }).optional().describe('The cables between the machines'),
    captures: z.array(capture, { error: 'expected a list of captures' }).optional(),
    steps: z.array(step, { error: 'expected a list of steps' }).describe('What happens, in order'),
  },
  'a map with the keys name, machines and steps',
);
