// Tells when the text of a file is another. A watch on the file itself goes blind when an editor puts a new file in its
// place, so the folders are watched: the one it is named in, and the one it really lies in when a link leads there (as
// Kubernetes does: config.yaml → ..data/config.yaml → ..2026_01/config.yaml, and swaps ..data). A slow poll sees what no event
// tells (network file systems). The hash of the text decides, so our own reading and equal rewrites are no change.
import { realpathSync, readFileSync, statSync, watch, type FSWatcher } from 'node:fs'
import { dirname, resolve } from 'node:path'

export interface WatchOptions {
  readonly path: string
  /** The new text; null when the file has been gone or empty for a while. */
  readonly onChange: (text: string | null) => void
  /** Quiet time after the last event. */
  readonly settleMs?: number
  readonly pollMs?: number
  /** How long the file may be missing or empty, as it is in the midst of being replaced, before that is news. */
  readonly missingMs?: number
}

export interface FileWatch {
  /** Says that this text is known already. */
  seen(text: string): void
  stop(): void
}

const LONGEST_SETTLE_MS = 1000

/** Watches a file until stopped; `text` is what the caller knows of it. */
export function watchFile(text: string, options: WatchOptions): FileWatch {
  return new Watch(text, options)
}

class Watch implements FileWatch {
  private known: string
  private isMissing = false
  private missingSinceMs: number | null = null
  private watchers: FSWatcher[] = []
  private folders = ''
  /** Of the file when it was read. */
  private stamp: string
  /** Of the file when it was last seen to change. */
  private stirredStamp = ''
  private settling: Timer | null = null
  private settlingSinceMs = 0
  private readonly poll: Timer
  private readonly path: string
  private readonly options: WatchOptions

  constructor(text: string, options: WatchOptions) {
    this.options = options
    this.path = resolve(options.path)
    this.known = hashOf(text)
    this.stamp = stampOf(this.path)
    this.watchFolders()
    this.poll = setInterval(() => this.stir(), options.pollMs ?? 2000)
    // It may have changed after `text` was read.
    this.settle()
  }

  seen(text: string): void {
    this.known = hashOf(text)
    this.isMissing = false
  }

  stop(): void {
    clearInterval(this.poll)
    if (this.settling) clearTimeout(this.settling)
    for (const watcher of this.watchers) watcher.close()
    this.watchers = []
  }

  private look(): void {
    this.settling = null
    this.watchFolders()
    this.stamp = stampOf(this.path)
    const text = readText(this.path)
    if (text === null || text.trim() === '') return this.lookMissing()
    this.missingSinceMs = null
    const hash = hashOf(text)
    if (hash === this.known && !this.isMissing) return
    this.known = hash
    this.isMissing = false
    this.options.onChange(text)
  }

  private lookMissing(): void {
    if (this.isMissing) return
    this.missingSinceMs ??= performance.now()
    if (performance.now() - this.missingSinceMs < (this.options.missingMs ?? 500)) return this.settle()
    this.missingSinceMs = null
    this.isMissing = true
    this.options.onChange(null)
  }

  /** Costs one stat as long as the file is the same: other files of its folder may change all the time. */
  private stir(): void {
    const stamp = stampOf(this.path)
    const isOld = stamp === (this.settling ? this.stirredStamp : this.stamp)
    this.stirredStamp = stamp
    if (!isOld) this.settle()
  }

  private settle(): void {
    const nowMs = performance.now()
    if (!this.settling) this.settlingSinceMs = nowMs
    // One that is written without a pause is read all the same.
    else if (nowMs - this.settlingSinceMs > LONGEST_SETTLE_MS) return
    else clearTimeout(this.settling)
    this.settling = setTimeout(() => this.look(), this.options.settleMs ?? 100)
  }

  private watchFolders(): void {
    const folders = foldersOf(this.path)
    const joined = folders.join('\n')
    if (joined === this.folders) return
    for (const watcher of this.watchers) watcher.close()
    this.folders = joined
    this.watchers = folders.flatMap((folder) => this.watchFolder(folder) ?? [])
  }

  private watchFolder(folder: string): FSWatcher | null {
    try {
      const watcher = watch(folder, () => this.stir())
      // A folder that is removed ends its watch: the poll goes on, and the next look watches what is there then.
      watcher.on('error', () => {
        this.folders = ''
      })

      return watcher
    } catch {
      this.folders = ''
      return null
    }
  }
}

/** Where the file is named, and where it really is. */
function foldersOf(path: string): string[] {
  return [...new Set([dirname(path), dirname(realPath(path))])]
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
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
