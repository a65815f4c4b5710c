/**
 * Which of several implementations does a thing: OVS has some for the CPUs of today, chosen by dpif-netdev/dpif-impl-*,
 * miniflow-parser-*, subtable-lookup-* and odp-execute/action-impl-*. Mirrors those commands of lib/dpif-netdev.c and
 * lib/odp-execute.c.
 *
 * Upcall has one of each. The names that OVS has on any CPU can be chosen and are shown; the choice changes nothing, as
 * all of them give the same answers.
 */
import type { Dpif } from '#datapath/dpif.js';
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import { scanInteger } from '#src/openflow/number-text.js';
import { reply, replyError, type UnixctlCommand } from './command.js';
import { userspaceDatapaths } from './userspace-datapaths.js';

const MINIFLOW_PARSERS = ['autovalidator', 'scalar', 'study'];
const DPIF_IMPLEMENTATION = 'dpif_scalar';
const U32_MAX = 0xffff_ffff;
const MAX_STUDY_COUNT = 128;

/** Decimal digits and nothing else, as str_to_uint() takes them; null for anything else. */
export function wholeNumber(text: string): number | null {
  const { value, length } = scanInteger(text, 10);
  return length === 0 || length !== text.length || value > BigInt(U32_MAX) ? null : Number(value);
}

const dpifImplementations: readonly UnixctlCommand[] = [
  {
    name: 'dpif-netdev/dpif-impl-get',
    usage: '',
    minArgs: 0,
    maxArgs: 0,
    run: (_args, context) =>
      reply(
        userspaceDatapaths(context)
          .map(() => `Available DPIF implementations:\n  ${DPIF_IMPLEMENTATION} (pmds: none)\n`)
          .join(''),
      ),
  },
  {
    name: 'dpif-netdev/dpif-impl-set',
    usage: 'dpif_implementation_name',
    minArgs: 1,
    maxArgs: 1,
    run: ([name]) =>
      name === DPIF_IMPLEMENTATION
        ? reply(`DPIF implementation set to ${name}.`)
        : replyError(`DPIF implementation not available: Unknown DPIF implementation ${name}.`),
  },
];

const miniflowParsers: readonly UnixctlCommand[] = [
  {
    name: 'dpif-netdev/miniflow-parser-get',
    usage: '',
    minArgs: 0,
    maxArgs: 0,
    run: (_args, context) =>
      reply(
        userspaceDatapaths(context)
          .map(() =>
            [
              'Available MFEX implementations:\n',
              ...MINIFLOW_PARSERS.map((name) => `  ${name} (available: True pmds: none)\n`),
            ].join(''),
          )
          .join(''),
      ),
  },
  {
    name: 'dpif-netdev/miniflow-parser-set',
    usage: '[-pmd core] miniflow_implementation_name [study_pkt_cnt]',
    minArgs: 1,
    maxArgs: 5,
    run: setMiniflowParser,
  },
];

function setMiniflowParser(args: readonly string[]): ReturnType<UnixctlCommand['run']> {
  let name: string | null = null;
  let thread: number | null = null;
  let studyCount = MAX_STUDY_COUNT;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '-pmd' && name === null) {
      const text = args[++at];
      if (text === undefined) return replyError('Error: -pmd option requires a thread id argument.');
      thread = wholeNumber(text);
      if (thread === null || thread === U32_MAX) {
        return replyError(
          'Error: miniflow extract parser not changed, PMD thread passed is not valid: ' +
            `'${text}'. Pass a valid pmd thread ID.`,
        );
      }
    } else if (name === null) {
      name = arg;
    } else if (name === 'study') {
      const count = wholeNumber(arg);
      if (count === null || count === 0) return replyError(`Error: invalid study_pkt_cnt value: ${arg}.`);
      studyCount = count;
    } else {
      return replyError(`Error: unknown argument ${arg}.`);
    }
  }
  if (name === null) {
    return replyError(
      'Error: no miniflow extract name provided. Output of miniflow-parser-get shows implementation list.',
    );
  }
  if (!MINIFLOW_PARSERS.includes(name)) {
    return replyError(`Error: unknown miniflow extract implementation ${name}.`);
  }
  if (thread !== null) {
    return replyError(
      `Error: miniflow extract parser not changed, PMD thread ${thread} not in use, pass a valid pmd thread ID.`,
    );
  }
  const study = name === 'study' ? `, studying ${studyCount} packets` : '';
  return reply(`Miniflow extract implementation set to ${name}${study}.`);
}

/** The masks of each port's flows: OVS has a classifier for each port, and in it a subtable for each mask. */
function subtableCount(dpif: Dpif): number {
  const subtables = new Set<string>();
  for (const flow of dpif.flowDump()) subtables.add(`${flow.key.u32(OFF_IN_PORT)} ${flow.mask.words.join()}`);
  return subtables.size;
}

function subtableLookups(): readonly UnixctlCommand[] {
  // Deliberately different: all subtables count as those of the lookup with the highest priority, where OVS's stay with
  // the one that they were made for.
  const priorities = new Map([
    ['autovalidator', 0],
    ['generic', 1],
  ]);
  const show: Omit<UnixctlCommand, 'name' | 'usage'> = {
    minArgs: 0,
    maxArgs: 0,
    run(_args, context) {
      const best = [...priorities].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
      const count = userspaceDatapaths(context).reduce((sum, { dpif }) => sum + subtableCount(dpif), 0);
      const lines = [...priorities].map(
        ([name, priority]) => `  ${name} (Use count: ${name === best ? count : 0}, Priority: ${priority})\n`,
      );
      return reply(['Available dpcls implementations:\n', ...lines].join(''));
    },
  };
  return [
    { ...show, name: 'dpif-netdev/subtable-lookup-info-get', usage: '' },
    { ...show, name: 'dpif-netdev/subtable-lookup-prio-get', usage: null },
    {
      name: 'dpif-netdev/subtable-lookup-prio-set',
      usage: '[lookup_func] [prio]',
      minArgs: 2,
      maxArgs: 2,
      run([name, text]) {
        const priority = Number(BigInt.asUintN(32, scanInteger(text!, 10).value));
        if (priority > 255) return replyError('error converting priority, use integer in range 0-255');
        if (!priorities.has(name!)) return replyError('error, subtable lookup function not found');
        priorities.set(name!, priority);
        return reply('Lookup priority change affected 0 dpcls ports and 0 subtables.');
      },
    },
  ];
}

function actionImplementations(): readonly UnixctlCommand[] {
  const names = ['scalar', 'autovalidator'];
  let active = 'scalar';
  return [
    {
      name: 'odp-execute/action-impl-show',
      usage: '',
      minArgs: 0,
      maxArgs: 0,
      run: () =>
        reply(
          [
            'Available Actions implementations:\n',
            ...names.map((name) => `  ${name} (available: Yes, active: ${name === active ? 'Yes' : 'No'})\n`),
          ].join(''),
        ),
    },
    {
      name: 'odp-execute/action-impl-set',
      usage: 'name',
      minArgs: 1,
      maxArgs: 1,
      run([name]) {
        if (!names.includes(name!)) return replyError(`Error: unknown action implementation, ${name}, specified!`);
        active = name!;
        return reply(`Action implementation set to ${name}.`);
      },
    },
  ];
}

/** What is chosen lasts as long as the commands. */
export function implementationCommands(): readonly UnixctlCommand[] {
  return [...dpifImplementations, ...miniflowParsers, ...subtableLookups(), ...actionImplementations()];
}
