/** What is wrong with a scenario file: where (the place marked by ¦), what was expected, what was found, a suggestion. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readScenario } from '#src/scenario/file/read-scenario.js';

const errorsOf = (text: string): string[] => {
  const result = readScenario(text, 'f.yaml', null);
  return result.ok ? [] : result.errors.map((error) => error.toString());
};

/** The places that are marked by ¦ in a text, as errors name them. */
const placesOf = (text: string): string[] =>
  [...text.matchAll(/¦/g)].map(({ index }) => {
    const before = text.slice(0, index).replaceAll('¦', '').split('\n');
    return `f.yaml:${before.length}:${before.at(-1)!.length + 1}: `;
  });

/** A file with some of its lines replaced. */
const BASE = {
  machines: '{ host1: { nics: { eth0: {} } }, host2: { nics: { eth0: {} } } }',
  vms: '{ vm1: { on: host1 } }',
  links: '[]',
  captures: '[]',
  steps: '[]',
};
const file = (change: Partial<typeof BASE>): string => {
  const parts = { ...BASE, ...change };
  return `name: x\n${Object.entries(parts)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')}`;
};

const CASES: readonly (readonly [title: string, text: string, errors: readonly string[]])[] = [
  [
    'text that is not YAML',
    'name: [1\n¦',
    ['this is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  ['a key twice', 'name: x\n¦name: y\n', ['this is not YAML: Map keys must be unique']],
  ['an empty file', '¦', ['expected a map with the keys name, machines and steps, found nothing']],
  ['a list', '¦- 1\n', ['expected a map with the keys name, machines and steps, found a list']],
  [
    'keys that are missing',
    '¦¦name: x\n',
    [
      'the key "machines" is missing: expected a map of machines by name',
      'the key "steps" is missing: expected a list of steps',
    ],
  ],
  ['a misspelt key', `${file({})}¦stepps: []\n`, ['unknown key "stepps"\n  did you mean "steps"?']],
  [
    'a misspelt key deep down',
    file({ vms: '{ vm1: { on: host1, ¦adress: 10.0.0.1/24 } }' }),
    ['vms.vm1: unknown key "adress"\n  did you mean "address"?'],
  ],
  [
    'a key that is like no other',
    file({ links: '[{ between: [host1:eth0, host2:eth0], ¦colour: red }]' }),
    ['links[0]: unknown key "colour"\n  there are: between, latency, bandwidth, loss, queue'],
  ],
  [
    'a number out of range',
    file({ vms: '{ vm1: { on: host1, bridge: br0, tag: ¦4095 } }' }),
    ['vms.vm1.tag: expected a whole number from 1 to 4094, found 4095'],
  ],
  [
    'a text for a number',
    file({ vms: '{ vm1: { on: host1, bridge: br0, tag: ¦ten } }' }),
    ['vms.vm1.tag: expected a whole number from 1 to 4094, found "ten"'],
  ],
  [
    'an address without a length',
    file({ vms: '{ vm1: { on: host1, address: ¦10.0.0.1 } }' }),
    [
      'vms.vm1.address: expected an address with its prefix length, such as 10.0.0.1/24 or fd00::1/64, found "10.0.0.1"',
    ],
  ],
  [
    'one bad address in a list',
    file({ vms: '{ vm1: { on: host1, address: [10.0.0.1/24, ¦10.0.0.1/33] } }' }),
    [
      'vms.vm1.address[1]: expected an address with its prefix length, such as 10.0.0.1/24 or fd00::1/64, found "10.0.0.1/33"',
    ],
  ],
  [
    'the address of a group',
    file({ vms: '{ vm1: { on: host1, mac: ¦01:00:5e:00:00:01 } }' }),
    [
      'vms.vm1.mac: expected an Ethernet address such as 52:54:00:00:00:01, not one of a group (the first byte must be even), found "01:00:5e:00:00:01"',
    ],
  ],
  [
    'a time without a unit',
    file({ steps: '[{ wait: ¦5 }]' }),
    ['steps[0].wait: expected a time such as 10ms or 2s, at most 60min, found 5'],
  ],
  [
    'a time that is too long',
    file({ steps: '[{ wait: ¦61min }]' }),
    ['steps[0].wait: expected a time such as 10ms or 2s, at most 60min, found "61min"'],
  ],
  [
    'a share above all',
    file({ links: '[{ between: [host1:eth0, host2:eth0], loss: ¦101% }]' }),
    ['links[0].loss: expected a share such as 1% or 0.1%, at most 100%, found "101%"'],
  ],
  [
    'a name that is none',
    file({ machines: '{ ¦"host 1": {} }', vms: '{}' }),
    ['machines: expected a name of letters, digits, - and _, beginning with a letter, found "host 1"'],
  ],
  [
    'a word that is no step',
    file({ steps: '[{ ¦pnig: { from: vm1, to: vm1 } }]' }),
    ['steps[0]: unknown step "pnig"\n  did you mean "ping"?'],
  ],
  [
    'two steps in one',
    file({ steps: '[{ wait: 1s, ¦ping: { from: vm1, to: vm1 } }]' }),
    ['steps[0]: unknown key "ping"\n  "ping" is a step of its own: begin it with "- "'],
  ],
  [
    'a word that is none of those allowed',
    file({ steps: '[{ ping: { from: vm1, to: vm1, expect: ¦fial } }]' }),
    ['steps[0].ping.expect: expected one of ok, fail, loss, found "fial"\n  did you mean "fail"?'],
  ],
  [
    'a key of a step that is missing',
    file({ steps: '[{ ¦ping: { from: vm1 } }]' }),
    ['steps[0].ping: the key "to" is missing: expected a host or an IP address'],
  ],
  [
    'a host that is not there',
    file({ steps: '[{ ping: { from: vm1, to: ¦vm11 } }]' }),
    ['steps[0].ping.to: there is no machine or VM "vm11"\n  did you mean "vm1"?'],
  ],
  [
    'a machine that is not there',
    file({ vms: '{ vm1: { on: ¦hots1 } }' }),
    ['vms.vm1.on: there is no machine "hots1"\n  did you mean "host1"?'],
  ],
  [
    'a VM where a machine is wanted',
    file({ steps: '[{ expect: { flows: { on: ¦vm1, count: 1 } } }]' }),
    ['steps[0].expect.flows.on: expected a machine, found the VM "vm1"'],
  ],
  [
    'a card that is not there',
    file({ links: '[{ between: [host1:eth0, ¦host2:eth1] }]' }),
    ['links[0].between[1]: host2 has no network card "eth1"\n  did you mean "eth0"?'],
  ],
  [
    'a card with two cables',
    file({ links: '[{ between: [host1:eth0, host2:eth0] }, { between: [¦host2:eth0, ¦host1:eth0] }]' }),
    [
      'links[1].between[0]: host2:eth0 is plugged into links[0] already',
      'links[1].between[1]: host1:eth0 is plugged into links[0] already',
    ],
  ],
  [
    'a VM named like a machine',
    file({ vms: '{ ¦host1: { on: host1 } }' }),
    ['vms.host1: there is a machine "host1" already'],
  ],
  [
    'two taps of one name',
    file({ vms: '{ vm1: { on: host1 }, ¦vm2: { on: host1, tap: vm1 } }' }),
    ['vms.vm2: host1 has a device "vm1" already'],
  ],
  [
    'a tag without a bridge',
    file({ vms: '{ vm1: { on: host1, tag: ¦5 } }' }),
    ['vms.vm1.tag: a tag needs a bridge\n  the script that adds the port gives it its tag, too'],
  ],
  [
    'a field of a frame that is none',
    file({ steps: '[{ send: { from: vm1, frame: { ¦ip_scr: 10.0.0.1 } } }]' }),
    ['steps[0].send.frame: unknown key "ip_scr"\n  did you mean "ip_src"?'],
  ],
  [
    'a value that a field can not have',
    file({ steps: '[{ send: { from: vm1, frame: { ip_src: ¦10.0.0.256 } } }]' }),
    ['steps[0].send.frame.ip_src: expected a value of ip_src (10.0.0.256: invalid IP address), found "10.0.0.256"'],
  ],
  [
    'a reason that frames do not die for',
    file({ steps: '[{ expect: { drops: { at: host1, reason: ¦link-los, count: 1 } } }]' }),
    ['steps[0].expect.drops.reason: expected one of 50 words, found "link-los"\n  did you mean "link-loss"?'],
  ],
  [
    'an expectation of nothing',
    file({ steps: '[{ expect: ¦{} }]' }),
    ['steps[0].expect: expected a map with one of flows, counters, frames, drops, found a map'],
  ],
  [
    'two errors at once',
    file({ vms: '{ vm1: { on: host1, mtu: ¦1, gateway: x } }' }),
    ['vms.vm1.mtu: expected a whole number from 68 to 65535, found 1'],
  ],
  [
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n`,
    ['Excessive alias count indicates a resource exhaustion attack'],
  ],
];

describe('a scenario file', () => {
  test.each(CASES)('with %s', (_, text, errors) => {
    const places = placesOf(text);
    expect(errorsOf(text.replaceAll('¦', ''))).toEqual(errors.map((error, i) => `${places[i] ?? 'f.yaml: '}${error}`));
  });

  test('that is right has no errors', () => {
    expect(errorsOf(file({ steps: '[{ ping: { from: vm1, to: 10.0.0.9, expect: fail } }]' }))).toEqual([]);
  });

  test('that is nested without end is refused', () => {
    expect(errorsOf('['.repeat(20_000)).length).toBeGreaterThan(0);
  });

  test('of any text gives errors or a scenario', () => {
    const word = fc.constantFrom(
      'name',
      'machines',
      'steps',
      'vms',
      'ping',
      'expect',
      '- ',
      ': ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      '&a',
      '*a',
      '10.0.0.1/24',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join('')),
        ),
        (text) => {
          errorsOf(text);
        },
      ),
    );
  });
});
