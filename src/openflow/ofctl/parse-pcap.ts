/**
 * ovs-ofctl parse-pcap FILE...: the flow of each frame of captures, whatever port it came in on. Mirrors
 * ofctl_parse_pcap().
 */
import { OFPP_NONE } from '../ports.js';
import { formatFlow } from '../flow-format.js';
import { packetKey } from '../packet-text.js';
import type { OfctlCommand } from './command.js';
import { type Invocation, OfctlExit } from './invocation.js';
import { type PcapFailure, readPcapFile } from './pcap-file.js';
import { OFF_IN_PORT } from '#flowtable/flow-key.js';

const ENOENT = { code: 2, text: 'No such file or directory' };
const EISDIR = { code: 21, text: 'Is a directory' };

/** Prints what the file holds; returns the number of the error that ended it, 0 for none. */
async function printFile(invocation: Invocation, path: string): Promise<number> {
  let bytes: Uint8Array;
  try {
    bytes = await invocation.environment.readFile(path);
  } catch (error) {
    const isDirectory = error instanceof Error && error.message.startsWith('EISDIR');
    const { code, text } = isDirectory ? EISDIR : ENOENT;
    const warning = isDirectory ? 'failed to read pcap header' : `${path}: failed to open pcap file for reading`;
    invocation.log('pcap', isDirectory ? `${warning}: ${text}` : `${warning} (${text})`);
    invocation.printError(`${path}: open failed (${text})`);
    return code;
  }
  const file = readPcapFile(bytes);
  const tell = (failure: PcapFailure | null, attempt: string): number => {
    if (failure === null) return 0;
    invocation.log('pcap', failure.warning);
    invocation.print(failure.dump ?? '');
    // A file that ends within a frame is not called an error, only one that ends before its first.
    if (attempt === 'read' && failure.error.code === -1) return 0;
    invocation.printError(`${path}: ${attempt} failed (${failure.error.text})`);
    return failure.error.code;
  };
  if (file.unreadable !== null) return tell(file.unreadable, 'open');
  for (const frame of file.frames) {
    const key = packetKey(frame);
    key.setU32(OFF_IN_PORT, OFPP_NONE);
    invocation.print(`${formatFlow(key)}\n`);
  }
  return tell(file.failure, 'read');
}

export const parsePcap: OfctlCommand = {
  name: 'parse-pcap',
  usage: 'file...',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  writes: false,
  async run(invocation, paths) {
    let code = 0;
    for (const path of paths) code = (await printFile(invocation, path)) || code;
    if (code !== 0) throw new OfctlExit(code & 0xff);
  },
};
