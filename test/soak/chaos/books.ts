// What is written down of each request of a chaos by who takes part in it: the client that made it, and the
// servers that it came to. Requests have ids, and bodies that prove themselves by their sum.

export type BackendName = 'ample' | 'tight'

/** What its client got: an answer, whole or cut; none; or it did not wait for one. */
export type Fate = 'whole' | 'cut' | 'none' | 'left'

/** What a server made of it. */
export interface Coming {
  readonly server: string
  readonly act: string
  /** All of it came, and its sum is right: whatever it asks for was done. */
  isDone: boolean
}

export interface Entry {
  readonly id: string
  readonly method: string
  readonly backend: BackendName
  readonly bodyBytes: number
  /** The same with what frames it. */
  framedBytes: number
  /** Of the body that it sends. */
  readonly sum: string
  /** Null: it is not over. */
  fate: Fate | null
  /** Of its answer; 0: none. */
  status: number
  /** In the order in which they came to servers. */
  readonly comings: Coming[]
}

export const sumOf = (bytes: Uint8Array | string): string => Bun.hash(bytes).toString(36)

export const isIdempotent = (method: string): boolean => method !== 'POST'

/** All requests of a run, and what was seen that must not be. */
export class Books {
  readonly entries = new Map<string, Entry>()
  readonly problems: string[] = []
  readonly #perKind = new Map<string, number>()

  open(entry: Omit<Entry, 'fate' | 'status' | 'comings' | 'framedBytes'>): Entry {
    const own: Entry = { ...entry, framedBytes: entry.bodyBytes, fate: null, status: 0, comings: [] }
    this.entries.set(entry.id, own)
    return own
  }

  /** A few of each kind are described. */
  wrong(kind: string, what: string): void {
    const count = (this.#perKind.get(kind) ?? 0) + 1
    this.#perKind.set(kind, count)
    if (count <= 4) this.problems.push(`${kind}: ${what}`)
    else if (count === 5) this.problems.push(`${kind}: and more of these`)
  }
}

/** One request in a line. */
export const shown = ({ id, method, backend, bodyBytes, fate, status, comings }: Entry): string =>
  `${method} ${backend} ${id}, ${bodyBytes} bytes: ${fate} ${status}; ${comings.map(({ server, act, isDone }) => `${server} ${act}${isDone ? ' (done)' : ''}`).join(', ')}`
