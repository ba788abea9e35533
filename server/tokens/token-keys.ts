// The keys that tokens are checked by, as a worker has them: texts that the supervisor has fetched or read,
// and a way to ask it for newer ones. All of it is bounded: how often one asks, how many wait, and for how
// long.
import type { JWTVerifyGetKey } from 'jose'
import { guarded } from '../lib/bug.ts'

/** Sets of keys (JWKS) by where they are: a URL or the path of a file. */
export type KeyTexts = Readonly<Record<string, string>>

/** The supervisor is told that a key is missing. */
export interface KeysNews {
  readonly type: 'keys-wanted'
  readonly source: string
}

/** One set; another text is another set. */
export interface KeySet {
  readonly text: string
  /** Finds the key of a token; read when it is first asked. */
  find(): Promise<JWTVerifyGetKey>
}

/** A token that names a key which nobody knows has us ask no oftener. */
const ASK_EVERY_MS = 30_000
const WAIT_MS = 3000
const WAITING_MAX = 1024

interface Asked {
  readonly atMs: number
  /** Who waits; null: it is over. */
  waiting: (() => void)[] | null
  readonly timer: Timer
}

export class TokenKeys {
  readonly #nowMs: () => number
  #tell: (news: KeysNews) => void = () => {}
  #sets = new Map<string, KeySet>()
  readonly #asked = new Map<string, Asked>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  tellTo(tell: (news: KeysNews) => void): void {
    this.#tell = tell
  }

  /** Null: none has come yet. */
  of(source: string): KeySet | null {
    return this.#sets.get(source) ?? null
  }

  /** What is known from here on. Who waits for something newer looks again. */
  serve(texts: KeyTexts): void {
    const sets = new Map<string, KeySet>()
    for (const [source, text] of Object.entries(texts)) {
      const before = this.#sets.get(source)
      sets.set(source, before?.text === text ? before : new KeptSet(text))
    }
    this.#sets = sets
    for (const [source, asked] of this.#asked) {
      this.#release(asked)
      if (!sets.has(source) && this.#isOld(asked)) this.#asked.delete(source)
    }
  }

  /**
   * Asks for newer ones, and calls back when there is an answer, or none for a while. False: that was done
   * not long ago, or too many wait.
   */
  want(source: string, resume: () => void): boolean {
    const before = this.#asked.get(source)
    if (before !== undefined && !this.#isOld(before)) {
      if (before.waiting === null || before.waiting.length >= WAITING_MAX) return false
      before.waiting.push(resume)
      return true
    }
    const asked: Asked = {
      atMs: this.#nowMs(),
      waiting: [resume],
      timer: setTimeout(() => this.#release(asked), WAIT_MS),
    }
    this.#asked.set(source, asked)
    this.#tell({ type: 'keys-wanted', source })
    return true
  }

  #isOld({ atMs }: Asked): boolean {
    return this.#nowMs() - atMs >= ASK_EVERY_MS
  }

  #release(asked: Asked): void {
    clearTimeout(asked.timer)
    const { waiting } = asked
    asked.waiting = null
    for (const resume of waiting ?? []) guarded(resume)
  }
}

class KeptSet implements KeySet {
  readonly text: string
  #find: Promise<JWTVerifyGetKey> | null = null

  constructor(text: string) {
    this.text = text
  }

  find(): Promise<JWTVerifyGetKey> {
    return (this.#find ??= read(this.text))
  }
}

/** What does the crypto is loaded with the first token. */
async function read(text: string): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet } = await import('jose')
  return createLocalJWKSet(JSON.parse(text) as Parameters<typeof createLocalJWKSet>[0])
}

/** Those of this process. */
export const tokenKeys = new TokenKeys(() => performance.now())
