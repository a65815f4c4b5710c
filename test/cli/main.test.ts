import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { splitShWords } from '#src/cli/sh.js';

interface Said {
  readonly out: string;
  readonly err: string;
  readonly exitCode: unknown;
}

let argv: string[];
let listeners: Set<unknown>;

beforeEach(() => {
  argv = process.argv;
  listeners = new Set(process.stdout.listeners('error'));
  vi.resetModules();
});
afterEach(() => {
  vi.restoreAllMocks();
  process.argv = argv;
  process.exitCode = undefined;
  for (const listener of process.stdout.listeners('error')) {
    if (!listeners.has(listener)) process.stdout.off('error', listener as () => void);
  }
});

/** Runs the command line as `upcall WORDS` does. */
async function upcall(...words: readonly string[]): Promise<Said> {
  const said = { out: '', err: '' };
  const hear = (stream: 'out' | 'err') =>
    ((bytes: Uint8Array | string): boolean => {
      said[stream] += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
      return true;
    }) as typeof process.stdout.write;
  vi.spyOn(process.stdout, 'write').mockImplementation(hear('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(hear('err'));
  process.argv = ['node', 'upcall', ...words];
  await import('#src/cli/main.js');
  return { ...said, exitCode: process.exitCode };
}

describe('a wrong command line is told in a line or two, with exit code 2', () => {
  test.each([
    [[], 'upcall: a command is needed; upcall --help lists them\n'],
    [['sh', '-c'], 'upcall: Not enough arguments following: c\n'],
    [['sh', '--seed'], 'upcall: Not enough arguments following: seed\n'],
    [['sh', '--bogus', '-c', 'true'], 'upcall: Unknown argument: bogus\n'],
    [['run', '--seed'], 'upcall: Not enough arguments following: seed\n'],
    [['topo'], 'upcall: which topology? For example: upcall topo linear,3\n'],
    [['replay'], 'upcall: replay needs a capture: a file, or - for standard input\n'],
  ])('%j', async (words, err) => {
    expect(await upcall(...words)).toEqual({ out: '', err, exitCode: 2 });
  });
});

test('a command that is not there: those that are, are named', async () => {
  const { err, exitCode } = await upcall('bogus');
  expect(err).toMatch(/^upcall: there is no command bogus\n {2}there are: run, topo, sh, [a-z, ]+\n$/);
  expect(exitCode).toBe(2);
});

test('of an option that is given twice the last one counts', async () => {
  expect((await upcall('sh', '-c', 'echo a', '-c', 'echo b')).out).toBe('b\n');
});

test('every file and every workload that is named counts', async () => {
  const measured = await upcall('bench', 'flows-1', 'masks-1', '--seconds', '0.002', '--rounds', '1', '--json');
  expect((JSON.parse(measured.out) as { name: string }[]).map(({ name }) => name)).toEqual(['flows-1', 'masks-1']);
});

test('words after the script are its own, whatever they look like', async () => {
  const said = await upcall('sh', '-c', 'printf "<%s>" "$@"', 'a', '-e', '--seed', '-h', '7', '');
  expect(said).toEqual({ out: '<a><-e><--seed><-h><7><>', err: '', exitCode: 0 });
});

describe('where the words of a script begin', () => {
  test.each([
    ['sh', 'sh', []],
    ['sh FILE', 'sh', ['FILE']],
    ['sh -e FILE -x --y', 'sh -e', ['FILE', '-x', '--y']],
    ['sh -- -FILE a', 'sh', ['-FILE', 'a']],
    ['sh FILE -- a', 'sh', ['FILE', '--', 'a']],
    ['sh - a -b', 'sh', ['-', 'a', '-b']],
    ['sh -c LINES a -b', 'sh -c LINES', ['a', '-b']],
    ['sh -ec LINES -x a', 'sh -ec LINES -x', ['a']],
    ['sh --command=LINES a', 'sh --command=LINES', ['a']],
    ['sh --seed 3 FILE --seed 4', 'sh --seed 3', ['FILE', '--seed', '4']],
    ['sh -c', 'sh -c', []],
  ])('%s', (words, own, [file, ...args]) => {
    expect(splitShWords(words.split(' '))).toEqual({
      own: own.split(' '),
      rest: file === undefined ? {} : { file, args },
    });
  });
});

describe('a command line that lacks something says what', () => {
  test.each([
    ['topo linear,999999', 'upcall: a topology may have at most 1024 switches\n'],
    ['run /', '/: cannot be read: it is a directory\n'],
  ])('%s', async (line, err) => {
    expect(await upcall(...line.split(' '))).toEqual({ out: '', err, exitCode: 2 });
  });
});
