// What operators are told of the weights of servers.
import { logEvent } from '../telemetry/log.ts'
import type { GroupsNews } from './weights/groups-in-use.ts'
import type { WarmthNews } from './weights/warmth.ts'

function tellWarmth({ backend, server, is, overMs, least }: WarmthNews): void {
  if (is === 'warm') return logEvent('info', 'server_warm', { backend, server })
  logEvent('info', 'server_warming', { backend, server, over_ms: overMs, least })
}

/** "group 1: 86 %, group 2: 14 %". */
function tellGroups({ backend, shares, was, isAsMeant }: GroupsNews): void {
  const why = Object.entries(shares)
    .map(([group, share]) => `${group === 'backup' ? 'backups' : `group ${group}`}: ${share} %`)
    .join(', ')
  logEvent(isAsMeant ? 'info' : 'warn', 'groups_in_use', { backend, why, shares, was })
}

export const WEIGHT_NEWS = { onWarmth: tellWarmth, onGroups: tellGroups } as const
