/** Random command lines for ovs-ofctl: right ones, and ones with mistakes. A case is a sequence on one bridge. */
import { Dice } from '../dice.js';
import { ACTION_RULES } from './actions.js';
import { COMMAND_RULES } from './commands.js';
import { FIELD_RULES } from './fields.js';
import { Grammar } from './grammar.js';
import { mutate } from './mutate.js';
import { WORD_RULES } from './words.js';

export interface CommandLine {
  readonly args: readonly string[];
  readonly stdin: string;
}

export interface KindOfText {
  readonly name: string;
  readonly linesOf: (seed: number) => readonly CommandLine[];
  /** How many cases are run when nobody says. */
  readonly defaultCases: number;
}

const RULES = { ...WORD_RULES, ...FIELD_RULES, ...ACTION_RULES, ...COMMAND_RULES };

const VERSIONS = ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15'] as const;
const FORMATS = [
  'any',
  'OpenFlow10',
  'OpenFlow10-table_id',
  'OpenFlow10+table_id',
  'NXM',
  'NXM-table_id',
  'nxm+table_id',
  'OXM',
  'OpenFlow11',
  'OXM-OpenFlow12',
  'OXM-OpenFlow13',
  'OXM-OpenFlow15',
  'NXM,OXM',
  'OpenFlow10,OXM-OpenFlow14',
] as const;

/** One run of the generator: its dice and a grammar that is as confused as the case is. */
class Author {
  readonly dice: Dice;
  private readonly grammar: Grammar;
  private readonly mistakes: number;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    const temper = this.dice.below(10);
    this.grammar = new Grammar(RULES, this.dice, temper < 5 ? 0 : temper < 8 ? 0.02 : 0.1);
    this.mistakes = this.dice.pick([0, 0, 0, 1, 1, 2]);
  }

  /** Without commas that nothing is between, as a person would write it; now and then they stay. */
  text(rule: string): string {
    const raw = this.grammar.text(rule);
    const tidy = this.dice.chance(0.9)
      ? raw
          .replace(/,+(?=,)|^,+/g, '')
          .replace(/\(,/g, '(')
          .replace(/,\)/g, ')')
      : raw;
    return mutate(tidy, this.dice.chance(0.7) ? this.mistakes : 0, this.dice);
  }

  version(): readonly string[] {
    const version = this.dice.pick(VERSIONS);
    return this.dice.pick([
      ['-O', version],
      ['-O', version],
      [],
      ['-F', this.dice.pick(FORMATS)],
      [`-O${version},OpenFlow13`],
    ]);
  }
}

const line = (args: readonly string[], stdin = ''): CommandLine => ({ args, stdin });

/** Without a switch nothing has a name. */
const withoutNames = (text: string, dice: Dice): string =>
  dice.chance(0.95) ? text.replace(/"?\bp([12])\b"?/g, '$1').replace(/\bbr0\b/g, 'LOCAL') : text;

/** Leading hyphens would be options. */
const argument = (text: string): string => (text.startsWith('-') ? ` ${text}` : text);

function parseOnly(command: 'parse-flow' | 'parse-group', rule: string) {
  return (seed: number): readonly CommandLine[] => {
    const author = new Author(seed);
    return [line([...author.version(), command, argument(withoutNames(author.text(rule), author.dice))])];
  };
}

function flowFile(seed: number): readonly CommandLine[] {
  const author = new Author(seed);
  const lines = Array.from({ length: author.dice.between(1, 4) }, () =>
    author.dice.pick([
      () => author.text('flow'),
      () => '',
      () => '# comment',
      () => `${author.text('change')} # comment`,
    ])(),
  );
  return [line([...author.version(), 'parse-flows', '-'], lines.join('\n'))];
}

export const PARSED_KINDS: readonly KindOfText[] = [
  { name: 'parse-flow', linesOf: parseOnly('parse-flow', 'flow'), defaultCases: 300 },
  { name: 'parse-flows', linesOf: flowFile, defaultCases: 60 },
  { name: 'parse-group', linesOf: parseOnly('parse-group', 'group'), defaultCases: 100 },
];

/** Without the actions that a switch takes and its tools cannot show, and the table of the switch's own rules. */
const plainWord = (text: string): string => text.replace(/debug_(recirc|slow)/g, 'exit').replace(/\b254\b/g, '253');

/** A bridge br0 with ports p1 and p2, empty at first: changes, and looks at what they left. */
function onSwitch(change: (author: Author) => readonly (readonly [readonly string[], string?])[]) {
  return (seed: number): readonly CommandLine[] => {
    const author = new Author(seed);
    // A dump by 1.0's own format leaves out what that cannot say, and ours does not.
    const given = author.version();
    const version = given[0] === '-F' && given[1]!.startsWith('OpenFlow10') ? ['-F', 'NXM'] : given;
    return change(author).map(([args, stdin]) => line([...version, ...args].map(plainWord), plainWord(stdin ?? '')));
  };
}

type Words = readonly [readonly string[], string?];

const times = (count: number, make: () => Words): readonly Words[] => Array.from({ length: count }, make);

const names = (author: Author): readonly string[] => author.dice.pick([[], [], ['--names'], ['--no-names']]);

