// What joins the two ends of a splice, as each of them knows it.

export interface Joint<End> {
  /** The one of the socket that was accepted, and that of the one that was made for it. */
  readonly outer: End
  readonly inner: End
  /** When something last came from either side. */
  lastMs: number
  heed(dueMs: number): void
  heedStall(): void
  heedEnd(): void
  broke(end: End): void
  settle(): void
  abort(): void
}
