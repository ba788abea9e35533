// What operators are told of the weights of servers.
import { logEvent } from '../telemetry/log.ts'
import type { WarmthNews } from './weights/warmth.ts'

export function tellWarmth({ backend, server, is, overMs, least }: WarmthNews): void {
  if (is === 'warm') return logEvent('info', 'server_warm', { backend, server })
  logEvent('info', 'server_warming', { backend, server, over_ms: overMs, least })
}
