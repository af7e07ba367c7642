/**
 * A listener at `sockpair@N` (manual, chapter 11.1): connections are made by somebody else and come as descriptors over a
 * UNIX socket. Clients count as those of a UNIX socket, whatever they are, as with HAProxy.
 */
import { AF_UNIX } from '../../os/address.ts';
import { NOTHING_PASSED, receiveDescriptor } from '../../os/descriptor-passing.ts';
import { EAGAIN } from '../../os/libc.ts';
import { Listener, peer } from './listener.ts';

export class ChannelListener extends Listener {
  protected override accept(): number {
    peer.view.setUint16(0, AF_UNIX, true);
    return receiveDescriptor(this.fd);
  }

  /** At the end of the channel nothing comes any more; watching on would tell of it without end. */
  protected override onAcceptError(error: number): void {
    if (error !== EAGAIN && error !== -NOTHING_PASSED) this.close();
  }
}
