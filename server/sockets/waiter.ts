/** What a loop sleeps in: an epoll, or a ring. */
export interface Waiter {
  /** A signal ended the wait of the last turn. */
  readonly wasInterrupted: boolean
  /** When it last looked: what was there by then has been told once its turn is over. -Infinity: not yet. */
  readonly lookedMs: number
  /**
   * Waits for at most `timeoutMs`, reads the clock (lib/clock.ts), tells those who have something, and says
   * how many. What they throw is told as a bug, and costs the others nothing.
   */
  turn(timeoutMs: number): number
  /** Calls `tell` in each turn that finds the descriptor readable. It is never taken away. */
  watch(fd: number, tell: () => void): void
  /** Runs `work` at the begin of the next turn, which does not wait. */
  later(work: () => void): void
  close(): void
}
