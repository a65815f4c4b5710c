/** stp/show, stp/tcn, rstp/show and rstp/tcn. Mirrors the unixctl functions of lib/stp.c and lib/rstp.c. */
import { reply, replyError, type UnixctlCommand } from '../unixctl/command.js';
import type { SpanningTrees } from './spanning-trees.js';
import type { SpanningTree } from './tree.js';

export function spanningTreeCommands(trees: SpanningTrees): readonly UnixctlCommand[] {
  const command = (
    name: string,
    protocol: SpanningTree['protocol'],
    answer: (found: readonly SpanningTree[]) => string,
  ): UnixctlCommand => ({
    name,
    usage: '[bridge]',
    minArgs: 0,
    maxArgs: 1,
    run([wanted]) {
      trees.settle();
      const found = trees.list(protocol).filter(([bridge]) => wanted === undefined || bridge === wanted);
      if (wanted !== undefined && found.length === 0) {
        return replyError(protocol === 'STP' ? 'no such stp object' : 'No such RSTP object');
      }
      return reply(answer(found.map(([, tree]) => tree)));
    },
  });
  const show = (found: readonly SpanningTree[]): string => found.map((tree) => tree.text()).join('');
  const change = (found: readonly SpanningTree[]): string => {
    for (const tree of found) tree.changeTopology();
    return 'OK';
  };
  return [
    command('stp/show', 'STP', show),
    command('stp/tcn', 'STP', change),
    command('rstp/show', 'RSTP', show),
    command('rstp/tcn', 'RSTP', change),
  ];
}
