/**
 * The account of a translation: a tree of typed nodes, of which ovs-appctl's text is one rendering.
 * Mirrors ofproto-dpif-trace.[ch].
 */

export type TraceNodeKind = 'bridge' | 'table' | 'bucket' | 'thaw' | 'action' | 'detail' | 'warn' | 'error';

export interface TraceNode {
  readonly kind: TraceNodeKind;
  readonly text: string;
  readonly children: TraceNode[];
}

/** Adds a node under parent and returns it. */
export function addNode(parent: TraceNode[], kind: TraceNodeKind, text: string): TraceNode {
  const node: TraceNode = { kind, text, children: [] };
  parent.push(node);
  return node;
}

const isTerminal = (node: TraceNode): boolean =>
  node.kind === 'action' ||
  node.kind === 'detail' ||
  node.kind === 'warn' ||
  node.kind === 'error' ||
  node.kind === 'bucket';

/**
 * ovs-appctl's text. The last child of a node stands at the node's own depth, so that a chain of resubmits does not
 * march off to the right.
 */
export function renderTrace(nodes: readonly TraceNode[], level = 0): string {
  let text = '';
  nodes.forEach((node, i) => {
    const deeper = level + (i < nodes.length - 1 || isTerminal(node) ? 1 : 0);
    const indent = ' '.repeat(deeper * 4);
    if (node.kind === 'bridge') text += '\n';
    text += `${indent}${decorate(node)}\n`;
    if (node.kind === 'bridge') text += `${indent}${'-'.repeat(node.text.length)}\n`;
    text += renderTrace(node.children, deeper + (deeper - level));
  });
  return text;
}

function decorate(node: TraceNode): string {
  switch (node.kind) {
    case 'detail':
      return ` -> ${node.text}`;
    case 'warn':
      return ` >> ${node.text}`;
    case 'error':
      return ` >>>> ${node.text} <<<<`;
    case 'bridge':
    case 'table':
    case 'bucket':
    case 'thaw':
    case 'action':
      return node.text;
  }
}
