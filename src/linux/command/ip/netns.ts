/** `ip netns`: list, add, delete, exec (iproute2's ip/ipnetns.c). */
import type { CommandOutput } from '#src/report/command-output.js';
import { type CommandContext, printed } from '../command.js';
import { type Arguments, IpError, matches, usageError } from './arguments.js';

export async function ipNetns(args: Arguments, context: CommandContext): Promise<CommandOutput> {
  const { machine } = context;
  const word = args.done ? 'list' : args.take();
  if (matches(word, 'list') || matches(word, 'show') || matches(word, 'lst')) {
    // The kernel's directory lists the newest first.
    return printed(
      [...machine.namespaces.keys()]
        .reverse()
        .map((name) => `${name}\n`)
        .join(''),
    );
  }
  if (matches(word, 'add')) {
    if (args.done) throw new IpError('No netns name specified', 255);
    const name = args.take();
    if (!isName(name)) throw new IpError(`Invalid netns name "${name}"`, 255);
    if (machine.addNamespace(name) === null) {
      throw new IpError(`Cannot create namespace file "/run/netns/${name}": File exists`, 1);
    }
    return printed('');
  }
  if (matches(word, 'delete')) {
    if (args.done) throw new IpError('No netns name specified', 255);
    const name = args.take();
    if (!machine.deleteNamespace(name)) {
      throw new IpError(`Cannot remove namespace file "/run/netns/${name}": No such file or directory`, 1);
    }
    return printed('');
  }
  if (matches(word, 'exec')) {
    if (args.done) throw new IpError('No netns name specified', 255);
    const name = args.take();
    const words = args.rest();
    if (words.length === 0) throw new IpError('No command specified', 255);
    const namespace = machine.namespaces.get(name);
    if (namespace === undefined) {
      throw new IpError(`Cannot open network namespace "${name}": No such file or directory`, 255);
    }
    return context.runIn(namespace, words);
  }
  throw usageError(`Command "${word}" is unknown, try "ip netns help".`);
}

const isName = (name: string): boolean => /^[^/\s]{1,255}$/.test(name) && name !== '.' && name !== '..';
