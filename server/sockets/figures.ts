// What a loop of ours counts of itself. Each kind has one such object and adds to it where something happens,
// with plain additions; metrics read it when somebody gathers them, and what is now is found out then.
import { pipes } from './pipes.ts'

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
  /** What was asked of a ring and is not completed now. */
  ringRequests = 0
  /** Connections and dials that are on it now, closed ones too of which something is in flight. */
  ringConnections = 0
  /** Places for small sends that are in use now. */
  slotsUsed = 0
  /** Pipes through which something flows now, and those that are kept. */
  pipesUsed = 0
  pipesSpare = 0
  /** Why the kernel does not let bytes go through pipes (splice): an errno; 0: it does. */
  spliceRefusal = 0
  /** Buffers for reading that are handed out now. */
  buffersLent = 0
  /** How often there was none left, so that sockets had to wait. */
  buffersExhausted = 0
  /** How often a listening socket was parked, or the kernel refused to accept for it. */
  acceptPauses = 0

  /** Those pipes are the process's. */
  lookAtPipes(): void {
    this.pipesUsed = pipes.open - pipes.spare
    this.pipesSpare = pipes.spare
    this.spliceRefusal = pipes.refusal
  }
}
