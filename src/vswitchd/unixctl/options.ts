/**
 * Command line options as getopt_long() takes them: `--name=value`, `--name value`, unambiguous beginnings of long
 * names, short options together, `--` to end them; its words for what it does not know.
 */

export interface Option {
  readonly long: string;
  readonly short?: string;
  readonly argument: boolean | 'optional';
}

export interface GivenOption {
  readonly name: string;
  readonly value: string | null;
}

export type ParsedOptions =
  | { readonly ok: true; readonly options: readonly GivenOption[]; readonly rest: readonly string[] }
  | { readonly ok: false; readonly error: string };

export function parseOptions(
  program: string,
  table: readonly Option[],
  args: readonly string[],
  { stopAtFirst }: { readonly stopAtFirst: boolean },
): ParsedOptions {
  const options: GivenOption[] = [];
  const rest: string[] = [];
  const fail = (text: string): ParsedOptions => ({ ok: false, error: `${program}: ${text}\n` });
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') {
      rest.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(...(stopAtFirst ? args.slice(at) : [arg]));
      if (stopAtFirst) break;
      continue;
    }
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const name = arg.slice(2, equals < 0 ? undefined : equals);
      const found = table.filter((option) => option.long === name);
      const candidates = found.length > 0 ? found : table.filter((option) => option.long.startsWith(name));
      const option = candidates[0];
      if (option === undefined) return fail(`unrecognized option '--${name}'`);
      if (candidates.length > 1) {
        const names = candidates.map((candidate) => `'--${candidate.long}'`).join(' ');
        return fail(`option '--${name}' is ambiguous; possibilities: ${names}`);
      }
      let value = equals < 0 ? null : arg.slice(equals + 1);
      if (option.argument === false && value !== null)
        return fail(`option '--${option.long}' doesn't allow an argument`);
      if (option.argument === true && value === null) {
        value = args[++at] ?? null;
        if (value === null) return fail(`option '--${option.long}' requires an argument`);
      }
      options.push({ name: option.long, value });
      continue;
    }
    for (let i = 1; i < arg.length; i++) {
      const option = table.find((candidate) => candidate.short === arg[i]);
      if (option === undefined) return fail(`invalid option -- '${arg[i]}'`);
      if (option.argument === false) {
        options.push({ name: option.long, value: null });
        continue;
      }
      let value: string | null = arg.slice(i + 1);
      if (value === '') value = option.argument === true ? (args[++at] ?? null) : null;
      if (option.argument === true && value === null) return fail(`option requires an argument -- '${arg[i]}'`);
      options.push({ name: option.long, value });
      break;
    }
  }
  return { ok: true, options, rest };
}
