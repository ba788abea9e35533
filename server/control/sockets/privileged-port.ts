// Ports that only some may open: which they are here, and how this program, as it runs, is let.
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { procText } from '../../lib/proc.ts'

/** What of a machine, and of how we run there, decides about such ports. */
export interface PortGround {
  /** The first port that everybody may open (net.ipv4.ip_unprivileged_port_start). */
  readonly freeFrom: number
  /** The executable's file; null: it is that of Bun, which runs other programs too. */
  readonly executable: string | null
  readonly isUnit: boolean
  readonly isInContainer: boolean
}

/** Why a port may not be opened, and what to do. */
export interface PortRefusal {
  readonly meaning: string
  readonly hint: string
}

const USUAL_FROM = 1024
const START = 'net.ipv4.ip_unprivileged_port_start'

/** Of a port that the system did not let us open (EACCES). */
export function whyPortRefused(port: number, ground: PortGround = groundHere()): PortRefusal {
  const { freeFrom } = ground
  if (port >= freeFrom)
    return {
      meaning: 'it is not permitted, though such a port needs no privilege',
      hint: 'look at what SELinux (semanage port -l) or AppArmor let the program do',
    }
  const which = freeFrom === USUAL_FROM ? '' : ` (${START})`
  return {
    meaning: `ports below ${freeFrom} need a privilege here${which}: CAP_NET_BIND_SERVICE`,
    hint: `${wayToIt(ground)}; or choose a port above ${freeFrom - 1}, or lower ${START}`,
  }
}

function wayToIt({ executable, isUnit, isInContainer }: PortGround): string {
  if (isInContainer)
    return 'give it to the container (--cap-add NET_BIND_SERVICE; in Kubernetes securityContext.capabilities.add) and run as root there, or let the program have it by setcap in the image'
  if (isUnit) return 'give it to the unit: AmbientCapabilities=CAP_NET_BIND_SERVICE'
  if (executable !== null) return `give it to the program: setcap cap_net_bind_service=+ep ${executable}`
  return 'give it to the process: setpriv --ambient-caps +net_bind_service --inh-caps +net_bind_service'
}

function groundHere(): PortGround {
  const freeFrom = Number.parseInt(procText('/proc/sys/net/ipv4/ip_unprivileged_port_start'), 10)
  const isCompiled = import.meta.path.startsWith('/$bunfs') && isAbsolute(process.execPath)
  return {
    freeFrom: Number.isNaN(freeFrom) ? USUAL_FROM : freeFrom,
    executable: isCompiled ? process.execPath : null,
    isUnit: process.env['INVOCATION_ID'] !== undefined,
    isInContainer: ['/.dockerenv', '/run/.containerenv'].some((file) => existsSync(file)),
  }
}
