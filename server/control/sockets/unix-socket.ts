// Unix sockets of listeners. One socket for all workers, which take turns at it: there is no SO_REUSEPORT of
// Unix sockets. What a killed gateway left behind is replaced; never a socket that somebody answers on, never
// another kind of file. The file goes with the listener, unless another one stands there by then.
import { chmodSync, chownSync, linkSync, lstatSync, readFileSync, renameSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BACKLOG, listenUnix, whyNoUnixAnswer } from '../../lib/bind-fd.ts'
import type { UnixAccess } from '../../lib/bind.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import { UNIX_PATH_MAX } from '../../lib/socket-address.ts'
import { unixListeners } from '../../lib/unix-sockets.ts'
import type { HandedSockets } from './handed-sockets.ts'
import type { SharedSocket } from './open-address.ts'

/** Why a Unix socket could not be opened, or given to a group. `code` is the system's word. */
export class UnixProblem extends Error {
  readonly code: string
  /** Whether it is about its group rather than its path. */
  readonly isOfGroup: boolean

  constructor(code: string, isOfGroup = false) {
    super(code)
    this.code = code
    this.isOfGroup = isOfGroup
  }
}

const USUAL: UnixAccess = { mode: '0660' }

/**
 * Opens one; `isOrphans`: whether these sockets belong to workers of a gateway that was killed, which make
 * way. Throws a UnixProblem, or what the system throws.
 */
export function openUnix(
  path: string,
  access: UnixAccess | undefined,
  isOrphans: (inodes: ReadonlySet<string>) => boolean,
): UnixSocket {
  makeWay(path, isOrphans)
  let isBound = false
  try {
    const fd = listenUnix(path, BACKLOG, () => {
      isBound = true
      allow(path, access)
    })
    return new UnixSocket(path, fd, access)
  } catch (error) {
    if (isBound) unlinkSync(path)
    throw error
  }
}

/** One that is open. */
export class UnixSocket implements SharedSocket {
  readonly fd: number
  readonly isLent = false
  readonly #path: string
  readonly #inode: number
  /** Who may connect, with the plan that is served. */
  #access: UnixAccess | undefined
  #staged: UnixAccess | undefined

  readonly #handed: Pick<HandedSockets, 'isPending'> | null

  /** `handed`: where it was open before us. */
  constructor(
    path: string,
    fd: number,
    access: UnixAccess | undefined,
    handed: Pick<HandedSockets, 'isPending'> | null = null,
  ) {
    this.fd = fd
    this.#handed = handed
    this.#path = path
    this.#access = this.#staged = access
    this.#inode = inodeOf(path) ?? -1
  }

  /** Lets others connect, as the next plan has it. Throws a UnixProblem. */
  stage(access: UnixAccess | undefined): void {
    if (isSame(access, this.#staged) || !this.#isOurs) return
    allow(this.#path, access)
    this.#staged = access
  }

  commit(): void {
    this.#access = this.#staged
  }

  drop(): void {
    if (isSame(this.#access, this.#staged) || !this.#isOurs) return
    allow(this.#path, this.#access)
    this.#staged = this.#access
  }

  close(): void {
    // First the name: who comes from now on is told that nobody is there, and does not wait in vain.
    if (this.#isOurs && this.#handed?.isPending !== true) unlinkSync(this.#path)
    closeFds([this.fd])
  }

  leave(): void {
    closeFds([this.fd])
  }

  /** Whether its file still stands there. */
  get #isOurs(): boolean {
    return inodeOf(this.#path) === this.#inode
  }
}

const isSame = (a: UnixAccess = USUAL, b: UnixAccess = USUAL): boolean =>
  a.mode === b.mode && a.group === b.group

function allow(path: string, { mode, group }: UnixAccess = USUAL): void {
  try {
    if (group !== undefined) chownSync(path, -1, groupNumber(group))
  } catch (error) {
    throw error instanceof UnixProblem ? error : new UnixProblem(codeOf(error), true)
  }
  chmodSync(path, Number.parseInt(mode, 8))
}

function groupNumber(group: string): number {
  if (/^[0-9]+$/.test(group)) return Number(group)
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [name, , number = ''] = line.split(':')
    if (name === group && /^[0-9]+$/.test(number)) return Number(number)
  }
  throw new UnixProblem('ENOENT', true)
}

/** Takes away what a killed gateway left behind. */
function makeWay(path: string, isOrphans: (inodes: ReadonlySet<string>) => boolean): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new UnixProblem('ENOTSOCK')
  if (isTaken(path) && !isOrphans(unixListeners(path))) throw new UnixProblem('EADDRINUSE')
  // Another one may have taken it since: it is moved aside and looked at again before it is thrown away.
  const aside = join(dirname(path), `.s${process.pid}`)
  if (Buffer.byteLength(aside) > UNIX_PATH_MAX) return unlinkSync(path)
  renameSync(path, aside)
  const isAnothers = inodeOf(aside) !== found.ino
  if (isAnothers) linkSync(aside, path)
  unlinkSync(aside)
  if (isAnothers) throw new UnixProblem('EADDRINUSE')
}

/** Whether somebody answers. Throws where that cannot be known. */
function isTaken(path: string): boolean {
  const why = whyNoUnixAnswer(path)
  if (why === null || why === 'EAGAIN') return true
  if (why === 'ECONNREFUSED' || why === 'ENOENT') return false
  // One of datagrams or of packets is somebody's as well.
  throw new UnixProblem(why === 'EPROTOTYPE' ? 'EADDRINUSE' : why)
}

const inodeOf = (path: string): number | null => lstatSync(path, { throwIfNoEntry: false })?.ino ?? null

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown }).code)
