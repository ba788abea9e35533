// What is seen on this machine of the gateways of a config file: their control sockets, what they say of
// themselves in their data folders, and where the file has their admin listener.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { controlSocketName, controlSocketPath } from '../control/control-socket.ts'
import { readRunState, runningSupervisor, runStateFile } from '../control/processes/state-file.ts'
import { parseBind, writeBind } from '../lib/bind.ts'
import { isWithinMachine } from '../lib/within-machine.ts'
import { listeningPaths } from '../lib/unix-sockets.ts'
import { type LeftBehind, leftBehindIn } from './left-behind.ts'
import { scanConfig } from './scan-config.ts'
import { codeOf } from './way.ts'

export const DEFAULT_URL = 'http://127.0.0.1:9090'

/** While one gateway hands over to another neither has the control socket open. */
const HANDING_MS_MAX = 5000
const LOOK_EVERY_MS = 50

/** Of each of these files; waits while one gateway hands over to another. */
export function seenInTime(files: readonly string[], sleep = Bun.sleepSync): readonly Seen[] {
  let seen = files.map(seenOf)
  for (let ms = 0; ms < HANDING_MS_MAX && seen.some(isHanding); ms += LOOK_EVERY_MS) {
    sleep(LOOK_EVERY_MS)
    seen = files.map(seenOf)
  }
  return seen
}

/** It runs, and would have its control socket open at any other time. */
const isHanding = ({ pid, sockets, closed, isTooLong }: Seen): boolean =>
  pid !== null && sockets.length === 0 && closed === null && !isTooLong

export interface Seen {
  readonly sockets: readonly string[]
  readonly closed: string | null
  /** The admin listener, as the text has it: by TLS where others than this machine reach it, mostly. */
  readonly urls: readonly string[]
  /** No socket can have such a name: commands ask the admin listener there. */
  readonly isTooLong: boolean
  /** Process id of a gateway that says of itself that it runs. */
  readonly pid: number | null
  /** What a supervisor left that did not end in order. */
  readonly left: LeftBehind | null
}

function seenOf(file: string): Seen {
  const text = readText(file)
  const { data, admin } = text === null ? NOTHING : scanConfig(text)
  const folder = dirname(file)
  const folders = [...new Set([resolve(folder, data ?? './data'), resolve(folder, './data')])]
  const there = folders.map((path) => controlSocketPath(path, file)).filter((path) => existsSync(path))
  // `data` may be another one in the file by now: sockets are listed by the system as well.
  const name = controlSocketName(file)
  const listed = listeningPaths().filter((path) => basename(path) === name && !there.includes(path))
  const [believed, closed] = [listed.filter((path) => mayBelieve(path, file)), listed.filter(isClosed)]
  const pids = folders.flatMap((path) => runningSupervisor(readRunState(runStateFile(path, file))) ?? [])
  const url = text === null || admin === false ? null : admin === null ? DEFAULT_URL : urlOfBind(admin)
  const isOpen = typeof admin === 'string' && url !== null && !isWithinMachine(admin)
  const urls = url === null ? [] : isOpen ? [url.replace('http:', 'https:'), url] : [url]
  const isTooLong = folders.every(
    (path) => Buffer.byteLength(controlSocketPath(path, file)) > SOCKET_NAME_MAX,
  )
  const left = folders.flatMap((path) => leftBehindIn(path, file) ?? [])[0] ?? null
  return {
    sockets: [...there, ...believed],
    closed: closed[0] ?? null,
    isTooLong,
    urls,
    pid: pids[0] ?? null,
    left,
  }
}

/** sun_path of unix(7), with its end. */
const SOCKET_NAME_MAX = 107
const NOTHING = { data: null, admin: null }

/** Where to ask a listener that is bound so: one that is bound to all addresses is on this machine too. */
export function urlOfBind(bind: string): string | null {
  const { host, port } = parseBind(bind)
  if (!(port > 0)) return null
  const asked = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const url = `http://${writeBind(asked, port)}`
  return URL.canParse(url) ? url : null
}

/**
 * Whoever may make sockets anywhere could make one of this name: it must be ours, of root, or of whom the
 * file or its folder belongs to.
 */
function mayBelieve(path: string, file: string): boolean {
  const owner = ownerOf(path)
  if (owner === null) return false
  const trusted = [0, process.geteuid?.(), ownerOf(file), ownerOf(dirname(file))]
  return trusted.includes(owner) || (process.geteuid?.() === 0 && isService(owner))
}

/** Users of services: those of the system, and those that systemd makes up. */
const isService = (uid: number): boolean => uid < 1000 || (uid >= 61_184 && uid <= 65_533)

function ownerOf(path: string): number | null {
  try {
    return statSync(path).uid
  } catch {
    return null
  }
}

const isClosed = (path: string): boolean => {
  try {
    statSync(path)
    return false
  } catch (error) {
    return codeOf(error) === 'EACCES'
  }
}

/** No config file is larger. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024

function readText(file: string): string | null {
  try {
    // What is no plain file, as a pipe, may never end.
    const stat = statSync(file)
    return stat.isFile() && stat.size <= TEXT_BYTES_MAX ? readFileSync(file, 'utf8') : null
  } catch {
    return null
  }
}
