// The control socket: commands of the same user ask the running gateway there. It stands in the data folder,
// and is open as long as the gateway runs: whatever became of the config file since, a command finds the
// gateway by the file's name.
import { statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { logEvent } from '../telemetry/log.ts'
import { nameHash } from './processes/state-file.ts'
import { wayToWrite } from './source/way-to-write.ts'

/** What the socket of the gateway with this config file is called, in whatever folder it stands. */
export const controlSocketName = (configFile: string): string => `control-${nameHash(configFile)}.sock`

/**
 * Where the gateway with this config file, whose `data` is this folder, answers commands: HTTP on a Unix
 * socket.
 */
export function controlSocketPath(data: string, configFile: string): string {
  return join(data, controlSocketName(configFile))
}

/** Opens a control socket; throws when it cannot. */
export type OpenControlAt = (path: string) => Promise<{ stop(): void }>

const NOT_ASKED = '"sluice reload", "sluice stop" and "sluice turn" cannot ask this gateway'

export class ControlSocket {
  readonly #open: OpenControlAt
  #server: { stop(): void } | null = null
  #last: Promise<void> = Promise.resolve()
  #isStopped = false
  #path: string | null = null
  /** Which file it is; another in its place leads nowhere. */
  #file = ''

  constructor(open: OpenControlAt) {
    this.#open = open
  }

  /** Opens it unless it is open; settles when that is done. `data` stays the same until the end. */
  apply(config: Config, configFile: string): Promise<void> {
    const path = controlSocketPath(config.data, configFile)
    this.#last = this.#last.then(() => this.#start(path))
    return this.#last
  }

  /** Opens it anew where its file is gone or another: nobody finds it then. Settles with whether it did. */
  async look(): Promise<boolean> {
    const path = this.#path
    if (this.#server === null || path === null || fileAt(path) === this.#file) return false
    this.#close()
    this.#last = this.#last.then(() => this.#start(path))
    await this.#last
    return this.#server !== null
  }

  /** Another gateway opens its own there; apply() opens it again. */
  rest(): void {
    this.#close()
  }

  stop(): void {
    this.#isStopped = true
    this.#close()
  }

  async #start(path: string): Promise<void> {
    if (this.#server || this.#isStopped) return
    try {
      if (!(await isAnswered(path))) unlinkSync(path)
    } catch {
      // Nothing is there: the usual case.
    }
    try {
      this.#server = await this.#open(path)
      this.#path = path
      this.#file = fileAt(path)
      if (this.#isStopped) this.#close()
    } catch (error) {
      const hint = `${NOT_ASKED}: ${wayToWrite(error)}, or name another folder with "data"`
      logEvent('warn', 'control_socket_not_open', { path, why: String(error), hint })
    }
  }

  #close(): void {
    this.#server?.stop()
    this.#server = null
  }
}

function fileAt(path: string): string {
  const { dev = 0, ino = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return `${dev} ${ino}`
}

/** Whether somebody listens there: not what a gateway left behind that was killed. */
async function isAnswered(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } })
    socket.terminate()
    return true
  } catch {
    return false
  }
}
