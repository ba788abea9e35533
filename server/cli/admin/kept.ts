// What commands of `sluice admin` share: the store of a config file's data folder, and who asks.
import { accessSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { localPrincipal, type Principal } from '../../control/store/principal.ts'
import { stateDbPath } from '../../control/store/state-db.ts'
import { Store } from '../../control/store/store.ts'
import { storeProblemOf } from '../../control/store/store-problem.ts'
import { userName } from '../../admin/user-name.ts'
import { type Args, type ArgsShape, readArgs } from '../args.ts'
import { findConfigFile, NO_FILE } from '../config-file.ts'
import { findGateway } from '../gateway.ts'
import type { Io } from '../io.ts'
import { loadFile } from '../load-file.ts'
import { scanConfig } from '../scan-config.ts'
import { usageLine } from '../usage.ts'

export interface AdminCommand extends ArgsShape {
  readonly command: string
  readonly help: string
  /** What it is asked to do begins with something new: where there is no database, one is made. */
  readonly isMaking: (words: readonly string[]) => boolean
}

/** What a command works with. */
export interface Kept {
  readonly read: Args
  readonly store: Store
  readonly io: Io
  /** The config file. */
  readonly file: string
  /** Writes into the audit what was done. */
  readonly tell: (
    action: string,
    resource: string,
    more?: { before?: unknown; after?: unknown; message?: string },
  ) => void
}

/** Reads the arguments of a command, opens the store and does what is asked; gives the exit code. */
export async function withKept(
  { command, help, words, options, isMaking }: AdminCommand,
  args: readonly string[],
  io: Io,
  work: (kept: Kept) => number | Promise<number>,
): Promise<number> {
  const shape = { options: { ...options, config: { short: 'c', takes: 'value' } } as const }
  const read = readArgs(args, words === undefined ? shape : { ...shape, words })
  if ('problem' in read) return usageLine(command, read.problem, io)
  if (read.flag('help')) {
    io.stdout(help)
    return 0
  }
  const found = findConfigFile(read.value('config'), io.cwd)
  if ('problem' in found || found.file === null)
    return failed(command, 'problem' in found ? found.problem : NO_FILE, io)
  let store: Store | null = null
  try {
    const data = dataOf(found.file, command, io)
    // A gateway whose folder was taken away takes what stands there next for what it has kept.
    if (!isMaking(read.words) && isNowhere(stateDbPath(data))) return failed(command, noneIn(data), io)
    store = new Store(data)
    return await work({ read, store, io, file: found.file, tell: teller(store) })
  } catch (error) {
    const problem = storeProblemOf(error)
    if (problem === null) throw error
    return failed(command, `${problem.message}; ${problem.hint}`, io)
  } finally {
    store?.close()
  }
}

/** Not there, and nothing in its way: what else is wrong with it is told by who opens it. */
function isNowhere(path: string): boolean {
  try {
    accessSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

const noneIn = (data: string): string =>
  `there is no state.db in ${data}, so there are no users and no tokens: "sluice admin user add NAME --role admin" or a start of the gateway makes it. Where a gateway runs, its folder was taken away: put it back first`

/** Says why not; the exit code. */
export function failed(command: string, why: string, io: Io): number {
  io.stderr(`sluice ${command}: ${why}\n`)
  return 1
}

/**
 * The data folder: of the gateway that runs, whatever became of its file since; else as the file says, which
 * may be broken.
 */
function dataOf(file: string, command: string, io: Io): string {
  const [socket] = findGateway(command, file, io).ways.flatMap((way) => ('unix' in way ? [way.unix] : []))
  if (socket !== undefined) return dirname(socket)
  const loaded = loadFile(file, io)
  if (loaded.ok) return loaded.config.data
  const { data } = scanConfig(readFileSync(file, 'utf8'))
  return resolve(dirname(file), data ?? './data')
}

/** Who asks: the user of this process. */
export function whoAsks(): Principal {
  const uid = process.geteuid?.() ?? 0
  return localPrincipal(userName(uid), `uid ${uid}`)
}

const teller =
  ({ audit }: Store): Kept['tell'] =>
  (action, resource, more = {}) =>
    void audit.record({
      ...{ who: whoAsks(), from: 'command', action, resource, result: 'done', requestId: '' },
      ...more,
    })
