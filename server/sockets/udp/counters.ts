/** What did not go as asked with datagrams, since the start; plain numbers that only grow. */
export class DatagramCounters {
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
}
