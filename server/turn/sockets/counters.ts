/** What did not go as asked, since the start; plain numbers that only grow. */
export class Counters {
  /** Datagrams that arrived longer than a slot. */
  truncated = 0
  /** Datagrams to a broadcast or multicast address, or to more local addresses than are kept. */
  misdirected = 0
  /** Datagrams not sent as the socket's buffer was full. */
  full = 0
  /** Datagrams not sent as they were too long for the way and not to be fragmented. */
  tooLong = 0
  /** Datagrams not sent for other reasons: no route, forbidden by a firewall, a bad address. */
  unsent = 0
  /** Connections to the door that did not begin with a good header in time. */
  badHeaders = 0
  /** Times that accepting paused as descriptors or memory had run out. */
  acceptPauses = 0
}
