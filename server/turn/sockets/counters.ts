import { DatagramCounters } from '../../sockets/udp/counters.ts'

/** What did not go as asked, since the start; plain numbers that only grow. */
export class Counters extends DatagramCounters {
  /** Connections to the door that did not begin with a good header in time. */
  badHeaders = 0
  /** Times that accepting paused as descriptors or memory had run out. */
  acceptPauses = 0
}
