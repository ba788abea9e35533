// Writes the config file, for changes that do not come from it: beside it first, and at the commit in its
// place in one step, so that a reader sees the old text or the new one. It stays whose it was, with the same
// mode, and where it is a link the file that it leads to is written.
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, type Stats } from 'node:fs'
import { access, constants, open, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { whyUnread } from '../../config/why-unread.ts'
import { keepNames } from '../../lib/write-whole.ts'
import { logEvent } from '../../telemetry/log.ts'
import { type Edition, type ApplyProblem, Refusal } from '../problem.ts'
import type { Part } from './part.ts'
import { backupOf, writeInPlace } from './write-in-place.ts'

export interface FilePartOptions {
  /** The config file. */
  readonly file: string
  /** Told with each edition that is served from now on, once its text stands in the file where it is to. */
  readonly onWritten: (edition: Edition) => void
}

interface Written {
  readonly temporary: string
  /** Where it goes: no link. */
  readonly real: string
}

/** SHA-256 of the bytes of a file, in hexadecimal; null: it cannot be read. */
export function hashOfFile(file: string): string | null {
  try {
    return hashOf(readFileSync(file))
  } catch {
    return null
  }
}

/** Of what is served; null: there is nothing yet. */
export const hashIn = (edition: Pick<Edition, 'hash'> | null): string | null => edition?.hash ?? null

export const hashOf = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

/** The code of what stands in the way to the disk, and not against the config. */
export const NOT_WRITABLE = 'file_not_writable'

/** What is said where the file is not the one that was edited. */
export function fileChanged(file: string, found: string | null): Refusal {
  return found === null
    ? fileMissing(file)
    : new Refusal(
        'file_changed',
        `${file} has been changed: its hash is ${found}`,
        'look at what was changed there; to write over it, expect this hash',
      )
}

/** Nothing is written where a file is gone: nobody knows what its folder is by now. */
function fileMissing(file: string): Refusal {
  const why = whyNotRead(file)
  return new Refusal(
    'file_missing',
    `${file} is ${why}: what it said is served still, and no change is written there`,
    why === GONE
      ? `put it back, or "sluice history N >" it: N is the revision that is served`
      : 'let the user of the gateway read it, then make the change again',
  )
}

const GONE = 'not there any more'

function whyNotRead(file: string): string {
  try {
    readFileSync(file)
    return GONE
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? GONE : whyUnread(error)
  }
}

/** What is said where another change was served meanwhile. */
export const otherServed = (revision: number | undefined): Refusal =>
  new Refusal(
    'other_served',
    `another change came first: revision ${revision} is served now`,
    'look at what that is; "sluice rollback" once more goes back from it',
  )

export class FilePart implements Part {
  readonly name = 'file'
  readonly #options: FilePartOptions
  #edition: Edition | null = null
  #written: Written | null = null

  constructor(options: FilePartOptions) {
    this.#options = options
  }

  async stage(edition: Edition): Promise<readonly ApplyProblem[]> {
    this.drop()
    this.#edition = edition
    if (edition.replaces === null) return []
    try {
      await this.#write(edition.text)
    } catch (error) {
      throw asRefusal(error, this.#options.file)
    }
    return []
  }

  /** Throws when the file is not the one any more whose place it takes; then it is left alone. */
  commit(): void {
    const [edition, written] = [this.#edition, this.#written]
    if (edition === null) return
    const { file, onWritten } = this.#options
    if (written !== null) {
      const found = hashOfFile(written.real)
      if (found !== edition.replaces) throw fileChanged(file, found)
      try {
        this.#replace(written, edition)
      } catch (error) {
        throw asRefusal(error, file)
      }
      this.#written = null
      keepNames(dirname(written.real))
    }
    onWritten(edition)
    this.#edition = null
  }

  /** In one step where the file can be replaced; one that is mounted by itself cannot. */
  #replace({ temporary, real }: Written, { text }: Edition): void {
    try {
      renameSync(temporary, real)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!MOUNTED.includes(code)) throw error
      writeInPlace(real, text)
      rmSync(temporary, { force: true })
      logEvent('warn', 'config_written_in_place', {
        file: real,
        why: code,
        backup: backupOf(real),
        hint: 'mount the folder of the file rather than the file: then it is replaced in one step',
      })
    }
  }

  drop(): void {
    if (this.#written !== null) rmSync(this.#written.temporary, { force: true })
    this.#written = null
    this.#edition = null
  }

  async #write(text: string): Promise<void> {
    const real = await realpath(this.#options.file)
    const temporary = join(dirname(real), `.${basename(real)}.sluice-new`)
    await refuseReadOnlyMount(real)
    const of = await stat(real)
    rmSync(temporary, { force: true })
    // It may hold secrets: nobody else may look into it before it has the mode of the file.
    const handle = await open(temporary, 'wx', 0o600)
    this.#written = { temporary, real }
    try {
      await handle.writeFile(text)
      await keepOwner(handle, of)
      await handle.chmod(of.mode & 0o7777)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

/** Of a rename onto a file that is a mount. */
const MOUNTED = ['EBUSY', 'EXDEV']

/** Of a file that is mounted by itself its folder tells nothing: one could write beside it to no end. */
async function refuseReadOnlyMount(real: string): Promise<void> {
  try {
    await access(real, constants.W_OK)
  } catch (error) {
    // That the file itself may not be written keeps nobody from putting another in its place.
    if ((error as NodeJS.ErrnoException).code === 'EROFS') throw error
  }
}

type Handle = Awaited<ReturnType<typeof open>>

async function keepOwner(handle: Handle, { uid, gid }: Stats): Promise<void> {
  const own = await handle.stat()
  if (own.uid === uid && own.gid === gid) return
  try {
    await handle.chown(uid, gid)
  } catch {
    throw new Refusal(
      NOT_WRITABLE,
      `the file belongs to user ${uid}, group ${gid}, and would not any more`,
      'write it as that user and use "sluice reload", or let it belong to the user of the gateway',
    )
  }
}

const FOLDER = 'let the user of the gateway write in its folder, or write the file and use "sluice reload"'

/** What the system said, in words, and what to do. */
const WHY: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EACCES: ['the user of the gateway may not write in its folder', FOLDER],
  EPERM: ['its folder takes no change', FOLDER],
  EROFS: [
    'its file system is read-only',
    'change it where it comes from, or mount its folder so that it can be written to',
  ],
  ENOSPC: ['its disk is full', 'make room on its disk'],
  EDQUOT: ['the quota of its disk is used up', 'make room on its disk'],
}

/** Why a text could not take the place of that of `file`: by its name, whichever file the system spoke of. */
export function asRefusal(error: unknown, file: string): Refusal {
  if (error instanceof Refusal) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const [why, hint] = WHY[code] ?? [withoutPath(message), null]
  return new Refusal(NOT_WRITABLE, `cannot write ${file}: ${why}${hint === null ? '' : ` (${code})`}`, hint)
}

/** "EIO: i/o error, open '/etc/.sluice.yaml.sluice-new'" without what was done to which file. */
const withoutPath = (message: string): string => message.replace(/,? (?:\w+ )?'?\/.*$/, '')
