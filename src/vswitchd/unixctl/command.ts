/**
 * What a file of this folder holds: one command of ovs-appctl (struct unixctl_command of lib/unixctl.c).
 */
import type { UnixctlResult } from '../vswitchd-api.js';
import type { FileTexts } from './dpctl.js';
import type { UnixctlContext } from './unixctl-context.js';

export interface UnixctlCommand {
  readonly name: string;
  /** Its arguments as `list-commands` shows them; null hides the command there. */
  readonly usage: string | null;
  readonly minArgs: number;
  readonly maxArgs: number;
  run(args: readonly string[], context: UnixctlContext, files: FileTexts): UnixctlResult;
}

export function reply(text = ''): UnixctlResult {
  return { ok: true, text };
}

export function replyError(text: string): UnixctlResult {
  return { ok: false, text };
}
