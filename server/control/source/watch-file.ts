// Tells when the text of a file is another. A watch on the file itself goes blind when an editor puts a new
// file in its place, so the folders are watched: the one it is named in, and those that links on the way to
// it lie in (as Kubernetes does: config.yaml → ..data/config.yaml → ..2026_01/config.yaml, and swaps ..data).
// A slow poll sees what no event tells (network file systems). The hash of the text decides, so our own
// reading and equal rewrites are no change.
import { statSync, watch, type FSWatcher } from 'node:fs'
import { resolve } from 'node:path'
import { readText } from './config-source.ts'
import { namesOnTheWay } from './watch-names.ts'

export interface WatchOptions {
  readonly path: string
  /** The new text; null when the file has been gone or empty for a while. */
  readonly onChange: (text: string | null) => void
  /** Quiet time after the last event. */
  readonly settleMs?: number
  /** A poll of its own; without it whoever watches calls look() now and then. */
  readonly pollMs?: number
  /**
   * How long the file may be missing or empty, as it is in the midst of being replaced, before that is news.
   */
  readonly missingMs?: number
  /** The system has no watch left (inotify(7)): changes are seen by the poll alone. */
  readonly onPolled?: (why: string) => void
  /** The system's own; another one in tests. */
  readonly watch?: typeof watch
  /** What tells whether a file is the same, at the price of a stat; given by tests that count. */
  readonly stampOf?: (path: string) => string
}

export interface FileWatch {
  /** Says that this text is known already; null: that it could not be read. */
  seen(text: string | null): void
  /** Sees what no event told, at the price of a stat. */
  look(): void
  stop(): void
}

const LONGEST_SETTLE_MS = 1000

/** Watches a file until stopped; `text` is what the caller knows of it, null that it could not be read. */
export function watchFile(text: string | null, options: WatchOptions): FileWatch {
  return new Watch(text, options)
}

class Watch implements FileWatch {
  #known: string
  #isMissing: boolean
  #missingSinceMs: number | null = null
  #watchers: FSWatcher[] = []
  /** Folders and names that are watched, as one text. */
  #watched = ''
  /** Of the file when it was read. */
  #stamp: string
  /** Of the file when it was last seen to change. */
  #stirredStamp = ''
  #settling: Timer | null = null
  #settlingSinceMs = 0
  readonly #poll: Timer | null
  readonly #stampOf: (path: string) => string
  readonly #path: string
  readonly #options: WatchOptions

  constructor(text: string | null, options: WatchOptions) {
    this.#options = options
    this.#path = resolve(options.path)
    this.#known = hashOf(text ?? '')
    this.#isMissing = text === null
    this.#stampOf = options.stampOf ?? stampOf
    this.#stamp = this.#stampOf(this.#path)
    this.#watchFolders()
    this.#poll = options.pollMs === undefined ? null : setInterval(() => this.#stir(), options.pollMs)
    // It may have changed after `text` was read.
    this.#settle()
  }

  seen(text: string | null): void {
    if (text !== null) this.#known = hashOf(text)
    this.#isMissing = text === null
  }

  stop(): void {
    if (this.#poll) clearInterval(this.#poll)
    if (this.#settling) clearTimeout(this.#settling)
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  look(): void {
    this.#stir()
  }

  #read(): void {
    this.#settling = null
    this.#watchFolders()
    this.#stamp = this.#stampOf(this.#path)
    const text = readText(this.#path)
    if (text === null || text.trim() === '') return this.#lookMissing()
    this.#missingSinceMs = null
    const hash = hashOf(text)
    if (hash === this.#known && !this.#isMissing) return
    this.#known = hash
    this.#isMissing = false
    this.#options.onChange(text)
  }

  #lookMissing(): void {
    if (this.#isMissing) return
    this.#missingSinceMs ??= performance.now()
    if (performance.now() - this.#missingSinceMs < (this.#options.missingMs ?? 500)) return this.#settle()
    this.#missingSinceMs = null
    this.#isMissing = true
    this.#options.onChange(null)
  }

  /** Costs one stat as long as the file is the same. */
  #stir(): void {
    const stamp = this.#stampOf(this.#path)
    const isOld = stamp === (this.#settling ? this.#stirredStamp : this.#stamp)
    this.#stirredStamp = stamp
    if (!isOld) this.#settle()
  }

  #settle(): void {
    const nowMs = performance.now()
    if (!this.#settling) this.#settlingSinceMs = nowMs
    // One that is written without a pause is read all the same.
    else if (nowMs - this.#settlingSinceMs > LONGEST_SETTLE_MS) return
    else clearTimeout(this.#settling)
    this.#settling = setTimeout(() => this.#read(), this.#options.settleMs ?? 100)
  }

  #watchFolders(): void {
    const names = namesOnTheWay(this.#path)
    const watched = [...names].map(([folder, of]) => [inodeOf(folder), folder, ...of].join('\n')).join('\n\n')
    if (watched === this.#watched) return
    for (const watcher of this.#watchers) watcher.close()
    this.#watched = watched
    this.#watchers = [...names].flatMap(([folder, of]) => this.#watchFolder(folder, of) ?? [])
  }

  #watchFolder(folder: string, names: ReadonlySet<string>): FSWatcher | null {
    try {
      // Other files of the folder, such as a log, may change all the time: they cost nothing but the event.
      const watcher = (this.#options.watch ?? watch)(folder, (_, name) => {
        if (name === null || names.has(name)) this.#stir()
      })
      // A folder that is removed ends its watch: the poll goes on, and the next look watches what is there
      // then.
      watcher.on('error', () => {
        this.#watched = ''
      })

      return watcher
    } catch (error) {
      this.#watched = ''
      const { code } = error as { code?: string }
      if (code === 'ENOSPC' || code === 'EMFILE') this.#options.onPolled?.(`${code} for ${folder}`)
      return null
    }
  }
}

/** A folder that was replaced as a whole is another one. */
function inodeOf(folder: string): number {
  try {
    return statSync(folder).ino
  } catch {
    return 0
  }
}

function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch {
    return 'missing'
  }
}

const hashOf = (text: string): string => Bun.hash(text).toString(36)
