// What a loop of ours counts of itself. Each kind has one such object and adds to it where something happens,
// with plain additions; metrics read it when somebody gathers them.

export class SocketsFigures {
  /** Turns of the loop. */
  turns = 0
  /** What the kernel told in them: readiness of a socket, or completions. */
  events = 0
  /** System calls that waited, read, sent or accepted: an enter of a ring is one. */
  calls = 0
  /** Sends that went with a turn's one enter. */
  ringSends = 0
  /** Sends by a system call of their own. */
  directSends = 0
  /** Buffers for reading that are handed out now. */
  buffersLent = 0
  /** How often there was none left, so that sockets had to wait. */
  buffersExhausted = 0
  /** How often a listening socket was parked, or the kernel refused to accept for it. */
  acceptPauses = 0
}