function dumpFlows(author: Author): Words {
  const { dice } = author;
  const order = dice.pick([
    [],
    [],
    ['--sort'],
    ['--rsort'],
    ['--sort=in_port'],
    [`--rsort=${author.text('any_name')}`],
  ]);
  const stats = dice.pick([[], ['--no-stats']]);
  const filter = dice.chance(0.5) ? [argument(author.text('filter'))] : [];
  return [
    [...names(author), ...order, ...stats, dice.pick(['dump-flows', 'dump-flows', 'dump-aggregate']), 'br0', ...filter],
  ];
}

function changeFlows(author: Author): Words {
  const { dice } = author;
  const strict = dice.pick([[], ['--strict']]);
  return dice.pick([
    (): Words => [['add-flow', 'br0', argument(author.text('flow'))]],
    (): Words => [['add-flow', 'br0', argument(author.text('flow'))]],
    (): Words => [['add-flow', 'br0', argument(author.text('flow'))]],
    (): Words => [[...names(author), 'add-flow', 'br0', argument(author.text('flow'))]],
    (): Words => [[...strict, 'mod-flows', 'br0', argument(author.text('change'))]],
    (): Words => [[...strict, 'del-flows', 'br0', argument(author.text('filter'))]],
    (): Words => [[...strict, '--bundle', 'del-flows', 'br0', argument(author.text('filter'))]],
    (): Words => [['add-flows', 'br0', '-'], `${author.text('flow')}\n\n${author.text('flow')} # comment\n`],
    (): Words => [['--bundle', 'add-flows', 'br0', '-'], `${author.text('flow')}\n${author.text('change')}\n`],
    (): Words => [['replace-flows', 'br0', '-'], `${author.text('flow')}\n${author.text('flow')}\n`],
  ])();
}

const flows = onSwitch((author) => [
  ...times(author.dice.between(1, 4), () => changeFlows(author)),
  dumpFlows(author),
  [['dump-flows', 'br0', '--no-stats']],
]);

function changeGroups(author: Author): Words {
  const { dice } = author;
  return dice.pick([
    (): Words => [['add-group', 'br0', argument(author.text('group'))]],
    (): Words => [['add-group', 'br0', argument(author.text('group'))]],
    (): Words => [['mod-group', 'br0', argument(author.text('group'))]],
    (): Words => [['--may-create', 'mod-group', 'br0', argument(author.text('group'))]],
    (): Words => [['insert-buckets', 'br0', argument(author.text('bucket_change'))]],
    (): Words => [['remove-buckets', 'br0', argument(author.text('bucket_change'))]],
    (): Words => [['del-groups', 'br0', argument(author.text('group_filter'))]],
    (): Words => [['add-groups', 'br0', '-'], `${author.text('group')}\n${author.text('group')}\n`],
    (): Words => [['add-flow', 'br0', argument(author.text('flow'))]],
  ])();
}

const groups = onSwitch((author) => [
  ...times(author.dice.between(1, 4), () => changeGroups(author)),
  [[...names(author), 'dump-groups', 'br0', ...author.dice.pick([[], [author.text('group_number')]])]],
  [['dump-group-stats', 'br0', ...author.dice.pick([[], [author.text('group_number')]])]],
]);

function changeMeters(author: Author): Words {
  const command = author.dice.pick(['add-meter', 'add-meter', 'mod-meter', 'del-meter', 'del-meters']);
  const text = argument(author.text('meter'));
  return [[command, 'br0', ...(command === 'del-meters' ? [] : [text])]];
}

const meters = onSwitch((author) => [
  ...times(author.dice.between(1, 3), () => changeMeters(author)),
  [['dump-meters', 'br0']],
  [['dump-meter', 'br0', argument(author.text('meter_filter'))]],
  [['meter-stats', 'br0', argument(author.text('meter_filter'))]],
]);

const bundles = onSwitch((author) => [
  [
    ['bundle', 'br0', '-'],
    times(author.dice.between(1, 4), () => [[author.text('bundle_line')]])
      .flat(2)
      .join('\n'),
  ],
  [['dump-flows', 'br0', '--no-stats']],
  [['dump-groups', 'br0']],
]);

const others = onSwitch((author) => [
  [[...names(author), 'packet-out', 'br0', argument(author.text('packet_out'))]],
  [
    [
      'packet-out',
      'br0',
      argument(author.text('port')),
      argument(author.text('actions')),
      argument(author.text('packet')),
    ],
  ],
  [['mod-table', 'br0', argument(author.text('table_id')), argument(author.text('table_setting'))]],
  [['mod-port', 'br0', argument(author.text('port')), argument(author.text('port_setting'))]],
]);

/** What empties the bridge for the next case. */
export const CLEAR: readonly CommandLine[] = [
  line(['del-flows', 'br0']),
  line(['-O', 'OpenFlow13', 'del-groups', 'br0']),
  line(['-O', 'OpenFlow13', 'del-meters', 'br0']),
  line(['del-tlv-map', 'br0']),
];

export const SWITCH_KINDS: readonly KindOfText[] = [
  { name: 'flows', linesOf: flows, defaultCases: 40 },
  { name: 'groups', linesOf: groups, defaultCases: 30 },
  { name: 'meters', linesOf: meters, defaultCases: 20 },
  { name: 'bundles', linesOf: bundles, defaultCases: 20 },
  { name: 'others', linesOf: others, defaultCases: 20 },
];
