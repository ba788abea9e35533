// What the gateway keeps in its data folder, and what becomes of that when the folder is taken away under it,
// or comes back: what is open goes on, and everything is in its place again as soon as there is one.
import { logEvent } from '../telemetry/log.ts'
import type { Announcer } from './announcer.ts'
import type { Served } from './change/apply.ts'
import type { Changes } from './change/changes.ts'
import type { ChangeFacts } from './change/change-facts.ts'
import { hashOfFile } from './change/file-part.ts'
import type { DataFolder } from './data-folder.ts'
import type { Parts } from './make-parts.ts'
import type { ApplyProblem } from './problem.ts'
import { ServedRecord } from './served-record.ts'
import type { StoreKeeper } from './store/store-keeper.ts'
import type { Found } from './store/lost-database.ts'
import { storeOf } from './store-of.ts'
import type { SuperviseOptions } from './supervise-options.ts'
import { UnnamedUploads } from './unnamed-uploads.ts'
import { readText } from './source/config-source.ts'

/** Of a supervisor. */
export interface KeptParts {
  readonly options: Pick<SuperviseOptions, 'file' | 'env'>
  /** Null: before the first config. */
  readonly parts: () => Parts | null
  readonly running: Served | null
  readonly changeFacts: Pick<ChangeFacts, 'open'>
  readonly changes: Pick<Changes, 'isChanging'>
}

/** While something is not in its place it is looked for as often. */
const AGAIN_MS = 500

const GONE =
  'it was removed, or another was put in its place, while this gateway has it open: what is kept from now on is lost when the gateway ends; once the folder is there again, all that is open is written there'
const LOST = 'nothing is kept in the folder by this gateway any more: stop one of the two'

const WHAT: Readonly<Record<Found, string | null>> = {
  there: null,
  gone: null,
  opened: 'database opened: another stands in its place',
  written: 'database written there from what was open',
  made: 'database made anew: what was open is damaged',
}

export class KeptData {
  readonly store: StoreKeeper
  /** Null: before it was taken. */
  folder: DataFolder | null = null
  readonly #parts: KeptParts
  readonly #announcer: () => Pick<Announcer, 'lookAtSocket' | 'keepRunState'>
  readonly #record: ServedRecord
  readonly #uploads: UnnamedUploads
  /** What was told to be gone, and not to be back. */
  #gone: string | null = null
  #isLost = false
  #isLooking = false
  #again: Timer | null = null

  constructor(parts: KeptParts, announcer: () => Pick<Announcer, 'lookAtSocket' | 'keepRunState'>) {
    this.#parts = parts
    this.#announcer = announcer
    this.store = storeOf(() => parts.parts()?.data ?? null)
    this.#record = new ServedRecord({
      store: this.store,
      get env() {
        return parts.options.env
      },
    })
    this.#uploads = new UnnamedUploads({
      served: () => parts.running,
      isChanging: () => parts.changes.isChanging,
      waiting: () => waitingTexts(parts),
      kept: (served) => this.#keptTexts(served),
      nowMs: Date.now,
    })
  }

  served(served: Served): void {
    void this.#record.served(served)
    this.#uploads.served()
  }

  /** The last of the changes that had begun is over. */
  settled(): void {
    void this.#uploads.look()
  }

  /** What the config file says is not served. */
  fileRefused(problems: readonly ApplyProblem[]): void {
    this.#record.refused(hashOfFile(this.#parts.options.file), problems)
  }

  /** Another gateway had it for a while. */
  async wake(): Promise<void> {
    const parts = this.#parts.parts()
    const { running } = this.#parts
    if (parts !== null && running !== null) await this.#reopened(parts, running).catch(tellBug)
  }

  /** To be asked every few seconds. */
  look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    void this.#look()
      .catch(tellBug)
      .finally(() => this.#looked())
  }

  #looked(): void {
    this.#isLooking = false
    if (!this.#isOut || this.#again !== null) return
    this.#again = setTimeout(() => {
      this.#again = null
      this.look()
    }, AGAIN_MS)
    this.#again.unref()
  }

  get #isOut(): boolean {
    return this.#isLost || this.#gone !== null
  }

  async #look(): Promise<void> {
    const parts = this.#parts.parts()
    const { running } = this.#parts
    if (this.folder === null || parts === null || running === null) return
    // 1. The lock: whoever has it has the folder.
    const is = this.folder.look()
    if (is === 'gone') return this.#tellGone(parts.data)
    if (is === 'lost') return this.#tellLost()
    const wasOut = this.#isOut
    this.#isLost = false
    // 2. What is written in whole, and the socket of commands.
    const mended = is === 'taken' ? ['lock'] : []
    if (is === 'taken') this.#announcer().keepRunState()
    if (is === 'taken' || parts.history.kept === null) parts.history.keepAgain()
    if (await this.#announcer().lookAtSocket()) mended.push('control socket')
    // 3. The database.
    const looked = this.store.look()
    const found = looked?.found ?? 'there'
    const what = WHAT[found]
    if (what !== null) {
      mended.push(what)
      await this.#reopened(parts, running)
    }
    // 4. What is back is told at once, and what is not, once.
    if (mended.length > 0 || (wasOut && found !== 'gone'))
      logEvent('info', 'store_back', { data: parts.data, mended })
    if (looked !== null && found === 'gone') this.#tellGone(looked.path, looked.problem?.message)
    else this.#gone = null
  }

  /** Null: it is not open, or behind what is served. */
  async #keptTexts({ revision, edition }: Served): Promise<AsyncIterable<string> | null> {
    await this.#parts.changeFacts.open()
    const db = this.store.now?.db
    const newest = this.#parts.parts()?.book.find(revision)
    if (db === undefined || newest?.hash !== edition.hash) return null
    const { everyText } = await import('./store/every-text.ts')
    return everyText(db)
  }

  /** Another database: what is in memory counts, and it learns of that. */
  async #reopened({ book, desk }: Parts, running: Served): Promise<void> {
    book.reopened()
    desk.orders.keepAgain()
    await this.#parts.changeFacts.open()
    await this.#record.reopened(running)
  }

  #tellGone(file: string, why?: string): void {
    const told = `${file} ${why ?? ''}`
    if (this.#gone === told) return
    this.#gone = told
    logEvent('error', 'store_gone', { file, ...(why !== undefined && { why }), hint: GONE })
  }

  #tellLost(): void {
    const { message } = this.folder?.taken ?? {}
    if (!this.#isLost) logEvent('error', 'data_lost', { why: message, hint: LOST })
    this.#isLost = true
  }
}

/** Traffic goes on, whatever a folder comes to. */
const tellBug = (error: unknown): void =>
  logEvent('error', 'bug', { process: 'supervisor', part: 'data folder', error: String(error) })

/** Texts that may come to be served unasked, or by a reload; null: the config file cannot be read. */
function waitingTexts({ options, parts }: KeptParts): readonly string[] | null {
  const text = readText(options.file)
  const previous = parts()?.history.unconfirmed?.previous ?? ''
  return text === null ? null : [text, previous]
}
