// Tells which of many files may have changed. A watch for each (watch-file.ts) costs a few looks at the disk
// for each part of its path: for thousands of files that is seconds of a start. Here folders are watched once
// each, and what no event tells is found by a look at some of the files at a time.
import { statSync, watch, type FSWatcher } from 'node:fs'
import { dirname, join } from 'node:path'

/** So many are looked at in one look. */
const LOOKED_AT = 500
/** A file that was written so shortly before it is first looked at may have been read before. */
const JUST_NOW_MS = 60_000

export class ManyFiles {
  readonly #onChange: (path: string) => void
  /** What each looked like; empty: it was not looked at yet. */
  readonly #stamps = new Map<string, string>()
  readonly #folders = new Map<string, FSWatcher | null>()
  #rest: Iterator<string> | null = null

  /** `onChange` may be told of a file that is as it was. */
  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange
  }

  /** Follows these and no others. */
  follow(paths: ReadonlySet<string>): void {
    for (const path of this.#stamps.keys()) if (!paths.has(path)) this.#stamps.delete(path)
    for (const path of paths) if (!this.#stamps.has(path)) this.#stamps.set(path, '')
    const folders = new Set([...paths].map((path) => dirname(path)))
    for (const [folder, watcher] of this.#folders) {
      if (folders.has(folder)) continue
      watcher?.close()
      this.#folders.delete(folder)
    }
    for (const folder of folders)
      if (!this.#folders.has(folder)) this.#folders.set(folder, this.#watch(folder))
    this.#rest = null
  }

  /** Looks at some of them, in turn. */
  look(): void {
    this.#rest ??= this.#stamps.keys()
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const { value, done } = this.#rest.next()
      if (done === true) return void (this.#rest = null)
      this.#lookAt(value)
    }
  }

  stop(): void {
    this.follow(new Set())
  }

  #lookAt(path: string): void {
    const before = this.#stamps.get(path)
    const { stamp, changedMs } = stampOf(path)
    if (before === undefined || stamp === before) return
    this.#stamps.set(path, stamp)
    if (before !== '' || Date.now() - changedMs < JUST_NOW_MS) this.#onChange(path)
  }

  /** A name that none of them has may be that of a link on the way to all of them. */
  #watch(folder: string): FSWatcher | null {
    try {
      return watch(folder, (_, name) => {
        const path = name === null ? '' : join(folder, name)
        if (this.#stamps.has(path)) this.#lookAt(path)
        else if (name?.startsWith('..') === true)
          for (const one of this.#stamps.keys()) if (dirname(one) === folder) this.#lookAt(one)
      }).on('error', () => {})
    } catch {
      return null
    }
  }
}

function stampOf(path: string): { readonly stamp: string; readonly changedMs: number } {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path)
    return { stamp: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, changedMs: ctimeMs }
  } catch {
    return { stamp: 'missing', changedMs: 0 }
  }
}
