// What events are told from, and the forms of what is said of them.

/** What an event tells, as far as it is told here; live.ts has the whole of it. */
export interface Told {
  readonly level: string
  readonly topic: string
  /** What the log calls it. */
  readonly event: string
  readonly [field: string]: unknown
}

/** As shapes are called in parts/status.tsx. */
export type State = 'up' | 'warn' | 'down' | 'drain' | 'maint' | 'unk' | 'draft'

export type Fields = Told & Readonly<Record<string, string | undefined>>
/** Title, detail (without: why and hint of the event), state (without: of its level). */
export type Words = (event: Fields) => readonly [title: string, detail?: string | undefined, state?: State]

/** What there is of these, with dots between. */
export const dotted = (...parts: readonly (string | null | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== null && part !== '').join(' · ')

export const by = (who: string | null | undefined, from?: string): string =>
  who === undefined || who === null ? (from === 'file' ? 'by an edit of the file' : '') : `by ${who}`
