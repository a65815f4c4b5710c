/**
 * dpctl/add-dp, del-dp, add-if, del-if and set-if: datapaths and their ports, made by hand. Mirrors the functions of
 * the same names in lib/dpctl.c.
 *
 * Deliberately different: the settings of a port that lives cannot be changed by set-if, which says so.
 */
import type { Dpif } from '#datapath/dpif.js';
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import type { DpctlCommand, DpctlSession } from './dpctl.js';
import { ENODEV } from './errno.js';

const addDp: DpctlCommand = {
  name: 'add-dp',
  usage: 'dp [iface...]',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: false,
  run(args, session) {
    const { type, name } = session.parseName(args[0]!);
    const isThere = session.isAppctl || type !== 'dummy';
    const problem = isThere ? session.admin.create(type, name) : session.openError(args[0]!);
    if (problem !== null) return session.error('add_dp', problem);
    return args.length === 1 || addIf.run(args, session);
  },
};

const delDp: DpctlCommand = {
  name: 'del-dp',
  usage: 'dp',
  minArgs: 1,
  maxArgs: 1,
  isReadOnly: false,
  run([name], session) {
    const dpif = session.open(name!);
    if (dpif === null) return false;
    session.admin.delete(dpif);
    return true;
  },
};

/** `name,key=value,key`: words between commas; a key without a value has an empty one. */
function parseInterface(text: string): { readonly name: string | undefined; readonly options: [string, string][] } {
  const [name, ...options] = text.split(',').filter((word) => word !== '');
  return {
    name,
    options: options.map((option) => {
      const [, key, value] = /^=*([^=]*)=?(.*)$/s.exec(option)!;
      return [key!, value!];
    }),
  };
}

/** Runs `change` for each interface that is named; false when any of them failed. */
function forEachInterface(
  [dp, ...interfaces]: readonly string[],
  session: DpctlSession,
  change: (dpif: Dpif, text: string) => boolean,
): boolean {
  const dpif = session.open(dp!);
  if (dpif === null) return false;
  return interfaces.map((text) => change(dpif, text)).every((ok) => ok);
}

const addIf: DpctlCommand = {
  name: 'add-if',
  usage: 'dp iface...',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: false,
  run: (args, session) =>
    forEachInterface(args, session, (dpif, text) => {
      const { name, options } = parseInterface(text);
      if (name === undefined) return session.error(`${text} is not a valid network device name`);
      const settings = new Map<string, string>();
      let type = 'system';
      let port: number | null = null;
      for (const [key, value] of options) {
        if (key === 'type') type = value;
        else if (key === 'port_no') port = parseLeadingDecimal(value);
        else if (settings.has(key)) session.error(`duplicate "${key}" option`);
        else settings.set(key, value);
      }
      const result = session.admin.addPort(dpif, { name, type, port, options: settings });
      switch (result.failed) {
        case null:
          return true;
        case 'configure':
          return false;
        case 'open':
          return session.error(`${name}: failed to open network device`, result.errno);
        case 'add':
          return session.error(`adding ${name} to ${args[0]} failed`, result.errno);
      }
    }),
};

const setIf: DpctlCommand = {
  name: 'set-if',
  usage: 'dp iface...',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: false,
  run: (args, session) =>
    forEachInterface(args, session, (dpif, text) => {
      const { name, options } = parseInterface(text);
      if (name === undefined) {
        // OVS says so and still succeeds.
        session.error(`${text} is not a valid network device name`);
        return true;
      }
      const port = dpif.portDump().find((each) => each.name === name);
      if (port === undefined) return session.error(`${name}: failed to query port in ${args[0]}`, ENODEV);
      const type = session.portType(dpif, port);
      for (const [key, value] of options) {
        if (key === 'type') {
          if (value !== type) return session.error(`${name}: can't change type from ${type} to ${value}`);
        } else if (key === 'port_no') {
          const wanted = parseLeadingDecimal(value);
          if (wanted !== port.port) {
            return session.error(`${name}: can't change port number from ${port.port} to ${wanted}`);
          }
        } else if (port.type !== 'dummy' && port.type !== 'internal') {
          return session.error(`${name}: settings of a port that lives cannot be changed here`);
        }
      }
      return true;
    }),
};

const delIf: DpctlCommand = {
  name: 'del-if',
  usage: 'dp iface...',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: false,
  run: (args, session) =>
    forEachInterface(args, session, (dpif, text) => {
      const isNumber = /^\d*$/.test(text);
      const port = isNumber
        ? parseLeadingDecimal(text)
        : dpif.portDump().find((candidate) => candidate.name === text)?.port;
      if (port === undefined) return session.error(`no port named ${text}`);
      const problem = session.admin.deletePort(dpif, port);
      return problem === null || session.error(`deleting port ${text} from ${args[0]} failed`, problem);
    }),
};

export const DPCTL_DATAPATHS: readonly DpctlCommand[] = [addDp, delDp, addIf, delIf, setIf];
