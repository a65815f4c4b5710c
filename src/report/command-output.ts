/** What a command of the simulated shell (ovs-vsctl, ovs-ofctl, ovs-appctl, …) leaves behind. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}
