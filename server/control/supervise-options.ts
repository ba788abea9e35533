// What a supervisor is started with.
import type { LogLevel } from '../telemetry/log.ts'
import type { OpenAdminAt } from './admin-keeper.ts'
import type { OpenControlAt } from './control-socket.ts'
import type { ControlFacts, Facts } from './facts.ts'

export interface SuperviseOptions {
  readonly file: string
  /** Goes before the level in the config. */
  readonly level: LogLevel | null
  readonly isWatching: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stderr: (text: string) => void
  /** What is running, for lb_build_info. */
  readonly build: { readonly version: string; readonly commit: string }
  /**
   * Opens the admin listener at an address; it shows what the supervisor knows. Handed down, as it stands
   * above in the order of imports.
   */
  readonly startAdmin: (bind: string, facts: Facts) => ReturnType<OpenAdminAt>
  /** The same for the control socket. */
  readonly startControlSocket: (path: string, facts: ControlFacts) => ReturnType<OpenControlAt>
}
