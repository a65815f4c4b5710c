/** Commands about the certificates by which the switch proves itself to controllers and managers. */
import type { CommandSyntax } from '../command.js';
import type { CommandContext } from '../context.js';
import type { DraftRow } from '../draft.js';

const findSsl = (context: CommandContext): DraftRow | undefined => context.draft.root().refs('ssl')[0];

const getSsl: CommandSyntax = {
  name: 'get-ssl',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: [],
  writes: false,
  run(context) {
    const ssl = findSsl(context);
    if (ssl === undefined) return undefined;
    context.print(`Private key: ${ssl.text('private_key')}`);
    context.print(`Certificate: ${ssl.text('certificate')}`);
    context.print(`CA Certificate: ${ssl.text('ca_cert')}`);
    context.print(`Bootstrap: ${ssl.text('bootstrap_ca_cert')}`);
    return undefined;
  },
};

const delSsl: CommandSyntax = {
  name: 'del-ssl',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: [],
  writes: true,
  run(context) {
    const ssl = findSsl(context);
    if (ssl === undefined) return undefined;
    context.draft.delete(ssl);
    context.draft.root().set('ssl', []);
    return undefined;
  },
};

const setSsl: CommandSyntax = {
  name: 'set-ssl',
  minArgs: 3,
  maxArgs: 3,
  arguments: 'PRIVATE-KEY CERTIFICATE CA-CERT',
  options: ['--bootstrap'],
  writes: true,
  run(context) {
    const old = findSsl(context);
    if (old !== undefined) context.draft.delete(old);
    const ssl = context.draft.insert('SSL');
    ssl.set('private_key', [context.arg(0)]);
    ssl.set('certificate', [context.arg(1)]);
    ssl.set('ca_cert', [context.arg(2)]);
    ssl.set('bootstrap_ca_cert', [context.hasOption('--bootstrap')]);
    context.draft.root().set('ssl', [ssl.uuid]);
    return undefined;
  },
};

export const sslCommands: readonly CommandSyntax[] = [getSsl, delSsl, setSsl];
