// The config as the supervisor follows it: its file, and the files that it takes values from (${file:PATH}).
// A change of any is a change of the config.
import { logEvent } from '../../telemetry/log.ts'
import { statSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import type { ApplyProblem, Checked, Edition } from '../problem.ts'
import { type GivenText, type ReadConfig, readConfig, readText, type SourceOptions } from './config-source.ts'
import { located } from './places.ts'
import { readApart } from './read-apart.ts'
import { watchFile, type FileWatch } from './watch-file.ts'

/** What is larger takes longer to check than another process to start. */
const READ_APART_BYTES = 256 * 1024
/** Of a text that somebody sends, which may be made to take long: a brace costs far more than a letter. */
const GIVEN_APART_CHARS = 64 * 1024

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}

/** Tests that hang on where clients are ask the databases that the config names: we serve by ours. */
const asksOtherDatabases = (text: string): boolean => /\bgeo\b/.test(text) && /\btests\b/.test(text)

export interface WatchedConfigOptions extends SourceOptions {
  readonly onChange: () => void
  /** Things to look at in a valid config, as lines for people. */
  readonly onWarning: (line: string) => void
}

export class WatchedConfig {
  readonly #options: WatchedConfigOptions
  #text = ''
  #hasRead = false
  #files: ReadonlyMap<string, string | null> = new Map()
  #watch: FileWatch | null = null
  #isPolled = false
  readonly #fileWatches = new Map<string, FileWatch>()
  /** What a config that was read takes values from. */
  readonly #filesOf = new WeakMap<Config, ReadonlyMap<string, string | null>>()

  constructor(options: WatchedConfigOptions) {
    this.#options = options
  }

  /** Checks a text as if it stood in the file, which is left alone. Rejects where the signal gives it up. */
  async check(
    given: GivenText,
    signal?: AbortSignal,
  ): Promise<{ readonly checked: Checked; readonly warnings: readonly string[] }> {
    const { checked, warnings, files } = await this.#readNow(given, signal)
    if (checked.is === 'valid') this.#filesOf.set(checked.edition.config, files)
    return { checked, warnings }
  }

  /** An edition is served that may not come from the last reading: what it names is followed from here on. */
  follow({ text, config, replaces }: Edition): void {
    if (replaces !== null) {
      this.#text = text.replace(/^\uFEFF/, '')
      this.#watch?.seen(this.#text)
    }
    const files = this.#filesOf.get(config)
    if (files === undefined || files === this.#files) return
    this.#files = files
    if (this.#watch) this.#follow()
  }

  /** Reads and checks it as it is now; what was read is no change any more. */
  async read(): Promise<Checked> {
    const { checked, warnings, text, files } = await this.#readNow(null)
    this.#hasRead = true
    for (const line of warnings) this.#options.onWarning(line)
    this.#text = text ?? ''
    // Of one that is not valid nobody knows all that it names: what the last one named may mend it.
    this.#files = checked.is === 'valid' ? files : new Map([...this.#files, ...files])
    if (checked.is === 'valid') this.#filesOf.set(checked.edition.config, files)
    if (text !== null) this.#watch?.seen(text)
    if (this.#watch) this.#follow()
    return checked
  }

  /** A large file is read by another process while we serve; at the start there is nobody to serve. */
  async #readNow(given: GivenText | null, signal?: AbortSignal): Promise<ReadConfig> {
    const options = { ...this.#options, given }
    const size = given === null ? sizeOf(options.file) : given.text.length
    if (!this.#hasRead) return readConfig(options, 'start')
    const isLarge = size > (given === null ? READ_APART_BYTES : GIVEN_APART_CHARS)
    const isApart = isLarge || asksOtherDatabases(given?.text ?? readText(options.file) ?? '')
    return (isApart ? await readApart(options, signal) : null) ?? readConfig(options)
  }

  /** The same problems with their places in the text that they are about; null: in what was read last. */
  locate(problems: readonly ApplyProblem[], about: Edition | null): Promise<ApplyProblem[]> {
    return located(problems, { file: this.#options.file, text: about?.text ?? this.#text })
  }

  /** Tells of changes from here on, those since the last reading included. */
  begin(): void {
    const { file: path, onChange } = this.#options
    this.#watch = watchFile(this.#text, { path, onChange, onPolled: this.#onPolled })
    this.#follow()
  }

  /** Looks for changes that no event told; to be called every few seconds. */
  look(): void {
    for (const watch of [this.#watch, ...this.#fileWatches.values()]) watch?.look()
  }

  stop(): void {
    this.#watch?.stop()
    this.#watch = null
    this.#files = new Map()
    this.#follow()
  }

  /** Told once: each look finds it again, for each file. */
  readonly #onPolled = (why: string): void => {
    if (this.#isPolled) return
    this.#isPolled = true
    const hint = why.startsWith('EMFILE')
      ? 'raise the limit of open files (ulimit -n, LimitNOFILE) or fs.inotify.max_user_instances; until then changes are seen a few seconds later'
      : 'raise fs.inotify.max_user_watches and max_user_instances; until then changes are seen a few seconds later'
    logEvent('warn', 'config_polled', { why, hint })
  }

  #follow(): void {
    const { onChange } = this.#options
    for (const [path, watch] of this.#fileWatches) {
      if (this.#files.has(path)) continue
      watch.stop()
      this.#fileWatches.delete(path)
    }
    for (const [path, text] of this.#files) {
      const known = this.#fileWatches.get(path)
      if (known) known.seen(text)
      else this.#fileWatches.set(path, watchFile(text, { path, onChange, onPolled: this.#onPolled }))
    }
  }
}
