// What is written down of each request of a chaos by who takes part in it: the client that made it, and the
// servers that it came to. Requests have ids, and bodies that prove themselves by their sum.

export const BACKENDS = ['ample', 'tight'] as const
export type BackendName = (typeof BACKENDS)[number]

/** Rules of a backend: one with a limit and a low priority, one with a limit for each key, and the other. */
export const LANES = ['low', 'keys', 'plain'] as const
export type Lane = (typeof LANES)[number]

/** What its client got: an answer, whole or cut; none; or it did not wait for one. */
export type Fate = 'whole' | 'cut' | 'none' | 'left'

/** What a server made of it. */
export interface Coming {
  readonly server: string
  readonly act: string
  /** Others had come on its connection. */
  readonly isOnKept: boolean
  /** It had even been ended before. */
  readonly isOnEnded: boolean
  /** All of it came, and its sum is right: whatever it asks for was done. */
  isDone: boolean
}

export interface Entry {
  readonly id: string
  readonly method: string
  readonly backend: BackendName
  readonly lane: Lane
  readonly bodyBytes: number
  /** The same with what frames it. */
  framedBytes: number
  /** Of the body that it sends. */
  readonly sum: string
  readonly beganMs: number
  endedMs: number
  /** Null: it is not over. */
  fate: Fate | null
  /** Of its answer; 0: none. */
  status: number
  /** The gateway's own answer says why it is one. */
  refusal: string | null
  /** Nothing at all came on a connection that was made for it, or less than a head. */
  isUnanswered: boolean
  /** In the order in which they came to servers. */
  readonly comings: Coming[]
}

type Opened = Pick<Entry, 'id' | 'method' | 'backend' | 'lane' | 'bodyBytes' | 'sum'>

export const sumOf = (bytes: Uint8Array | string): string => Bun.hash(bytes).toString(36)

export const isIdempotent = (method: string): boolean => method !== 'POST'

/** So late a worker may see, through all that lies between, that its client has left. */
const NOTICED_WITHIN_MS = 2000

/** A worker that a busy machine lets wait may have sent an answer so long before the same turn is over. */
const IN_A_TURN_MS = 200

/** A worker was killed, and nobody knows what became of what it had in its hands. */
interface Killed {
  readonly fromMs: number
  /** Its replacement serves. */
  untilMs: number
}

/** All requests of a run, and what was seen that must not be. */
export class Books {
  readonly entries = new Map<string, Entry>()
  readonly problems: string[] = []
  readonly kills: Killed[] = []
  /** Requests that wait at their servers until this is over; see `holds`. */
  held: Promise<void> | null = null
  readonly #perKind = new Map<string, number>()

  open(opened: Opened): Entry {
    const own: Entry = {
      ...opened,
      ...{ framedBytes: opened.bodyBytes, beganMs: Date.now(), endedMs: Infinity },
      ...{ fate: null, status: 0, refusal: null, isUnanswered: false, comings: [] },
    }
    this.entries.set(opened.id, own)
    return own
  }

  /** Whether it may have been in the hands of a worker that was killed. */
  mayBeKilled({ beganMs, endedMs, fate }: Entry): boolean {
    const knownMs = endedMs + (fate === 'left' ? NOTICED_WITHIN_MS : IN_A_TURN_MS)
    return this.kills.some(({ fromMs, untilMs }) => beganMs <= untilMs && knownMs >= fromMs)
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
export const shown = ({ id, method, backend, lane, bodyBytes, fate, status, comings }: Entry): string =>
  `${method} ${backend}/${lane} ${id}, ${bodyBytes} bytes: ${fate} ${status}; ${comings.map(({ server, act, isDone }) => `${server} ${act}${isDone ? ' (done)' : ''}`).join(', ')}`
