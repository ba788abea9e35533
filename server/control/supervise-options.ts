// What a supervisor is started with.
import type { LogLevel } from '../telemetry/log.ts'
import type { OpenAdminAt } from './admin-keeper.ts'
import type { OpenControlAt } from './control-socket.ts'
import type { Predecessor } from './upgrade/predecessor.ts'
import type { HandedSockets } from './sockets/handed-sockets.ts'
import type { ControlFacts } from './facts.ts'

export interface SuperviseOptions {
  readonly file: string
  /** Goes before the level in the config. */
  readonly level: LogLevel | null
  readonly isWatching: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stderr: (text: string) => void
  /** Sockets that were open before us. */
  readonly handed: HandedSockets
  /** The gateway that this one takes over from; null: there is none. */
  readonly predecessor: Predecessor | null
  /** Arguments for the gateway that comes after this one. */
  readonly args: readonly string[]
  /** What is running, for lb_build_info. */
  readonly build: { readonly version: string; readonly commit: string }
  /**
   * What opens the admin listener and the control socket; both answer from what the supervisor knows. Handed
   * down, as it stands above in the order of imports.
   */
  readonly doors: (facts: ControlFacts) => {
    readonly openAdmin: OpenAdminAt
    readonly openControl: OpenControlAt
  }
}
