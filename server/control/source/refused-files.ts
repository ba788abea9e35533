// Files that were changed and are of no use: what they held before goes on. Whoever was not there when that
// was told must learn of it all the same, before a restart or the end of the old certificate tells.

/** Whose files they are. */
export type FilesOwner = 'certificate' | 'backend' | 'listener' | 'geo' | 'jwt'

export interface RefusedFile {
  readonly owner: FilesOwner
  readonly name: string
  readonly why: string
  readonly sinceMs: number
}

export class RefusedFiles {
  readonly #nowMs: () => number
  readonly #refused = new Map<string, RefusedFile>()

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs
  }

  /** False: the same stands against them as before. */
  add(owner: FilesOwner, name: string, why: string): boolean {
    const key = `${owner} ${name}`
    const before = this.#refused.get(key)
    if (before?.why === why) return false
    this.#refused.set(key, { owner, name, why, sinceMs: before?.sinceMs ?? this.#nowMs() })
    return true
  }

  /** They are good, or say what is served. */
  mended(owner: FilesOwner, name: string): void {
    this.#refused.delete(`${owner} ${name}`)
  }

  /** All were read anew: nothing stands against others than these. */
  keep(owner: FilesOwner, names: ReadonlySet<string>): void {
    for (const [key, one] of this.#refused)
      if (one.owner === owner && !names.has(one.name)) this.#refused.delete(key)
  }

  get all(): readonly RefusedFile[] {
    return [...this.#refused.values()]
  }
}
