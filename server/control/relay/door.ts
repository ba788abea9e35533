// The door of the TURN relay: a Unix socket that workers connect to for each client they accepted. The
// supervisor makes it and keeps it open, so that who knocks while the relay is replaced waits. It stands in
// the data folder, for this user alone.
import { lstatSync, mkdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isUnixAnswered, listenUnix } from '../../lib/bind-fd.ts'
import { UNIX_PATH_MAX } from '../../lib/socket-address.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import { DOOR } from '../../turn/messages.ts'
import type { HeldSocket } from './relay-plan.ts'
import { nameHash } from '../processes/state-file.ts'

/** Its name where it has a folder of its own. */
const ALONE = 'door.sock'
/** Clients that may wait for a relay that is being replaced. */
const BACKLOG = 4096

/** An open door. */
export interface Door {
  readonly socket: HeldSocket
  close(): void
}

/**
 * Where the door of the gateway with this config file is to stand: beside that of another one which runs with
 * the same, if there is one.
 */
export function doorPath(data: string, configFile: string): string {
  const name = `turn-${nameHash(configFile)}`
  const [usual, own] = [join(data, `${name}.sock`), join(data, `${name}-${process.pid}.sock`)]
  // A Unix socket cannot have a longer name.
  if (Buffer.byteLength(own) > UNIX_PATH_MAX) return join(tmpdir(), `sluice-${name}-${process.pid}`, ALONE)
  return isUnixAnswered(usual) ? own : usual
}

/** Opens the door there; what a killed supervisor left behind makes way. Throws what stands against it. */
export function openDoor(path: string): Door {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const isOwnFolder = basename(path) === ALONE
  if (isOwnFolder) checkOwn(folder)
  // Whose name this is was decided a while ago.
  if (isUnixAnswered(path)) throw new Error('another gateway with this config has just opened it')
  remove(path)
  const fd = listenUnix(path, BACKLOG)
  const { ino } = lstatSync(path)
  return {
    socket: { key: 'door', listener: DOOR, host: '', port: 0, fd },
    close: () => {
      closeFds([fd])
      try {
        // Unless another gateway has put its own there since.
        if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) remove(path)
        if (isOwnFolder) rmdirSync(folder)
      } catch {
        // The folder is gone, or cannot be written any more: nobody can be helped by that at the end.
      }
    },
  }
}

/** Anybody may have made a folder of that name there. */
function checkOwn(folder: string): void {
  const { uid, mode } = lstatSync(folder)
  if (uid !== process.getuid?.() || (mode & 0o777) !== 0o700) throw new Error(`${folder} is not ours alone`)
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
