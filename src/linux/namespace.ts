/**
 * A network namespace: its devices, numbered and named uniquely, and its IP stack (Linux: net/core/net_namespace.c).
 */
import type { DeviceOwner, NetDevice } from './device/net-device.js';
import { Loopback } from './device/loopback.js';
import { IpStack, type StackSurroundings } from './ip/stack.js';

export class NetworkNamespace implements DeviceOwner {
  /** Empty for the machine's own. */
  readonly name: string;
  readonly devices = new Map<string, NetDevice>();
  readonly loopback: NetDevice;
  readonly stack: IpStack;
  private nextIfindex = 1;

  constructor(surroundings: StackSurroundings, name: string) {
    this.name = name;
    this.stack = new IpStack(surroundings, this);
    this.loopback = new Loopback(surroundings);
    this.addDevice(this.loopback);
  }

  /** Takes a device in, out of the namespace that it was in. False when its name is taken. */
  addDevice(device: NetDevice): boolean {
    if (this.devices.has(device.name)) return false;
    // A device that changes its namespace goes down on the way.
    device.setUp(false);
    device.owner?.removeDevice(device);
    device.ifindex = this.nextIfindex++;
    device.owner = this;
    this.devices.set(device.name, device);
    return true;
  }

  /** False when the name is taken. */
  renameDevice(device: NetDevice, name: string): boolean {
    if (this.devices.has(name)) return false;
    this.devices.delete(device.name);
    device.name = name;
    this.devices.set(name, device);
    return true;
  }

  removeDevice(device: NetDevice): void {
    if (this.devices.get(device.name) !== device) return;
    this.devices.delete(device.name);
    this.stack.deviceRemoved(device);
    device.owner = null;
  }

  receive(device: NetDevice, frame: Uint8Array): void {
    this.stack.receive(device, frame);
  }

  deviceChanged(device: NetDevice): void {
    this.stack.deviceChanged(device);
  }
}
