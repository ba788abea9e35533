// The control socket: commands of the same user ask the running gateway there. It stands in the data folder, and is open while there is a turn
// listener: nothing else is asked there.
import { unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Question } from '../turn/messages.ts'
import { turnListeners } from './relay-plan.ts'
import { nameHash } from './state-file.ts'

/** Where the gateway with this config file, whose `data` is this folder, answers commands: HTTP on a Unix socket. */
export function controlSocketPath(data: string, configFile: string): string {
  return join(data, `control-${nameHash(configFile)}.sock`)
}

export interface ControlFacts {
  /** Names of turn listeners. */
  readonly listeners: () => readonly string[]
  /** Rejects when the relay does not answer. */
  readonly ask: (question: Question) => Promise<unknown>
}

/** Opens a control socket; throws when it cannot. */
export type OpenControlAt = (path: string) => Promise<{ stop(): void }>

export class ControlSocket {
  private readonly open: OpenControlAt
  private server: { stop(): void } | null = null
  private last: Promise<void> = Promise.resolve()
  private isStopped = false

  constructor(open: OpenControlAt) {
    this.open = open
  }

  /** Opens it when the config has turn listeners, else closes it; settles when that is done. */
  apply(config: Config, configFile: string): Promise<void> {
    const isWanted = Object.keys(turnListeners(config)).length > 0
    const path = controlSocketPath(config.data, configFile)
    this.last = this.last.then(() => (isWanted ? this.start(path) : this.close()))
    return this.last
  }

  stop(): void {
    this.isStopped = true
    this.close()
  }

  private async start(path: string): Promise<void> {
    if (this.server || this.isStopped) return
    try {
      if (!(await isAnswered(path))) unlinkSync(path)
    } catch {
      // Nothing is there: the usual case.
    }
    try {
      this.server = await this.open(path)
      if (this.isStopped) this.close()
    } catch (error) {
      logEvent('warn', 'control_socket_not_open', { path, why: String(error) })
    }
  }

  private close(): void {
    this.server?.stop()
    this.server = null
  }
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
